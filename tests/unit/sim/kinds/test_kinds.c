#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "sim/kinds/kinds.h"

static struct doc *definition(const char *served)
{
    struct err err;
    char *text = str_format("{\"spec\":{\"group\":\"sim.test\",\"scope\":\"Namespaced\",\"names\":{\"plural\":"
                            "\"things\",\"kind\":\"Thing\","
                            "\"shortNames\":[\"th\"]},\"versions\":[{\"name\":\"v1\",\"served\":true,\"storage\":true,"
                            "\"subresources\":{\"scale\":{"
                            "\"specReplicasPath\":\".spec.n\"}},\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}}"
                            ",{\"name\":\"v2\",\"served\":%s,"
                            "\"schema\":{\"openAPIV3Schema\":{\"type\":\"object\"}}}]}}",
                            served);
    struct doc *doc = doc_parse(text, strlen(text), &err);
    assert_non_null(doc);
    mem_free(text);
    return doc;
}

static void built_in_kinds_are_there_in_order(void **state)
{
    struct kinds *kinds = kinds_new();
    const struct kind *deployments = kinds_find(kinds, "apps", "v1", "deployments");
    assert_string_equal(deployments->name, "Deployment");
    assert_true(deployments->has_scale && deployments->has_status && deployments->is_namespaced);
    assert_ptr_equal(kinds_by_name(kinds, "apps", "v1", "Deployment"), deployments);
    assert_null(kinds_find(kinds, "apps", "v2", "deployments"));
    for (size_t i = 1; i < kinds_count(kinds); i++) {
        const struct kind *a = kinds_at(kinds, i - 1), *b = kinds_at(kinds, i);
        int order = strcmp(a->group, b->group);
        assert_true(order < 0 || (order == 0 && strcmp(a->plural, b->plural) < 0));
    }
    kinds_free(kinds);
}

static void a_definition_adds_what_it_serves(void **state)
{
    struct kinds *kinds = kinds_new();
    struct doc *crd = definition("true");
    struct err err;
    size_t before = kinds_count(kinds);
    assert_true(kinds_define(kinds, doc_root(crd), &err));
    assert_int_equal(kinds_count(kinds), before + 2);
    const struct kind *thing = kinds_find(kinds, "sim.test", "v1", "things");
    assert_string_equal(thing->singular, "thing");
    assert_string_equal(thing->list_name, "ThingList");
    assert_string_equal(thing->storage, "sim.test/things");
    assert_true(thing->is_custom && thing->has_scale && !thing->has_status);
    assert_string_equal(node_str(node_get(doc_root(thing->scale), "specReplicasPath")), ".spec.n");
    assert_true(kinds_define(kinds, doc_root(crd), &err));
    assert_ptr_equal(kinds_find(kinds, "sim.test", "v1", "things"), thing);
    assert_int_equal(kinds_count(kinds), before + 2);
    kinds_forget(kinds, "sim.test", "things");
    assert_int_equal(kinds_count(kinds), before);
    doc_free(crd);
    kinds_free(kinds);
}

static void what_is_not_served_is_not_added(void **state)
{
    struct kinds *kinds = kinds_new();
    struct doc *crd = definition("false");
    struct err err;
    assert_true(kinds_define(kinds, doc_root(crd), &err));
    assert_null(kinds_find(kinds, "sim.test", "v2", "things"));
    doc_free(crd);
    kinds_free(kinds);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(built_in_kinds_are_there_in_order),
        cmocka_unit_test(a_definition_adds_what_it_serves),
        cmocka_unit_test(what_is_not_served_is_not_added),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
