#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "io/file.h"
#include "notify/gauges.h"
#include "prom/metrics.h"

enum { TEXT_MAX = 4 * 1024 * 1024 };

#define METRICS(rate)                                                                                                  \
    "'metrics':[{'name':'request-success-rate','thresholdRange':{'min':" rate "}},"                                    \
    "{'name':'request-duration','threshold':500},"                                                                     \
    "{'name':'errors','query':'q','thresholdRange':{'min':1,'max':2.5}},{'name':'none','query':'q'},"                  \
    "{'name':'own','checkRef':{'name':'own'}},{'name':'template','templateRef':{'name':'t'}}]"
#define PROMOTED(reason, at)                                                                                           \
    "{'type':'Promoted','status':'Unknown','reason':'" reason "','lastTransitionTime':'" at "'}"
#define WAITING                                                                                                        \
    "{'type':'Waiting','status':'True','reason':'StrategyWaits','lastTransitionTime':'2026-03-10T10:00:00Z'}"

struct world {
    struct metrics *metrics;
    struct gauges gauges;
    struct gauges_shown shown;
};

static struct canary canary_of(const char *version, const char *generation, const char *target, const char *analysis,
                               const char *status)
{
    static const struct canary_defaults defaults = {.provider = "istio", .metrics_server = "http://prometheus"};
    struct canary canary;
    struct err err = {0};
    char *text = str_format("{'metadata':{'name':'web','namespace':'test','uid':'u','resourceVersion':'%s',"
                            "'generation':%s},'spec':{'targetRef':{'kind':'Deployment','name':'%s'},"
                            "'service':{'port':80},'analysis':{'iterations':1,%s}},'status':%s}",
                            version, generation, target, analysis, status);
    canary_init(&canary, fake_doc(text), &defaults, &err);
    assert_string_equal(err.text, "");
    str_free(&text);
    return canary;
}

static void show(struct world *w, const char *version, const char *generation, const char *target, const char *analysis,
                 const char *status)
{
    struct canary canary = canary_of(version, generation, target, analysis, status);
    gauges_canary(&w->gauges, &w->shown, &canary, true);
    canary_fini(&canary);
}

static void check(struct world *w, const char *evidence)
{
    struct canary canary = canary_of("1", "1", "podinfo", METRICS("99"), "{}");
    struct doc *doc = fake_doc(evidence);
    gauges_check(&w->gauges, &canary.names, doc_root(doc));
    doc_free(doc);
    canary_fini(&canary);
}

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->metrics = metrics_new();
    gauges_declare(&w->gauges, w->metrics, "0", "istio");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    gauges_forget(&w->gauges, &w->shown, "web", "test");
    metrics_free(w->metrics);
    mem_free(w);
    return 0;
}

static char *text_of(const struct world *w)
{
    struct buf out;
    buf_init(&out, TEXT_MAX);
    metrics_write(w->metrics, &out);
    char *text = buf_take(&out);
    buf_fini(&out);
    return text;
}

static bool says(const struct world *w, const char *line)
{
    char *text = text_of(w), *wanted = str_format("\n%s\n", line);
    bool found = strstr(text, wanted) != NULL;
    str_free(&wanted);
    str_free(&text);
    return found;
}

static size_t count(const char *text, const char *part)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, part)) != NULL; at += strlen(part)) {
        n++;
    }
    return n;
}

#define OF_WEB "{name=\"web\",namespace=\"test\""
#define OF_PODINFO "{name=\"podinfo\",namespace=\"test\""

static void test_shows_what_a_canary_says(void **state)
{
    struct world *w = *state;
    show(w, "1", "1", "podinfo", METRICS("99"),
         "{'phase':'Progressing','conditions':[" PROMOTED("Progressing", "2026-03-10T10:00:00Z") "," WAITING "]}");
    assert_true(says(w, "flagger_canary_status" OF_PODINFO "} 0"));
    assert_true(says(w, "sluice_canary_info" OF_WEB ",target=\"podinfo\",strategy=\"blue_green\"} 1"));
    assert_true(says(w, "sluice_canary_phase_start_time_seconds" OF_WEB ",phase=\"Progressing\"} 1.7731368e+09"));
    assert_true(says(w, "sluice_canary_waiting_start_time_seconds" OF_WEB ",reason=\"StrategyWaits\"} 1.7731368e+09"));
    assert_true(says(w, "sluice_releases_ended_total" OF_WEB ",strategy=\"blue_green\",outcome=\"Failed\"} 0"));

    show(w, "2", "1", "podinfo", METRICS("99"),
         "{'phase':'Succeeded','conditions':[" PROMOTED("Succeeded", "2026-03-10T10:00:01Z") "]}");
    char *text = text_of(w);
    assert_int_equal(count(text, "\nsluice_canary_phase_start_time_seconds{"), 1);
    assert_int_equal(count(text, "\nsluice_canary_waiting_start_time_seconds{"), 0);
    str_free(&text);
    assert_true(says(w, "sluice_canary_phase_start_time_seconds" OF_WEB ",phase=\"Succeeded\"} 1.773136801e+09"));
    assert_true(says(w, "flagger_canary_status" OF_PODINFO "} 1"));
}

/* In the unit of flagger_canary_metric_analysis, and by its labels. */
static void test_shows_the_bounds_of_metrics(void **state)
{
    struct world *w = *state;
    show(w, "1", "1", "podinfo", METRICS("99.5"), "{}");
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"request-success-rate\",bound=\"min\"} 99.5"));
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"request-duration\",bound=\"max\"} 0.5"));
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"errors\",bound=\"min\"} 1"));
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"errors\",bound=\"max\"} 2.5"));
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"none\",bound=\"max\"} 0"));
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"template\",bound=\"max\"} 0"));
    char *text = text_of(w);
    assert_int_equal(count(text, "\nsluice_check_threshold{"), 6); /* its own script knows those of `own` */
    str_free(&text);

    check(w, "{'metric':'own','own':true,'verdict':'pass','value':3,'max':7}");
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"own\",bound=\"max\"} 7"));
    check(w, "{'metric':'own','own':true,'verdict':'pass','value':3,'min':1}");
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"own\",bound=\"min\"} 1"));
    assert_false(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"own\",bound=\"max\"} 7"));

    show(w, "2", "2", "podinfo", "'metrics':[{'name':'errors','query':'q','thresholdRange':{'max':9}}]", "{}");
    text = text_of(w);
    assert_int_equal(count(text, "\nsluice_check_threshold{"), 1);
    str_free(&text);
    assert_true(says(w, "sluice_check_threshold" OF_PODINFO ",metric=\"errors\",bound=\"max\"} 9"));
}

static void test_counts_checks_by_verdict_and_cause(void **state)
{
    struct world *w = *state;
    check(w, "{'metric':'errors','verdict':'pass','value':1}");
    assert_true(says(w, "sluice_checks_total" OF_WEB ",metric=\"errors\",verdict=\"blind\"} 0"));
    check(w, "{'metric':'errors','verdict':'blind','cause':'no data'}");
    check(w, "{'metric':'errors','verdict':'blind','cause':'no data'}");
    check(w, "{'hook':'gate','verdict':'fail'}");
    assert_true(says(w, "sluice_checks_total" OF_WEB ",metric=\"errors\",verdict=\"pass\"} 1"));
    assert_true(says(w, "sluice_checks_total" OF_WEB ",metric=\"errors\",verdict=\"fail\"} 0"));
    assert_true(says(w, "sluice_checks_total" OF_WEB ",metric=\"errors\",verdict=\"blind\"} 2"));
    assert_true(says(w, "sluice_checks_blind_total" OF_WEB ",metric=\"errors\",cause=\"no data\"} 2"));
}

/* Whoever writes specs and scripts chooses such labels. */
static void test_a_canary_has_so_many_series_at_most(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 3 * GAUGES_SERIES_MAX; i++) {
        char *metric = str_format("m%d", i), *evidence;
        evidence = str_format("{'metric':'%s','verdict':'blind','cause':'no data'}", metric);
        check(w, evidence);
        gauges_metric(&w->gauges, "podinfo", "test", metric, i);
        gauges_limit(&w->gauges, "web", "test", metric, metric);
        gauges_ended(&w->gauges, "web", "test", metric, "Failed");
        str_free(&evidence);
        str_free(&metric);
    }
    gauges_metric(&w->gauges, "podinfo", "prod", "m1", 1); /* another one's */
    char *text = text_of(w);
    assert_int_equal(count(text, "\nflagger_canary_metric_analysis" OF_PODINFO), GAUGES_SERIES_MAX + 1);
    assert_int_equal(count(text, "\nsluice_script_limits_broken_total" OF_WEB), GAUGES_SERIES_MAX + 1);
    assert_int_equal(count(text, "\nsluice_releases_ended_total" OF_WEB), GAUGES_SERIES_MAX + 1);
    assert_int_equal(count(text, "\nsluice_checks_blind_total" OF_WEB), GAUGES_SERIES_MAX + 1);
    assert_true(count(text, "\nsluice_checks_total" OF_WEB) <= GAUGES_SERIES_MAX + 3);
    str_free(&text);
    assert_true(says(w, "flagger_canary_metric_analysis{name=\"podinfo\",namespace=\"prod\",metric=\"m1\"} 1"));
    assert_true(says(w, "sluice_checks_blind_total" OF_WEB ",metric=\"other\",cause=\"no data\"} 400"));
}

/* Every family has a series of Canary web, whose target is podinfo. */
static void fill(struct world *w)
{
    show(w, "1", "1", "podinfo", METRICS("99"),
         "{'phase':'Progressing','conditions':[" PROMOTED("Progressing", "2026-03-10T10:00:00Z") "," WAITING "]}");
    check(w, "{'metric':'errors','verdict':'blind','cause':'no data'}");
    gauges_total(&w->gauges, "test", 1);
    gauges_weights(&w->gauges, "podinfo", "test", 90, 10);
    gauges_metric(&w->gauges, "podinfo", "test", "errors", 1);
    gauges_success(&w->gauges, "podinfo", "test", "canary", false);
    gauges_failure(&w->gauges, "podinfo", "test", "canary");
    gauges_duration(&w->gauges, "podinfo", "test", 0.1);
    gauges_refused(&w->gauges, "web", "test", true);
    gauges_status_refused(&w->gauges, "web", "test");
    gauges_ended(&w->gauges, "web", "test", "canary", "Halted");
    gauges_stalled(&w->gauges, "web", "test");
    gauges_rollback(&w->gauges, "web", "test", -1); /* a clock that was set back */
    gauges_limit(&w->gauges, "web", "test", "scripts/ring.lua", "12");
}

static void test_forgets_one_canary_only(void **state)
{
    struct world *w = *state;
    fill(w);
    gauges_weights(&w->gauges, "podinfo", "prod", 100, 0);
    gauges_stalled(&w->gauges, "web", "prod");
    gauges_forget(&w->gauges, &w->shown, "web", "test");
    char *text = text_of(w);
    assert_int_equal(count(text, "namespace=\"test\""), 1); /* flagger_canary_total */
    assert_int_equal(count(text, "namespace=\"prod\""), 3);
    str_free(&text);
}

static void test_forgets_a_target_that_was_replaced(void **state)
{
    struct world *w = *state;
    fill(w);
    show(w, "2", "2", "other", METRICS("99"), "{'phase':'Initialized'}");
    char *text = text_of(w);
    assert_null(strstr(text, "podinfo"));
    assert_int_equal(count(text, "\nsluice_check_threshold{name=\"other\""), 6);
    str_free(&text);
}

/* --- docs/metrics.md --- */

/* "| `sluice_canary_info` | gauge | `name`, `namespace` |", from the lines of a family. */
static char *row_of(const char *type_line)
{
    struct buf row;
    size_t name_len = strcspn(type_line, " ");
    const char *type = type_line + name_len + 1, *series = strchr(type, '\n') + 1;
    buf_init(&row, TEXT_MAX);
    buf_printf(&row, "| `%.*s` | %.*s |", (int)name_len, type_line, (int)strcspn(type, "\n"), type);
    const char *before = " ", *label = series + strcspn(series, "{ \n");
    while (*label == '{' || *label == ',') {
        size_t len = strcspn(++label, "=");
        if (strncmp(label, "le=", 3) != 0) {
            buf_printf(&row, "%s`%.*s`", before, (int)len, label);
        }
        before = ", ";
        label = strchr(label + len + 2, '"') + 1;
    }
    buf_append_str(&row, strcmp(before, " ") == 0 ? " – |" : " |");
    char *text = buf_take(&row);
    buf_fini(&row);
    return text;
}

static void test_docs_have_each_family_and_no_other(void **state)
{
    struct world *w = *state;
    struct err err = {0};
    struct buf docs;
    buf_init(&docs, TEXT_MAX);
    assert_true(file_read("docs/metrics.md", &docs, &err));
    fill(w);
    char *text = text_of(w);
    size_t families = 0;
    for (const char *at = text; (at = strstr(at, "# TYPE ")) != NULL; at += 7, families++) {
        char *row = row_of(at + 7);
        if (strstr(buf_str(&docs), row) == NULL) {
            fail_msg("docs/metrics.md lacks a row that begins: %s", row);
        }
        str_free(&row);
    }
    size_t rows = count(buf_str(&docs), "\n| `flagger_") + count(buf_str(&docs), "\n| `sluice_") +
                  count(buf_str(&docs), "\n| `process_");
    assert_int_equal(rows, families);
    str_free(&text);
    buf_fini(&docs);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_shows_what_a_canary_says, setup, teardown),
        cmocka_unit_test_setup_teardown(test_shows_the_bounds_of_metrics, setup, teardown),
        cmocka_unit_test_setup_teardown(test_counts_checks_by_verdict_and_cause, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_canary_has_so_many_series_at_most, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgets_one_canary_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_forgets_a_target_that_was_replaced, setup, teardown),
        cmocka_unit_test_setup_teardown(test_docs_have_each_family_and_no_other, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
