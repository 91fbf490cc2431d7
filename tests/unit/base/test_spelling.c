/* Which name somebody may have meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/spelling.h"
#include "base/str.h"

static const char *const names[] = {"status", "wait", "why", "pause", "promote", "rollback"};

static void expect(const char *word, const char *wanted)
{
    assert_true(str_equal(spelling_nearest(word, names, sizeof names / sizeof names[0]), wanted));
}

static void test_a_few_letters_are_wrong(void **state)
{
    expect("status", "status");
    expect("statsu", "status");
    expect("stat", "status");
    expect("waits", "wait");
    expect("rolback", "rollback");
    expect("promot", "promote");
    expect("pauze", "pause");
}

static void test_no_guess(void **state)
{
    char large[1000];
    memset(large, 'w', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    expect("deploy", NULL);
    expect("wh", NULL); /* all of it may be wrong */
    expect("", NULL);
    expect(large, NULL);
    assert_null(spelling_nearest("status", names, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_few_letters_are_wrong),
        cmocka_unit_test(test_no_guess),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
