#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_doc.h"
#include "sim/objects/version.h"

enum { MANY = 2000 };

static struct version *make(struct trees *trees, int number, bool is_first)
{
    struct doc *doc = fake_doc_format("{'number':%d}", number);
    struct version *version = version_new(trees, doc, is_first);
    doc_free(doc);
    return version;
}

static int64_t number_of(struct version *version)
{
    struct doc *doc = version_tree(version);
    int64_t number = node_int_or(node_get(doc_root(doc), "number"), -1);
    doc_free(doc);
    return number;
}

static void what_is_used_keeps_its_tree_and_what_is_not_gives_way(void **state)
{
    struct trees *trees = trees_new();
    struct version *used = make(trees, -2, false), *many[MANY];
    struct doc *tree = version_tree(used);
    const struct node *root = doc_root(tree);
    doc_free(tree);
    for (int i = 0; i < MANY; i++) {
        many[i] = make(trees, i, true);
        struct doc *seen = version_peek(many[i]); /* as a listener sees it */
        assert_true(version_is(many[i], doc_root(seen)));
        doc_free(seen);
    }
    assert_true(version_is(used, root));
    for (int i = 0; i < MANY; i++) {
        assert_int_equal(number_of(many[i]), i); /* whoever reads it again pays for it */
    }
    assert_false(version_is(used, root));
    for (int i = 0; i < MANY; i++) {
        version_unref(many[i]);
    }
    assert_int_equal(number_of(used), -2);
    version_unref(used);
    trees_free(trees);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_used_keeps_its_tree_and_what_is_not_gives_way)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
