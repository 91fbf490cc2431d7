/* An engine with one Canary at rest on the small API server of fake_context.h; every script is the test
 * (fake_strategist.h). For test_actor.c and its like. */
#pragma once

#include "fake_context.h"
#include "fake_strategist.h"
#include "rollout/engine.h"

#define LEASE "/apis/coordination.k8s.io/v1/namespaces/test/leases/sluice"
#define CONFIG_MAPS "/api/v1/namespaces/test/configmaps"
#define PROMOTED_IMAGE "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:1'}]}}}}"
#define NEW_IMAGE "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:3'}]}}}}"

enum { INTERVAL_MS = 10 * 1000 };

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct fake_api *api;
    struct kube_client *kube;
    struct metrics *metrics;
    struct fake_strategist script;
    struct engine *engine;
    int ready, lost, closed;
    int64_t scale_down_delay_ms;  /* of the next engine */
    bool no_cross_namespace_refs; /* of the next engine */
};

static inline void on_ready(void *ctx)
{
    ((struct world *)ctx)->ready++;
}

static inline void on_lost(void *ctx, const struct err *err)
{
    ((struct world *)ctx)->lost++;
}

static inline void on_closed(void *ctx)
{
    ((struct world *)ctx)->closed++;
}

static inline void start_engine(struct world *w)
{
    struct engine_options options = {
        .clock = fake_clock_clock(w->fc),
        .http = fake_http_door(w->fh),
        .kube = w->kube,
        .mesh_kube = w->kube,
        .strategist = &w->script.base,
        .metrics = w->metrics,
        .namespace = "test",
        .defaults = {.provider = "istio", .metrics_server = "http://prometheus:9090"},
        .selector_labels = "app,name",
        .include_label_prefix = "app.kubernetes.io",
        .lease_namespace = "test",
        .lease_name = "sluice",
        .identity = "me",
        .config_tracking = true,
        .no_cross_namespace_refs = w->no_cross_namespace_refs,
        .scale_down_delay_ms = w->scale_down_delay_ms,
        .on_lost = on_lost,
        .on_ready = on_ready,
        .ctx = w,
    };
    w->engine = engine_new(&options);
    fake_clock_advance(w->fc, 100);
    assert_int_equal(w->ready, 1);
}

/* Without an engine yet. */
static inline struct world *new_world(void)
{
    struct world *w = mem_new(struct world);
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->api = fake_api_new(w->fh);
    w->kube = fake_context_client(w->fh, w->fc);
    w->metrics = metrics_new();
    fake_strategist_init(&w->script);
    fake_context_objects(w->api);
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initialized','canaryWeight':0}}");
    fake_api_edit(w->api, TARGET, PROMOTED_IMAGE);
    fake_api_edit(w->api, ROUTES, FAKE_ROUTES(100, 0));
    return w;
}

static inline int setup(void **state)
{
    struct world *w = new_world();
    start_engine(w);
    *state = w;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *w = *state;
    engine_close(w->engine, on_closed, w);
    fake_clock_run(w->fc);
    assert_int_equal(w->closed, 1);
    fake_strategist_fini(&w->script);
    kube_client_free(w->kube);
    metrics_free(w->metrics);
    fake_http_free(w->fh);
    fake_api_free(w->api);
    fake_clock_free(w->fc);
    mem_free(w);
    return 0;
}

static inline const char *text_at(struct world *w, const char *path, const char *part, const char *key)
{
    return node_str_or(node_at(fake_api_find(w->api, path), part, key), "");
}

static inline void expect_routes(struct world *w, const char *want)
{
    fake_doc_expect(node_at(fake_api_find(w->api, ROUTES), "spec", "http"), want);
}

static inline size_t releases(struct world *w)
{
    size_t count = 0;
    for (int n = 1; n < 20; n++) {
        char *path = str_format(SLUICE "/podinfo-%d", n);
        count += fake_api_find(w->api, path) != NULL;
        str_free(&path);
    }
    return count;
}

/* A new image, and a script that has begun and given the canary half of the traffic. */
static inline void bring_into_mid_run(struct world *w)
{
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    fake_clock_advance(w->fc, 1000);
    assert_true(w->script.running);
    assert_false(fake_script_enter(&w->script, "begin"));
    fake_script_call(&w->script, "pin", "{}");
    fake_script_call(&w->script, "act", "[{'kind':'scale','to':'up'},{'kind':'sync','phase':'Progressing'}]");
    fake_clock_run(w->fc);
    fake_script_leave(&w->script, "{'done':true}");
    fake_script_enter(&w->script, "shift");
    fake_script_call(&w->script, "act", "[{'kind':'route','primary':50,'canary':50},{'kind':'status','weight':50}]");
    fake_clock_run(w->fc);
    fake_doc_expect(doc_root(w->script.answer), "{'ok':true}");
    fake_script_leave(&w->script, "{'done':true}");
    fake_clock_run(w->fc);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Progressing");
}

static inline void stop_engine(struct world *w)
{
    engine_close(w->engine, on_closed, w);
    fake_clock_run(w->fc);
    w->closed = w->ready = 0;
}

static inline void restart_engine(struct world *w)
{
    stop_engine(w);
    start_engine(w);
}

/* The events with this text that were sent. */
static inline size_t count_told(struct world *w, const char *text)
{
    size_t count = 0;
    for (size_t i = 0; i < fake_http_count(w->fh, "POST", EVENTS); i++) {
        count += strstr(fake_http_find(w->fh, "POST", EVENTS, i)->body, text) != NULL;
    }
    return count;
}

static inline bool is_told(struct world *w, const char *text)
{
    return count_told(w, text) > 0;
}

/* The condition of this type in the Canary's status; NULL without one. */
static inline const struct node *condition(struct world *w, const char *type)
{
    return object_condition(fake_api_find(w->api, CANARY), type);
}
