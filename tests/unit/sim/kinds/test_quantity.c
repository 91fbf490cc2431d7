// room: sim/kinds
// The wanted texts are what apimachinery's resource.Quantity said.
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/quantity.h"

#define REGEXP "!quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

struct row {
    const char *text, *exact, *milli; /* milli NULL: as exact; a text that begins with "!" is an error */
};

static void expect(const struct row *row, bool rounds_to_milli)
{
    struct err err;
    const char *wanted = rounds_to_milli && row->milli != NULL ? row->milli : row->exact;
    char *got = quantity_canonical(row->text, rounds_to_milli, &err);
    if (got == NULL) {
        got = str_format("!%s", err.text);
    }
    if (!str_equal(got, wanted)) {
        fail_msg("\"%s\": %s, not %s", row->text, got, wanted);
    }
    mem_free(got);
}

static void check(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        expect(&rows[i], false);
        expect(&rows[i], true);
    }
}

static void amounts_of_one_size_are_one_text(void **state)
{
    static const struct row rows[] = {
        {"0", "0", NULL},           {"0.0", "0", NULL},
        {"00", "0", NULL},          {"-0", "0", NULL},
        {"m", "0", NULL},           {"Ki", "0", NULL},
        {"1", "1", NULL},           {"1000m", "1", NULL},
        {"0.5", "500m", NULL},      {"0.50", "500m", NULL},
        {"100m", "100m", NULL},     {"0.1", "100m", NULL},
        {"1.5", "1500m", NULL},     {"1024Mi", "1Gi", NULL},
        {"1Gi", "1Gi", NULL},       {"1073741824", "1073741824", NULL},
        {"1000", "1k", NULL},       {"1024", "1024", NULL},
        {"1048576Ki", "1Gi", NULL}, {"0.5Ki", "512", NULL},
        {"1.5Gi", "1536Mi", NULL},  {"0.1Gi", "107374182400m", NULL},
        {"1023Ki", "1023Ki", NULL}, {"8Ki", "8Ki", NULL},
        {"1024Ki", "1Mi", NULL},    {"16Gi", "16Gi", NULL},
        {"2048", "2048", NULL},     {"128974848", "128974848", NULL},
        {"129e6", "129e6", NULL},   {"129M", "129M", NULL},
        {"123Mi", "123Mi", NULL},   {"1e3", "1e3", NULL},
        {"1E3", "1E3", NULL},       {"1e2", "100", NULL},
        {"1.5e3", "1500", NULL},    {"12000e3", "12e6", NULL},
        {"1000000k", "1G", NULL},   {"-1024Mi", "-1Gi", NULL},
        {"-1500m", "-1500m", NULL}, {" 1024Mi ", "1Gi", NULL},
        {"1.Gi", "1.Gi", NULL},     {".5", "500m", NULL},
        {"7Ei", "7Ei", NULL},       {"1024Pi", "1Ei", NULL},
    };
    check(rows, sizeof rows / sizeof rows[0]);
}

/* Go keeps a text that looks canonical to it. */
static void some_texts_stay_as_they_are(void **state)
{
    static const struct row rows[] = {
        {"007", "007", NULL},     {"+1", "+1", NULL},
        {"1.500", "1.500", NULL}, {"-0023.800", "-0023.800", NULL},
        {"+9Ki", "+9Ki", NULL},   {"1.000500", "1.000500", "1001m"},
        {"100e0", "100e0", NULL},
    };
    check(rows, sizeof rows / sizeof rows[0]);
}

static void what_is_too_fine_is_rounded_away_from_zero_and_what_is_too_much_is_cut(void **state)
{
    static const struct row rows[] = {
        {"0.0005", "500u", "1m"},
        {"0.0001Ki", "102400u", "103m"},
        {"-0.0001", "-100u", "-1m"},
        {"0.0000000001", "1n", "1m"},
        {"1e-10", "1e-9", "1e-3"},
        {"0.999999", "999999u", "1"},
        {"1.0000000009", "1000000001n", "1001m"},
        {"123456789012345678901234567890", "123456789012345678901234567890", NULL},
        {"9223372036854775807", "9223372036854775807", NULL},
        {"9Ei", "9223372036854775807", NULL},
        {"-9Ei", "-9223372036854775807", NULL},
        {"8191.9999Pi", "9223371924264785123737600u", "9223371924264785123738m"},
        {"9223372036854775807.5", "9223372036854775807500m", NULL},
        {"1000E", "1", NULL},
        {"10E", "10E", NULL},
        {"1e99999999999", "10e1215752190", NULL},
        {"1e-12", "1e-9", "1e-3"},
    };
    check(rows, sizeof rows / sizeof rows[0]);
}

static void what_is_no_quantity_is_told_as_go_tells_it(void **state)
{
    static const struct row rows[] = {
        {"", REGEXP, NULL},
        {"abc", REGEXP, NULL},
        {"1 1", REGEXP, NULL},
        {"1.2.3", REGEXP, NULL},
        {"--1", "!unable to parse quantity's suffix", NULL},
        {"0x1", REGEXP, NULL},
        {"1_0", REGEXP, NULL},
        {"true", REGEXP, NULL},
        {"1K", "!unable to parse quantity's suffix", NULL},
        {"1mi", "!unable to parse quantity's suffix", NULL},
        {"1e", "!unable to parse quantity's suffix", NULL},
        {"1Mi5", "!unable to parse quantity's suffix", NULL},
        {"1e9223372036854775808", "!unable to parse quantity's suffix", NULL},
        {"Pi", "!unable to parse numeric part of quantity", NULL},
        {".Pi", "!unable to parse numeric part of quantity", NULL},
    };
    check(rows, sizeof rows / sizeof rows[0]);
}

static void texts_of_one_amount_are_equal(void **state)
{
    assert_true(quantity_equal("1Gi", "1073741824"));
    assert_true(quantity_equal("1e3", "1k"));
    assert_true(quantity_equal("1.500", "1500m"));
    assert_true(quantity_equal("-0", "0Ki"));
    assert_true(quantity_equal("one", "one"));
    assert_false(quantity_equal("1Gi", "1G"));
    assert_false(quantity_equal("1", "-1"));
    assert_false(quantity_equal("1", "one"));
    assert_false(quantity_equal("one", "1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_of_one_size_are_one_text),
        cmocka_unit_test(some_texts_stay_as_they_are),
        cmocka_unit_test(what_is_too_fine_is_rounded_away_from_zero_and_what_is_too_much_is_cut),
        cmocka_unit_test(what_is_no_quantity_is_told_as_go_tells_it),
        cmocka_unit_test(texts_of_one_amount_are_equal),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
