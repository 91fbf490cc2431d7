/* Places of scripts in texts about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "rollout/script_place.h"

static void test_the_innermost_comes_first(void **state)
{
    static const struct {
        const char *text, *file;
        size_t line;
        const char *rest;
    } cases[] = {
        {"scripts/ring.lua:12: no", "scripts/ring.lua", 12, ": no"},
        {"scripts.ring: scripts/ring.lua:3: no", "scripts/ring.lua", 3, ": no"},
        {"scripts/a.lua:2: no (called from scripts/b.lua:5)", "scripts/a.lua", 2, ": no (called from scripts/b.lua:5)"},
        {"no (called from scripts/b.lua:5)", "scripts/b.lua", 5, ")"},
        {"error:scripts/ring.lua:4: no", "scripts/ring.lua", 4, ": no"},
        {"scripts/ring.lua:x, checks/shop/revenue.lua:7", "checks/shop/revenue.lua", 7, ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct script_place place;
        assert_true(script_place_find(cases[i].text, &place));
        assert_true(script_place_is_in(&place, cases[i].file));
        assert_false(script_place_is_in(&place, "scripts/ring.luas"));
        assert_int_equal(place.line, cases[i].line);
        assert_string_equal(place.rest, cases[i].rest);
    }
}

static void test_texts_without_a_place(void **state)
{
    static const char *const texts[] = {"", "ring.lua", "ring.lua:", "no line of ring.lua: 5"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct script_place place;
        assert_false(script_place_find(texts[i], &place));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_innermost_comes_first),
        cmocka_unit_test(test_texts_without_a_place),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
