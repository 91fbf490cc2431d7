#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/pattern.h"

static void test_what_go_matches_is_matched(void **state)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        {"a", "bab", true},
        {"^a$", "bab", false},
        {"^[0-9]+(m|s)", "5m", true},
        {"^[0-9]+(m|s)", "5x", false},
        {"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", "a-b.c", true},
        {"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$", "a-.c", false},
        {"(^$|^[a-f0-9]{64}$)", "", true},
        {"^$|^x$", "x", true},
        {"^\\d+\\.\\d{2}$", "10.25", true},
        {"^\\d+\\.\\d{2}$", "10x25", false},
        {"^[\\w.-]+$", "a_b.c-d", true},
        {"^[\\w.-]+$", "a b", false},
        {"^[^\\s/]+$", "a/b", false},
        {"^[^\\s/]{3}$", "äöü", true},
        {"^.{3}$", "äöü", true},
        {"^ä+$", "ää", true},
        {"^.$", "\n", false},
        {"^\\S\\D\\W$", "aa-", true},
        {"^(?:a|b)+?c*?$", "abab", true},
        {"^(?P<name>a)$", "a", true},
        {"(?i)^abc$", "AbC", true},
        {"(?i)^[^a-z]$", "o", false},
        {"(?i)^[^a-z]$", "O", false},
        {"(?i)^[^A-M]$", "m", false},
        {"(?i)^[^A-M]$", "n", true},
        {"^\\x41\\t\\/\\-$", "A\t/-", true},
        {"\\Aa\\z", "a", true},
        {"\\bfoo\\b", "a foo b", true},
        {"\\bfoo\\b", "afoob", false},
        {"^[]a]+$", "]a", true},
        {"^[\\]\\[^-]+$", "][^-", true},
        {"^[\\^]$", "^", true},
        {"^[^^]$", "^", false},
        {"^[[:alpha:]_]+$", "aB_", true},
        {"^a{2}$", "aa", true},
        {"^a{1,}$", "aaa", true},
        {"^a{1,2}$", "aaa", false},
        {"^a{,2}$", "a{,2}", true},
        {"^{$", "{", true},
        {"a|", "", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        struct pattern *pattern = pattern_new(cases[i].pattern, &err);
        if (pattern == NULL)
            fail_msg("%s: %s", cases[i].pattern, err.text);
        if (pattern_matches(pattern, cases[i].text) != cases[i].matches)
            fail_msg("%s on %s", cases[i].pattern, cases[i].text);
        pattern_free(pattern);
    }
}

static void test_what_is_not_supported_is_refused(void **state)
{
    static const struct {
        const char *pattern, *text;
    } cases[] = {
        {"(", "missing closing )"},
        {")", "unexpected )"},
        {"[a", "missing closing ]"},
        {"[b-a]", "invalid character class range"},
        {"*", "missing argument to repetition operator"},
        {"a**", "invalid nested repetition operator"},
        {"a{1001}", "invalid repeat count"},
        {"a{2,1}", "invalid repeat count"},
        {"((a{100}){100}){100}", "invalid repeat count"},
        {"(?=a)", "invalid or unsupported Perl syntax"},
        {"(?<=a)", "invalid or unsupported Perl syntax"},
        {"(a)\\1", "invalid or unsupported escape sequence"},
        {"\\p{L}", "invalid or unsupported escape sequence"},
        {"[ä]", "characters beyond ASCII are not supported in a class"},
        {"a\\", "invalid or unsupported escape sequence"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        assert_null(pattern_new(cases[i].pattern, &err));
        assert_string_equal(err.text, cases[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_go_matches_is_matched),
        cmocka_unit_test(test_what_is_not_supported_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
