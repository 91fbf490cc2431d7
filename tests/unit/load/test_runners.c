#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "load/runners.h"

static void expect(const char *name, const char *kind)
{
    const char *got = runner_kind(name);
    if ((kind == NULL) != (got == NULL) || (kind != NULL && strcmp(kind, got) != 0)) {
        fail_msg("%s: %s, wanted %s", name, got != NULL ? got : "(none)", kind != NULL ? kind : "(none)");
    }
}

static void what_runs_others_is_known(void **state)
{
    static const char *const shells[] = {"sh", "bash", "busybox", "zsh", "toybox"};
    static const char *const interpreters[] = {"awk",  "python",   "python3", "python3.11", "perl",   "perl5.36.0",
                                               "node", "tclsh8.6", "lua5.4",  "ruby",       "sqlite3"};
    static const char *const others[] = {"env", "xargs", "nice", "timeout", "find", "nsenter", "start-stop-daemon"};
    for (size_t i = 0; i < sizeof shells / sizeof shells[0]; i++) {
        expect(shells[i], "a shell");
    }
    for (size_t i = 0; i < sizeof interpreters / sizeof interpreters[0]; i++) {
        expect(interpreters[i], "an interpreter");
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        expect(others[i], "a program that runs others");
    }
}

static void others_are_none(void **state)
{
    static const char *const none[] = {"curl", "grep",      "jq", "kubectl", "helm", "s",
                                       "ba",   "sha256sum", "7",  "",        "env x"};
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++) {
        expect(none[i], NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_runs_others_is_known),
        cmocka_unit_test(others_are_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
