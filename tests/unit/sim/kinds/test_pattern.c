#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/kinds/format.h"
#include "sim/kinds/pattern.h"

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

static void test_formats(void **state)
{
    static const struct {
        const char *format, *text;
        bool matches;
    } cases[] = {
        {"date-time", "2024-02-29T10:00:00Z", true},
        {"datetime", "2024-02-29t10:00:00.123+02:00", true},
        {"date-time", "2024-02-29T24:00:00Z", false},
        {"date-time", "2024-02-29T10:00:00", false},
        {"date-time", "2024-02-29", false},
        {"date", "2024-02-30", false},
        {"date", "2000-02-29", true},
        {"byte", "aGk=", true},
        {"byte", "aGk", false},
        {"uuid", "123E4567-e89b-12d3-a456-426614174000", true},
        {"uuid4", "123e4567-e89b-12d3-a456-426614174000", false},
        {"ipv6", "::1", true},
        {"ipv4", "256.1.1.1", false},
        {"cidr", "10.0.0.0/8", true},
        {"cidr", "10.0.0.0/33", false},
        {"hostname", "a.example.com", true},
        {"hostname", "-a", false},
        {"email", "a@b.c", true},
        {"uri", "/path", true},
        {"uri", "https://a/b", true},
        {"uri", "a b", false},
        {"mac", "01:23:45:67:89:ab", true},
        {"hexcolor", "#ff00FF", true},
        {"rgbcolor", "rgb(1, 2, 256)", false},
        {"ssn", "111-22-3333", true},
        {"duration", "1h30m", true},
        {"duration", "1.5s", true},
        {"duration", "1 hours", true},
        {"duration", "abc", false},
        {"k8s-short-name", "abc-1", true},
        {"k8s-short-name", "Abc", false},
        {"k8s-long-name", "a.b-c", true},
        {"int32", "anything", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        if (format_matches(cases[i].format, cases[i].text) != cases[i].matches)
            fail_msg("%s on %s", cases[i].format, cases[i].text);
    }
    assert_true(format_is_known("date-time"));
    assert_true(format_is_known("password"));
    assert_false(format_is_known("int32"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_go_matches_is_matched),
        cmocka_unit_test(test_what_is_not_supported_is_refused),
        cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
