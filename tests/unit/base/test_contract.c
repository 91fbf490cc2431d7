#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/contract.h"
#include "fake_doc.h"

static const char *const sides[] = {"left", "right", "both", NULL};
static const struct contract_field wheel[] = {{.name = "size", .type = CONTRACT_NUMBER}, {0}};
static const struct contract_field nothing[] = {{0}};
static const struct contract_field fields[] = {
    {.name = "side", .type = CONTRACT_STRING, .words = sides},
    {.name = "name", .type = CONTRACT_STRING, .optional = true},
    {.name = "share", .type = CONTRACT_INTEGER, .min = 0, .max = 100, .optional = true},
    {.name = "count", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "open", .type = CONTRACT_BOOLEAN, .optional = true},
    {.name = "wheels", .type = CONTRACT_LIST, .fields = wheel, .optional = true},
    {.name = "front", .fields = wheel, .optional = true},
    {.name = "empty", .fields = nothing, .optional = true},
    {.name = "other", .type = CONTRACT_ANY, .optional = true},
    {.name = "list", .type = CONTRACT_LIST, .optional = true},
    {0},
};
static const struct contract_field car = {.fields = fields};

static void test_what_does_not_fit_is_named(void **state)
{
    static const struct {
        const char *value, *problem;
    } cases[] = {
        {"5", "car: a table is wanted, got 5"},
        {"[]", "car: a table is wanted, got []"},
        {"{}", "car.side: 'left', 'right' or 'both' is wanted, got nothing"},
        {"{'side':null}", "car.side: 'left', 'right' or 'both' is wanted, got null"},
        {"{'side':'top'}", "car.side: 'left', 'right' or 'both' is wanted, got \"top\""},
        {"{'side':'left','wings':2}", "car.wings: there is no such field"},
        {"{'side':'left','name':7}", "car.name: a string is wanted, got 7"},
        {"{'side':'left','share':101}", "car.share: an integer from 0 to 100 is wanted, got 101"},
        {"{'side':'left','share':'5'}", "car.share: an integer from 0 to 100 is wanted, got \"5\""},
        {"{'side':'left','count':1.5}", "car.count: an integer is wanted, got 1.5"},
        {"{'side':'left','open':1}", "car.open: a boolean is wanted, got 1"},
        {"{'side':'left','wheels':{}}", "car.wheels: a list is wanted, got {}"},
        {"{'side':'left','wheels':[{'size':1},2]}", "car.wheels[2]: a table is wanted, got 2"},
        {"{'side':'left','wheels':[{'size':1},{}]}", "car.wheels[2].size: a number is wanted, got nothing"},
        {"{'side':'left','front':{'size':true}}", "car.front.size: a number is wanted, got true"},
        {"{'side':'left','empty':{'a':1}}", "car.empty.a: there is no such field"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        struct doc *doc = fake_doc(cases[i].value);
        assert_false(contract_check(&car, "car", doc_root(doc), &err));
        assert_string_equal(err.text, cases[i].problem);
        doc_free(doc);
    }
}

static void test_what_fits_passes(void **state)
{
    static const char *const values[] = {
        "{'side':'both'}",
        "{'side':'left','name':null,'share':null}",
        "{'side':'left','name':'x','share':100,'count':-7,'open':false}",
        "{'side':'left','wheels':[],'list':[{'a':1}],'empty':{}}",
        "{'side':'left','wheels':[{'size':1},{'size':0.5}],'front':{'size':2},'other':[1]}",
        "{'side':'left','share':5.0}",
    };
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        struct err err = {0};
        struct doc *doc = fake_doc(values[i]);
        if (!contract_check(&car, "car", doc_root(doc), &err)) {
            fail_msg("%s: %s", values[i], err.text);
        }
        doc_free(doc);
    }
}

static void test_what_came_is_cut(void **state)
{
    struct err err = {0};
    char text[600] = "[";
    memset(text + 1, '1', 500);
    strcat(text, "]");
    struct doc *doc = fake_doc(text);
    assert_false(contract_check(&car, "car", doc_root(doc), &err));
    assert_true(strlen(err.text) < 200);
    doc_free(doc);
}

static void test_it_is_shown(void **state)
{
    struct buf out;
    buf_init(&out, 1000);
    contract_write(&car, &out);
    assert_string_equal(buf_str(&out),
                        "{ side: 'left'|'right'|'both', name: string?, share: 0..100?, count: integer?, open: "
                        "boolean?, wheels: { size: number }[]?, front: { size: number }?, empty: {}?, other: any?, "
                        "list: table[]? }");
    buf_fini(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_does_not_fit_is_named),
        cmocka_unit_test(test_what_fits_passes),
        cmocka_unit_test(test_what_came_is_cut),
        cmocka_unit_test(test_it_is_shown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
