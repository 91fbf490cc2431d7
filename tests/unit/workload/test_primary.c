#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_doc.h"
#include "workload/facts.h"
#include "workload/primary.h"
#include "workload/revision.h"

struct world {
    struct doc *canary, *checksums;
    struct canary_names names;
    struct str_list selector_labels, prefixes;
    struct err err;
};

static int setup(void **state)
{
    static struct world w;
    w = (struct world){0};
    w.canary = fake_doc("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{'targetRef':{'kind':"
                        "'Deployment','name':'podinfo'},'service':{'name':'front'}}}");
    w.checksums = fake_doc("{'configmap/settings':'1','secret/token':'2'}");
    canary_names_init(&w.names, doc_root(w.canary));
    str_list_split(&w.selector_labels, "app,name,app.kubernetes.io/name", ',');
    *state = &w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    canary_names_fini(&w->names);
    str_list_fini(&w->selector_labels);
    str_list_fini(&w->prefixes);
    doc_free(w->canary);
    doc_free(w->checksums);
    return 0;
}

static struct primary_options options_of(struct world *w)
{
    return (struct primary_options){
        .selector_labels = &w->selector_labels,
        .label_prefixes = &w->prefixes,
        .checksums = doc_root(w->checksums),
        .promotion_id = "id-2",
    };
}

/* The target selects by name=web; the primary's name comes from the target, never from the Service. */
#define TARGET(replicas)                                                                                               \
    "{'metadata':{'name':'podinfo','namespace':'test','uid':'t','resourceVersion':'5','finalizers':['x'],'labels':{"   \
    "'team':'a','name':'own','kustomize.toolkit.fluxcd.io/name':'k'},'annotations':{'kubectl.kubernetes.io/"           \
    "last-applied-configuration':'{}','deployment.kubernetes.io/revision':'3','helm.toolkit.fluxcd.io/x':'y'}},"       \
    "'spec':{" replicas "'paused':true,'progressDeadlineSeconds':60,'minReadySeconds':3,'revisionHistoryLimit':5,"     \
    "'strategy':{'type':'Recreate'},'selector':{'matchLabels':{'name':'web','tier':'t'},'matchExpressions':[{'key':"   \
    "'x','operator':'Exists'}]},'template':{'metadata':{'creationTimestamp':null,'labels':{'name':'web','tier':'t',"   \
    "'app':'podinfo','a.toolkit.fluxcd.io/b':'c'},'annotations':{'flagger-id':'id-1','scrape':'true',"                 \
    "'b.toolkit.fluxcd.io/c':'d'}},'spec':{'containers':[{'name':'c','image':'podinfo:6.0.0','envFrom':[{"             \
    "'configMapRef':{'name':'settings'}},{'secretRef':{'name':'untracked'}}]}],'volumes':[{'name':'v','secret':{"      \
    "'secretName':'token'}}],'topologySpreadConstraints':[{'labelSelector':{'matchLabels':{'app':'podinfo','tier':"    \
    "'podinfo'}}}]}}},'status':{'replicas':2}}"

#define TEMPLATE                                                                                                       \
    "{'metadata':{'labels':{'name':'web-primary','tier':'t','app':'podinfo'},'annotations':{'flagger-id':'id-2',"      \
    "'scrape':'true'}},'spec':{'containers':[{'name':'c','image':'podinfo:6.0.0','envFrom':[{'configMapRef':{'name':"  \
    "'settings-primary'}},{'secretRef':{'name':'untracked'}}]}],'volumes':[{'name':'v','secret':{'secretName':"        \
    "'token-primary'}}],'topologySpreadConstraints':[{'labelSelector':{'matchLabels':{'app':'podinfo-primary','tier':" \
    "'podinfo'}}}]}}"

#define NEW(labels, replicas)                                                                                          \
    "{'apiVersion':'apps/"                                                                                             \
    "v1','kind':'Deployment','metadata':{'name':'podinfo-primary','namespace':'test','labels':{" labels                \
    "'name':'web-primary'},'annotations':{'kubectl.kubernetes.io/last-applied-configuration':'{}',"                    \
    "'deployment.kubernetes.io/revision':'3'},'ownerReferences':[{'apiVersion':'flagger.app/v1beta1','kind':'Canary'," \
    "'name':'podinfo','uid':'u-1','controller':true,'blockOwnerDeletion':true}]},'spec':{'progressDeadlineSeconds':"   \
    "60,"                                                                                                              \
    "'minReadySeconds':3,'revisionHistoryLimit':5,'strategy':{'type':'Recreate'},'replicas':" replicas                 \
    ",'selector':{'matchLabels':{'name':'web-primary'}},'template':" TEMPLATE "}}"

static void expect_new(struct world *w, const char *target, const char *want)
{
    struct doc *doc = fake_doc(target);
    struct primary_options options = options_of(w);
    struct doc *primary = primary_new(&w->names, doc_root(doc), &options, &w->err);
    assert_non_null(primary);
    fake_doc_expect(doc_root(primary), want);
    doc_free(primary);
    fake_doc_expect(doc_root(doc), target); /* the target stays as it is */
    doc_free(doc);
}

static void test_the_primary_is_made_from_the_target(void **state)
{
    struct world *w = *state;
    expect_new(w, TARGET("'replicas':2,"), NEW("", "2"));
    expect_new(w, TARGET("'replicas':0,"), NEW("", "1"));
    expect_new(w, TARGET(""), NEW("", "1"));
    str_list_split(&w->prefixes, "te,,kustomize", ',');
    expect_new(w, TARGET("'replicas':2,"), NEW("'team':'a',", "2"));
    str_list_fini(&w->prefixes);
    str_list_split(&w->prefixes, "*", ','); /* the target's own value of the selector label does not come through */
    expect_new(w, TARGET("'replicas':2,"), NEW("'team':'a',", "2"));
}

static void test_a_bare_target_makes_a_bare_primary(void **state)
{
    struct world *w = *state;
    doc_free(w->checksums);
    w->checksums = NULL;
    expect_new(
        w,
        "{'metadata':{'name':'podinfo'},'spec':{'selector':{'matchLabels':{'app':'podinfo'}},'template':{'metadata'"
        ":{'labels':{'app':'podinfo'}},'spec':{'volumes':[{'name':'v','secret':{'secretName':'token'}}]}}}}",
        "{'apiVersion':'apps/v1','kind':'Deployment','metadata':{'name':'podinfo-primary','namespace':'test',"
        "'labels':{'app':'podinfo-primary'},'annotations':{},'ownerReferences':[{'apiVersion':"
        "'flagger.app/v1beta1','kind':'Canary','name':'podinfo','uid':'u-1','controller':true,"
        "'blockOwnerDeletion':true}]},'spec':{'replicas':1,'selector':{'matchLabels':{'app':'podinfo-primary'}},"
        "'template':{'metadata':{'labels':{'app':'podinfo-primary'},'annotations':{'flagger-id':'id-2'}},'spec':{"
        "'volumes':[{'name':'v','secret':{'secretName':'token'}}]}}}}");
}

static void test_a_primary_has_its_targets_revision(void **state)
{
    struct world *w = *state;
    struct doc *target =
        fake_doc("{'metadata':{'name':'podinfo'},'spec':{'selector':{'matchLabels':{'app':'podinfo'}},"
                 "'template':{'metadata':{'labels':{'app':'podinfo'}},'spec':{'volumes':[{'secret':{"
                 "'secretName':'token'}},{'configMap':{'name':'settings'}},{'configMap':{'name':'other'}"
                 "}],'affinity':{'podAntiAffinity':{'preferredDuringSchedulingIgnoredDuringExecution':[{"
                 "'podAffinityTerm':{'labelSelector':{'matchLabels':{'name':'podinfo'}}}}]}}}}}}");
    struct primary_options options = options_of(w);
    struct doc *primary = primary_new(&w->names, doc_root(target), &options, &w->err);
    char revision[REVISION_SIZE];
    revision_of_template(node_at(doc_root(target), "spec", "template"), revision);
    workload_kind_at(0)->store.prune(primary, NULL);
    assert_string_equal(facts_revision(doc_root(primary)), revision);
    assert_string_equal(facts_promotion_id(doc_root(primary)), "id-2");
    doc_free(primary);
    doc_free(target);
}

/* --- promotion --- */

static void expect_promotion(struct world *w, const char *target, bool has_autoscaler, const char *want)
{
    struct doc *doc = fake_doc(target),
               *live = fake_doc("{'metadata':{'name':'podinfo-primary','resourceVersion':'77'}}");
    struct primary_options options = options_of(w);
    struct doc *patch = primary_promotion(&w->names, doc_root(doc), doc_root(live), has_autoscaler, &options, &w->err);
    assert_non_null(patch);
    fake_doc_expect(doc_root(patch), want);
    doc_free(patch);
    doc_free(live);
    doc_free(doc);
}

#define ADD(path, value) "{'op':'add','path':'" path "','value':" value "}"
#define GUARD ADD("/metadata/resourceVersion", "'77'")
#define SPEC                                                                                                           \
    ADD("/spec/progressDeadlineSeconds", "60")                                                                         \
    "," ADD("/spec/minReadySeconds", "3") "," ADD("/spec/revisionHistoryLimit", "5") "," ADD("/spec/strategy",         \
                                                                                             "{'type':'Recreate'}")

static void test_a_promotion_replaces_the_template(void **state)
{
    struct world *w = *state;
    expect_promotion(w, TARGET("'replicas':2,"), false,
                     "[" GUARD "," ADD("/metadata/labels", "{'name':'web-primary'}") "," ADD(
                         "/metadata/annotations", "{}") "," SPEC "," ADD("/spec/replicas",
                                                                         "2") "," ADD("/spec/template", TEMPLATE) "]");
}

static void test_with_an_autoscaler_the_replicas_stay(void **state)
{
    struct world *w = *state;
    expect_promotion(w, TARGET("'replicas':2,"), true,
                     "[" GUARD "," ADD("/metadata/labels", "{'name':'web-primary'}") "," ADD(
                         "/metadata/annotations", "{}") "," SPEC "," ADD("/spec/template", TEMPLATE) "]");
}

/* All annotations travel at creation, only the included ones with a promotion. */
static void test_a_promotion_takes_the_included_metadata(void **state)
{
    struct world *w = *state;
    str_list_split(&w->prefixes, "team,deployment", ',');
    expect_promotion(w, TARGET("'replicas':2,"), true,
                     "[" GUARD "," ADD("/metadata/labels", "{'team':'a','name':'web-primary'}") "," ADD(
                         "/metadata/annotations",
                         "{'deployment.kubernetes.io/revision':'3'}") "," SPEC "," ADD("/spec/template", TEMPLATE) "]");
}

static void test_what_the_target_does_not_say_is_taken_away(void **state)
{
    struct world *w = *state;
    expect_promotion(w,
                     "{'metadata':{'name':'podinfo'},'spec':{'selector':{'matchLabels':{'app':'a'}},'template':{"
                     "'metadata':{'labels':{'app':'a'}},'spec':{'hostname':'h'}}}}",
                     false,
                     "[" GUARD
                     "," ADD("/metadata/labels", "{'app':'a-primary'}") "," ADD("/metadata/annotations", "{}") "," ADD(
                         "/spec/progressDeadlineSeconds",
                         "null") "," ADD("/spec/minReadySeconds",
                                         "null") "," ADD("/spec/revisionHistoryLimit",
                                                         "null") "," ADD("/spec/strategy",
                                                                         "null") "," ADD("/spec/replicas",
                                                                                         "null") "," ADD("/spec/"
                                                                                                         "template",
                                                                                                         "{'metadata':{"
                                                                                                         "'labels':{'"
                                                                                                         "app':'a-"
                                                                                                         "primary'},'"
                                                                                                         "annotations':"
                                                                                                         "{"
                                                                                                         "'flagger-id':"
                                                                                                         "'id-2'}},'"
                                                                                                         "spec':{'"
                                                                                                         "hostname':'h'"
                                                                                                         "}}") "]");
}

static void test_a_target_without_a_selector_label_has_no_primary(void **state)
{
    static const char text[] =
        "getSelectorLabel failed: deployment podinfo.test spec.selector.matchLabels must contain "
        "one of [app name app.kubernetes.io/name]";
    struct world *w = *state;
    struct doc *target =
        fake_doc("{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'selector':{'matchLabels':{"
                 "'tier':'t'}},'template':{}}}");
    struct primary_options options = options_of(w);
    assert_null(primary_new(&w->names, doc_root(target), &options, &w->err));
    assert_string_equal(w->err.text, text);
    err_clear(&w->err);
    assert_null(primary_promotion(&w->names, doc_root(target), doc_root(target), false, &options, &w->err));
    assert_string_equal(w->err.text, text);
    doc_free(target);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_primary_is_made_from_the_target, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_bare_target_makes_a_bare_primary, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_primary_has_its_targets_revision, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_promotion_replaces_the_template, setup, teardown),
        cmocka_unit_test_setup_teardown(test_with_an_autoscaler_the_replicas_stay, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_promotion_takes_the_included_metadata, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_the_target_does_not_say_is_taken_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_target_without_a_selector_label_has_no_primary, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
