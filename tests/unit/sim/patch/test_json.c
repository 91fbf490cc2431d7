#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "sim/patch/patch.h"

#define REJECTED "the server rejected our request due to an error in our request"

/* On {'data':{'x':'1'},'list':['a','b']}; these were asked of a server. */
static void test_operations(void **state)
{
    static const struct {
        const char *patch, *want; /* want NULL: refused */
    } cases[] = {
        {"[]", "{'data':{'x':'1'},'list':['a','b']}"},
        {"[{'op':'add','path':'/data/y','value':'2'},{'op':'replace','path':'/data/x','value':'3'}]",
         "{'data':{'x':'3','y':'2'},'list':['a','b']}"},
        {"[{'op':'replace','path':'/data/zz','value':'3'}]", "{'data':{'x':'1','zz':'3'},'list':['a','b']}"},
        {"[{'op':'remove','path':'/data/zz'}]", NULL},
        {"[{'op':'remove','path':'/data/x'}]", "{'data':{},'list':['a','b']}"},
        {"[{'op':'remove','path':'/data/x/deep'}]", NULL},
        {"[{'op':'remove','path':''}]", NULL},
        {"[{'op':'add','path':'/nope/zz','value':'3'}]", NULL},
        {"[{'op':'add','path':'/data/n'}]", "{'data':{'x':'1','n':null},'list':['a','b']}"},
        {"[{'op':'add','path':'data/n','value':1}]", "{'data':{'x':'1'},'list':['a','b'],'n':1}"},
        {"[{'op':'replace','path':'/data','value':{'only':'1'}}]", "{'data':{'only':'1'},'list':['a','b']}"},
        {"[{'op':'replace','path':'','value':{'all':1}}]", "{'all':1}"},
        {"[{'op':'replace','path':'','value':1}]", NULL},
        {"[{'op':'test','path':'/data/x','value':'1'}]", "{'data':{'x':'1'},'list':['a','b']}"},
        {"[{'op':'test','path':'/data/x','value':'2'}]", NULL},
        {"[{'op':'test','path':'/data/q','value':null}]", "{'data':{'x':'1'},'list':['a','b']}"},
        {"[{'op':'test','path':'/data/q'}]", "{'data':{'x':'1'},'list':['a','b']}"},
        {"[{'op':'test','path':'/list/2'}]", NULL},
        {"[{'op':'test','path':'','value':'x'}]", NULL},
        {"[{'op':'test','path':'','value':{'list':['a','b'],'data':{'x':'1'}}}]",
         "{'data':{'x':'1'},'list':['a','b']}"},
        {"[{'op':'move','path':'/data/y','from':'/data/x'}]", "{'data':{'y':'1'},'list':['a','b']}"},
        {"[{'op':'move','path':'/data/y','from':'/data/nix'}]", NULL},
        {"[{'op':'move','path':'/list/0','from':'/list/1'}]", "{'data':{'x':'1'},'list':['b','a']}"},
        {"[{'op':'copy','path':'/data/y','from':'/data/x'}]", "{'data':{'x':'1','y':'1'},'list':['a','b']}"},
        {"[{'op':'copy','path':'/data/y','from':'/data/nix'}]", "{'data':{'x':'1','y':null},'list':['a','b']}"},
        {"[{'op':'copy','path':'/data/y','from':'/list/7'}]", NULL},
        {"[{'op':'copy','path':'/data/y'}]", NULL},
        {"[{'op':'add','path':'/data/a~1b~0c~01','value':'9'}]", "{'data':{'x':'1','a/b~c~1':'9'},'list':['a','b']}"},
        {"[{'op':'add','path':'/list/-','value':'c'}]", "{'data':{'x':'1'},'list':['a','b','c']}"},
        {"[{'op':'add','path':'/list/0','value':'c'}]", "{'data':{'x':'1'},'list':['c','a','b']}"},
        {"[{'op':'add','path':'/list/2','value':'c'}]", "{'data':{'x':'1'},'list':['a','b','c']}"},
        {"[{'op':'add','path':'/list/3','value':'c'}]", NULL},
        {"[{'op':'add','path':'/list/-1','value':'c'}]", "{'data':{'x':'1'},'list':['a','b','c']}"},
        {"[{'op':'add','path':'/list/x','value':'c'}]", NULL},
        {"[{'op':'add','path':'/list/','value':'c'}]", NULL},
        {"[{'op':'remove','path':'/list/-1'}]", "{'data':{'x':'1'},'list':['a']}"},
        {"[{'op':'remove','path':'/list/2'}]", NULL},
        {"[{'op':'replace','path':'/list/1','value':'c'}]", "{'data':{'x':'1'},'list':['a','c']}"},
        {"[{'op':'replace','path':'/list/0','value':{'c':1}}]", "{'data':{'x':'1'},'list':[{'c':1},'b']}"},
        {"[{'op':'frob','path':'/data'}]", NULL},
        {"[{'op':'add'}]", NULL},
        {"[{'path':'/data'}]", NULL},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc("{'data':{'x':'1'},'list':['a','b']}"), *patch = fake_doc(cases[i].patch);
        struct err err = {0};
        struct doc *made = patch_json(doc_root(object), doc_root(patch), &err);
        if ((made != NULL) != (cases[i].want != NULL))
            fail_msg("%s: %s", cases[i].patch, made != NULL ? "not refused" : err.text);
        if (made == NULL) {
            assert_string_equal(err.text, REJECTED);
            assert_int_equal(err.http_status, 422);
        } else {
            fake_doc_expect(doc_root(made), cases[i].want);
        }
        fake_doc_expect(doc_root(object), "{'data':{'x':'1'},'list':['a','b']}");
        doc_free(object);
        doc_free(patch);
        doc_free(made);
    }
}

/* The same number in another text is another one to a server. */
static void test_a_number_is_compared_as_it_is_written(void **state)
{
    static const struct {
        const char *patch;
        bool passes;
    } cases[] = {
        {"[{'op':'test','path':'/size','value':2}]", true},
        {"[{'op':'test','path':'/size','value':2.0}]", false},
        {"[{'op':'test','path':'/size','value':2e0}]", false},
        {"[{'op':'test','path':'/weight','value':1.5}]", true},
        {"[{'op':'test','path':'/deep','value':{'list':[1,-3]}}]", true},
        {"[{'op':'test','path':'/deep','value':{'list':[1,-3.0]}}]", false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc("{'size':2,'weight':1.5,'deep':{'list':[1,-3]}}"),
                   *patch = fake_doc(cases[i].patch);
        struct err err = {0};
        struct doc *made = patch_json(doc_root(object), doc_root(patch), &err);
        if ((made != NULL) != cases[i].passes) {
            fail_msg("%s: %s", cases[i].patch, made != NULL ? "not refused" : err.text);
        }
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
        {"{'op':'x'}",
         "error decoding patch: json: cannot unmarshal object into Go value of type []handlers.jsonPatchOp"},
        {"[1]", "error decoding patch: json: cannot unmarshal number into Go value of type handlers.jsonPatchOp"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc("{}"), *patch = fake_doc(cases[i].patch);
        struct err err = {0};
        assert_null(patch_json(doc_root(object), doc_root(patch), &err));
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.http_status, 400);
        doc_free(object);
        doc_free(patch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_operations),
        cmocka_unit_test(test_a_number_is_compared_as_it_is_written),
        cmocka_unit_test(test_what_is_no_patch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
