#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdlib.h>

#include "base/number.h"

/* What fmt.Sprintf("%v", x) prints. */
static void numbers_look_as_in_go(void **state)
{
    static const struct {
        double value;
        const char *want;
    } cases[] = {
        {0, "0"},
        {-0.0, "-0"},
        {1, "1"},
        {99.5, "99.5"},
        {-0.5, "-0.5"},
        {0.515, "0.515"},
        {100, "100"},
        {100000, "100000"},
        {999999, "999999"},
        {999999.5, "999999.5"},
        {1e6, "1e+06"},
        {1234567, "1.234567e+06"},
        {-1234567.5, "-1.2345675e+06"},
        {1e20, "1e+20"},
        {1e21, "1e+21"},
        {1e100, "1e+100"},
        {0.0001, "0.0001"},
        {0.00012, "0.00012"},
        {0.00001, "1e-05"},
        {0.1 + 0.2, "0.30000000000000004"},
        {5e-324, "5e-324"},
        {1.7976931348623157e308, "1.7976931348623157e+308"},
        {0x1p-44, "5.684341886080802e-14"}, /* the gap below a power of two is half the one above */
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[32];
        number_write(cases[i].value, out);
        assert_string_equal(out, cases[i].want);
    }
}

static void what_is_no_number_has_a_name(void **state)
{
    char out[32];
    number_write(NAN, out);
    assert_string_equal(out, "NaN");
    number_write(INFINITY, out);
    assert_string_equal(out, "+Inf");
    number_write(-INFINITY, out);
    assert_string_equal(out, "-Inf");
}

static void every_number_reads_back_the_same(void **state)
{
    uint64_t bits = 88172645463325252u;
    for (int i = 0; i < 20000; i++) {
        bits ^= bits << 13;
        bits ^= bits >> 7;
        bits ^= bits << 17;
        double value;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        char out[32];
        number_write(value, out);
        assert_true(strtod(out, NULL) == value);
    }
}

/* The answers of Go 1.24's strconv.ParseFloat(text, 64). */
static void what_go_reads_is_a_number(void **state)
{
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        {"0x7fp0", 127},     {"0X1.8P1", 3},
        {"0x1p-2", 0.25},    {"-0x.8p1", -1},
        {"1_000", 1000},     {"1_23.50_0_0e+1_2", 1.235e14},
        {"0x_1p0", 1},       {"0x1_fp0", 31},
        {"0x1p1_0", 1024},   {"0_1", 1},
        {"1E5", 1e5},        {".5", 0.5},
        {"5.", 5},           {"-.5", -0.5},
        {"+5", 5},           {"08", 8},
        {"inf", INFINITY},   {"+Inf", INFINITY},
        {"-INF", -INFINITY}, {"-Infinity", -INFINITY},
        {"1e-400", 0},       {"0x1p-1080", 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double value;
        const char *problem;
        assert_true(number_read(cases[i].text, &value, &problem));
        assert_true(value == cases[i].value);
    }
    double nan;
    const char *problem;
    assert_true(number_read("NaN", &nan, &problem) && isnan(nan));
    assert_true(number_read("nan", &nan, &problem) && isnan(nan));
}

static void what_go_does_not_read_is_no_number(void **state)
{
    static const char *const wrong[] = {"",     "0x7f", "0xp1",     "0x1p",  "_1",      "1_",   "1__0",    "1e",
                                        "1e+",  ".",    "--5",      "+-5",   "infinit", "+nan", "-NaN",    "nan()",
                                        "0b1",  "0o7",  "1d",       "0x1.",  "1 ",      " 1",   "0x",      "1._5",
                                        "123e", "i",    "n",        "1,5",   "1e5_",    "1e_5", "0x._8p0", "0x_p0",
                                        "1_.5", "0x1e", "\xd9\xa3", "1e5.0", "1e5e1",   "-",    "+",       "0x1p0x1"};
    double value;
    const char *problem;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        assert_false(number_read(wrong[i], &value, &problem));
        assert_string_equal(problem, "invalid syntax");
    }
    static const char *const large[] = {"1e400", "-1e400", "0x1p5000", "1e99999999999", "1.7976931348623159e308"};
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        assert_false(number_read(large[i], &value, &problem));
        assert_string_equal(problem, "value out of range");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_look_as_in_go),
        cmocka_unit_test(what_is_no_number_has_a_name),
        cmocka_unit_test(every_number_reads_back_the_same),
        cmocka_unit_test(what_go_reads_is_a_number),
        cmocka_unit_test(what_go_does_not_read_is_no_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
