#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"

static void only_well_formed_characters_count(void **state)
{
    static const struct {
        const char *bytes;
        size_t len, want;
    } cases[] = {
        {"a", 1, 1},
        {"\xC3\xA9", 2, 2},
        {"\xE2\x82\xAC", 3, 3},
        {"\xF0\x9F\x98\x80", 4, 4},
        {"\xC3", 1, 0},
        {"\x80", 1, 0},
        {"\xC0\xAF", 2, 0},         /* overlong */
        {"\xE0\x9F\xBF", 3, 0},     /* overlong */
        {"\xF0\x8F\xBF\xBF", 4, 0}, /* overlong */
        {"\xED\xA0\x80", 3, 0},     /* surrogate */
        {"\xF4\x90\x80\x80", 4, 0}, /* above U+10FFFF */
        {"\xF5\x80\x80\x80", 4, 0},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(utf8_char(cases[i].bytes, cases[i].len), cases[i].want);
}

static void floor_never_cuts_a_character(void **state)
{
    const char *s = "a\xE2\x82\xAC"
                    "b\xF0\x9F\x98\x80";
    static const size_t want[] = {0, 1, 1, 1, 4, 5, 5, 5, 5, 9};
    for (size_t len = 0; len < sizeof want / sizeof *want; len++)
        assert_int_equal(utf8_floor(s, len), want[len]);
}

static void bad_bytes_are_replaced_one_by_one(void **state)
{
    struct buf b;
    buf_init(&b, 100);
    assert_true(utf8_append_clean(&b, "a\xFF\xC3z\xC3\xA9\xE2\x82", 8));
    assert_string_equal(buf_str(&b), "a\xEF\xBF\xBD\xEF\xBF\xBDz\xC3\xA9\xEF\xBF\xBD\xEF\xBF\xBD");
    assert_true(utf8_valid(b.data, b.len));
    buf_fini(&b);
}

static void a_terminal_is_told_nothing_but_text(void **state)
{
    static const char text[] = "a\tb\n\x1B[31m \x7F\r\xC2\x9Bm \xE2\x80\xAE\xFF\xC3\xA9";
    struct buf b;
    buf_init(&b, 100);
    assert_true(utf8_append_visible(&b, text, sizeof text - 1));
    assert_string_equal(buf_str(&b), "a\tb\n\xEF\xBF\xBD[31m \xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBDm "
                                     "\xEF\xBF\xBD\xEF\xBF\xBD\xC3\xA9");
    buf_fini(&b);
}

static void a_text_from_outside_becomes_one_printable_line(void **state)
{
    static const struct {
        const char *text;
        size_t max;
        const char *line;
    } cases[] = {
        {"", 10, ""},
        {" \n\t", 10, ""},
        {"closed\r\n", 10, "closed"},
        {"\n<html>\n  <body>\n", 20, "<html> <body>"},
        {"0123456789", 10, "0123456789"},
        {"0123456789\n", 10, "0123456789"},
        {"0123456789a", 10, "0123456789..."},
        {"12345\xc3\xa4\xc3\xa4", 8, "12345\xc3\xa4..."},
        {"a\033[2Jb\x7f", 20, "a\xef\xbf\xbd[2Jb\xef\xbf\xbd"},
        {"a\xff\xc2\x9b\xe2\x80\xae\xe2\x81\xa6", 20, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct buf b;
        buf_init(&b, 200);
        utf8_append_line(&b, cases[i].text, strlen(cases[i].text), cases[i].max);
        assert_string_equal(buf_str(&b), cases[i].line);
        buf_fini(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_well_formed_characters_count),
        cmocka_unit_test(floor_never_cuts_a_character),
        cmocka_unit_test(bad_bytes_are_replaced_one_by_one),
        cmocka_unit_test(a_terminal_is_told_nothing_but_text),
        cmocka_unit_test(a_text_from_outside_becomes_one_printable_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
