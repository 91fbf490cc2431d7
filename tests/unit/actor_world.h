/* An engine with one Canary at rest on the small API server of fake_house.h; every script is the test (fake_strategist.h). For test_actor.c and its like. */
#pragma once

#include "fake_house.h"
#include "fake_strategist.h"
#include "rollout/engine.h"

#define LEASE "/apis/coordination.k8s.io/v1/namespaces/test/leases/sluice"
#define CONFIG_MAPS "/api/v1/namespaces/test/configmaps"

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
        .on_lost = on_lost,
        .on_ready = on_ready,
        .ctx = w,
    };
    w->engine = engine_new(&options);
    fake_clock_advance(w->fc, 100);
    assert_int_equal(w->ready, 1);
}

static inline int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    w->api = fake_api_new(w->fh);
    w->kube = fake_house_client(w->fh, w->fc);
    w->metrics = metrics_new();
    fake_strategist_init(&w->script);
    fake_house_objects(w->api);
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initialized','canaryWeight':0}}");
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:1'}]}}}}");
    fake_api_edit(w->api, ROUTES, FAKE_ROUTES(100, 0));
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
