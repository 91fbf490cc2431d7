#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "canary/names.h"
#include "fake_doc.h"

static void test_the_service_name_gives_the_apex(void **state)
{
    static const struct {
        const char *service, *apex, *primary, *canary;
    } cases[] = {
        {"{'port':80}", "podinfo", "podinfo-primary", "podinfo-canary"},
        {"{'name':'','port':80}", "podinfo", "podinfo-primary", "podinfo-canary"},
        {"{'name':'web','port':80}", "web", "web-primary", "web-canary"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *doc =
            fake_doc_format("{'metadata':{'name':'shop','namespace':'test','uid':'u-1'},'spec':{'targetRef':"
                            "{'kind':'Deployment','name':'podinfo'},'service':%s}}",
                            cases[i].service);
        struct canary_names names;
        canary_names_init(&names, doc_root(doc));
        assert_string_equal(names.name, "shop");
        assert_string_equal(names.namespace, "test");
        assert_string_equal(names.uid, "u-1");
        assert_string_equal(names.id, "shop.test");
        assert_string_equal(names.target, "podinfo");
        assert_string_equal(names.target_kind, "Deployment");
        assert_string_equal(names.target_primary, "podinfo-primary");
        assert_string_equal(names.apex, cases[i].apex);
        assert_string_equal(names.apex_primary, cases[i].primary);
        assert_string_equal(names.apex_canary, cases[i].canary);
        assert_null(names.selector_label);
        canary_names_fini(&names);
        doc_free(doc);
    }
}

static void test_a_broken_canary_still_has_names(void **state)
{
    struct doc *doc = fake_doc("{'spec':{'targetRef':[]}}");
    struct canary_names names;
    canary_names_init(&names, doc_root(doc));
    assert_string_equal(names.target, "");
    assert_string_equal(names.target_kind, "");
    assert_string_equal(names.id, ".");
    canary_names_fini(&names);
    doc_free(doc);
}

static void test_the_owner_reference_controls(void **state)
{
    struct doc *doc =
        fake_doc("{'metadata':{'name':'shop','namespace':'test','uid':'u-1'},'spec':{'targetRef':{'name':'podinfo'}}}");
    struct canary_names names;
    canary_names_init(&names, doc_root(doc));
    struct doc *out = doc_new();
    fake_doc_expect(canary_owner_reference(out, &names),
                    "{'apiVersion':'flagger.app/v1beta1','kind':'Canary','name':'shop','uid':'u-1','controller':true,"
                    "'blockOwnerDeletion':true}");
    doc_free(out);
    canary_names_fini(&names);
    doc_free(doc);
}

static void test_a_name_is_cut_to_what_fits(void **state)
{
    static const struct {
        const char *name;
        size_t max;
        const char *cut;
    } cases[] = {
        {"podinfo", 20, "podinfo"},
        {"aaaaaaaaaaaaaaaaaaaa", 20, "aaaaaaaaaaaaaaaaaaaa"},
        {"aaaaaaaaaaaaaaaaaaaaa", 20, "aaaaaaaaa-7df8e299c8"},
        {"aaaaaaa.-aaaaaaaaaaaa", 20, "aaaaaaa-800af2b661"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char *cut = name_shorten(cases[i].name, cases[i].max);
        assert_string_equal(cut, cases[i].cut);
        str_free(&cut);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_service_name_gives_the_apex),
        cmocka_unit_test(test_a_name_is_cut_to_what_fits),
        cmocka_unit_test(test_a_broken_canary_still_has_names),
        cmocka_unit_test(test_the_owner_reference_controls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
