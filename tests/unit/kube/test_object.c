#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "kube/object.h"

static void test_metadata_is_read(void **state)
{
    struct doc *doc =
        fake_doc("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1','resourceVersion':'42','generation':7,"
                 "'labels':{'app':'podinfo'},'annotations':{'a/b':'c'},'deletionTimestamp':'2026-03-11T08:15:07Z'}}");
    const struct node *object = doc_root(doc);
    assert_string_equal(object_name(object), "podinfo");
    assert_string_equal(object_namespace(object), "test");
    assert_string_equal(object_uid(object), "u-1");
    assert_string_equal(object_version(object), "42");
    assert_int_equal(object_generation(object), 7);
    assert_string_equal(object_label(object, "app"), "podinfo");
    assert_null(object_label(object, "a/b"));
    assert_string_equal(object_annotation(object, "a/b"), "c");
    assert_true(object_is_deleted(object));
    doc_free(doc);
}

static void test_nothing_has_no_metadata(void **state)
{
    struct doc *doc = fake_doc("{'metadata':{'name':5,'labels':null}}");
    const struct node *objects[] = {NULL, doc_root(doc)};
    for (size_t i = 0; i < 2; i++) {
        assert_null(object_name(objects[i]));
        assert_null(object_namespace(objects[i]));
        assert_null(object_uid(objects[i]));
        assert_null(object_version(objects[i]));
        assert_int_equal(object_generation(objects[i]), 0);
        assert_null(object_label(objects[i], "app"));
        assert_null(object_annotation(objects[i], "app"));
        assert_false(object_is_deleted(objects[i]));
        assert_false(object_is_controlled_by(objects[i], "Canary", "podinfo"));
        assert_null(object_condition(objects[i], "Available"));
    }
    doc_free(doc);
}

static void test_only_the_controlling_owner_counts(void **state)
{
    struct doc *doc = fake_doc("{'metadata':{'ownerReferences':[{'kind':'Canary','name':'first'},"
                               "{'kind':'Canary','name':'podinfo','controller':true}]}}");
    assert_true(object_is_controlled_by(doc_root(doc), "Canary", "podinfo"));
    assert_false(object_is_controlled_by(doc_root(doc), "Canary", "first"));
    assert_false(object_is_controlled_by(doc_root(doc), "Deployment", "podinfo"));
    doc_free(doc);
}

static void test_conditions_are_found_by_type(void **state)
{
    struct doc *doc = fake_doc("{'status':{'conditions':[{'type':'Progressing','status':'True'},"
                               "{'type':'Available','status':'False'}]}}");
    fake_doc_expect(object_condition(doc_root(doc), "Available"), "{'type':'Available','status':'False'}");
    assert_null(object_condition(doc_root(doc), "Promoted"));
    doc_free(doc);
}

static void test_new_objects_carry_their_kind(void **state)
{
    struct doc *deployment = object_new(&KUBE_DEPLOYMENTS, "test", "podinfo");
    struct doc *service = object_new(&KUBE_SERVICES, NULL, "podinfo");
    fake_doc_expect(doc_root(deployment),
                    "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'podinfo','namespace':'test'}}");
    fake_doc_expect(doc_root(service), "{'apiVersion':'v1','kind':'Service','metadata':{'name':'podinfo'}}");
    doc_free(deployment);
    doc_free(service);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_metadata_is_read),
        cmocka_unit_test(test_nothing_has_no_metadata),
        cmocka_unit_test(test_only_the_controlling_owner_counts),
        cmocka_unit_test(test_conditions_are_found_by_type),
        cmocka_unit_test(test_new_objects_carry_their_kind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
