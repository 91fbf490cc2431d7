#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/shown.h"

static void what_a_terminal_obeys_is_escaped(void **state)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {NULL, ""},
        {"", ""},
        {"INC: na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80", "INC: na\xc3\xafve \xe2\x82\xac \xf0\x9f\x98\x80"},
        {"\x1b[31mRED\x1b]0;title\x07", "\\x1b[31mRED\\x1b]0;title\\x07"},
        {"a\nb\tc\r", "a b c "},
        {"\x7f\xff\xe2\x82", "\\x7f\\xff\\xe2\\x82"},
        {"\xc2\x9bm", "\\u{009b}m"},
        {"\xe2\x80\xaegnp \xe2\x80\x8b\xef\xbb\xbf", "\\u{202e}gnp \\u{200b}\\u{feff}"},
    };
    char line[SHOWN_SIZE];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(shown_line(line, sizeof line, cases[i].text), cases[i].line);
    }
}

static void a_text_that_does_not_fit_ends_with_dots(void **state)
{
    static const struct {
        const char *text, *line;
    } cases[] = {
        {"0123456", "0123456"}, {"01234567", "0123..."}, {"01\xe2\x82\xac\xe2\x82\xac", "01..."},
        {"0\x1b\x1b", "0..."},  {"\xe2\x80\xae", "..."},
    };
    char line[8];
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(shown_line(line, sizeof line, cases[i].text), cases[i].line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_terminal_obeys_is_escaped),
        cmocka_unit_test(a_text_that_does_not_fit_ends_with_dots),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
