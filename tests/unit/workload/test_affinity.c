#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "workload/affinity.h"

/* `spec` with "podinfo" renamed to "podinfo-primary" under the keys app and name (`any`: under every key). */
static void expect(const char *spec, bool any, const char *want)
{
    struct doc *doc = fake_doc(spec);
    struct str_list keys = {0};
    str_list_push(&keys, "app");
    str_list_push(&keys, "name");
    affinity_rename(doc, doc_root(doc), any ? NULL : &keys, "podinfo", "podinfo-primary");
    fake_doc_expect(doc_root(doc), want);
    str_list_fini(&keys);
    doc_free(doc);
}

static void expect_unchanged(const char *spec)
{
    expect(spec, false, spec);
    expect(spec, true, spec);
}

#define SPREAD(selector) "{'topologySpreadConstraints':[{'maxSkew':1,'labelSelector':" selector "}]}"
#define REQUIRED(kind, selector)                                                                                       \
    "{'affinity':{'" kind "':{'requiredDuringSchedulingIgnoredDuringExecution':[{'topologyKey':'zone',"                \
    "'labelSelector':" selector "}]}}}"
#define PREFERRED(kind, selector)                                                                                      \
    "{'affinity':{'" kind "':{'preferredDuringSchedulingIgnoredDuringExecution':[{'weight':100,'podAffinityTerm':"     \
    "{'topologyKey':'zone','labelSelector':" selector "}}]}}}"

#define LABELS(value) "{'matchLabels':{'app':'" value "','tier':'podinfo'}}"
#define EXPRESSION(key, values) "{'matchExpressions':[{'key':'" key "','operator':'In','values':" values "}]}"

static void test_the_three_places_speak_of_the_primary(void **state)
{
    expect(SPREAD(LABELS("podinfo")), false, SPREAD(LABELS("podinfo-primary")));
    expect(REQUIRED("podAntiAffinity", LABELS("podinfo")), false,
           REQUIRED("podAntiAffinity", LABELS("podinfo-primary")));
    expect(PREFERRED("podAntiAffinity", LABELS("podinfo")), false,
           PREFERRED("podAntiAffinity", LABELS("podinfo-primary")));
    expect(SPREAD(EXPRESSION("app", "['podinfo']")), false, SPREAD(EXPRESSION("app", "['podinfo-primary']")));
    expect(REQUIRED("podAntiAffinity", EXPRESSION("name", "['podinfo']")), false,
           REQUIRED("podAntiAffinity", EXPRESSION("name", "['podinfo-primary']")));
    expect(PREFERRED("podAntiAffinity", EXPRESSION("app", "['podinfo']")), false,
           PREFERRED("podAntiAffinity", EXPRESSION("app", "['podinfo-primary']")));
}

static void test_every_term_and_every_key_is_looked_at(void **state)
{
    expect(
        "{'topologySpreadConstraints':[{'labelSelector':{'matchLabels':{'app':'podinfo','name':'podinfo'},"
        "'matchExpressions':[{'key':'app','operator':'Exists'},{'key':'name','operator':'In','values':['podinfo']}]}},"
        "{'topologyKey':'host'},{'labelSelector':{'matchLabels':{'app':'podinfo'}}}]}",
        false,
        "{'topologySpreadConstraints':[{'labelSelector':{'matchLabels':{'app':'podinfo-primary',"
        "'name':'podinfo-primary'},'matchExpressions':[{'key':'app','operator':'Exists'},{'key':'name',"
        "'operator':'In','values':['podinfo-primary']}]}},{'topologyKey':'host'},"
        "{'labelSelector':{'matchLabels':{'app':'podinfo-primary'}}}]}");
}

static void test_of_a_list_the_first_equal_value_is_renamed(void **state)
{
    expect(SPREAD(EXPRESSION("app", "['other','podinfo','podinfo']")), false,
           SPREAD(EXPRESSION("app", "['other','podinfo-primary','podinfo']")));
}

static void test_other_pods_are_left_alone(void **state)
{
    expect_unchanged(REQUIRED("podAffinity", LABELS("podinfo")));
    expect_unchanged(PREFERRED("podAffinity", LABELS("podinfo")));
    expect_unchanged(SPREAD("{'matchLabels':{'app':'podinfo-2'}}"));
    expect_unchanged(SPREAD(EXPRESSION("app", "['my-podinfo']")));
    expect_unchanged(
        "{'affinity':{'nodeAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':{"
        "'nodeSelectorTerms':[{'matchExpressions':[{'key':'app','operator':'In','values':['podinfo']}]}]}}}}");
    expect_unchanged(SPREAD("{}"));
    expect_unchanged(SPREAD("null"));
    expect_unchanged("{'affinity':null,'topologySpreadConstraints':[]}");
    expect_unchanged("{}");
}

/* Who undoes the renames does not know which keys the target was made with. */
static void test_without_keys_every_key_counts(void **state)
{
    expect(SPREAD("{'matchLabels':{'tier':'podinfo','zone':'a'}}"), false,
           SPREAD("{'matchLabels':{'tier':'podinfo','zone':'a'}}"));
    expect(SPREAD("{'matchLabels':{'tier':'podinfo','zone':'a'}}"), true,
           SPREAD("{'matchLabels':{'tier':'podinfo-primary','zone':'a'}}"));
    expect(SPREAD(EXPRESSION("tier", "['podinfo']")), false, SPREAD(EXPRESSION("tier", "['podinfo']")));
    expect(SPREAD(EXPRESSION("tier", "['podinfo']")), true, SPREAD(EXPRESSION("tier", "['podinfo-primary']")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_three_places_speak_of_the_primary),
        cmocka_unit_test(test_every_term_and_every_key_is_looked_at),
        cmocka_unit_test(test_of_a_list_the_first_equal_value_is_renamed),
        cmocka_unit_test(test_other_pods_are_left_alone),
        cmocka_unit_test(test_without_keys_every_key_counts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
