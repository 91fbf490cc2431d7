#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "kube/object.h"
#include "kube/write.h"

/* The patch is exactly this, and a server that applies it gets what was wanted. */
static void test_a_diff_is_the_smallest_merge_patch(void **state)
{
    static const struct {
        const char *live, *want, *patch;
    } cases[] = {
        {"{'a':1}", "{'a':1}", "absent"},
        {"{'a':1,'b':2}", "{'b':2,'a':1.0}", "absent"},
        {"{'a':1}", "{'a':2}", "{'a':2}"},
        {"{'a':1,'b':2}", "{'a':1}", "{'b':null}"},
        {"{'a':1}", "{'a':1,'b':{'c':[1]}}", "{'b':{'c':[1]}}"},
        {"{'a':{'b':1,'c':2}}", "{'a':{'b':1,'c':3}}", "{'a':{'c':3}}"},
        {"{'a':{'b':1}}", "{'a':{}}", "{'a':{'b':null}}"},
        {"{'a':[1,2,{'b':1}]}", "{'a':[1,2,{'b':2}]}", "{'a':[1,2,{'b':2}]}"},
        {"{'a':[1]}", "{'a':[]}", "{'a':[]}"},
        {"{'a':'text'}", "{'a':{'b':1}}", "{'a':{'b':1}}"},
        {"{'a':{'b':1}}", "{'a':'text'}", "{'a':'text'}"},
        {"{}", "{'a':{}}", "{'a':{}}"},
        {"{'a':true}", "{'a':false}", "{'a':false}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *live = fake_doc(cases[i].live), *want = fake_doc(cases[i].want), *out = doc_new();
        struct node *patch = kube_merge_diff(out, doc_root(live), doc_root(want));
        fake_doc_expect(patch, cases[i].patch);
        fake_doc_merge(live, doc_root(live), patch);
        fake_doc_expect(doc_root(live), cases[i].want);
        doc_free(live);
        doc_free(want);
        doc_free(out);
    }
}

static void test_a_diff_of_absent_values(void **state)
{
    struct doc *doc = fake_doc("{'a':1}"), *out = doc_new();
    assert_null(kube_merge_diff(out, NULL, NULL));
    fake_doc_expect(kube_merge_diff(out, NULL, doc_root(doc)), "{'a':1}");
    fake_doc_expect(kube_merge_diff(out, doc_root(doc), NULL), "null");
    doc_free(doc);
    doc_free(out);
}

static void test_a_create_takes_its_place_from_the_body(void **state)
{
    struct kube_write write;
    struct doc *body = object_new(&KUBE_SERVICES, "test", "podinfo");
    assert_int_equal(kube_write_create(&write, &KUBE_SERVICES, body, "service %s.%s create error", "podinfo", "test"),
                     PLAN_WRITE);
    assert_int_equal(write.verb, KUBE_CREATE);
    assert_ptr_equal(write.resource, &KUBE_SERVICES);
    assert_string_equal(write.namespace, "test");
    assert_null(write.name);
    assert_null(write.subresource);
    assert_ptr_equal(write.body, body);
    assert_string_equal(write.context, "service podinfo.test create error");
    kube_write_fini(&write);
    assert_null(write.body);
    kube_write_fini(&write);
}

static void test_a_patch_is_guarded_by_the_live_version(void **state)
{
    struct kube_write write;
    struct doc *live = fake_doc("{'metadata':{'name':'podinfo','namespace':'test','resourceVersion':'42'}}");
    struct doc *patch = fake_doc("{'metadata':{'labels':{'a':'b'}},'spec':{'replicas':2}}");
    assert_int_equal(kube_write_patch(&write, &KUBE_DEPLOYMENTS, doc_root(live), patch, "update error"), PLAN_WRITE);
    assert_int_equal(write.verb, KUBE_PATCH_MERGE);
    assert_string_equal(write.namespace, "test");
    assert_string_equal(write.name, "podinfo");
    assert_string_equal(write.context, "update error");
    fake_doc_expect(doc_root(write.body),
                    "{'metadata':{'labels':{'a':'b'},'resourceVersion':'42'},'spec':{'replicas':2}}");
    kube_write_fini(&write);
    assert_int_equal(kube_write_patch(&write, &KUBE_DEPLOYMENTS, doc_root(live), fake_doc("{}"), "x"), PLAN_WRITE);
    fake_doc_expect(doc_root(write.body), "{'metadata':{'resourceVersion':'42'}}");
    kube_write_fini(&write);
    doc_free(live);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_diff_is_the_smallest_merge_patch),
        cmocka_unit_test(test_a_diff_of_absent_values),
        cmocka_unit_test(test_a_create_takes_its_place_from_the_body),
        cmocka_unit_test(test_a_patch_is_guarded_by_the_live_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
