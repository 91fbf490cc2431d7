#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "prom/metrics.h"
#include "prom/usage.h"

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define VALUES(...) ((const char *const[]){__VA_ARGS__})

static int setup(void **state)
{
    *state = metrics_new();
    return 0;
}

/* LeakSanitizer sees what a family forgets to free. */
static int teardown(void **state)
{
    metrics_free(*state);
    return 0;
}

/* All families, without the process' own, which come last. */
static void expect_text(struct metrics *metrics, const char *want)
{
    struct buf out;
    buf_init(&out, 65536);
    metrics_write(metrics, &out);
    char *text = str_dup(buf_str(&out)), *process = strstr(text, "# HELP process_");
    assert_non_null(process);
    *process = '\0';
    assert_string_equal(text, want);
    mem_free(text);
    buf_fini(&out);
}

static void test_families_in_order_series_sorted(void **state)
{
    struct metrics *m = *state;
    struct metric_family *weight =
        metrics_declare(m, METRIC_GAUGE, "flagger_canary_weight", "The weight", LABELS("workload", "namespace"));
    struct metric_family *info = metrics_declare(m, METRIC_GAUGE, "flagger_info", "Version", LABELS("version"));
    metrics_declare(m, METRIC_COUNTER, "never_used_total", "Left out", NULL);
    struct metric_family *plain = metrics_declare(m, METRIC_COUNTER, "plain_total", "No labels", NULL);
    metric_set(info, VALUES("1.44.0"), 1);
    metric_set(weight, VALUES("podinfo", "test"), 0);
    metric_set(weight, VALUES("podinfo-primary", "test"), 100);
    metric_set(weight, VALUES("b", "a"), 1);
    metric_set(weight, VALUES("podinfo", "test"), 33.5);
    metric_add(plain, NULL, 2);
    metric_add(plain, NULL, 0.5);
    expect_text(m, "# HELP flagger_canary_weight The weight\n"
                   "# TYPE flagger_canary_weight gauge\n"
                   "flagger_canary_weight{workload=\"b\",namespace=\"a\"} 1\n"
                   "flagger_canary_weight{workload=\"podinfo\",namespace=\"test\"} 33.5\n"
                   "flagger_canary_weight{workload=\"podinfo-primary\",namespace=\"test\"} 100\n"
                   "# HELP flagger_info Version\n"
                   "# TYPE flagger_info gauge\n"
                   "flagger_info{version=\"1.44.0\"} 1\n"
                   "# HELP plain_total No labels\n"
                   "# TYPE plain_total counter\n"
                   "plain_total 2.5\n");
}

static void test_a_histogram_has_the_default_buckets(void **state)
{
    struct metrics *m = *state;
    struct metric_family *seconds = metrics_declare(m, METRIC_HISTOGRAM, "s", "Seconds", LABELS("name"));
    static const double observed[] = {0.005, 0.0051, 1, 10, 10.5};
    for (size_t i = 0; i < sizeof observed / sizeof observed[0]; i++) {
        metric_observe(seconds, VALUES("a"), observed[i]);
    }
    expect_text(m, "# HELP s Seconds\n"
                   "# TYPE s histogram\n"
                   "s_bucket{name=\"a\",le=\"0.005\"} 1\n"
                   "s_bucket{name=\"a\",le=\"0.01\"} 2\n"
                   "s_bucket{name=\"a\",le=\"0.025\"} 2\n"
                   "s_bucket{name=\"a\",le=\"0.05\"} 2\n"
                   "s_bucket{name=\"a\",le=\"0.1\"} 2\n"
                   "s_bucket{name=\"a\",le=\"0.25\"} 2\n"
                   "s_bucket{name=\"a\",le=\"0.5\"} 2\n"
                   "s_bucket{name=\"a\",le=\"1\"} 3\n"
                   "s_bucket{name=\"a\",le=\"2.5\"} 3\n"
                   "s_bucket{name=\"a\",le=\"5\"} 3\n"
                   "s_bucket{name=\"a\",le=\"10\"} 4\n"
                   "s_bucket{name=\"a\",le=\"+Inf\"} 5\n"
                   "s_sum{name=\"a\"} 21.5101\n"
                   "s_count{name=\"a\"} 5\n");
}

static void test_texts_are_escaped(void **state)
{
    struct metrics *m = *state;
    struct metric_family *odd = metrics_declare(m, METRIC_GAUGE, "odd", "a \"b\" \\ c\nd", LABELS("x"));
    metric_set(odd, VALUES("a\"b\\c\nd\xc3\xa9"), 1);
    expect_text(m, "# HELP odd a \"b\" \\\\ c\\nd\n"
                   "# TYPE odd gauge\n"
                   "odd{x=\"a\\\"b\\\\c\\nd\xc3\xa9\"} 1\n");
}

static void test_numbers_as_go_prints_them(void **state)
{
    static const struct {
        double value;
        const char *text;
    } cases[] = {
        {0, "0"},
        {-1, "-1"},
        {99.99, "99.99"},
        {1e6, "1e+06"},
        {123456, "123456"},
        {1e21, "1e+21"},
        {0.1 + 0.2, "0.30000000000000004"},
        {1e-7, "1e-07"},
        {INFINITY, "+Inf"},
        {-INFINITY, "-Inf"},
        {NAN, "NaN"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct metrics *m = metrics_new();
        metric_set(metrics_declare(m, METRIC_GAUGE, "g", "h", NULL), NULL, cases[i].value);
        char *want = str_format("# HELP g h\n# TYPE g gauge\ng %s\n", cases[i].text);
        expect_text(m, want);
        mem_free(want);
        metrics_free(m);
    }
}

/* Values are told apart place by place, whatever is in them. */
static void test_series_do_not_mix(void **state)
{
    struct metrics *m = *state;
    struct metric_family *g = metrics_declare(m, METRIC_GAUGE, "g", "h", LABELS("a", "b"));
    double value;
    metric_set(g, VALUES("x", "yz"), 1);
    metric_set(g, VALUES("xy", "z"), 2);
    metric_set(g, VALUES("", "xyz"), 3);
    metric_set(g, VALUES("xyz", ""), 4);
    assert_true(metric_read(g, VALUES("x", "yz"), &value) && value == 1);
    assert_true(metric_read(g, VALUES("xy", "z"), &value) && value == 2);
    assert_true(metric_read(g, VALUES("", "xyz"), &value) && value == 3);
    assert_true(metric_read(g, VALUES("xyz", ""), &value) && value == 4);
    assert_false(metric_read(g, VALUES("x", "y"), &value));
    metric_add(g, VALUES("x", "yz"), -0.5);
    assert_true(metric_read(g, VALUES("x", "yz"), &value) && value == 0.5);
    struct metric_family *h = metrics_declare(m, METRIC_HISTOGRAM, "h", "h", NULL);
    metric_observe(h, NULL, 2);
    metric_observe(h, NULL, 3);
    assert_true(metric_read(h, NULL, &value) && value == 5); /* the sum */
}

static void expect_left(struct metric_family *g, const char *want)
{
    static const char *const names[] = {"a", "b"}, *const namespaces[] = {"test", "prod"};
    char left[64] = "";
    for (size_t i = 0; i < 4; i++) {
        double value;
        if (metric_read(g, VALUES(names[i / 2], namespaces[i % 2]), &value)) {
            snprintf(left + strlen(left), sizeof left - strlen(left), "%s/%s ", namespaces[i % 2], names[i / 2]);
        }
    }
    assert_string_equal(left, want);
}

static void fill(struct metric_family *g)
{
    metric_set(g, VALUES("a", "test"), 1);
    metric_set(g, VALUES("a", "prod"), 1);
    metric_set(g, VALUES("b", "test"), 1);
    metric_set(g, VALUES("b", "prod"), 1);
}

static void test_what_is_deleted_leaves_no_series(void **state)
{
    struct metrics *m = *state;
    struct metric_family *g = metrics_declare(m, METRIC_GAUGE, "g", "h", LABELS("name", "namespace"));
    metric_remove(g, "name", "a"); /* nothing there yet */
    fill(g);
    metric_remove(g, "name", "a");
    expect_left(g, "test/b prod/b ");
    fill(g);
    metric_remove(g, "namespace", "prod");
    expect_left(g, "test/a test/b ");
    fill(g);
    metric_remove_matching(g, VALUES("a", "test")); /* one canary of that name */
    expect_left(g, "prod/a test/b prod/b ");
    metric_remove_matching(g, VALUES(NULL, "prod"));
    expect_left(g, "test/b ");
    metric_remove(g, NULL, NULL);
    expect_left(g, "");
    expect_text(m, ""); /* a family without series is left out */
    fill(g);
    metric_remove_matching(g, VALUES(NULL, NULL));
    expect_left(g, "");
}

/* --- the process itself --- */

static double sample(const char *text, const char *name)
{
    char *line = str_format("\n%s ", name);
    const char *at = strstr(text, line);
    if (at == NULL) {
        fail_msg("no %s in %s", name, text);
        return 0;
    }
    double value = strtod(at + strlen(line), NULL);
    mem_free(line);
    return value;
}

static void test_the_process_tells_what_it_uses(void **state)
{
    struct buf out;
    buf_init(&out, 65536);
    usage_write(&out);
    double memory = sample(buf_str(&out), "process_resident_memory_bytes");
    double fds = sample(buf_str(&out), "process_open_fds");
    assert_true(memory > 100e3 && memory < 100e9);
    assert_true(sample(buf_str(&out), "process_cpu_seconds_total") >= 0);
    assert_true(sample(buf_str(&out), "process_start_time_seconds") > 1.5e9);
    assert_non_null(strstr(buf_str(&out), "# TYPE process_cpu_seconds_total counter\n"));
    assert_non_null(strstr(buf_str(&out), "# TYPE process_open_fds gauge\n"));
    int extra = dup(STDOUT_FILENO);
    buf_clear(&out);
    usage_write(&out);
    assert_true(sample(buf_str(&out), "process_open_fds") == fds + 1);
    close(extra);
    buf_clear(&out);
    usage_write(&out);
    assert_true(sample(buf_str(&out), "process_open_fds") == fds); /* it closes what it opens */
    buf_fini(&out);
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_families_in_order_series_sorted),
        CASE(test_a_histogram_has_the_default_buckets),
        CASE(test_texts_are_escaped),
        cmocka_unit_test(test_numbers_as_go_prints_them),
        CASE(test_series_do_not_mix),
        CASE(test_what_is_deleted_leaves_no_series),
        cmocka_unit_test(test_the_process_tells_what_it_uses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
