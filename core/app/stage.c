#include "app/stage.h"

#include <assert.h>

#include "app/texts.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "script/embedded.h"
#include "script/strategist.h"

/* --- the cluster --- */

static bool create(struct stage *stage, const struct text *text, struct err *err)
{
    struct doc *objects = yaml_parse_all(text->name, text->bytes, text->len, err);
    bool ok = objects != NULL && cluster_create(stage->cluster, doc_root(objects), err);
    doc_free(objects);
    return ok;
}

bool stage_init(struct stage *stage, struct clock *clock, uint64_t seed, struct err *err)
{
    *stage = (struct stage){.cluster = cluster_new(clock, seed)};
    for (size_t i = 0; i < texts_count; i++) {
        if (str_has_prefix(texts[i].name, "crds/") && !create(stage, &texts[i], err)) {
            return false;
        }
    }
    return true;
}

/* --- the engine --- */

static void change(struct stage *stage, enum stage_engine state)
{
    stage->state = state;
    stage->changed(stage->ctx);
}

/* As in production: the process ends. */
static void on_lost(void *ctx, const struct err *err)
{
    struct stage *stage = ctx;
    log_error(NULL, "the embedded cluster's Lease is lost: %s", err->text);
    machine_kill(stage->machine, false);
}

static void on_ready(void *ctx)
{
    change(ctx, STAGE_READY);
}

static void on_death(void *ctx)
{
    change(ctx, STAGE_DEAD);
}

static bool cannot_see(const char *identity)
{
    return false;
}

/* Engines come one after another: whoever else holds the Lease is dead. */
static bool is_dead(const char *identity)
{
    return true;
}

static struct engine *open_engine(struct stage *stage, const char *identity)
{
    struct engine_options options = {
        .clock = machine_clock(stage->machine),
        .http = machine_door(stage->machine),
        .kube = stage->kube,
        .mesh_kube = stage->kube,
        .strategist = stage->strategist,
        .metrics = stage->metrics,
        .defaults = {.provider = "istio", .metrics_server = CLUSTER_PROMETHEUS_URL},
        .selector_labels = "app,name,app.kubernetes.io/name",
        .include_label_prefix = "",
        .lease_namespace = "kube-system",
        .lease_name = "sluice-leader-election",
        .identity = identity,
        .is_dead = stage->is_apart ? cannot_see : is_dead,
        .config_tracking = true,
        .on_lost = on_lost,
        .on_ready = on_ready,
        .ctx = stage,
    };
    return engine_new(&options);
}

static void on_closed(void *ctx)
{
    struct stage *stage = ctx;
    stage->is_closed = true;
    if (stage->state == STAGE_CLOSING) {
        change(stage, STAGE_EMPTY);
    }
}

static void close_engine(struct stage *stage)
{
    struct engine *engine = stage->engine;
    stage->engine = NULL;
    engine_close(engine, on_closed, stage);
}

/* Frees what is left of the last engine. Its machine is kept for what it had sent. */
static void lay_to_rest(struct stage *stage)
{
    assert(stage->state == STAGE_EMPTY || stage->state == STAGE_DEAD);
    if (stage->machine == NULL) {
        return;
    }
    if (stage->engine != NULL) {
        close_engine(stage);
    }
    if (stage->state == STAGE_DEAD) {
        machine_bury(stage->machine, &stage->is_closed);
    }
    kube_client_free(stage->kube);
    script_strategist_free(stage->strategist);
    metrics_free(stage->metrics);
    stage->requests += machine_requests(stage->machine);
    stage->graves = mem_resize(stage->graves, (stage->grave_count + 1) * sizeof stage->graves[0]);
    stage->graves[stage->grave_count++] = stage->machine;
    stage->machine = NULL;
}

/* The machine counts from its own first request. */
static void arm(struct stage *stage)
{
    if (stage->machine != NULL && stage->last_request > stage->requests) {
        machine_kill_at(stage->machine, stage->last_request - stage->requests, stage->last_moment);
    }
}

void stage_start_engine(struct stage *stage, const char *identity, void (*changed)(void *ctx), void *ctx)
{
    lay_to_rest(stage);
    struct kube_config config = {.server = str_dup(CLUSTER_API_URL)};
    stage->changed = changed;
    stage->ctx = ctx;
    stage->machine = machine_new(cluster_clock(stage->cluster), network_door(cluster_network(stage->cluster)));
    machine_on_death(stage->machine, on_death, stage);
    arm(stage);
    stage->kube = kube_client_new(machine_door(stage->machine), machine_clock(stage->machine), NULL, &config);
    stage->metrics = metrics_new();
    stage->strategist = script_strategist_new(machine_clock(stage->machine), embedded_modules, embedded_count);
    stage->is_closed = false;
    stage->state = STAGE_STARTING;
    stage->engine = open_engine(stage, identity);
}

void stage_close_engine(struct stage *stage)
{
    if (stage->state == STAGE_STARTING || stage->state == STAGE_READY) {
        stage->state = STAGE_CLOSING;
        close_engine(stage);
    }
}

void stage_kill_engine(struct stage *stage, bool sent_arrives)
{
    if (stage->state != STAGE_EMPTY && stage->state != STAGE_DEAD) {
        machine_kill(stage->machine, sent_arrives);
    }
}

int stage_requests(const struct stage *stage)
{
    return stage->requests + (stage->machine != NULL ? machine_requests(stage->machine) : 0);
}

void stage_kill_engine_at(struct stage *stage, int request, enum machine_moment moment)
{
    stage->last_request = request;
    stage->last_moment = moment;
    arm(stage);
}

void stage_fini(struct stage *stage)
{
    lay_to_rest(stage);
    for (size_t i = 0; i < stage->grave_count; i++) {
        machine_free(stage->graves[i]);
    }
    mem_free(stage->graves);
    cluster_free(stage->cluster);
}
