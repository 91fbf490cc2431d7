#include "lab/stage.h"

#include <assert.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/yaml.h"
#include "canary/kinds.h"
#include "lab/texts.h"
#include "script/adapter.h"
#include "script/strategist.h"

/* An engine and what it runs on. */
struct stage_life {
    struct stage *stage;
    struct machine *machine;
    struct kube_client *kube;
    struct metrics *metrics;
    struct strategist *scripts, *strategist; /* the same, or with a witness before it */
    struct witness *witness;                 /* NULL: none */
    struct adapters *adapters;
    struct engine *engine; /* NULL: it was told to close */
    bool is_closed;
};

/* --- the cluster --- */

/* The texts are constant, and to parse their YAML takes a tenth of a short story: each is parsed once, and kept until
 * the process ends. */
static const struct node *objects_of(size_t index, struct err *err)
{
    static struct doc **parsed;
    if (parsed == NULL) {
        parsed = mem_alloc_array(texts_count, sizeof *parsed);
    }
    if (parsed[index] == NULL) {
        parsed[index] = yaml_parse_all(texts[index].name, texts[index].bytes, texts[index].len, err);
    }
    return doc_root(parsed[index]);
}

static bool create(struct stage *stage, size_t index, struct err *err)
{
    const struct node *objects = objects_of(index, err);
    return objects != NULL && cluster_create(stage->cluster, objects, err);
}

bool stage_init(struct stage *stage, struct clock *clock, uint64_t seed, struct err *err)
{
    *stage = (struct stage){
        .cluster = cluster_new(clock, seed), .modules = embedded_modules, .module_count = embedded_count};
    for (size_t i = 0; i < texts_count; i++) {
        if (str_has_prefix(texts[i].name, "crds/") && !create(stage, i, err)) {
            return false;
        }
    }
    return true;
}

/* --- the engine --- */

/* Notes a change of the last engine. Nobody waits for a change of its predecessor. */
static void change(struct stage_life *life, enum stage_engine state)
{
    struct stage *stage = life->stage;
    if (life == stage->life) {
        stage->state = state;
        stage->changed(stage->ctx);
    }
}

/* As in production, the process ends. Requests that it had sent are on their way. */
static void on_lost(void *ctx, const struct err *err)
{
    struct stage_life *life = ctx;
    log_error(NULL, "the embedded cluster's Lease is lost: %s", err->text);
    machine_kill(life->machine, true);
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

/* Engines come one after another, so any other holder of the Lease is dead. */
static bool is_dead(const char *identity)
{
    return true;
}

static struct engine *open_engine(struct stage_life *life, const char *identity)
{
    struct engine_options options = {
        .clock = machine_clock(life->machine),
        .http = machine_door(life->machine),
        .kube = life->kube,
        .mesh_kube = life->kube,
        .strategist = life->strategist,
        .adapters = life->adapters,
        .metrics = life->metrics,
        .defaults = {.provider = CANARY_PROVIDER, .metrics_server = CLUSTER_PROMETHEUS_URL},
        .selector_labels = "app,name,app.kubernetes.io/name",
        .include_label_prefix = "",
        .lease_namespace = "kube-system",
        .lease_name = "sluice-leader-election",
        .identity = identity,
        .is_dead = life->stage->is_apart ? cannot_see : is_dead,
        .lease_factor = life->stage->lease_factor,
        .config_tracking = true,
        .scale_down_delay_ms = ENGINE_SCALE_DOWN_DELAY_MS,
        .on_lost = on_lost,
        .on_ready = on_ready,
        .ctx = life,
    };
    return engine_new(&options);
}

static void on_closed(void *ctx)
{
    struct stage_life *life = ctx;
    life->is_closed = true;
    if (life->stage->state == STAGE_CLOSING) {
        change(life, STAGE_EMPTY);
    }
}

static void close_engine(struct stage_life *life)
{
    struct engine *engine = life->engine;
    life->engine = NULL;
    engine_close(engine, on_closed, life);
}

/* Frees what is left of a dead or closed engine. Its machine is kept: requests that it had sent may still arrive. */
static void discard(struct stage *stage, struct stage_life **place)
{
    struct stage_life *life = *place;
    if (life == NULL) {
        return;
    }
    *place = NULL;
    if (life->engine != NULL) {
        close_engine(life);
    }
    if (machine_is_dead(life->machine)) {
        machine_discard(life->machine, &life->is_closed);
    }
    kube_client_free(life->kube);
    witness_free(life->witness);
    script_strategist_free(life->scripts);
    script_adapters_free(life->adapters);
    metrics_free(life->metrics);
    stage->requests += machine_requests(life->machine);
    stage->discarded = mem_resize(stage->discarded, (stage->discarded_count + 1) * sizeof stage->discarded[0]);
    stage->discarded[stage->discarded_count++] = life->machine;
    mem_free(life);
}

/* The last engine makes room for another one. */
static void make_room(struct stage *stage)
{
    assert(stage->state == STAGE_EMPTY || stage->state == STAGE_DEAD || stage->state == STAGE_PAUSED);
    if (!stage_has_predecessor(stage)) {
        discard(stage, &stage->predecessor);
    }
    discard(stage, &stage->life);
}

static void on_news(struct timer *timer, void *ctx)
{
    struct stage *stage = ctx;
    stage->struck(stage->struck_ctx);
}

static void on_struck(void *ctx)
{
    struct stage *stage = ctx;
    if (stage->struck != NULL) {
        timer_start(cluster_clock(stage->cluster), &stage->news, 0, on_news, stage);
    }
}

/* The machine counts from its own first request. */
static void arm(struct stage *stage)
{
    int sent = stage->requests + stage_predecessor_requests(stage);
    if (stage->life != NULL && stage->struck_request > sent) {
        machine_strike_at(stage->life->machine, stage->struck_request - sent, stage->stroke, on_struck, stage);
    }
}

/* A spec may bring modules, whose texts end with its world. */
static bool has_texts_of_binary(const struct stage *stage)
{
    return stage->modules == embedded_modules;
}

static struct strategist *new_strategist(const struct stage *stage, struct clock *clock)
{
    struct strategist *strategist = script_strategist_new(clock, stage->modules, stage->module_count);
    if (has_texts_of_binary(stage)) {
        script_strategist_share(strategist);
    }
    if (stage->awake) {
        script_strategist_keep_awake(strategist);
    }
    struct script_limits limits = SCRIPT_LIMITS_DEFAULT;
    if (stage->replay_words > 0) {
        limits.replay_words = stage->replay_words;
    }
    if (stage->step_ms > 0) {
        limits.cpu = (struct kill_limits){.soft_ms = stage->step_ms, .hard_ms = stage->step_ms};
    }
    script_strategist_limit(strategist, &limits);
    return strategist;
}

void stage_start_engine(struct stage *stage, const char *identity, void (*changed)(void *ctx), void *ctx)
{
    make_room(stage);
    struct kube_config config = {.server = str_dup(CLUSTER_API_URL)};
    struct stage_life *life = stage->life = mem_new(struct stage_life);
    life->stage = stage;
    stage->changed = changed;
    stage->ctx = ctx;
    life->machine = machine_new(cluster_clock(stage->cluster), network_door(cluster_network(stage->cluster)));
    machine_on_death(life->machine, on_death, life);
    arm(stage);
    life->kube = kube_client_new(machine_door(life->machine), machine_clock(life->machine), NULL, &config);
    life->metrics = metrics_new();
    life->scripts = life->strategist = new_strategist(stage, machine_clock(life->machine));
    if (stage->witness != NULL) {
        life->witness = witness_new(life->scripts, stage->witness, stage->witness_ctx);
        life->strategist = witness_strategist(life->witness);
    }
    life->adapters = script_adapters_new(&(struct adapters_options){.clock = machine_clock(life->machine),
                                                                    .http = machine_door(life->machine),
                                                                    .kube = life->kube,
                                                                    .modules = stage->modules,
                                                                    .shares = has_texts_of_binary(stage),
                                                                    .module_count = stage->module_count});
    stage->state = STAGE_STARTING;
    life->engine = open_engine(life, identity);
}

void stage_close_engine(struct stage *stage)
{
    if (stage->state == STAGE_STARTING || stage->state == STAGE_READY) {
        stage->state = STAGE_CLOSING;
        close_engine(stage->life);
    }
}

void stage_kill_engine(struct stage *stage, bool sent_arrives)
{
    if (stage->life != NULL && stage->state != STAGE_EMPTY) {
        machine_kill(stage->life->machine, sent_arrives);
    }
}

void stage_pause_engine(struct stage *stage)
{
    bool runs = stage->state == STAGE_STARTING || stage->state == STAGE_READY;
    if (!runs || stage_has_predecessor(stage)) {
        return;
    }
    discard(stage, &stage->predecessor);
    stage->predecessor = stage->life;
    stage->life = NULL;
    machine_pause(stage->predecessor->machine);
    stage->state = STAGE_PAUSED;
    stage->changed(stage->ctx);
}

void stage_resume_engine(struct stage *stage, bool answers_first)
{
    if (stage_has_predecessor(stage)) {
        machine_resume(stage->predecessor->machine, answers_first);
    }
}

bool stage_has_predecessor(const struct stage *stage)
{
    return stage->predecessor != NULL && !machine_is_dead(stage->predecessor->machine);
}

int stage_predecessor_requests(const struct stage *stage)
{
    return stage->predecessor != NULL ? machine_requests(stage->predecessor->machine) : 0;
}

int stage_requests(const struct stage *stage)
{
    return stage->requests + stage_predecessor_requests(stage) +
           (stage->life != NULL ? machine_requests(stage->life->machine) : 0);
}

void stage_write_metrics(const struct stage *stage, struct buf *out)
{
    if (stage->life != NULL) {
        metrics_write(stage->life->metrics, out);
    }
}

void stage_strike_at(struct stage *stage, int request, enum machine_stroke stroke, void (*struck)(void *ctx), void *ctx)
{
    stage->struck_request = request;
    stage->stroke = stroke;
    stage->struck = struck;
    stage->struck_ctx = ctx;
    arm(stage);
}

void stage_fini(struct stage *stage)
{
    if (stage_has_predecessor(stage)) {
        machine_kill(stage->predecessor->machine, false);
    }
    make_room(stage);
    timer_cancel(&stage->news);
    for (size_t i = 0; i < stage->discarded_count; i++) {
        machine_free(stage->discarded[i]);
    }
    mem_free(stage->discarded);
    cluster_free(stage->cluster);
}
