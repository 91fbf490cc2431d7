#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/duration.h"
#include "base/mem.h"
#include "fake_doc.h"
#include "workload/facts.h"
#include "workload/revision.h"
#include "workload/workload.h"

/* --- what the store keeps --- */

static const struct canary_names names = {.target_kind = "Deployment"};

static const struct workload_kind *kind(void)
{
    return workload_of(&names);
}

static void test_the_template_becomes_what_is_asked_of_it(void **state)
{
    struct doc *doc = fake_doc(
        "{'metadata':{'name':'podinfo','namespace':'test','annotations':{'a':'b','kubectl.kubernetes.io/"
        "last-applied-configuration':'{}'}},'spec':{'replicas':2,'progressDeadlineSeconds':60,'minReadySeconds':3,"
        "'selector':{'matchLabels':{'app':'podinfo'}},'template':{'metadata':{'annotations':{'flagger-id':'id-1'}},"
        "'spec':{'containers':[{'name':'podinfod','ports':[{'name':'http','containerPort':9898,'protocol':'TCP'},"
        "{'containerPort':9999}],'envFrom':[{'configMapRef':{'name':'c','optional':true}}]},{'name':'side'},"
        "{'name':'last','ports':[{'containerPort':1}]}],'initContainers':[{'name':'init','ports':[{'containerPort':2}]}"
        "],"
        "'volumes':[{'name':'v','secret':{'secretName':'s'}}]}}},'status':{'replicas':2,'conditions':["
        "{'type':'Available','status':'True','message':'long'}]}}");
    char revision[REVISION_SIZE];
    revision_of_template(node_at(doc_root(doc), "spec", "template"), revision);
    kind()->store.prune(doc, NULL);
    const struct node *root = doc_root(doc);
    assert_string_equal(facts_revision(root), revision);
    assert_string_equal(facts_promotion_id(root), "id-1");
    fake_doc_expect(node_at(root, "sluice", "ports"),
                    "[{'container':'podinfod','name':'http','port':9898,'index':0},{'container':'podinfod','port':9999,"
                    "'index':1},{'container':'last','port':1,'index':0}]");
    fake_doc_expect(node_at(root, "sluice", "configs"),
                    "[{'kind':'secret','name':'s','optional':false},{'kind':'configmap','name':'c','optional':true}]");
    fake_doc_expect(node_get(root, "spec"), "{'replicas':2,'progressDeadlineSeconds':60,'selector':{'matchLabels':{"
                                            "'app':'podinfo'}}}");
    fake_doc_expect(node_get(root, "status"), "{'replicas':2,'conditions':[{'type':'Available','status':'True'}]}");
    fake_doc_expect(node_at(root, "metadata", "annotations"), "{'a':'b'}");
    doc_free(doc);
}

static void test_nothing_to_prune_is_no_harm(void **state)
{
    static const char *const odd[] = {"{}", "{'spec':null,'metadata':null}", "{'spec':{'template':{'spec':{}}}}"};
    for (size_t i = 0; i < sizeof odd / sizeof odd[0]; i++) {
        struct doc *doc = fake_doc(odd[i]);
        kind()->store.prune(doc, NULL);
        assert_true(revision_is_ours(facts_revision(doc_root(doc))));
        assert_null(facts_promotion_id(doc_root(doc)));
        doc_free(doc);
    }
    assert_null(facts_revision(NULL));
    assert_null(facts_promotion_id(NULL));
}

#define OBJECT(name, label, annotations)                                                                               \
    "{'metadata':{'name':'" name "'},'spec':{'selector':{'matchLabels':{'app':'" label "'}},'template':{'metadata':"   \
    "{'labels':{'app':'" label "'}" annotations "},'spec':{'containers':[{'image':'a:1'}]}}}}"

static char *pruned_revision(const char *text)
{
    struct doc *doc = fake_doc(text);
    kind()->store.prune(doc, NULL);
    char *revision = str_dup(facts_revision(doc_root(doc)));
    doc_free(doc);
    return revision;
}

static void test_a_primary_compares_with_its_target(void **state)
{
    char *target = pruned_revision(OBJECT("podinfo", "podinfo", ""));
    char *primary = pruned_revision(OBJECT("podinfo-primary", "podinfo-primary", ",'annotations':{'flagger-id':'1'}"));
    assert_string_equal(target, primary);
    mem_free(target);
    mem_free(primary);
}

/* "db-primary" is a fine name for a target, its labels are its own. */
static void test_a_target_may_be_called_primary(void **state)
{
    char *target = pruned_revision(OBJECT("db-primary", "db-primary", ""));
    char *primary =
        pruned_revision(OBJECT("db-primary-primary", "db-primary-primary", ",'annotations':{'flagger-id':'1'}"));
    char *other = pruned_revision(OBJECT("db", "db", ""));
    assert_string_equal(target, primary);
    assert_string_not_equal(target, other);
    mem_free(target);
    mem_free(primary);
    mem_free(other);
}

/* --- the selector --- */

/* `want`: "key=value" or the error. */
static void expect_selector(const char *match_labels, const char *flag, const char *want)
{
    struct doc *doc = fake_doc_format(
        "{'metadata':{'name':'podinfo','namespace':'test'},'spec':{'selector':{'matchLabels':%s}}}", match_labels);
    struct str_list labels = {0};
    struct selector selector = {0};
    struct err err = {0};
    if (flag != NULL) {
        str_list_split(&labels, flag, ',');
    }
    if (workload_selector(kind(), doc_root(doc), &labels, &selector, &err)) {
        char *got = str_format("%s=%s", selector.key, selector.value);
        assert_string_equal(got, want);
        mem_free(got);
    } else {
        assert_int_equal(err.code, ERR_INVALID);
        assert_string_equal(err.text, want);
    }
    str_list_fini(&labels);
    doc_free(doc);
}

#define DEFAULT "app,name,app.kubernetes.io/name"
#define NO_SELECTOR "getSelectorLabel failed: deployment podinfo.test spec.selector.matchLabels must contain one of "

static void test_the_first_selector_label_is_taken(void **state)
{
    expect_selector("{'app':'podinfo'}", DEFAULT, "app=podinfo");
    expect_selector("{'app.kubernetes.io/name':'a','name':'b','tier':'c'}", DEFAULT, "name=b");
    expect_selector("{'app.kubernetes.io/name':'a'}", DEFAULT, "app.kubernetes.io/name=a");
    expect_selector("{'name':'a','app':'b'}", "name,app", "name=a");
    expect_selector("{'app':''}", DEFAULT, "app=");
    expect_selector("{'tier':'a'}", DEFAULT, NO_SELECTOR "[app name app.kubernetes.io/name]");
    expect_selector("null", DEFAULT, NO_SELECTOR "[app name app.kubernetes.io/name]");
    expect_selector("{'app':'a'}", "tier", NO_SELECTOR "[tier]");
    expect_selector("{'app':'a'}", NULL, NO_SELECTOR "[]");
}

/* --- readiness --- */

#define NOW "2026-03-11T08:15:07Z"
#define UNAVAILABLE(since)                                                                                             \
    "{'type':'Progressing','reason':'ReplicaSetUpdated'},{'type':'Available','status':'False','reason':"               \
    "'MinimumReplicasUnavailable','lastUpdateTime':'" since "'}"
#define AVAILABLE                                                                                                      \
    "{'type':'Available','status':'True','reason':'MinimumReplicasAvailable','lastUpdateTime':'2026-01-01T00:00:00Z'}"

static int64_t now_ms(void)
{
    int64_t ms;
    struct err err;
    assert_true(time_parse(NOW, &ms, &err));
    return ms;
}

static void expect_readiness(const char *spec, const char *status, const char *conditions, int threshold_pct,
                             enum readiness want, const char *text)
{
    struct doc *doc = fake_doc_format("{'metadata':{'name':'podinfo','generation':3},'spec':{%s},'status':{%s,"
                                      "'conditions':[%s]}}",
                                      spec, status, conditions);
    struct err err = {0};
    assert_int_equal(kind()->readiness(doc_root(doc), 60, threshold_pct, now_ms(), &err), want);
    assert_string_equal(err.text, text);
    doc_free(doc);
}

#define SEEN "'observedGeneration':3"
#define COUNTS(updated, all, available)                                                                                \
    SEEN ",'updatedReplicas':" #updated ",'replicas':" #all ",'availableReplicas':" #available
#define WAITING "waiting for rollout to finish: "

static void test_a_deployment_is_ready_when_its_replicas_are(void **state)
{
    static const struct {
        const char *spec, *status;
        int threshold_pct;
        const char *text; /* "": ready */
    } cases[] = {
        {"'replicas':3", COUNTS(3, 3, 3), 100, ""},
        {"'replicas':3", "'observedGeneration':4,'updatedReplicas':3,'replicas':3,'availableReplicas':3", 100, ""},
        {"'replicas':3", "'observedGeneration':2,'updatedReplicas':3,'replicas':3,'availableReplicas':3", 100,
         WAITING "observed deployment generation less than desired generation"},
        {"'replicas':3", "'replicas':0", 100,
         WAITING "observed deployment generation less than desired generation"}, /* nothing observed yet */
        {"'replicas':3", COUNTS(1, 3, 3), 100, WAITING "1 out of 3 new replicas have been updated"},
        {"'replicas':3", SEEN, 100, WAITING "0 out of 3 new replicas have been updated"},
        {"'replicas':3", COUNTS(3, 5, 5), 100, WAITING "2 old replicas are pending termination"},
        {"'replicas':3", COUNTS(3, 3, 2), 100, WAITING "2 of 3 (readyThreshold 100%) updated replicas are available"},
        {"'replicas':0", SEEN, 100, ""},              /* scaled to zero */
        {"'paused':false", COUNTS(2, 2, 2), 100, ""}, /* replicas not said */
        {"'paused':false", COUNTS(2, 2, 1), 100, WAITING "1 of 2 (readyThreshold 100%) updated replicas are available"},
        /* the threshold counts updated replicas and cuts the fraction off, as Flagger does: half of 1 is 0 */
        {"'replicas':4", COUNTS(4, 4, 2), 50, ""},
        {"'replicas':4", COUNTS(4, 4, 1), 50, WAITING "1 of 2 (readyThreshold 50%) updated replicas are available"},
        {"'replicas':1", COUNTS(1, 1, 0), 50, ""},
        {"'replicas':3", COUNTS(3, 3, 1), 66, ""},
        {"'replicas':3", COUNTS(3, 3, 0), 0, ""},
        /* single precision: 100 times 0.29 is 29, not 28.999… */
        {"'replicas':100", COUNTS(100, 100, 28), 29,
         WAITING "28 of 29 (readyThreshold 29%) updated replicas are available"},
        {"'replicas':10", COUNTS(10, 10, 6), 70, WAITING "6 of 7 (readyThreshold 70%) updated replicas are available"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_readiness(cases[i].spec, cases[i].status, AVAILABLE, cases[i].threshold_pct,
                         cases[i].text[0] == '\0' ? READY : NOT_READY, cases[i].text);
    }
}

static void test_the_deadline_of_the_deployment_is_final(void **state)
{
    static const char exceeded[] = "{'type':'Progressing','status':'False','reason':'ProgressDeadlineExceeded'}";
    static const char text[] = "deployment \"podinfo\" exceeded its progress deadline";
    expect_readiness("'replicas':1", COUNTS(1, 1, 0), exceeded, 100, NEVER_READY, text);
    expect_readiness("'replicas':1", COUNTS(1, 1, 1), exceeded, 100, NEVER_READY, text);
    expect_readiness("'replicas':1", "'observedGeneration':2", exceeded, 100, NOT_READY, /* of an older generation */
                     WAITING "observed deployment generation less than desired generation");
}

static void test_the_deadline_of_the_canary_counts_while_nothing_is_available(void **state)
{
    static const struct {
        const char *conditions;
        enum readiness want;
    } cases[] = {
        {UNAVAILABLE("2026-03-11T08:14:06Z"), NEVER_READY},
        {UNAVAILABLE("2026-03-11T08:14:07Z"), NOT_READY}, /* the very moment is not past it */
        {UNAVAILABLE("2026-03-11T08:15:00Z"), NOT_READY},
        {UNAVAILABLE("not a time"), NOT_READY},
        {AVAILABLE, NOT_READY},
        {"{'type':'Progressing','reason':'x'}," AVAILABLE, NOT_READY},
        {"{'type':'Available','status':'False','reason':'MinimumReplicasUnavailable','lastUpdateTime':"
         "'2026-01-01T00:00:00Z'}",
         NOT_READY}, /* without Progressing nothing counts */
        {"{'type':'Progressing','reason':'x'},{'type':'Available','status':'False','reason':'Other','lastUpdateTime':"
         "'2026-01-01T00:00:00Z'}",
         NOT_READY},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_readiness("'replicas':1", COUNTS(1, 1, 0), cases[i].conditions, 100, cases[i].want,
                         WAITING "0 of 1 (readyThreshold 100%) updated replicas are available");
    }
    expect_readiness("'replicas':1", COUNTS(1, 1, 1), UNAVAILABLE("2026-01-01T00:00:00Z"), 100, READY, "");
}

static void test_the_deadline_is_known_beforehand(void **state)
{
    struct doc *doc = fake_doc("{'status':{'conditions':[" UNAVAILABLE("2026-03-11T08:14:07Z") "]}}");
    assert_int_equal(kind()->deadline_wall_ms(doc_root(doc), 60), now_ms());
    doc_free(doc);
    doc = fake_doc("{'status':{'conditions':[" AVAILABLE "]}}");
    assert_int_equal(kind()->deadline_wall_ms(doc_root(doc), 60), -1);
    doc_free(doc);
    assert_int_equal(kind()->deadline_wall_ms(NULL, 60), -1);
}

static void test_a_kind_that_has_no_row_is_unknown(void **state)
{
    assert_null(workload_of(&(struct canary_names){.target_kind = "DaemonSet"}));
    assert_null(workload_of(&(struct canary_names){.target_kind = ""}));
}

static void test_it_is_scaled_by_its_replicas(void **state)
{
    struct doc *doc = fake_doc("{'spec':{'replicas':0}}");
    assert_int_equal(kind()->replicas(doc_root(doc)), 0);
    assert_int_equal(kind()->replicas(NULL), 1);
    struct doc *patch = kind()->scale(doc_root(doc), 3);
    fake_doc_expect(doc_root(patch), "{'spec':{'replicas':3}}");
    doc_free(patch);
    doc_free(doc);
}

static void test_a_missing_deployment_is_not_ready(void **state)
{
    struct err err = {0};
    assert_int_equal(workload_readiness(&names, NULL, 60, 100, now_ms(), &err), NOT_READY);
    assert_string_equal(err.text, "deployment not found");
    assert_int_equal(err.code, ERR_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_template_becomes_what_is_asked_of_it),
        cmocka_unit_test(test_nothing_to_prune_is_no_harm),
        cmocka_unit_test(test_a_primary_compares_with_its_target),
        cmocka_unit_test(test_a_target_may_be_called_primary),
        cmocka_unit_test(test_the_first_selector_label_is_taken),
        cmocka_unit_test(test_a_deployment_is_ready_when_its_replicas_are),
        cmocka_unit_test(test_the_deadline_of_the_deployment_is_final),
        cmocka_unit_test(test_the_deadline_of_the_canary_counts_while_nothing_is_available),
        cmocka_unit_test(test_the_deadline_is_known_beforehand),
        cmocka_unit_test(test_a_kind_that_has_no_row_is_unknown),
        cmocka_unit_test(test_it_is_scaled_by_its_replicas),
        cmocka_unit_test(test_a_missing_deployment_is_not_ready),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
