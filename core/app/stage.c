#include "app/stage.h"

#include <stdlib.h>

#include "app/texts.h"
#include "base/log.h"
#include "base/str.h"
#include "base/yaml.h"
#include "script/embedded.h"
#include "script/strategist.h"

enum { REQUESTS_PER_SECOND = 100 };

/* --- the cluster --- */

bool stage_create(struct stage *stage, const char *name, struct err *err)
{
    const struct text *text = texts_find(name);
    struct doc *objects = yaml_parse_all(name, text->bytes, text->len, err);
    bool ok = objects != NULL && cluster_create(stage->cluster, doc_root(objects), err);
    doc_free(objects);
    return ok;
}

static void serve_load_tester(void *ctx, struct exchange *exchange)
{
    exchange_answer(exchange, 200, "text/plain", "OK", 2);
}

static void behave(struct stage *stage, const char *image, double errors)
{
    struct behaviour behaviour = {.errors = errors, .latency_ms = 5, .latency_p99_ms = 25, .ready_ms = 4000};
    behaviours_set(cluster_behaviours(stage->cluster), image, &behaviour);
}

bool stage_init(struct stage *stage, struct clock *clock, uint64_t seed, struct err *err)
{
    *stage = (struct stage){.cluster = cluster_new(clock, seed)};
    network_host(cluster_network(stage->cluster), "flagger-loadtester.test", serve_load_tester, NULL);
    behave(stage, "podinfo:3.1.0", 0);
    behave(stage, "podinfo:3.1.1", 0);
    behave(stage, "podinfo:3.1.2", 0.1124);
    traffic_flow(cluster_traffic(stage->cluster), "app.example.com", REQUESTS_PER_SECOND, NULL);
    for (size_t i = 0; i < texts_count; i++) {
        if (str_has_prefix(texts[i].name, "crds/") && !stage_create(stage, texts[i].name, err)) {
            return false;
        }
    }
    return true;
}

/* --- the engine --- */

/* Nobody else is here to take the Lease. */
static void on_lost(void *ctx, const struct err *err)
{
    log_error(NULL, "the embedded cluster's Lease is lost: %s", err->text);
    abort();
}

static void on_ready(void *ctx)
{
    struct stage *stage = ctx;
    stage->changed(stage->ctx);
}

static bool is_dead(const char *identity)
{
    return false;
}

void stage_start_engine(struct stage *stage, void (*changed)(void *ctx), void *ctx)
{
    struct clock *clock = cluster_clock(stage->cluster);
    struct http *http = network_door(cluster_network(stage->cluster));
    struct kube_config config = {.server = str_dup(CLUSTER_API_URL)};
    stage->changed = changed;
    stage->ctx = ctx;
    stage->kube = kube_client_new(http, clock, NULL, &config);
    stage->metrics = metrics_new();
    stage->strategist = script_strategist_new(clock, embedded_modules, embedded_count);
    struct engine_options options = {
        .clock = clock,
        .http = http,
        .kube = stage->kube,
        .mesh_kube = stage->kube,
        .strategist = stage->strategist,
        .metrics = stage->metrics,
        .defaults = {.provider = "istio", .metrics_server = CLUSTER_PROMETHEUS_URL},
        .selector_labels = "app,name,app.kubernetes.io/name",
        .include_label_prefix = "",
        .lease_namespace = "kube-system",
        .lease_name = "sluice-leader-election",
        .identity = "sluice",
        .is_dead = is_dead,
        .config_tracking = true,
        .on_lost = on_lost,
        .on_ready = on_ready,
        .ctx = stage,
    };
    stage->engine = engine_new(&options);
}

static void on_closed(void *ctx)
{
    struct stage *stage = ctx;
    stage->engine = NULL;
    stage->changed(stage->ctx);
}

void stage_close_engine(struct stage *stage)
{
    if (stage->engine != NULL) {
        engine_close(stage->engine, on_closed, stage);
    }
}

void stage_fini(struct stage *stage)
{
    if (stage->kube != NULL) {
        kube_client_free(stage->kube);
        script_strategist_free(stage->strategist);
        metrics_free(stage->metrics);
    }
    cluster_free(stage->cluster);
}
