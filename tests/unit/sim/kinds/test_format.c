#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "sim/kinds/format.h"

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
        {"duration", "0", true},
        {"duration", ".5m", true},
        {"duration", "1.5d", true},
        {"duration", "PT1H", true},
        {"duration", "2 weeks, 1 day", true},
        {"duration", "in 5 minutes", true},
        {"duration", "1 month", false},
        {"duration", "5", false},
        {"duration", "", false},
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
        cmocka_unit_test(test_formats),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
