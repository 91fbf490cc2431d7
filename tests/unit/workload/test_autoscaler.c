#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "fake_doc.h"
#include "fake_store.h"
#include "kube/object.h"
#include "workload/autoscaler.h"

struct world {
    struct doc *canary;
    struct canary_names names;
    struct store *autoscalers;
    struct kube_write write;
    struct err err;
    int version;
};

#define REF "'autoscalerRef':{'apiVersion':'autoscaling/v2','kind':'HorizontalPodAutoscaler','name':'scaler'"

/* `spec`: further members of the Canary's spec. */
static void set_canary(struct world *w, const char *spec)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    w->canary = fake_doc_format("{'metadata':{'name':'podinfo','namespace':'test','uid':'u-1'},'spec':{%s,'targetRef':{"
                                "'kind':'Deployment','name':'podinfo'}}}",
                                spec);
    canary_names_init(&w->names, doc_root(w->canary));
}

static void put(struct world *w, struct doc *object)
{
    char version[16];
    snprintf(version, sizeof version, "%d", ++w->version);
    node_set_str(object, node_get(doc_root(object), "metadata"), "resourceVersion", version);
    store_put(w->autoscalers, object);
    doc_free(object);
}

static void put_target(struct world *w, const char *spec)
{
    put(w, fake_doc_format(
               "{'metadata':{'name':'scaler','namespace':'test','labels':{'a':'b','kustomize.toolkit.fluxcd.io/"
               "name':'x'},'annotations':{'c':'d'}},'spec':{'scaleTargetRef':{'apiVersion':'apps/v1','kind':"
               "'Deployment','name':'podinfo'},%s}}",
               spec));
}

static void open_world(struct world *w, const char *canary_spec, const char *target_spec)
{
    *w = (struct world){0};
    w->autoscalers = store_new(&KUBE_AUTOSCALERS, NULL);
    set_canary(w, canary_spec);
    if (target_spec != NULL) {
        put_target(w, target_spec);
    }
}

static void close_world(struct world *w)
{
    canary_names_fini(&w->names);
    doc_free(w->canary);
    store_free(w->autoscalers);
}

static enum plan plan(struct world *w, bool update)
{
    return autoscaler_plan(w->autoscalers, &w->names, doc_root(w->canary), update, &w->write, &w->err);
}

static void apply(struct world *w)
{
    if (w->write.verb == KUBE_CREATE) {
        put(w, doc_copy(doc_root(w->write.body)));
    } else {
        assert_int_equal(w->write.verb, KUBE_PATCH_MERGE);
        struct doc *live = fake_store_copy(w->autoscalers, "test", w->write.name);
        assert_string_equal(object_version(doc_root(live)), object_version(doc_root(w->write.body)));
        fake_doc_merge(live, doc_root(live), doc_root(w->write.body));
        put(w, live);
    }
    kube_write_fini(&w->write);
}

static void expect_primary(struct world *w, const char *key, const char *want)
{
    struct doc *live = fake_store_copy(w->autoscalers, "test", "scaler-primary");
    fake_doc_expect(node_get(doc_root(live), key), want);
    doc_free(live);
}

#define SCALES "'scaleTargetRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'podinfo-primary'}"
#define CPU "[{'type':'Resource','resource':{'name':'cpu','target':{'type':'Utilization','averageUtilization':99}}}]"

static void test_without_a_reference_there_is_nothing_to_do(void **state)
{
    struct world w;
    open_world(&w, "'skipAnalysis':false", "'maxReplicas':4");
    assert_int_equal(plan(&w, false), PLAN_DONE);
    assert_int_equal(plan(&w, true), PLAN_DONE);
    assert_int_equal(autoscaler_min_replicas(w.autoscalers, doc_root(w.canary)), 1);
    close_world(&w);
}

static void test_a_missing_target_blocks(void **state)
{
    struct world w;
    open_world(&w, REF "}", NULL);
    assert_int_equal(plan(&w, false), PLAN_FAILED);
    assert_int_equal(w.err.code, ERR_NOT_FOUND);
    assert_string_equal(w.err.text, "HorizontalPodAutoscaler scaler.test get query error: "
                                    "horizontalpodautoscalers.autoscaling \"scaler\" not found");
    assert_int_equal(autoscaler_min_replicas(w.autoscalers, doc_root(w.canary)), 1);
    close_world(&w);
}

static void test_the_primarys_is_made_from_the_targets(void **state)
{
    struct world w;
    open_world(&w, REF "}",
               "'minReplicas':2,'maxReplicas':4,'metrics':" CPU ",'behavior':{'scaleDown':{"
               "'selectPolicy':'Min'}}");
    assert_int_equal(plan(&w, false), PLAN_WRITE);
    assert_string_equal(w.write.context, "creating HorizontalPodAutoscaler v2 scaler-primary.test failed");
    fake_doc_expect(
        doc_root(w.write.body),
        "{'apiVersion':'autoscaling/v2','kind':'HorizontalPodAutoscaler','metadata':{'name':'scaler-primary',"
        "'namespace':'test','labels':{'a':'b'},'ownerReferences':[{'apiVersion':'flagger.app/v1beta1','kind':"
        "'Canary','name':'podinfo','uid':'u-1','controller':true,'blockOwnerDeletion':true}]},'spec':{" SCALES
        ",'minReplicas':2,'maxReplicas':4,'metrics':" CPU ",'behavior':{'scaleDown':{'selectPolicy':'Min'}}}}");
    apply(&w);
    assert_int_equal(plan(&w, false), PLAN_DONE);
    assert_int_equal(plan(&w, true), PLAN_DONE);
    assert_int_equal(autoscaler_min_replicas(w.autoscalers, doc_root(w.canary)), 2);
    close_world(&w);
}

static void test_the_canary_may_set_the_bounds(void **state)
{
    static const struct {
        const char *replicas, *spec;
    } cases[] = {
        {",'primaryScalerReplicas':{'minReplicas':7,'maxReplicas':9}}",
         "{" SCALES ",'minReplicas':7,'maxReplicas':9,'metrics':" CPU "}"},
        {",'primaryScalerReplicas':{'maxReplicas':9}}",
         "{" SCALES ",'minReplicas':2,'maxReplicas':9,'metrics':" CPU "}"},
        {",'primaryScalerReplicas':{}}", "{" SCALES ",'minReplicas':2,'maxReplicas':4,'metrics':" CPU "}"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        char spec[256];
        snprintf(spec, sizeof spec, "%s%s", REF, cases[i].replicas);
        open_world(&w, spec, "'minReplicas':2,'maxReplicas':4,'metrics':" CPU);
        assert_int_equal(plan(&w, false), PLAN_WRITE);
        apply(&w);
        expect_primary(&w, "spec", cases[i].spec);
        assert_int_equal(plan(&w, true), PLAN_DONE);
        close_world(&w);
    }
}

static void test_it_is_brought_in_line_only_when_asked(void **state)
{
    static const struct {
        const char *target, *spec;
    } steps[] = {
        {"'minReplicas':3,'maxReplicas':4,'metrics':" CPU, "'minReplicas':3,'maxReplicas':4,'metrics':" CPU},
        {"'minReplicas':3,'maxReplicas':8,'metrics':" CPU, "'minReplicas':3,'maxReplicas':8,'metrics':" CPU},
        {"'maxReplicas':8", "'maxReplicas':8"},
        {"'maxReplicas':8,'behavior':{'scaleUp':{'selectPolicy':'Max'},'scaleDown':{'selectPolicy':'Min',"
         "'stabilizationWindowSeconds':300}}",
         "'maxReplicas':8,'behavior':{'scaleUp':{'selectPolicy':'Max'},'scaleDown':{'selectPolicy':'Min',"
         "'stabilizationWindowSeconds':300}}"},
        /* what is taken out of the target's behavior goes from the primary's too */
        {"'maxReplicas':8,'behavior':{'scaleDown':{'selectPolicy':'Min'}}",
         "'maxReplicas':8,'behavior':{'scaleDown':{'selectPolicy':'Min'}}"},
        {"'maxReplicas':8", "'maxReplicas':8"},
    };
    struct world w;
    open_world(&w, REF "}", "'minReplicas':2,'maxReplicas':4,'metrics':" CPU);
    assert_int_equal(plan(&w, false), PLAN_WRITE);
    apply(&w);
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        put_target(&w, steps[i].target);
        assert_int_equal(plan(&w, false), PLAN_DONE);
        assert_int_equal(plan(&w, true), PLAN_WRITE);
        assert_string_equal(w.write.context, "updating HorizontalPodAutoscaler v2 scaler-primary.test failed");
        apply(&w);
        struct doc *want = fake_doc_format("{%s,%s}", SCALES, steps[i].spec);
        char *text = node_to_text(doc_root(want));
        expect_primary(&w, "spec", text);
        mem_free(text);
        doc_free(want);
        assert_int_equal(plan(&w, true), PLAN_DONE);
    }
    close_world(&w);
}

static void test_a_foreign_autoscaler_is_left_alone(void **state)
{
    static const struct {
        const char *metadata, *scales;
        bool taken;
    } cases[] = {
        {"", "podinfo-primary", true},
        {"", "shop", false},
        {",'ownerReferences':[{'kind':'Canary','name':'other','controller':true}]", "podinfo-primary", false},
        {",'annotations':{'sluice.dev/canary':'podinfo'}", "shop", true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_world(&w, REF "}", "'maxReplicas':4");
        put(&w, fake_doc_format("{'metadata':{'name':'scaler-primary','namespace':'test'%s},'spec':{'maxReplicas':9,"
                                "'scaleTargetRef':{'kind':'Deployment','name':'%s'}}}",
                                cases[i].metadata, cases[i].scales));
        assert_int_equal(plan(&w, false), cases[i].taken ? PLAN_DONE : PLAN_FOREIGN);
        assert_int_equal(plan(&w, true), cases[i].taken ? PLAN_WRITE : PLAN_FOREIGN);
        kube_write_fini(&w.write);
        close_world(&w);
    }
}

/* Flagger means to refresh labels and annotations, but works on a copy: they stay, and so do we. What the server fills
 * in is no difference. */
static void test_metadata_and_what_is_not_said_are_no_difference(void **state)
{
    struct world w;
    open_world(&w, REF "}", "'maxReplicas':4");
    put(&w, fake_doc("{'metadata':{'name':'scaler-primary','namespace':'test','labels':{'old':'x'}},'spec':{" SCALES
                     ",'minReplicas':1,'maxReplicas':4}}"));
    assert_int_equal(plan(&w, true), PLAN_DONE);
    put_target(&w, "'minReplicas':2,'maxReplicas':4");
    assert_int_equal(plan(&w, true), PLAN_WRITE);
    apply(&w);
    struct doc *live = fake_store_copy(w.autoscalers, "test", "scaler-primary");
    fake_doc_expect(node_at(doc_root(live), "metadata", "labels"), "{'old':'x'}");
    fake_doc_expect(node_at(doc_root(live), "metadata", "annotations"), "absent");
    fake_doc_expect(node_at(doc_root(live), "metadata", "ownerReferences"), "absent");
    doc_free(live);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_a_reference_there_is_nothing_to_do),
        cmocka_unit_test(test_a_missing_target_blocks),
        cmocka_unit_test(test_the_primarys_is_made_from_the_targets),
        cmocka_unit_test(test_the_canary_may_set_the_bounds),
        cmocka_unit_test(test_it_is_brought_in_line_only_when_asked),
        cmocka_unit_test(test_a_foreign_autoscaler_is_left_alone),
        cmocka_unit_test(test_metadata_and_what_is_not_said_are_no_difference),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
