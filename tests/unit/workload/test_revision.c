#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_doc.h"
#include "workload/revision.h"

static void revision(const char *template, char out[static REVISION_SIZE])
{
    struct doc *doc = fake_doc(template);
    char *before = node_to_text(doc_root(doc));
    revision_of_template(doc_root(doc), out);
    char *after = node_to_text(doc_root(doc));
    assert_string_equal(before, after); /* the template itself stays as it is */
    mem_free(before);
    mem_free(after);
    doc_free(doc);
}

static void primary_revision(const char *template, const char *labels, char out[static REVISION_SIZE])
{
    struct doc *doc = fake_doc(template), *match = fake_doc(labels);
    revision_of_primary_template(doc_root(doc), "podinfo", doc_root(match), out);
    doc_free(doc);
    doc_free(match);
}

static void expect(const char *a, const char *b, bool same)
{
    char left[REVISION_SIZE], right[REVISION_SIZE];
    revision(a, left);
    revision(b, right);
    if ((strcmp(left, right) == 0) != same) {
        fail_msg("%s\n   %s and\n   %s", same ? "differ:" : "are the same:", a, b);
    }
}

static void test_the_digest_is_of_the_sorted_text(void **state)
{
    char out[REVISION_SIZE];
    /* SHA-256 of
     * {"metadata":{"labels":{"app":"podinfo"}},"spec":{"containers":[{"env":[{"name":"A"},{"name":"B","value":"1"}],
     * "image":"podinfo:6.0.0","name":"podinfod"}]}} without white space. */
    revision("{'spec':{'containers':[{'name':'podinfod','image':'podinfo:6.0.0','resources':{},'env':[{'name':'A','"
             "value':''},"
             "{'value':'1','name':'B'}]}],'securityContext':{},'nodeSelector':null,'tolerations':[]},"
             "'metadata':{'creationTimestamp':null,'annotations':{'flagger-id':'x'},'labels':{'app':'podinfo'}}}",
             out);
    assert_string_equal(out, "s1-637ab3ff9507614b");
    assert_true(revision_is_ours(out));
}

static void test_what_says_nothing_does_not_count(void **state)
{
    static const char *const same[][2] = {
        {"{'spec':{'a':'1','b':'2'}}", "{'spec':{'b':'2','a':'1'}}"},
        {"{'metadata':{'creationTimestamp':null},'spec':{'a':'1'}}", "{'spec':{'a':'1'}}"},
        {"{'spec':{'a':'1','nodeSelector':{},'volumes':[],'hostname':'','securityContext':{}}}", "{'spec':{'a':'1'}}"},
        {"{'spec':{'a':{'b':{'c':[]}}}}", "{'spec':{}}"},
        {"{'metadata':{'annotations':{'flagger-id':'1'}}}", "{'metadata':{'annotations':{'flagger-id':'2'}}}"},
        {"{'metadata':{'annotations':{'flagger-id':'1'}}}", "{}"},
    };
    for (size_t i = 0; i < sizeof same / sizeof same[0]; i++) {
        expect(same[i][0], same[i][1], true);
    }
    char none[REVISION_SIZE], empty[REVISION_SIZE];
    revision_of_template(NULL, none);
    revision("{}", empty);
    assert_true(revision_is_ours(none) && revision_is_ours(empty));
}

static void test_what_says_something_counts(void **state)
{
    static const char *const different[][2] = {
        {"{'metadata':{'labels':{'app':'a'}}}", "{'metadata':{'labels':{'app':'b'}}}"},
        {"{'metadata':{'annotations':{'a':'1'}}}", "{'metadata':{'labels':{'a':'1'}}}"},
        {"{'spec':{'hostNetwork':false}}", "{'spec':{}}"},
        {"{'spec':{'priority':0}}", "{'spec':{}}"},
        {"{'spec':{'priority':0}}", "{'spec':{'priority':'0'}}"},
        {"{'spec':{'args':['a','b']}}", "{'spec':{'args':['b','a']}}"},
        {"{'spec':{'args':['a','']}}", "{'spec':{'args':['a']}}"}, /* places in a list count */
        {"{'spec':{'args':['','a']}}", "{'spec':{'args':['a','']}}"},
        {"{'spec':{'env':[{},{'name':'A'}]}}", "{'spec':{'env':[{'name':'A'}]}}"},
        {"{'spec':{'podAffinityTerm':{'namespaceSelector':{}}}}", "{'spec':{'podAffinityTerm':{}}}"},
        {"{'spec':{'topologySpreadConstraints':[{'labelSelector':{}}]}}",
         "{'spec':{'topologySpreadConstraints':[{}]}}"},
        {"{'spec':{'flagger-id':'1'}}", "{'spec':{}}"}, /* only that annotation is left out */
        {"{'metadata':{'labels':{'flagger-id':'1'}}}", "{'metadata':{}}"},
    };
    for (size_t i = 0; i < sizeof different / sizeof different[0]; i++) {
        expect(different[i][0], different[i][1], false);
    }
}

static void expect_primary(const char *target, const char *labels, const char *primary, bool same)
{
    char left[REVISION_SIZE], right[REVISION_SIZE];
    revision(target, left);
    primary_revision(primary, labels, right);
    if ((strcmp(left, right) == 0) != same) {
        fail_msg("%s\n   %s and\n   %s", same ? "differ:" : "are the same:", target, primary);
    }
}

#define MATCH "{'app':'web-primary'}"

/* The target's name is "podinfo", its selector label app=web. */
static void test_a_primary_has_the_revision_of_its_target(void **state)
{
    static const char *const pairs[][2] = {
        {"{'metadata':{'labels':{'app':'web','tier':'x-primary'}}}",
         "{'metadata':{'labels':{'app':'web-primary','tier':'x-primary'},'annotations':{'flagger-id':'1'}}}"},
        {"{'spec':{'volumes':[{'name':'a','configMap':{'name':'a'}},{'name':'b','secret':{'secretName':'b'}},{'name':'"
         "c',"
         "'projected':{'sources':[{'configMap':{'name':'c'}},{'secret':{'name':'d'}}]}}]}}",
         "{'spec':{'volumes':[{'name':'a','configMap':{'name':'a-primary'}},{'name':'b','secret':{'secretName':'b-"
         "primary'"
         "}},{'name':'c','projected':{'sources':[{'configMap':{'name':'c-primary'}},{'secret':{'name':'d-primary'}}]}}]"
         "}}"},
        {"{'spec':{'containers':[{'env':[{'name':'A','valueFrom':{'configMapKeyRef':{'name':'a','key':'k'}}}]}],"
         "'initContainers':[{'envFrom':[{'secretRef':{'name':'b'}},{'configMapRef':{'name':'untracked'}}]}]}}",
         "{'spec':{'containers':[{'env':[{'name':'A','valueFrom':{'configMapKeyRef':{'name':'a-primary','key':'k'}}}]}]"
         ","
         "'initContainers':[{'envFrom':[{'secretRef':{'name':'b-primary'}},{'configMapRef':{'name':'untracked'}}]}]}}"},
        {"{'spec':{'topologySpreadConstraints':[{'labelSelector':{'matchLabels':{'app':'podinfo'}}}]}}",
         "{'spec':{'topologySpreadConstraints':[{'labelSelector':{'matchLabels':{'app':'podinfo-primary'}}}]}}"},
        /* renamed under each of -selector-labels, not only under the one that selects */
        {"{'spec':{'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'labelSelector':{"
         "'matchExpressions':[{'key':'app.kubernetes.io/name','operator':'In','values':['podinfo','y']}]}}]}}}}",
         "{'spec':{'affinity':{'podAntiAffinity':{'requiredDuringSchedulingIgnoredDuringExecution':[{'labelSelector':{"
         "'matchExpressions':[{'key':'app.kubernetes.io/"
         "name','operator':'In','values':['podinfo-primary','y']}]}}]}}}}"},
    };
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        expect_primary(pairs[i][0], MATCH, pairs[i][1], true);
    }
}

static void test_a_primary_with_another_template_has_another_revision(void **state)
{
    expect_primary("{'spec':{'containers':[{'image':'a:2'}]}}", MATCH, "{'spec':{'containers':[{'image':'a:1'}]}}",
                   false);
    expect_primary("{'metadata':{'labels':{'app':'web'}}}", MATCH, "{'metadata':{'labels':{'app':'other-primary'}}}",
                   false);
    /* a value that is nothing but the suffix would leave nothing */
    expect_primary("{'metadata':{'labels':{'app':'-primar'}}}", MATCH, "{'metadata':{'labels':{'app':'-primary'}}}",
                   false);
    expect_primary("{}", "null", "{}", true);
}

static void test_other_formats_are_known_as_such(void **state)
{
    static const char *const foreign[] = {"",
                                          "744fcf5995",
                                          "s1-",
                                          "s1-637ab3ff9507614",
                                          "s1-637ab3ff9507614b0",
                                          "s1-637AB3FF9507614B",
                                          "s2-637ab3ff9507614b",
                                          "s1-637ab3ff9507614g"};
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        assert_false(revision_is_ours(foreign[i]));
    }
    assert_true(revision_is_ours("s1-0123456789abcdef"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_digest_is_of_the_sorted_text),
        cmocka_unit_test(test_what_says_nothing_does_not_count),
        cmocka_unit_test(test_what_says_something_counts),
        cmocka_unit_test(test_a_primary_has_the_revision_of_its_target),
        cmocka_unit_test(test_a_primary_with_another_template_has_another_revision),
        cmocka_unit_test(test_other_formats_are_known_as_such),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
