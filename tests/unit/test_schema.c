// room: sim
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
#include "sim/schema.h"

static const char SPEC[] =
    "{'type':'object','properties':{"
    "'number':{'type':'number'},"
    "'integer':{'type':'integer'},"
    "'int32':{'type':'integer','format':'int32','minimum':1,'maximum':100},"
    "'half':{'type':'number','minimum':0.5,'maximum':1000000.0,'exclusiveMaximum':true},"
    "'steps':{'type':'integer','multipleOf':5},"
    "'string':{'type':'string','minLength':2,'maxLength':5},"
    "'name':{'type':'string','pattern':'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'},"
    "'kind':{'type':'string','enum':['Deployment','DaemonSet']},"
    "'level':{'type':'integer','enum':[1,2]},"
    "'flag':{'type':'boolean'},"
    "'maybe':{'type':'string','nullable':true,'enum':['a']},"
    "'port':{'x-kubernetes-int-or-string':true},"
    "'portAny':{'x-kubernetes-int-or-string':true,'anyOf':[{'type':'integer'},{'type':'string'}]},"
    "'list':{'type':'array','minItems':1,'maxItems':2,'items':{'type':'object','required':['name'],'properties':{'name'"
    ":{'type':'string'},'weight':{'type':'integer'}}}},"
    "'set':{'type':'array','x-kubernetes-list-type':'set','items':{'type':'string'}},"
    "'map':{'type':'array','x-kubernetes-list-type':'map','x-kubernetes-list-map-keys':['name'],'items':{'type':'"
    "object','required':['name'],'properties':{'name':{'type':'string'},'value':{'type':'integer','maximum':9}}}},"
    "'labels':{'type':'object','maxProperties':2,'minProperties':1,'additionalProperties':{'type':'string'}},"
    "'free':{'type':'object','x-kubernetes-preserve-unknown-fields':true},"
    "'embedded':{'type':'object','x-kubernetes-embedded-resource':true,'x-kubernetes-preserve-unknown-fields':true},"
    "'one':{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'string'}},'oneOf':[{'required':['a']},{'"
    "required':['b']}]},"
    "'any':{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'integer'}},'anyOf':[{'required':['a'],'"
    "properties':{'b':{'minimum':3}}},{'required':['b']}]},"
    "'all':{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'string'}},'allOf':[{'required':['a']},{'"
    "required':['b']}]},"
    "'istio':{'type':'object','properties':{'a':{'type':'string'},'b':{'type':'string'}},'oneOf':[{'not':{'anyOf':[{'"
    "required':['a']},{'required':['b']}]}},{'required':['a']},{'required':['b']}]},"
    "'not':{'type':'object','properties':{'a':{'type':'string'}},'not':{'required':['a']}},"
    "'date':{'type':'string','format':'date-time'},"
    "'day':{'type':'string','format':'date'},"
    "'bytes':{'type':'string','format':'byte'},"
    "'ip':{'type':'string','format':'ipv4'},"
    "'dur':{'type':'string','format':'duration'},"
    "'double':{'type':'number','format':'double'},"
    "'long':{'type':'integer','format':'int64'},"
    "'inner':{'type':'object','required':['x','y'],'properties':{'x':{'type':'object','required':['z'],'properties':{'"
    "z':{'type':'string'}}},'y':{'type':'string'},'d':{'type':'integer','default':7},'n':{'type':'object','default':{},"
    "'properties':{'e':{'type':'string','default':'f'}}}}}"
    "}}";

/* What an API server (v1.36.3) answered to the spec: "field|reason|message", in the order of the text, each on a line of its own. */
static const struct {
    const char *name, *spec, *causes;
} answers[] = {
    {"a text for a number", "{'number':'10'}",
     "spec.number|FieldValueTypeInvalid|Invalid value: \"string\": spec.number in body must be of type number: "
     "\"string\"\n"},
    {"a number for a text", "{'string':10}",
     "spec.string|FieldValueTypeInvalid|Invalid value: \"integer\": spec.string in body must be of type string: "
     "\"integer\"\n"},
    {"a fraction for an integer", "{'integer':1.5}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": Checked value must be of type integer (default format) in "
     "spec.integer\n"
     "spec.integer|FieldValueTypeInvalid|Invalid value: \"number\": spec.integer in body must be of type integer: "
     "\"number\"\n"},
    {"a text for an integer", "{'integer':'x'}",
     "spec.integer|FieldValueTypeInvalid|Invalid value: \"string\": spec.integer in body must be of type integer: "
     "\"string\"\n"},
    {"a whole float is an integer", "{'integer':2.0}", ""},
    {"an integer is a number", "{'number':3}", ""},
    {"an object for a text", "{'string':{'a':1}}",
     "spec.string|FieldValueTypeInvalid|Invalid value: \"object\": spec.string in body must be of type string: "
     "\"object\"\n"},
    {"a list for an object", "{'inner':[]}",
     "spec.inner|FieldValueTypeInvalid|Invalid value: \"array\": spec.inner in body must be of type object: "
     "\"array\"\n"},
    {"a text for an object", "{'inner':'x'}",
     "spec.inner|FieldValueTypeInvalid|Invalid value: \"string\": spec.inner in body must be of type object: "
     "\"string\"\n"},
    {"an object for a list", "{'list':{}}",
     "spec.list|FieldValueTypeInvalid|Invalid value: \"object\": spec.list in body must be of type array: "
     "\"object\"\n"},
    {"a boolean for int32", "{'int32':true}",
     "spec.int32|FieldValueTypeInvalid|Invalid value: \"\": spec.int32 in body must be of type int32: \"\"\n"},
    {"a fraction for int32", "{'int32':1.5}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": Checked value must be of type integer with format int32 in "
     "spec.int32\n"
     "spec.int32|FieldValueTypeInvalid|Invalid value: \"float64\": spec.int32 in body must be of type int32: "
     "\"float64\"\n"},
    {"a text for int32", "{'int32':'1'}",
     "spec.int32|FieldValueTypeInvalid|Invalid value: \"string\": spec.int32 in body must be of type integer: "
     "\"string\"\n"},
    {"beyond int32", "{'int32':3000000000}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": Checked value must be of type integer with format int32 in "
     "spec.int32\n"
     "spec.int32|FieldValueInvalid|Invalid value: 3000000000: spec.int32 in body should be less than or equal to "
     "100\n"},
    {"below the minimum", "{'int32':0}",
     "spec.int32|FieldValueInvalid|Invalid value: 0: spec.int32 in body should be greater than or equal to 1\n"},
    {"above the maximum", "{'int32':101}",
     "spec.int32|FieldValueInvalid|Invalid value: 101: spec.int32 in body should be less than or equal to 100\n"},
    {"below half", "{'half':0.25}",
     "spec.half|FieldValueInvalid|Invalid value: 0.25: spec.half in body should be greater than or equal to 0.5\n"},
    {"an integer below half", "{'half':-1}",
     "spec.half|FieldValueInvalid|Invalid value: -1: spec.half in body should be greater than or equal to 0\n"},
    {"at an exclusive maximum", "{'half':1000000.0}",
     "spec.half|FieldValueInvalid|Invalid value: 1e+06: spec.half in body should be less than 1e+06\n"},
    {"an integer above", "{'half':1000001}",
     "spec.half|FieldValueInvalid|Invalid value: 1000001: spec.half in body should be less than 1000000\n"},
    {"no multiple", "{'steps':7}",
     "spec.steps|FieldValueInvalid|Invalid value: 7: spec.steps in body should be a multiple of 5\n"},
    {"too short", "{'string':'a'}",
     "spec.string|FieldValueInvalid|Invalid value: \"a\": spec.string in body should be at least 2 chars long\n"},
    {"too long", "{'string':'abcdef'}", "spec.string|FieldValueTooLong|Too long: may not be more than 5 bytes\n"},
    {"characters, not bytes", "{'string':'äöüßé'}", ""},
    {"quotes in a short text", "{'string':'\\''}",
     "spec.string|FieldValueInvalid|Invalid value: \"\\\"\": spec.string in body should be at least 2 chars long\n"},
    {"no match", "{'name':'Ab\\'c\\n'}",
     "spec.name|FieldValueInvalid|Invalid value: \"Ab\\\"c\\n\": spec.name in body should match "
     "'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'\n"},
    {"no match of an empty text", "{'name':''}",
     "spec.name|FieldValueInvalid|Invalid value: \"\": spec.name in body should match "
     "'^[a-z0-9]([-a-z0-9]*[a-z0-9])?$'\n"},
    {"not one of the texts", "{'kind':'Pod'}",
     "spec.kind|FieldValueNotSupported|Unsupported value: \"Pod\": supported values: \"Deployment\", \"DaemonSet\"\n"},
    {"not one of the numbers", "{'level':3}",
     "spec.level|FieldValueNotSupported|Unsupported value: 3: supported values: \"1\", \"2\"\n"},
    {"not one, and of another type", "{'kind':7}",
     "spec.kind|FieldValueNotSupported|Unsupported value: 7: supported values: \"Deployment\", \"DaemonSet\"\n"
     "spec.kind|FieldValueTypeInvalid|Invalid value: \"integer\": spec.kind in body must be of type string: "
     "\"integer\"\n"},
    {"null where it may be", "{'maybe':null}",
     "spec.maybe|FieldValueNotSupported|Unsupported value: null: supported values: \"a\"\n"},
    {"a text for a boolean", "{'flag':'true'}",
     "spec.flag|FieldValueTypeInvalid|Invalid value: \"string\": spec.flag in body must be of type boolean: "
     "\"string\"\n"},
    {"a boolean for int or string", "{'port':true}",
     "spec.port|FieldValueTypeInvalid|Invalid value: \"boolean\": spec.port in body must be of type integer,string: "
     "\"boolean\"\n"},
    {"a fraction for int or string", "{'port':1.5}",
     "spec.port|FieldValueTypeInvalid|Invalid value: \"number\": spec.port in body must be of type integer,string: "
     "\"number\"\n"},
    {"an object for int or string with anyOf", "{'portAny':{}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.portAny\" must validate at least one schema (anyOf)\n"
     "spec.portAny|FieldValueTypeInvalid|Invalid value: \"object\": spec.portAny in body must be of type "
     "integer,string: \"object\"\n"
     "spec.portAny|FieldValueTypeInvalid|Invalid value: \"object\": spec.portAny in body must be of type integer: "
     "\"object\"\n"},
    {"too few items", "{'list':[]}",
     "spec.list|FieldValueInvalid|Invalid value: 0: spec.list in body should have at least 1 items\n"},
    {"too many items", "{'list':[{'name':'a'},{'name':'b'},{'name':'c'}]}",
     "spec.list|FieldValueTooMany|Too many: 3: must have at most 2 items\n"},
    {"an item without a name", "{'list':[{'name':'a'},{'weight':1}]}",
     "spec.list[1].name|FieldValueRequired|Required value\n"},
    {"a wrong item", "{'list':[{'name':1}]}",
     "spec.list[0].name|FieldValueTypeInvalid|Invalid value: \"integer\": spec.list[0].name in body must be of type "
     "string: \"integer\"\n"},
    {"a text among objects", "{'list':['x']}",
     "spec.list[0]|FieldValueTypeInvalid|Invalid value: \"string\": spec.list[0] in body must be of type object: "
     "\"string\"\n"},
    {"the same in a set", "{'set':['a','b','a','a']}", "spec.set[2]|FieldValueDuplicate|Duplicate value: \"a\"\n"},
    {"the same key in a map", "{'map':[{'name':'a'},{'name':'b'},{'name':'a'}]}",
     "spec.map[2]|FieldValueDuplicate|Duplicate value: {\"name\":\"a\"}\n"},
    {"no label", "{'labels':{}}",
     "spec.labels|FieldValueInvalid|Invalid value: 0: spec.labels in body should have at least 1 properties\n"},
    {"too many labels", "{'labels':{'a':'1','b':'2','c':'3'}}",
     "spec.labels|FieldValueTooMany|Too many: 3: must have at most 2 items\n"},
    {"a number as a label", "{'labels':{'a':1}}",
     "spec.labels.a|FieldValueTypeInvalid|Invalid value: \"integer\": spec.labels.a in body must be of type string: "
     "\"integer\"\n"},
    {"an embedded object without a kind", "{'embedded':{'apiVersion':'v1'}}",
     "spec.embedded.kind|FieldValueRequired|Required value\n"},
    {"none of one", "{'one':{}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.one\" must validate one and only one schema (oneOf). Found "
     "none valid\n"
     "spec.one.a|FieldValueRequired|Required value\n"},
    {"both of one", "{'one':{'a':'1','b':'2'}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.one\" must validate one and only one schema (oneOf). Found 2 "
     "valid alternatives\n"},
    {"one with a wrong type", "{'one':{'a':1}}",
     "spec.one.a|FieldValueTypeInvalid|Invalid value: \"integer\": spec.one.a in body must be of type string: "
     "\"integer\"\n"},
    {"none of any", "{'any':{}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.any\" must validate at least one schema (anyOf)\n"
     "spec.any.a|FieldValueRequired|Required value\n"},
    {"none of any, one nearly", "{'any':{'a':'x','b':2}}", ""},
    {"not all", "{'all':{'a':'1'}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.all\" must validate all the schemas (allOf)\n"
     "spec.all.b|FieldValueRequired|Required value\n"},
    {"nothing of all", "{'all':{}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.all\" must validate all the schemas (allOf). None validated\n"
     "spec.all.a|FieldValueRequired|Required value\n"
     "spec.all.b|FieldValueRequired|Required value\n"},
    {"both of Istio", "{'istio':{'a':'1','b':'2'}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.istio\" must validate one and only one schema (oneOf). Found "
     "2 valid alternatives\n"},
    {"none of Istio", "{'istio':{}}", ""},
    {"what must not be", "{'not':{'a':'1'}}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.not\" must not validate the schema (not)\n"},
    {"no date-time", "{'date':'yesterday'}",
     "spec.date|FieldValueTypeInvalid|Invalid value: \"yesterday\": spec.date in body must be of type date-time: "
     "\"yesterday\"\n"},
    {"a date-time", "{'date':'2024-02-29T10:00:00.5Z'}", ""},
    {"a number for a date-time", "{'date':5}",
     "spec.date|FieldValueTypeInvalid|Invalid value: \"int64\": spec.date in body must be of type date-time: "
     "\"int64\"\n"},
    {"a list for a date-time", "{'date':['x']}", ""},
    {"no day", "{'day':'2023-02-29'}",
     "spec.day|FieldValueTypeInvalid|Invalid value: \"2023-02-29\": spec.day in body must be of type date: "
     "\"2023-02-29\"\n"},
    {"no bytes", "{'bytes':'###'}",
     "spec.bytes|FieldValueTypeInvalid|Invalid value: \"###\": spec.bytes in body must be of type byte: \"###\"\n"},
    {"no bytes at all", "{'bytes':''}",
     "spec.bytes|FieldValueTypeInvalid|Invalid value: \"\": spec.bytes in body must be of type byte: \"\"\n"},
    {"no address", "{'ip':'1.2.3'}",
     "spec.ip|FieldValueTypeInvalid|Invalid value: \"1.2.3\": spec.ip in body must be of type ipv4: \"1.2.3\"\n"},
    {"no duration", "{'dur':'x'}",
     "spec.dur|FieldValueTypeInvalid|Invalid value: \"x\": spec.dur in body must be of type duration: \"x\"\n"},
    {"a duration", "{'dur':'1h30m'}", ""},
    {"a text for a double", "{'double':'x'}",
     "spec.double|FieldValueTypeInvalid|Invalid value: \"string\": spec.double in body must be of type number: "
     "\"string\"\n"},
    {"a boolean for a double", "{'double':false}",
     "spec.double|FieldValueTypeInvalid|Invalid value: \"\": spec.double in body must be of type double: \"\"\n"},
    {"an object for a double", "{'double':{}}",
     "spec.double|FieldValueTypeInvalid|Invalid value: \"\": spec.double in body must be of type double: \"\"\n"},
    {"a fraction for int64", "{'long':0.5}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": Checked value must be of type integer with format int64 in "
     "spec.long\n"
     "spec.long|FieldValueTypeInvalid|Invalid value: \"float64\": spec.long in body must be of type int64: "
     "\"float64\"\n"},
    {"an object for int64", "{'long':{}}",
     "spec.long|FieldValueTypeInvalid|Invalid value: \"\": spec.long in body must be of type int64: \"\"\n"},
    {"beyond int64", "{'long':1e+20}",
     "<nil>|FieldValueInvalid|Invalid value: \"\": Checked value must be of type integer with format int64 in "
     "spec.long\n"
     "spec.long|FieldValueTypeInvalid|Invalid value: \"float64\": spec.long in body must be of type int64: "
     "\"float64\"\n"},
    {"required things", "{'inner':{}}",
     "spec.inner.x|FieldValueRequired|Required value\n"
     "spec.inner.y|FieldValueRequired|Required value\n"},
    {"a required thing further down", "{'inner':{'x':{},'y':'1'}}",
     "spec.inner.x.z|FieldValueRequired|Required value\n"},
    {"several", "{'number':'x','kind':'y'}",
     "spec.kind|FieldValueNotSupported|Unsupported value: \"y\": supported values: \"Deployment\", \"DaemonSet\"\n"
     "spec.number|FieldValueTypeInvalid|Invalid value: \"string\": spec.number in body must be of type number: "
     "\"string\"\n"},
};

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
                                        "deploy/crds/releases.sluice.dev.yaml"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        schema_free(schema_of_crd(paths[i]));
    struct schema *schema = schema_of_crd("deploy/crds/canaries.flagger.app.yaml");
    struct doc *object = fake_doc("{'spec':{'targetRef':{'kind':'Deployment','name':'a'},'service':{'port':80},"
                                  "'analysis':{'threshold':'x','interval':'5x','webhooks':[{'name':'a'}]}}}");
    expect_causes(
        schema_validate(schema, doc_root(object)),
        "spec.targetRef.apiVersion|FieldValueRequired|Required value\n"
        "<nil>|FieldValueInvalid|Invalid value: \"\": \"spec.analysis\" must validate one and only one schema (oneOf). "
        "Found none valid\n"
        "spec.analysis.iterations|FieldValueRequired|Required value\n"
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_wrong_is_said_as_a_server_says_it),
        cmocka_unit_test(test_the_root_is_checked_too),
        cmocka_unit_test(test_causes_have_an_order),
        cmocka_unit_test(test_a_status_is_checked_alone),
        cmocka_unit_test(test_what_was_wrong_before_may_stay),
        cmocka_unit_test(test_what_is_unknown_goes_and_is_named),
        cmocka_unit_test(test_what_is_kept_is_kept_in_lists_too),
        cmocka_unit_test(test_nulls_go_and_defaults_come),
        cmocka_unit_test(test_a_schema_that_cannot_be_is_refused_with_its_place),
        cmocka_unit_test(test_our_own_definitions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
