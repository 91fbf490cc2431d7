#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/yaml.h"

struct text {
    struct yaml_places *places;
    struct doc *doc;
};

static struct text read_text(const char *yaml)
{
    struct err err = {0};
    struct text text = {.places = yaml_places_new()};
    text.doc = yaml_parse_placed("f.yaml", yaml, strlen(yaml), text.places, &err);
    if (!text.doc)
        fail_msg("%s", err.text);
    return text;
}

static void drop(struct text *text)
{
    doc_free(text->doc);
    yaml_places_free(text->places);
}

static void expect(const struct text *text, const struct node *value, size_t line, size_t column, size_t key_line,
                   size_t key_column)
{
    const struct yaml_place *place = yaml_places_find(text->places, value);
    assert_non_null(place);
    assert_int_equal(place->line, line);
    assert_int_equal(place->column, column);
    assert_int_equal(place->key_line, key_line);
    assert_int_equal(place->key_column, key_column);
}

static void values_and_keys_have_places(void **state)
{
    struct text text = read_text("a: 1\nlist:\n  - x\n  - {deep: [y, z]}\n");
    const struct node *root = doc_root(text.doc), *list = node_get(root, "list");
    expect(&text, root, 1, 1, 0, 0);
    expect(&text, node_get(root, "a"), 1, 4, 1, 1);
    expect(&text, list, 3, 3, 2, 1);
    expect(&text, node_item(list, 0), 3, 5, 0, 0);
    expect(&text, node_get(node_item(list, 1), "deep"), 4, 12, 4, 6);
    expect(&text, node_item(node_get(node_item(list, 1), "deep"), 1), 4, 16, 0, 0);
    drop(&text);
}

static void an_alias_stands_where_it_is_written_and_its_inside_where_the_anchor_is(void **state)
{
    struct text text = read_text("first: &x {k: 1}\nsecond: *x\nthird: {<<: *x, l: 2}\n");
    const struct node *root = doc_root(text.doc);
    expect(&text, node_get(root, "second"), 2, 9, 2, 1);
    expect(&text, node_at(root, "second", "k"), 1, 15, 1, 12);
    expect(&text, node_at(root, "third", "k"), 1, 15, 1, 12);
    expect(&text, node_at(root, "third", "l"), 3, 20, 3, 17);
    drop(&text);
}

static void what_stands_in_no_text_has_no_place(void **state)
{
    struct text text = read_text("a: 1\n");
    assert_null(yaml_places_find(text.places, node_new_int(text.doc, 1)));
    assert_null(yaml_places_find(text.places, NULL));
    drop(&text);
}

static void many_values_keep_their_places(void **state)
{
    char yaml[4096] = "";
    size_t len = 0;
    for (int i = 0; i < 500; i++)
        len += (size_t)snprintf(yaml + len, sizeof yaml - len, "- %d\n", i % 10);
    struct text text = read_text(yaml);
    for (size_t i = 0; i < 500; i++)
        expect(&text, node_item(doc_root(text.doc), i), i + 1, 3, 0, 0);
    drop(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_and_keys_have_places),
        cmocka_unit_test(an_alias_stands_where_it_is_written_and_its_inside_where_the_anchor_is),
        cmocka_unit_test(what_stands_in_no_text_has_no_place),
        cmocka_unit_test(many_values_keep_their_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
