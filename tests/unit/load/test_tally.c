#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "load/tally.h"

static char *text_of(const struct tally *tally, int64_t elapsed_ms)
{
    struct buf text;
    buf_init(&text, 4096);
    tally_write(tally, elapsed_ms, &text);
    return buf_take(&text);
}

static void expect_text(const struct tally *tally, int64_t elapsed_ms, const char *want)
{
    char *text = text_of(tally, elapsed_ms);
    assert_string_equal(text, want);
    mem_free(text);
}

/* Within 1/32 above the true value, whatever its size. */
static void quantiles_are_known_to_three_percent(void **state)
{
    static struct tally tally;
    for (int64_t us = 1; us <= 100000; us++) {
        tally_answer(&tally, 200, us);
    }
    for (int percent = 1; percent <= 100; percent++) {
        int64_t true_us = percent * 1000, got_us = tally_quantile_us(&tally, percent / 100.0);
        assert_in_range(got_us, true_us, true_us + true_us / 32);
    }
    assert_int_equal(tally_quantile_us(&tally, 1), 100000);
    tally_fini(&tally);
}

static void extremes_have_a_class(void **state)
{
    static struct tally tally;
    tally_answer(&tally, 200, 0);
    tally_answer(&tally, 200, -5);
    assert_int_equal(tally_quantile_us(&tally, 1), 0);
    tally_answer(&tally, 200, INT64_MAX);
    tally_answer(&tally, 5000, 7);
    assert_int_equal(tally.answers, 4);
    assert_int_equal(tally.status[0], 1);
    assert_int_equal(tally_quantile_us(&tally, 0.75), 7);
    tally_fini(&tally);
}

static void failures_are_told_apart_by_reason_up_to_a_number(void **state)
{
    static struct tally tally;
    struct err err = {0};
    for (int i = 0; i < 20; i++) {
        err_set(&err, ERR_UNREACHABLE, "GET http://a: reason %c", 'a' + i);
        tally_failure(&tally, &err);
    }
    err_set(&err, ERR_UNREACHABLE, "GET http://a: reason a");
    tally_failure(&tally, &err);
    assert_int_equal(tally.failures, 21);
    assert_string_equal(tally.failed[0].text, "reason a");
    assert_int_equal(tally.failed[0].count, 2);
    assert_string_equal(tally.failed[TALLY_FAILURES - 1].text, "other reasons");
    assert_int_equal(tally.failed[TALLY_FAILURES - 1].count, 13);
    tally_fini(&tally);
}

static void numbers_are_no_reason(void **state)
{
    static struct tally tally;
    struct err err = {0};
    static const char *const texts[] = {
        "GET http://a: Operation timed out after 1001 milliseconds with 9 bytes received",
        "GET http://a: Operation timed out after 1002 milliseconds with 1048576 bytes received",
        "GET http://a: Operation timed out after 1000 milliseconds with no bytes received",
        "GET http://a: Operation timed out after 1000 milliseconds with 10 bytes",
        "GET http://a: Operation timed out after 1000 milliseconds with 7 bytes received",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        err_set(&err, ERR_TIMEOUT, "%s", texts[i]);
        tally_failure(&tally, &err);
    }
    assert_string_equal(tally.failed[0].text, "Operation timed out with 9 bytes received");
    assert_int_equal(tally.failed[0].count, 3);
    assert_string_equal(tally.failed[1].text, "Operation timed out with no bytes received");
    assert_string_equal(tally.failed[2].text, "Operation timed out with 10 bytes");
    assert_null(tally.failed[3].text);
    tally_fini(&tally);
}

static void how_long_a_failure_took_is_no_reason(void **state)
{
    static struct tally tally;
    struct err err = {0};
    err_set(&err, ERR_UNREACHABLE, "GET http://a: Failed to connect to a port 1 after 3 ms: Connection refused");
    tally_failure(&tally, &err);
    err_set(&err, ERR_UNREACHABLE, "GET http://a: Failed to connect to a port 1 after 41 ms: Connection refused");
    tally_failure(&tally, &err);
    assert_string_equal(tally.failed[0].text, "Failed to connect to a port 1: Connection refused");
    assert_int_equal(tally.failed[0].count, 2);
    err_set(&err, ERR_UNREACHABLE, "no word after 3 words");
    tally_failure(&tally, &err);
    assert_string_equal(tally.failed[1].text, "no word after 3 words");
    tally_fini(&tally);
}

static void figures_are_one_line(void **state)
{
    static struct tally tally;
    struct err err = {0};
    expect_text(&tally, 0, "0 requests in 0s, 0.0/s");
    err_set(&err, ERR_UNREACHABLE, "GET http://a: Could not resolve host: a");
    tally_failure(&tally, &err);
    expect_text(&tally, 1000, "1 requests in 1s, 1.0/s; no answer: 1 (Could not resolve host: a: 1)");
    for (int i = 0; i < 98; i++) {
        tally_answer(&tally, 200, 1000);
    }
    tally_answer(&tally, 503, 2345678);
    expect_text(&tally, 10000,
                "100 requests in 10s, 10.0/s; 200: 98, 503: 1; no answer: 1 (Could not resolve host: a: 1); "
                "p50 1ms, p90 1ms, p99 2.345s, slowest 2.345s");
    tally_fini(&tally);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_known_to_three_percent),
        cmocka_unit_test(extremes_have_a_class),
        cmocka_unit_test(failures_are_told_apart_by_reason_up_to_a_number),
        cmocka_unit_test(numbers_are_no_reason),
        cmocka_unit_test(how_long_a_failure_took_is_no_reason),
        cmocka_unit_test(figures_are_one_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
