#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "sim/patch/patch.h"

static void test_objects_are_merged_and_everything_else_replaced(void **state)
{
    static const struct {
        const char *object, *patch, *want;
    } cases[] = {
        {"{'a':1}", "{}", "{'a':1}"},
        {"{'a':1}", "{'b':2}", "{'a':1,'b':2}"},
        {"{'a':1,'b':2}", "{'a':null}", "{'b':2}"},
        {"{'a':1}", "{'z':null}", "{'a':1}"},
        {"{'a':{'b':1,'c':2}}", "{'a':{'b':null,'d':3}}", "{'a':{'c':2,'d':3}}"},
        {"{'a':[1,2]}", "{'a':[3]}", "{'a':[3]}"},
        {"{'a':1}", "{'a':{'b':null,'c':1}}", "{'a':{'c':1}}"},
        {"{}", "{'a':{'b':{'c':null}}}", "{'a':{'b':{}}}"},
        {"{}", "{'a':[null,{'b':null}]}", "{'a':[null,{}]}"},
        {"{'a':{'b':1}}", "{'a':'x'}", "{'a':'x'}"},
        {"{'a':null}", "{'a':{'b':1}}", "{'a':{'b':1}}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc(cases[i].object), *patch = fake_doc(cases[i].patch);
        struct err err = {0};
        struct doc *made = patch_merge(doc_root(object), doc_root(patch), &err);
        fake_doc_expect(doc_root(made), cases[i].want);
        fake_doc_expect(doc_root(object), cases[i].object);
        doc_free(object);
        doc_free(patch);
        doc_free(made);
    }
}

static void test_what_is_no_patch(void **state)
{
    static const struct {
        const char *patch, *text;
    } cases[] = {
        {"[]", "error decoding patch: json: cannot unmarshal array into Go value of type map[string]interface {}"},
        {"5", "error decoding patch: json: cannot unmarshal number into Go value of type map[string]interface {}"},
        {"'x'", "error decoding patch: json: cannot unmarshal string into Go value of type map[string]interface {}"},
        {"null", "Invalid JSON Patch"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc("{}"), *patch = fake_doc(cases[i].patch);
        struct err err = {0};
        assert_null(patch_merge(doc_root(object), doc_root(patch), &err));
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.http_status, 400);
        doc_free(object);
        doc_free(patch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_objects_are_merged_and_everything_else_replaced),
        cmocka_unit_test(test_what_is_no_patch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
