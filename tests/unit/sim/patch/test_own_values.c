#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_doc.h"
#include "sim/kinds/kinds.h"
#include "sim/patch/own.h"
#include "sim/patch/own_values.h"

/* Who owns what of a Pod whose one writer is "me". */
#define MINE                                                                                                           \
    "{'manager':'me','operation':'Update','apiVersion':'v1','fieldsType':'FieldsV1','fieldsV1':{'f:metadata':{"        \
    "'f:labels':{'.':{},'f:a':{}}},'f:spec':{'f:containers':{'k:{\\\"name\\\":\\\"c\\\"}':{'.':{},'f:image':{},'f:"    \
    "name':{},"                                                                                                        \
    "'f:ports':{'.':{},'k:{\\\"containerPort\\\":80,\\\"protocol\\\":\\\"TCP\\\"}':{'.':{},'f:containerPort':{},'f:"   \
    "name':{}}}}},"                                                                                                    \
    "'f:nodeSelector':{}},'f:status':{'f:count':{}}}}"
#define YOURS                                                                                                          \
    "{'manager':'you','operation':'Update','apiVersion':'v1','fieldsType':'FieldsV1','fieldsV1':{'f:spec':{"           \
    "'f:containers':{'k:{\\\"name\\\":\\\"c\\\"}':{'f:image':{}}}}}}"

#define POD(label, image, port, selector, count)                                                                       \
    "{'metadata':{'name':'p','generation':1,'labels':{" label "}},'spec':{'containers':[{'name':'c','image':'" image   \
    "','ports':[{" port "}]}],'nodeSelector':{" selector "}},'status':{" count "}}"
#define BEFORE POD("'a':'1'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", "'count':1")

static const struct {
    const char *name, *entries, *after;
    enum own_values values;
} cases[] = {
    {"nothing", "[" MINE "]", BEFORE, OWN_VALUES_SAME},
    {"a label", "[" MINE "]", POD("'a':'2'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", "'count':1"),
     OWN_VALUES_CHANGED},
    {"an image and a count", "[" MINE "]",
     POD("'a':'1'", "i:2", "'containerPort':80,'name':'x'", "'n':'1'", "'count':2"), OWN_VALUES_CHANGED},
    {"a name of a port", "[" MINE "]", POD("'a':'1'", "i:1", "'containerPort':80,'name':'y'", "'n':'1'", "'count':1"),
     OWN_VALUES_CHANGED},
    {"a whole that is one value", "[" MINE "]",
     POD("'a':'1'", "i:1", "'containerPort':80,'name':'x'", "'m':'2','o':'3'", "'count':1"), OWN_VALUES_CHANGED},
    {"a new label", "[" MINE "]",
     POD("'a':'1','b':'2'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", "'count':1"), OWN_VALUES_UNKNOWN},
    {"another label", "[" MINE "]", POD("'b':'1'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", "'count':1"),
     OWN_VALUES_UNKNOWN},
    {"another port", "[" MINE "]", POD("'a':'1'", "i:1", "'containerPort':81,'name':'x'", "'n':'1'", "'count':1"),
     OWN_VALUES_UNKNOWN},
    {"no count", "[" MINE "]", POD("'a':'1'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", ""),
     OWN_VALUES_UNKNOWN},
    {"a null", "[" MINE "]", POD("'a':'1'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", "'count':null"),
     OWN_VALUES_UNKNOWN},
    {"another kind of value", "[" MINE "]",
     POD("'a':'1'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", "'count':{'x':1}"), OWN_VALUES_UNKNOWN},
    {"what another owns too", "[" MINE "," YOURS "]",
     POD("'a':'1'", "i:2", "'containerPort':80,'name':'x'", "'n':'1'", "'count':1"), OWN_VALUES_UNKNOWN},
    {"what another does not own", "[" MINE "," YOURS "]",
     POD("'a':'2'", "i:1", "'containerPort':80,'name':'x'", "'n':'1'", "'count':1"), OWN_VALUES_CHANGED},
};

struct written {
    struct doc *entries;
    struct managers managers;
};

static struct written written_of(const char *entries)
{
    struct written w = {.entries = fake_doc(entries)};
    assert_true(managers_read(&w.managers, doc_root(w.entries)));
    return w;
}

/* What the sets of fields say, which are the rule (mem_free). */
static char *by_sets(const char *entries, const struct kind *kind, const struct node *before, const struct node *after)
{
    struct written w = written_of(entries);
    struct doc *doc = doc_new();
    struct patch_writer me = {.manager = "me", .time = "2026-01-01T00:00:00Z"};
    patch_own_changes(&w.managers, kind, before, after, &me);
    char *text = node_to_text(managers_write(&w.managers, doc));
    managers_fini(&w.managers);
    doc_free(w.entries);
    doc_free(doc);
    return text;
}

static char *as_it_was(struct written *w, const struct manager *self, enum own_values values)
{
    struct doc *doc = doc_new();
    if (values == OWN_VALUES_CHANGED) {
        patch_own_set_time((struct manager *)(uintptr_t)self, "2026-01-01T00:00:00Z");
    }
    char *text = node_to_text(managers_write(&w->managers, doc));
    doc_free(doc);
    return text;
}

static void what_is_told_is_what_the_sets_say(void **state)
{
    struct kind kind = {.group = (char[]){""}, .version = (char[]){"v1"}, .name = (char[]){"Pod"}};
    struct shape shape = shape_of_kind(&kind);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct written w = written_of(cases[i].entries);
        struct doc *before = fake_doc(BEFORE), *after = fake_doc(cases[i].after);
        struct manager *self = managers_find(&w.managers, "me", false, "v1", NULL);
        enum own_values values = own_values_compare(&w.managers, self, &shape, doc_root(before), doc_root(after));
        if (values != cases[i].values) {
            fail_msg("%s: %d", cases[i].name, values);
        }
        if (values != OWN_VALUES_UNKNOWN) {
            char *said = as_it_was(&w, self, values);
            char *ruled = by_sets(cases[i].entries, &kind, doc_root(before), doc_root(after));
            assert_string_equal(said, ruled);
            mem_free(said);
            mem_free(ruled);
        }
        doc_free(before);
        doc_free(after);
        managers_fini(&w.managers);
        doc_free(w.entries);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(what_is_told_is_what_the_sets_say)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
