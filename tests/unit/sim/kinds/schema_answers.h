/* A schema with every keyword, and what an API server says about objects that break it; test_schema.c asks the same. */
#pragma once

#include <stddef.h>

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

/* What an API server (v1.36.3) answered to the spec: "field|reason|message", in the order of the text, each on a line
 * of its own. */
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
