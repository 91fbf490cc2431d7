#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/kinds/naming.h"

typedef char *rule_fn(const char *s);

static void expect(rule_fn *rule, const char *s, const char *beginning)
{
    char *why = rule(s);
    if (!beginning && why)
        fail_msg("\"%s\": %s", s, why);
    if (beginning && (!why || strncmp(why, beginning, strlen(beginning)) != 0))
        fail_msg("\"%s\": %s, not %s", s, why ? why : "fine", beginning);
    mem_free(why);
}

static void names_are_checked(void **state)
{
    char longest[255] = {0};
    expect(naming_subdomain, "a.b-c.d0", NULL);
    expect(naming_subdomain, "Upper", "a lowercase RFC 1123 subdomain must");
    expect(naming_subdomain, "a..b", "a lowercase RFC 1123 subdomain must");
    memset(longest, 'x', 254);
    expect(naming_subdomain, longest, "must be no more than 253 characters");
    expect(naming_label, "a-b", NULL);
    expect(naming_label, "a.b", "must not contain dots");
    expect(naming_label, "a.B", "a lowercase RFC 1123 label must");
    expect(naming_path_segment, "system:node", NULL);
    expect(naming_path_segment, "a/b", "may not contain '/'");
    expect(naming_path_segment, "..", "may not be '..'");
}

static void labels_are_checked(void **state)
{
    char longest[65] = {0};
    memset(longest, 'v', 64);
    expect(naming_qualified, "app.kubernetes.io/name", NULL);
    expect(naming_qualified, "bad key!", "name part must consist of");
    expect(naming_qualified, "a/b/c", "a valid label key must consist of");
    expect(naming_qualified, "/b", "prefix part must be non-empty");
    expect(naming_qualified, "A/b", "prefix part a lowercase RFC 1123 subdomain");
    expect(naming_qualified, "a/", "name part must be non-empty");
    expect(naming_label_value, "", NULL);
    expect(naming_label_value, "A_b.c", NULL);
    expect(naming_label_value, "-a", "a valid label must be an empty string or");
    expect(naming_label_value, longest, "must be no more than 63 bytes");
    expect(naming_config_key, ".key-1", NULL);
    expect(naming_config_key, "a b", "a valid config key must");
    expect(naming_config_key, "..", "must not be '..'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_checked), cmocka_unit_test(labels_are_checked)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
