/* Places of scripts in texts about them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/mem.h"
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

static void test_columns(void **state)
{
    static const char source[] = "local a = 1\n"
                                 "  if a = 2 then\n"
                                 "for in in min do\n"
                                 "\n"
                                 "return x, x";
    static const struct {
        const char *text, *wanted;
    } cases[] = {
        /* the token that it is near */
        {"scripts/ring.lua:2: 'then' expected near '='", "scripts/ring.lua:2:8: 'then' expected near '='"},
        {"scripts.ring: scripts/ring.lua:2: no near 'then'", "scripts.ring: scripts/ring.lua:2:12: no near 'then'"},
        {"scripts/ring.lua:3: no near 'min'", "scripts/ring.lua:3:11: no near 'min'"},
        {"scripts/ring.lua:5: 'end' expected near '<eof>'", "scripts/ring.lua:5:12: 'end' expected near '<eof>'"},
        /* one that stands there more than once, or is unknown: the line's beginning */
        {"scripts/ring.lua:3: no near 'in'", "scripts/ring.lua:3:1: no near 'in'"},
        {"scripts/ring.lua:5: no near 'x'", "scripts/ring.lua:5:1: no near 'x'"},
        {"scripts/ring.lua:2: no near ''", "scripts/ring.lua:2:3: no near ''"},
        {"scripts/ring.lua:2: attempt to index", "scripts/ring.lua:2:3: attempt to index"},
        {"scripts/ring.lua:4: no", "scripts/ring.lua:4:1: no"},
        /* no such line, no such text, no place */
        {"scripts/ring.lua:6: no", "scripts/ring.lua:6: no"},
        {"scripts/ring.lua:0: no", "scripts/ring.lua:0: no"},
        {"scripts/other.lua:1: no", "scripts/other.lua:1: no"},
        {"no place", "no place"},
    };
    struct doc *sources = doc_new();
    struct node *root = node_new_object(sources);
    doc_set_root(sources, root);
    node_set_str(sources, root, "scripts.ring", source);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *told = script_place_with_column(cases[i].text, root);
        assert_string_equal(told, cases[i].wanted);
        mem_free(told);
    }
    char *told = script_place_with_column("scripts/ring.lua:2: no", NULL);
    assert_string_equal(told, "scripts/ring.lua:2: no");
    mem_free(told);
    doc_free(sources);
}

static void test_fields(void **state)
{
    static const char source[] = "return strategy {\n"
                                 "  name = 'ring', calm == 5,\n"
                                 "  params = { becalm = 1, calm= param.integer { min = 1 } } }";
    static const struct {
        const char *name, *wanted;
    } cases[] = {
        {"name", "scripts/ring.lua:2:3: "},
        {"params", "scripts/ring.lua:3:3: "},
        {"calm", "scripts/ring.lua:3:26: "},
        {"integer", ""},
        {"none", ""},
    };
    struct doc *sources = doc_new();
    struct node *root = node_new_object(sources);
    doc_set_root(sources, root);
    node_set_str(sources, root, "scripts.ring", source);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *place = script_place_of_field(root, "scripts.ring", cases[i].name);
        assert_string_equal(place, cases[i].wanted);
        mem_free(place);
    }
    char *place = script_place_of_field(root, "scripts.other", "name");
    assert_string_equal(place, "");
    mem_free(place);
    doc_free(sources);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_innermost_comes_first),
        cmocka_unit_test(test_texts_without_a_place),
        cmocka_unit_test(test_columns),
        cmocka_unit_test(test_fields),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
