#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "apply_steps.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "sim/kinds/kinds.h"
#include "sim/kinds/schema.h"
#include "sim/patch/patch.h"

#define NOW "2026-01-02T03:04:05Z"

static const char THING_SCHEMA[] =
    "{'type':'object','properties':{'spec':{'type':'object','properties':{'string':{'type':'string'},"
    "'inner':{'type':'object','properties':{'x':{'type':'object','properties':{'z':{'type':'string'}}"
    "},'y':{'type':'string'}}},'labels':{'type':'object','additionalProperties':{'type':'string'}},'f"
    "ree':{'type':'object','x-kubernetes-preserve-unknown-fields':true},'list':{'type':'array','items"
    "':{'type':'object','properties':{'name':{'type':'string'}}}},'set':{'type':'array','x-kubernetes"
    "-list-type':'set','items':{'type':'string'}},'map':{'type':'array','x-kubernetes-list-type':'map"
    "','x-kubernetes-list-map-keys':['name'],'items':{'type':'object','properties':{'name':{'type':'s"
    "tring'},'value':{'type':'integer'}}}}}},'status':{'type':'object','properties':{'phase':{'type':"
    "'string'},'n':{'type':'integer'}}}}}";

static struct kind kinds[] = {
    [DEPLOYMENTS] = {.group = "apps", .version = "v1", .name = "Deployment", .has_status = true},
    [SERVICES] = {.group = "", .version = "v1", .name = "Service", .has_status = true},
    [CONFIGMAPS] = {.group = "", .version = "v1", .name = "ConfigMap"},
    [THINGS] = {.group = "h6.dev", .version = "v1", .name = "Thing", .has_status = true, .is_custom = true},
};

static int set_up(void **state)
{
    struct doc *doc = fake_doc(THING_SCHEMA);
    struct err err = {0};
    kinds[THINGS].schema = schema_parse(doc_root(doc), &err);
    doc_free(doc);
    return kinds[THINGS].schema == NULL;
}

static int tear_down(void **state)
{
    schema_free(kinds[THINGS].schema);
    return 0;
}

static char *owners_text(const struct node *object)
{
    struct buf b;
    buf_init(&b, 100000);
    struct node_iter it = node_iterate(node_at(object, "metadata", "managedFields"));
    while (node_next(&it)) {
        const char *subresource = node_str(node_get(it.value, "subresource"));
        char *fields = node_to_text(node_get(it.value, "fieldsV1"));
        buf_printf(&b, "%s%s%s%s%s %s;", it.index > 0 ? " " : "", node_str(node_get(it.value, "manager")),
                   subresource == NULL ? "" : "/", subresource == NULL ? "" : subresource,
                   node_is(node_get(it.value, "operation"), "Apply") ? "!" : "", fields);
        assert_true(node_is(node_get(it.value, "time"), NOW));
        assert_true(node_is(node_get(it.value, "fieldsType"), "FieldsV1"));
        mem_free(fields);
    }
    return buf_take(&b);
}

static void expect_object(struct doc *doc, const char *want)
{
    struct doc *copy = doc_copy(doc_root(doc));
    node_remove(doc_root(copy), "apiVersion");
    node_remove(doc_root(copy), "kind");
    node_remove(node_get(doc_root(copy), "metadata"), "managedFields");
    if (node_count(node_get(doc_root(copy), "metadata")) == 0)
        node_remove(doc_root(copy), "metadata");
    fake_doc_expect(doc_root(copy), want);
    doc_free(copy);
}

static const struct patch_writer now = {.manager = "m", .time = NOW};

/* What the step makes of the object; NULL: err. */
static struct doc *take_step(size_t i, const struct node *live, struct err *err)
{
    const struct kind *kind = &kinds[steps[i].which];
    struct doc *input = fake_doc(steps[i].input), *made = NULL;
    struct patch_writer writer = {
        .manager = steps[i].manager, .subresource = steps[i].subresource, .time = NOW, .force = steps[i].how & FORCE};
    if (steps[i].how & APPLY) {
        made = patch_apply(kind, live, doc_root(input), &writer, err);
    } else {
        made = steps[i].how & CREATE ? doc_copy(doc_root(input)) : patch_merge(live, doc_root(input), err);
        patch_own(kind, live, made, &writer);
    }
    doc_free(input);
    return made;
}

static void test_fields_have_owners(void **state)
{
    struct doc *object = NULL;
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        struct err err = {0};
        bool is_new = steps[i].how & (NEW | CREATE);
        struct doc *made = take_step(i, is_new ? NULL : doc_root(object), &err);
        if ((made == NULL) != (steps[i].owners == NULL))
            fail_msg("%s: %s", steps[i].name, made == NULL ? err.text : "not refused");
        if (made == NULL) {
            assert_string_equal(err.text, steps[i].want);
            assert_int_equal(err.http_status, str_has_prefix(err.text, "Apply failed") ? 409
                                              : str_has_prefix(err.text, "failed")     ? 500
                                                                                       : 400);
            continue;
        }
        char *owners = owners_text(doc_root(made));
        if (!str_equal(owners, steps[i].owners))
            fail_msg("%s\n   got %s\nwanted %s", steps[i].name, owners, steps[i].owners);
        mem_free(owners);
        expect_object(made, steps[i].want);
        doc_free(object);
        object = made;
    }
    doc_free(object);
}

/* A server does not write what differs in nothing but times. */
static void test_times_change_with_the_object_only(void **state)
{
    static const struct patch_writer later = {.manager = "m", .time = "2026-01-02T04:00:00Z"};
    static const struct patch_writer other_later = {.manager = "other", .time = "2026-01-02T04:00:00Z"};
    struct err err = {0};
    struct doc *patch = fake_doc("{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'1'}}");
    struct doc *once = patch_apply(&kinds[CONFIGMAPS], NULL, doc_root(patch), &now, &err);
    struct doc *twice = patch_apply(&kinds[CONFIGMAPS], doc_root(once), doc_root(patch), &later, &err);
    assert_true(node_equal(doc_root(once), doc_root(twice)));
    struct doc *same = doc_copy(doc_root(once));
    patch_own(&kinds[CONFIGMAPS], doc_root(once), same, &other_later);
    assert_true(node_equal(doc_root(once), doc_root(same)));
    struct doc *other = fake_doc("{'apiVersion':'v1','kind':'ConfigMap','data':{'a':'2'}}");
    struct doc *changed = patch_apply(&kinds[CONFIGMAPS], doc_root(once), doc_root(other), &later, &err);
    const struct node *entry = node_item(node_at(doc_root(changed), "metadata", "managedFields"), 0);
    assert_true(node_is(node_get(entry, "time"), "2026-01-02T04:00:00Z"));
    struct doc *docs[] = {patch, once, twice, same, other, changed};
    for (size_t i = 0; i < sizeof docs / sizeof docs[0]; i++)
        doc_free(docs[i]);
}

/* Of those who update, ten are kept; the oldest are one. */
static void test_there_are_ten_updaters_at_most(void **state)
{
    struct doc *object = fake_doc("{'apiVersion':'v1','kind':'ConfigMap','data':{'k':'v'}}");
    patch_own(&kinds[CONFIGMAPS], NULL, object,
              &(struct patch_writer){.manager = "first", .time = "2026-01-02T00:00:00Z"});
    for (int i = 1; i <= 11; i++) {
        struct doc *next = doc_copy(doc_root(object));
        char *name = str_format("m%02d", i), *time = str_format("2026-01-02T00:00:%02dZ", i);
        node_set_str(next, node_get(doc_root(next), "data"), name, "v");
        patch_own(&kinds[CONFIGMAPS], doc_root(object), next, &(struct patch_writer){.manager = name, .time = time});
        mem_free(name);
        mem_free(time);
        doc_free(object);
        object = next;
    }
    const struct node *entries = node_at(doc_root(object), "metadata", "managedFields");
    assert_int_equal(node_count(entries), 10);
    fake_doc_expect(node_item(entries, 0),
                    "{'manager':'ancient-changes','operation':'Update','apiVersion':'v1','time':'2026-01-02T00:00:02Z',"
                    "'fieldsType':'FieldsV1','fieldsV1':{'f:data':{'.':{},'f:k':{},'f:m01':{},'f:m02':{}}}}");
    assert_true(node_is(node_get(node_item(entries, 1), "manager"), "m03"));
    doc_free(object);
}

/* What no schema of ours knows is refused as a server's schema refuses it. */
static void test_what_does_not_fit_is_refused(void **state)
{
    static const struct {
        const char *patch, *text;
    } cases[] = {
        {"{'spec':{'string':5}}", ".spec.string: expected string, got &value.valueUnstructured{Value:5}"},
        {"{'spec':{'list':'x'}}", ".spec.list: expected list, got &{x}"},
        {"{'spec':{'inner':[1]}}", ".spec.inner: expected map, got &{[1]}"},
        {"{'spec':{'list':[{'zz':1}]}}", ".spec.list[0].zz: field not declared in schema"},
        {"{'spec':{'map':[{'name':'a','zz':1}]}}", ".spec.map[name=\"a\"].zz: field not declared in schema"},
        {"{'spec':{'map':[{'name':'a','value':'x'}]}}",
         ".spec.map[name=\"a\"].value: expected numeric (int or float), got string"},
        {"{'spec':{'set':[{'a':1}]}}",
         ".spec.set: element 0: associative list without keys has an element that's a map type"},
        {"{'spec':{'free':{'anything':[1,{'a':null}]}}}", NULL},
        {"{'status':5,'top':1}", "errors:\n  .status: expected map, got &{5}\n  .top: field not declared in schema"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *patch = fake_doc(cases[i].patch);
        struct err err = {0};
        node_set_str(patch, doc_root(patch), "apiVersion", "h6.dev/v1");
        node_set_str(patch, doc_root(patch), "kind", "Thing");
        struct doc *made = patch_apply(&kinds[THINGS], NULL, doc_root(patch), &now, &err);
        char *want = str_format("failed to create typed patch object (/; h6.dev/v1, Kind=Thing): %s", cases[i].text);
        assert_string_equal(err.text, cases[i].text == NULL ? "" : want);
        mem_free(want);
        doc_free(made);
        doc_free(patch);
    }
}

static void test_the_kind_must_be_right(void **state)
{
    static const struct {
        const char *patch, *text;
    } cases[] = {
        {"{'apiVersion':'v1','kind':'Secret'}", "invalid object type: /v1, Kind=Secret"},
        {"{'apiVersion':'apps/v1','kind':'ConfigMap'}", "invalid object type: apps/v1, Kind=ConfigMap"},
        {"[1]",
         "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal array into Go "
         "value of type map[string]interface {}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct doc *patch = fake_doc(cases[i].patch);
        struct err err = {0};
        assert_null(patch_apply(&kinds[CONFIGMAPS], NULL, doc_root(patch), &now, &err));
        assert_string_equal(err.text, cases[i].text);
        assert_int_equal(err.http_status, 400);
        doc_free(patch);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fields_have_owners),
        cmocka_unit_test(test_times_change_with_the_object_only),
        cmocka_unit_test(test_there_are_ten_updaters_at_most),
        cmocka_unit_test(test_what_does_not_fit_is_refused),
        cmocka_unit_test(test_the_kind_must_be_right),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
