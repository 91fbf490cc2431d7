#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "fake_doc.h"
#include "io/file.h"
#include "schema_answers.h"
#include "sim/kinds/schema.h"

static struct schema *schema_of(const char *openapi)
{
    struct doc *doc = fake_doc(openapi);
    struct err err = {0};
    struct schema *schema = schema_parse(doc_root(doc), &err);
    if (schema == NULL)
        fail_msg("%s", err.text);
    doc_free(doc);
    return schema;
}

/* The table's schema under spec, with a status. */
static struct schema *schema_of_things(void)
{
    char *text = str_format("{'type':'object','required':['spec'],'properties':{'spec':%s,'status':{'type':'object',"
                            "'required':['phase'],'properties':{'phase':{'type':'string','enum':['A','B']},"
                            "'n':{'type':'integer'},'o':{'type':'object','oneOf':[{'required':['a']}],"
                            "'properties':{'a':{'type':'string'}}}}}}}",
                            SPEC);
    struct schema *schema = schema_of(text);
    mem_free(text);
    return schema;
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Lines sorted: the server's order of properties is random. */
static char *sorted_lines(const char *text)
{
    struct str_list lines = {0};
    str_list_split(&lines, text, '\n');
    qsort(lines.items, lines.count, sizeof *lines.items, by_text);
    struct buf b;
    buf_init(&b, 100000);
    for (size_t i = 0; i < lines.count; i++)
        buf_printf(&b, "%s%s", lines.items[i], str_empty(lines.items[i]) ? "" : "\n");
    str_list_fini(&lines);
    return buf_take(&b);
}

static char *causes_text(const struct doc *causes)
{
    struct buf b;
    buf_init(&b, 100000);
    struct node_iter it = node_iterate(doc_root(causes));
    while (node_next(&it)) {
        buf_printf(&b, "%s|%s|", node_str(node_get(it.value, "field")), node_str(node_get(it.value, "reason")));
        buf_printf(&b, "%s\n", node_str(node_get(it.value, "message")));
    }
    return buf_take(&b);
}

static void expect_causes(struct doc *causes, const char *want, const char *name)
{
    char *text = causes_text(causes), *got = sorted_lines(text), *wanted = sorted_lines(want);
    if (!str_equal(got, wanted))
        fail_msg("%s\n   got\n%s\nwanted\n%s", name, got, wanted);
    mem_free(text);
    mem_free(got);
    mem_free(wanted);
    doc_free(causes);
}

static void test_what_is_wrong_is_said_as_a_server_says_it(void **state)
{
    struct schema *schema = schema_of_things();
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        struct doc *object = fake_doc_format("{'spec':%s}", answers[i].spec);
        expect_causes(schema_validate(schema, doc_root(object)), answers[i].causes, answers[i].name);
        doc_free(object);
    }
    schema_free(schema);
}

static void test_the_root_is_checked_too(void **state)
{
    struct schema *schema = schema_of_things();
    struct doc *object = fake_doc("{'metadata':{'name':'x'}}");
    expect_causes(schema_validate(schema, doc_root(object)), "spec|FieldValueRequired|Required value\n", "no spec");
    doc_free(object);
    object = fake_doc("{'spec':'x'}");
    expect_causes(schema_validate(schema, doc_root(object)),
                  "spec|FieldValueTypeInvalid|Invalid value: \"string\": spec in body must be of type object: "
                  "\"string\"\n",
                  "a text");
    doc_free(object);
    schema_free(schema);
}

/* Causes stand in the order of the check, and those of properties in that of their names. */
static void test_causes_have_an_order(void **state)
{
    struct schema *schema = schema_of_things();
    struct doc *object = fake_doc("{'spec':{'portAny':{},'int32':3000000000}}");
    struct doc *causes = schema_validate(schema, doc_root(object));
    char *text = causes_text(causes);
    assert_string_equal(
        text,
        "<nil>|FieldValueInvalid|Invalid value: \"\": Checked value must be of type integer with format int32 in "
        "spec.int32\n"
        "spec.int32|FieldValueInvalid|Invalid value: 3000000000: spec.int32 in body should be less than or equal to "
        "100\n"
        "spec.portAny|FieldValueTypeInvalid|Invalid value: \"object\": spec.portAny in body must be of type "
        "integer,string: \"object\"\n"
        "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.portAny\" must validate at least one schema (anyOf)\n"
        "spec.portAny|FieldValueTypeInvalid|Invalid value: \"object\": spec.portAny in body must be of type integer: "
        "\"object\"\n");
    mem_free(text);
    doc_free(causes);
    doc_free(object);
    schema_free(schema);
}

static void test_a_status_is_checked_alone(void **state)
{
    static const struct {
        const char *status, *causes;
    } cases[] = {
        {"{'phase':'A'}", ""},
        {"{'n':'x'}", "status.n|FieldValueTypeInvalid|Invalid value: \"string\": n in body must be of type integer: "
                      "\"string\"\nstatus.phase|FieldValueRequired|Required value\n"},
        {"{'phase':'C'}", "status.phase|FieldValueNotSupported|Unsupported value: \"C\": supported values: \"A\", "
                          "\"B\"\n"},
        {"'x'",
         "status|FieldValueTypeInvalid|Invalid value: \"string\":  in body must be of type object: \"string\"\n"},
        {"{'phase':'A','o':{}}",
         "status|FieldValueInvalid|Invalid value: \"\": \"o\" must validate one and only one schema (oneOf). Found "
         "none valid\nstatus.o.a|FieldValueRequired|Required value\n"},
    };
    struct schema *schema = schema_of_things();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc_format("{'spec':{'number':'wrong'},'status':%s}", cases[i].status);
        struct doc *old = fake_doc("{'spec':{}}");
        expect_causes(schema_validate_update(schema, doc_root(object), doc_root(old), "status"), cases[i].causes,
                      cases[i].status);
        doc_free(object);
        doc_free(old);
    }
    schema_free(schema);
}

/* All of these were asked of a server that had stored `OLD` under a schema that let everything through. */
static void test_what_was_wrong_before_may_stay(void **state)
{
#define LIST "'list':[{'weight':1},{'weight':2},{'name':3}]"
    static const char OLD[] = "{'spec':{'int32':500," LIST ",'map':[{'name':'a','value':10},{'name':'b','value':1}],"
                              "'set':['a','a'],'one':{}}}";
    static const struct {
        const char *spec, *causes;
    } cases[] = {
        {"{'int32':500," LIST ",'set':['a','a'],'one':{},'flag':true}", ""},
        {"{'int32':501," LIST "}", "spec.int32|FieldValueInvalid|Invalid value: 501: spec.int32 in body should be less "
                                   "than or equal to 100\n"},
        {"{'list':[{'weight':1},{'weight':3},{'name':3}]}",
         "spec.list[0].name|FieldValueRequired|Required value\nspec.list[1].name|FieldValueRequired|Required value\n"
         "spec.list[2].name|FieldValueTypeInvalid|Invalid value: \"integer\": spec.list[2].name in body must be of "
         "type "
         "string: \"integer\"\nspec.list|FieldValueTooMany|Too many: 3: must have at most 2 items\n"},
        {"{'map':[{'name':'b','value':2},{'name':'a','value':10}]}", ""},
        {"{'map':[{'name':'a','value':11},{'name':'b','value':1}]}",
         "spec.map[0].value|FieldValueInvalid|Invalid value: 11: spec.map[0].value in body should be less than or "
         "equal "
         "to 9\n"},
        {"{'set':['b','b']}", ""},
    };
    struct schema *schema = schema_of_things();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc_format("{'spec':%s}", cases[i].spec), *old = fake_doc(OLD);
        expect_causes(schema_validate_update(schema, doc_root(object), doc_root(old), NULL), cases[i].causes,
                      cases[i].spec);
        doc_free(object);
        doc_free(old);
    }
    schema_free(schema);
}

/* What cannot be told to have been there before is as good as new. */
static void test_what_has_no_counterpart_is_checked_again(void **state)
{
    static const struct {
        const char *object, *subresource, *causes;
    } cases[] = {
        {"{'spec':{'map':[-1,{'name':'b'},{}]}}", NULL,
         "spec.map[0]|FieldValueTypeInvalid|Invalid value: \"integer\": spec.map[0] in body must be of type object: "
         "\"integer\"\nspec.map[2].name|FieldValueRequired|Required value\n"},
        {"{'spec':{'map':[{'name':'b','value':10}]}}", NULL, ""},
        {"{'spec':{'embedded':{'apiVersion':'v1'}},'status':{'phase':'A'}}", NULL,
         "spec.embedded.kind|FieldValueRequired|Required value\n"},
        {"{'spec':{'embedded':{'apiVersion':'v1'}},'status':{'phase':'A'}}", "status", ""},
    };
    struct schema *schema = schema_of_things();
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *object = fake_doc(cases[i].object);
        expect_causes(schema_validate_update(schema, doc_root(object), doc_root(object), cases[i].subresource),
                      cases[i].causes, cases[i].object);
        doc_free(object);
    }
    schema_free(schema);
}

static void test_lists_that_are_maps_hold_objects(void **state)
{
    struct schema *schema = schema_of_things();
    struct doc *object = fake_doc("{'spec':{'map':[{'name':'a'},true,{'name':'a'}]}}");
    expect_causes(
        schema_validate(schema, doc_root(object)),
        "spec.map[1]|FieldValueTypeInvalid|Invalid value: \"boolean\": spec.map[1] in body must be of type "
        "object: \"boolean\"\n"
        "spec.map[1]|FieldValueInvalid|Invalid value: true: must be an object for an array of list-type map\n",
        "true");
    doc_free(object);
    schema_free(schema);
}

static void test_what_is_unknown_goes_and_is_named(void **state)
{
    struct schema *schema = schema_of_things();
    struct doc *object =
        fake_doc("{'apiVersion':'h6.dev/v1','kind':'Thing','metadata':{'name':'x','zzz':1},'top':1,'spec':{'foo':1,"
                 "'inner':{'x':{'z':'1','q':2},'y':'2'},'list':[{'name':'a','bar':2},{'bar':3}],'free':{'a':{'b':1}},"
                 "'labels':{'a':'1'},'embedded':{'apiVersion':'v1','kind':'A','x':1,'metadata':{'bad':1}}}}");
    struct str_list unknown = {0};
    schema_prune(schema, object, &unknown);
    static const char *const want[] = {"spec.foo", "spec.inner.x.q", "spec.list[0].bar", "spec.list[1].bar", "top"};
    assert_int_equal(unknown.count, 5);
    for (size_t i = 0; i < 5; i++)
        assert_string_equal(unknown.items[i], want[i]);
    str_list_fini(&unknown);
    fake_doc_expect(doc_root(object),
                    "{'apiVersion':'h6.dev/v1','kind':'Thing','metadata':{'name':'x','zzz':1},'spec':{'inner':{'x':"
                    "{'z':'1'},'y':'2'},'list':[{'name':'a'},{}],'free':{'a':{'b':1}},'labels':{'a':'1'},'embedded':"
                    "{'apiVersion':'v1','kind':'A','x':1,'metadata':{'bad':1}}}}");
    doc_free(object);
    schema_free(schema);
}

static void test_what_is_kept_is_kept_in_lists_too(void **state)
{
    struct schema *schema =
        schema_of("{'type':'object','properties':{'a':{'type':'array','x-kubernetes-preserve-unknown-fields':true,"
                  "'items':{'type':'object','properties':{'b':{'type':'object'}}}},'m':{'type':'object',"
                  "'additionalProperties':{'type':'object','properties':{'c':{'type':'string'}}}}}}");
    struct doc *object = fake_doc("{'a':[{'b':{'x':1},'y':{'z':1}}],'m':{'k':{'c':'1','d':'2'}}}");
    schema_prune(schema, object, NULL);
    fake_doc_expect(doc_root(object), "{'a':[{'b':{},'y':{'z':1}}],'m':{'k':{'c':'1'}}}");
    doc_free(object);
    schema_free(schema);
}

static void test_nulls_go_and_defaults_come(void **state)
{
    struct schema *schema = schema_of_things();
    struct doc *object = fake_doc("{'spec':{'number':null,'maybe':null,'inner':{'n':null,'x':{'z':null}}}}");
    schema_prune(schema, object, NULL);
    schema_default(schema, object);
    fake_doc_expect(doc_root(object), "{'spec':{'maybe':null,'inner':{'x':{},'d':7,'n':{'e':'f'}}}}");
    doc_free(object);
    schema_free(schema);
    schema =
        schema_of("{'type':'object','properties':{'l':{'type':'array','items':{'type':'object','default':{'a':1},"
                  "'properties':{'b':{'type':'integer','default':2}},'x-kubernetes-preserve-unknown-fields':true}},"
                  "'m':{'type':'object','additionalProperties':{'type':'integer','default':3}}}}");
    object = fake_doc("{'l':[{},null],'m':{'x':null,'y':1}}");
    schema_prune(schema, object, NULL);
    schema_default(schema, object);
    fake_doc_expect(doc_root(object), "{'l':[{'b':2},{'a':1,'b':2}],'m':{'x':3,'y':1}}");
    doc_free(object);
    schema_free(schema);
}

static void test_a_schema_that_cannot_be_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *openapi, *text;
    } cases[] = {
        {"[]", ": Invalid value: must be an object"},
        {"{}", "type: Required value: must not be empty at the root"},
        {"{'type':'string'}", "type: Invalid value: must be object at the root"},
        {"{'type':'object','properties':{'a':{}}}",
         "properties[a].type: Required value: must not be empty for specified object fields"},
        {"{'type':'object','properties':{'a':{'type':'array'}}}",
         "properties[a].items: Required value: must be specified"},
        {"{'type':'object','properties':{'a':{'type':'array','items':{}}}}",
         "properties[a].items.type: Required value: must not be empty for specified array items"},
        {"{'type':'object','properties':{'a':{'type':'text'}}}",
         "properties[a].type: Unsupported value: supported values: \"array\", \"boolean\", \"integer\", \"number\", "
         "\"object\", \"string\""},
        {"{'type':'object','properties':{'a':{'type':'string','pattern':'('}}}",
         "properties[a].pattern: Invalid value: \"(\": must be a valid regular expression, but isn't: error parsing "
         "regexp: missing closing )"},
        {"{'type':'object','oneOf':[{},7]}", "oneOf[1]: Invalid value: must be an object"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *doc = fake_doc(cases[i].openapi);
        struct err err = {0};
        assert_null(schema_parse(doc_root(doc), &err));
        assert_string_equal(err.text, cases[i].text);
        doc_free(doc);
    }
}

static struct schema *schema_of_crd(const char *path)
{
    struct buf text;
    struct err err = {0};
    buf_init(&text, 8 * 1024 * 1024);
    if (!file_read(path, &text, &err))
        fail_msg("%s", err.text);
    struct doc *crd = yaml_parse(path, buf_str(&text), text.len, &err);
    if (crd == NULL)
        fail_msg("%s", err.text);
    const struct node *version = node_item(node_at(doc_root(crd), "spec", "versions"), 0);
    struct schema *schema = schema_parse(node_at(version, "schema", "openAPIV3Schema"), &err);
    if (schema == NULL)
        fail_msg("%s: %s", path, err.text);
    doc_free(crd);
    buf_fini(&text);
    return schema;
}

static void test_our_own_definitions(void **state)
{
    static const char *const paths[] = {"deploy/crds/alertproviders.flagger.app.yaml",
                                        "deploy/crds/metrictemplates.flagger.app.yaml",
                                        "deploy/crds/releases.sluice.dev.yaml",
                                        "deploy/crds/strategies.sluice.dev.yaml", "deploy/crds/checks.sluice.dev.yaml"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        schema_free(schema_of_crd(paths[i]));
    struct schema *schema = schema_of_crd("deploy/crds/canaries.flagger.app.yaml");
    struct doc *object = fake_doc("{'spec':{'targetRef':{'kind':'Deployment','name':'a'},'service':{'port':80},"
                                  "'analysis':{'threshold':'x','interval':'5x','webhooks':[{'name':'a'}]}}}");
    expect_causes(
        schema_validate(schema, doc_root(object)),
        "spec.targetRef.apiVersion|FieldValueRequired|Required value\n"
        "spec.analysis.threshold|FieldValueTypeInvalid|Invalid value: \"string\": spec.analysis.threshold in body must "
        "be of type number: \"string\"\n"
        "spec.analysis.webhooks[0].url|FieldValueRequired|Required value\n"
        "spec.analysis.interval|FieldValueInvalid|Invalid value: \"5x\": spec.analysis.interval in body should match "
        "'^[0-9]+(m|s)'\n"
        "<nil>|FieldValueInvalid|Invalid value: null: some validation rules were not checked because the object was "
        "invalid; correct the existing errors to complete validation\n",
        "a Canary");
    doc_free(object);
    schema_free(schema);
}

static void what_was_parsed_before_is_shared(void **state)
{
    struct err err;
    struct doc *doc = fake_doc("{'type':'object','properties':{'a':{'type':'string'}}}"),
               *again = doc_copy(doc_root(doc));
    struct schema *first = schema_parse(doc_root(doc), &err), *second = schema_parse(doc_root(again), &err);
    node_set_str(again, node_at(doc_root(again), "properties", "a"), "type", "integer");
    struct schema *other = schema_parse(doc_root(again), &err);
    assert_ptr_equal(first, second);
    assert_ptr_not_equal(first, other);
    doc_free(doc);
    doc_free(again);
    schema_free(first);
    assert_int_equal(node_count(node_at(schema_openapi(second), "properties", "a")), 1);
    schema_free(second);
    schema_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrong_is_said_as_a_server_says_it),
        cmocka_unit_test(test_the_root_is_checked_too),
        cmocka_unit_test(test_causes_have_an_order),
        cmocka_unit_test(test_a_status_is_checked_alone),
        cmocka_unit_test(test_what_was_wrong_before_may_stay),
        cmocka_unit_test(test_what_has_no_counterpart_is_checked_again),
        cmocka_unit_test(test_lists_that_are_maps_hold_objects),
        cmocka_unit_test(test_what_is_unknown_goes_and_is_named),
        cmocka_unit_test(test_what_is_kept_is_kept_in_lists_too),
        cmocka_unit_test(test_nulls_go_and_defaults_come),
        cmocka_unit_test(test_a_schema_that_cannot_be_is_refused_with_its_place),
        cmocka_unit_test(test_our_own_definitions),
        cmocka_unit_test(what_was_parsed_before_is_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
