// room: base
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_look_as_in_go),
        cmocka_unit_test(what_is_no_number_has_a_name),
        cmocka_unit_test(every_number_reads_back_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
