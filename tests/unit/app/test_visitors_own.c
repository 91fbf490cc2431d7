/* Applications of one's own in a served cluster: whatever their Canaries' routes ask for, they get requests by which
 * they can be judged. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "app/visitors.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/yaml.h"
#include "io/virtual_clock.h"
#include "lab/keeper.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND };

struct world {
    struct virtual_clock *time;
    struct stage stage;
    struct keeper keeper;
    struct visitors *visitors;
};

static void on_told(void *ctx, const char *text)
{
}

static void on_turn(void *ctx)
{
}

static void run_for(struct world *w, int64_t ms)
{
    virtual_clock_run(w->time, clock_mono_ms(virtual_clock_clock(w->time)) + ms);
}

static void set_up(struct world *w)
{
    struct err err = {0};
    log_set_sink(log_drop, NULL);
    *w = (struct world){.time = virtual_clock_new(1773216907000)};
    assert_true(stage_init(&w->stage, virtual_clock_clock(w->time), 1, &err));
    w->visitors = visitors_new(w->stage.cluster, NULL, on_told, w);
    w->keeper = (struct keeper){.stage = &w->stage, .ready = on_turn, .closed = on_turn, .told = on_told, .ctx = w};
    keeper_start(&w->keeper);
    run_for(w, 10 * SECOND);
}

static void tear_down(struct world *w)
{
    keeper_close(&w->keeper);
    run_for(w, MINUTE);
    visitors_free(w->visitors);
    stage_fini(&w->stage);
    virtual_clock_free(w->time);
}

static const struct kind *kind_of(const struct world *w, const char *group, const char *kind)
{
    const char *version = strcmp(group, "flagger.app") == 0 ? "v1beta1" : "v1";
    return kinds_by_name(api_kinds(cluster_api(w->stage.cluster)), group, version, kind);
}

static void create(const struct world *w, const char *group, const char *kind, const char *yaml)
{
    struct err err = {0};
    struct doc *object = yaml_parse("test", yaml, strlen(yaml), &err);
    struct doc *created =
        object != NULL ? api_create(cluster_api(w->stage.cluster), kind_of(w, group, kind), doc_root(object), &err)
                       : NULL;
    if (created == NULL) {
        fail_msg("%s", err.text);
    }
    doc_free(object);
    doc_free(created);
}

static const struct {
    const char *name, *service, *analysis;
} cases[] = {
    {"weights", "", "stepWeight: 25, maxWeight: 50"},
    {"blue-green", "", "iterations: 3"},
    {"blue-green-of-another-name", ", name: apex", "iterations: 3"},
    {"uri", ", match: [{uri: {prefix: /api}}, {uri: {exact: /}}]", "stepWeight: 25, maxWeight: 50"},
    {"method", ", match: [{method: {exact: PUT}}]", "stepWeight: 25, maxWeight: 50"},
    {"headers", ", match: [{headers: {x-tenant: {regex: '^a+$'}}}]", "stepWeight: 25, maxWeight: 50"},
    {"authority", ", match: [{authority: {exact: a.io}, scheme: {exact: https}}]", "stepWeight: 25, maxWeight: 50"},
    {"ab-params", "", "iterations: 3, match: [{queryParams: {v: {exact: '2'}, w: {regex: '^[0-9]+$'}}}]"},
    {"ab-source", "", "iterations: 3, match: [{sourceLabels: {app: front, tier: a}}]"},
    {"ab-of-a-part", ", match: [{uri: {prefix: /api}, method: {exact: POST}}]",
     "iterations: 3, match: [{headers: {cookie: {regex: '^(.*?;)?(canary=always)(;.*)?$'}}}]"},
    {"delegation", ", delegation: true", "stepWeight: 25, maxWeight: 50"},
    {"delegation-of-a-part", ", delegation: true, match: [{uri: {prefix: /api}}]", "stepWeight: 25, maxWeight: 50"},
    {"tcp", ", appProtocol: tcp", "stepWeight: 25, maxWeight: 50"},
    {"mirror", "", "stepWeight: 25, maxWeight: 50, mirror: true"},
    {"gateways", ", gateways: [public], hosts: ['*.a.io'], match: [{uri: {prefix: /a}}]",
     "stepWeight: 25, maxWeight: 50"},
};

#define CASE_COUNT (sizeof cases / sizeof cases[0])

static void create_app(const struct world *w, size_t index)
{
    const char *name = cases[index].name;
    char *texts[] = {
        str_format("apiVersion: v1\nkind: Namespace\nmetadata: {name: %s}\n", name),
        str_format("apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: %s}\nspec:\n"
                   "  replicas: 1\n  selector: {matchLabels: {app: web}}\n  template:\n"
                   "    metadata: {labels: {app: web}}\n"
                   "    spec: {containers: [{name: web, image: 'nginx:1.25', ports: [{containerPort: 80}]}]}\n",
                   name),
        str_format("apiVersion: flagger.app/v1beta1\nkind: Canary\nmetadata: {name: web, namespace: %s}\nspec:\n"
                   "  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  service: {port: 80%s}\n"
                   "  analysis: {interval: 10s, threshold: 3, %s, metrics: [{name: request-success-rate, "
                   "interval: 1m, thresholdRange: {min: 99}}]}\n",
                   name, cases[index].service, cases[index].analysis)};
    create(w, "", "Namespace", texts[0]);
    create(w, "apps", "Deployment", texts[1]);
    create(w, "flagger.app", "Canary", texts[2]);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        mem_free(texts[i]);
    }
}

static void set_image(const struct world *w, const char *namespace, const char *image)
{
    struct err err = {0};
    struct objects *objects = api_objects(cluster_api(w->stage.cluster));
    struct doc *now = objects_get(objects, "apps/deployments", namespace, "web");
    struct node *pod = node_at(doc_root(now), "spec", "template", "spec");
    node_set_str(now, node_item(node_get(pod, "containers"), 0), "image", image);
    struct doc *updated =
        api_update(cluster_api(w->stage.cluster), kind_of(w, "apps", "Deployment"), NULL, doc_root(now), &err);
    assert_non_null(updated);
    doc_free(updated);
    doc_free(now);
}

static void expect_phase(const struct world *w, const char *namespace, const char *wanted)
{
    struct objects *objects = api_objects(cluster_api(w->stage.cluster));
    struct doc *canary = objects_get(objects, "flagger.app/canaries", namespace, "web");
    const char *phase = node_str_or(node_at(doc_root(canary), "status", "phase"), "");
    if (strcmp(phase, wanted) != 0) {
        fail_msg("%s: phase %s instead of %s", namespace, phase, wanted);
    }
    doc_free(canary);
}

/* Initialized, then one new version that answers without errors. */
static void test_all_of_them_are_promoted(void **state)
{
    struct world w;
    set_up(&w);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        create_app(&w, i);
    }
    run_for(&w, MINUTE);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        expect_phase(&w, cases[i].name, "Initialized");
        set_image(&w, cases[i].name, "nginx:1.26");
    }
    run_for(&w, 4 * MINUTE);
    for (size_t i = 0; i < CASE_COUNT; i++) {
        expect_phase(&w, cases[i].name, "Succeeded");
    }
    tear_down(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_them_are_promoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
