#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/duration.h"

#define S INT64_C(1000000000)

static void durations_read_as_in_go(void **state)
{
    static const struct {
        const char *text;
        int64_t want;
    } cases[] = {
        {"0", 0},
        {"5s", 5 * S},
        {"1m30s", 90 * S},
        {"1.5h", 5400 * S},
        {".5s", S / 2},
        {"1.s", S},
        {"500ms", S / 2},
        {"1.515s", 1515000000},
        {"-1m", -60 * S},
        {"+3us", 3000},
        {"7\xC2\xB5s", 7000},
        {"7\xCE\xBCs", 7000},
        {"9223372036854775807ns", INT64_MAX},
        {"-9223372036854775808ns", INT64_MIN},
        {"0.9999999999999999999999s", 1000000000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        int64_t ns = -1;
        assert_true(duration_parse(cases[i].text, &ns, &err));
        assert_true(ns == cases[i].want);
    }
}

static void bad_durations_are_refused_in_the_words_of_go(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"", "time: invalid duration \"\""},
        {NULL, "time: invalid duration \"\""},
        {"-", "time: invalid duration \"-\""},
        {"s", "time: invalid duration \"s\""},
        {".s", "time: invalid duration \".s\""},
        {"1m 30s", "time: unknown unit \"m \" in duration \"1m 30s\""},
        {"10", "time: missing unit in duration \"10\""},
        {"1d", "time: unknown unit \"d\" in duration \"1d\""},
        {"9223372036854775808ns", "time: invalid duration \"9223372036854775808ns\""},
        {"99999999999999999999s", "time: invalid duration \"99999999999999999999s\""},
        {"3000000h", "time: invalid duration \"3000000h\""},
        {"2562047h47m17s", "time: invalid duration \"2562047h47m17s\""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        int64_t ns;
        assert_false(duration_parse(cases[i].text, &ns, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, cases[i].want);
    }
}

static void durations_look_as_in_go(void **state)
{
    static const struct {
        int64_t ns;
        const char *want;
    } cases[] = {
        {0, "0s"},
        {1, "1ns"},
        {1500, "1.5\xC2\xB5s"},
        {500000000, "500ms"},
        {1515000000, "1.515s"},
        {60000000000, "1m0s"},
        {5400000000000, "1h30m0s"},
        {3600000000001, "1h0m0.000000001s"},
        {-1000000, "-1ms"},
        {INT64_MAX, "2562047h47m16.854775807s"},
        {INT64_MIN, "-2562047h47m16.854775808s"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];
        duration_write(cases[i].ns, out);
        assert_string_equal(out, cases[i].want);
    }
}

static void times_are_written_in_three_precisions(void **state)
{
    char out[32];
    time_write(1773216907123, out);
    assert_string_equal(out, "2026-03-11T08:15:07Z");
    time_write_milli(1773216907123, out);
    assert_string_equal(out, "2026-03-11T08:15:07.123Z");
    time_write_micro(1773216907123, out);
    assert_string_equal(out, "2026-03-11T08:15:07.123000Z");
    time_write_milli(-1, out);
    assert_string_equal(out, "1969-12-31T23:59:59.999Z");
}

static void times_are_read(void **state)
{
    static const struct {
        const char *text;
        int64_t want_ms;
    } cases[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"2026-03-11T08:15:07Z", 1773216907000},
        {"2026-03-11T08:15:07.1Z", 1773216907100},
        {"2026-03-11T08:15:07.123456789Z", 1773216907123},
        {"2026-03-11T09:15:07+01:00", 1773216907000},
        {"2026-03-11T07:45:07-00:30", 1773216907000},
        {"2024-02-29T00:00:00Z", 1709164800000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        int64_t ms = -1;
        assert_true(time_parse(cases[i].text, &ms, &err));
        assert_true(ms == cases[i].want_ms);
    }
}

static void bad_times_are_refused(void **state)
{
    static const char *const cases[] = {
        "",
        "2026-03-11",
        "2026-03-11T08:15:07",
        "2026-03-11 08:15:07Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-01-01T24:00:00Z",
        "2026-01-01T00:00:60Z",
        "2026-01-01T00:00:00.Z",
        "2026-01-01T00:00:00Zx",
        "2026-01-01T00:00:00+1:00",
        "2026-01-01T00:00:00+24:00",
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct err err = {0};
        int64_t ms;
        assert_false(time_parse(cases[i], &ms, &err));
        assert_int_equal(err.code, ERR_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(durations_read_as_in_go), cmocka_unit_test(bad_durations_are_refused_in_the_words_of_go),
        cmocka_unit_test(durations_look_as_in_go), cmocka_unit_test(times_are_written_in_three_precisions),
        cmocka_unit_test(times_are_read),          cmocka_unit_test(bad_times_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
