#include "effect/effect.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "canary/status.h"
#include "effect/promote.h"
#include "effect/scale.h"
#include "effect/status_write.h"
#include "effect/writer.h"
#include "notify/hook_run.h"
#include "workload/autoscaler.h"
#include "workload/deployment.h"

enum { CONFLICTS_MAX = 10, PROMOTE_AGAIN_MS = 1000 };

struct effects {
    struct context *context;
    struct release *release;
    struct announcer *announcer;
    struct doc *list;
    size_t index; /* of the one under way */
    int conflicts;
    bool redo, trusted;
    bool unsure; /* the promotion under way had no answer once: what it did is not known */
    bool begun;
    struct timer turn;
    struct writer *writer;
    struct promotion *promotion;
    struct hook_run *hooks;
    bool announcing;
    effects_done_fn *done;
    void *ctx;
};

/* What a planner makes of one effect: nothing to do, a write, something else under way, or a failure. */
enum step { STEP_DONE, STEP_WRITE, STEP_STARTED, STEP_FAILED };

static void effects_free(struct effects *e)
{
    timer_cancel(&e->turn);
    if (e->writer != NULL) {
        writer_cancel(e->writer);
    }
    if (e->promotion != NULL) {
        promotion_cancel(e->promotion);
    }
    if (e->hooks != NULL) {
        hook_run_cancel(e->hooks);
    }
    if (e->announcing) {
        announcer_disown(e->announcer, e);
    }
    doc_free(e->list);
    mem_free(e);
}

static void finish(struct effects *e, const struct err *err)
{
    effects_done_fn *done = e->done;
    void *ctx = e->ctx;
    size_t index = e->index;
    bool begun = e->begun;
    struct err copy = *err;
    effects_free(e);
    done(ctx, index, begun, &copy);
}

static const struct node *current(const struct effects *e)
{
    return node_item(doc_root(e->list), e->index);
}

static int64_t int_of(const struct node *effect, const char *key, int64_t fallback)
{
    return node_int_or(node_get(effect, key), fallback);
}

static struct routes routes_of(const struct node *n)
{
    return (struct routes){
        .primary_pct = (int)int_of(n, "primary", 0),
        .canary_pct = (int)int_of(n, "canary", 0),
        .mirrored = node_bool_or(node_get(n, "mirrored"), false),
    };
}

static enum step step_of_plan(enum plan plan)
{
    return plan == PLAN_DONE ? STEP_DONE : plan == PLAN_WRITE ? STEP_WRITE : STEP_FAILED;
}

/* --- the canary's share, and its Pods --- */

/* Whatever came of it: a write without an answer may have been done. */
static void note_drained(struct effects *e)
{
    const struct node *effect = current(e), *from = node_get(effect, "from");
    bool is_route = node_is(node_get(effect, "kind"), "route");
    if (is_route && (from == NULL || routes_of(effect).canary_pct < routes_of(from).canary_pct)) {
        e->release->drained_ms = clock_mono_ms(e->context->clock);
    }
}

/* How long the target must stay: 0: it may go. */
static int64_t scale_down_wait_ms(const struct effects *e)
{
    int64_t drained_ms = e->release->drained_ms;
    if (drained_ms == RELEASE_NEVER_DRAINED) {
        return 0;
    }
    int64_t wait_ms = drained_ms + e->context->scale_down_delay_ms - clock_mono_ms(e->context->clock);
    return wait_ms > 0 ? wait_ms : 0;
}

static void on_turn(struct timer *timer, void *ctx);

static enum step plan_scale(struct effects *e, const struct canary *canary, struct kube_write *write, struct err *err)
{
    bool up = node_is(node_get(current(e), "to"), "up");
    enum step step = step_of_plan(scale_plan(e->context, canary, up, write, err));
    int64_t wait_ms = up ? 0 : scale_down_wait_ms(e);
    if (step == STEP_WRITE && wait_ms > 0) {
        kube_write_fini(write);
        timer_start(e->context->clock, &e->turn, wait_ms, on_turn, e);
        return STEP_STARTED;
    }
    return step;
}

/* --- route --- */

/* A target at zero is as it should be, and nobody answers there. A primary at zero is its owner's will. */
static bool side_is_ready(struct effects *e, const struct canary *canary, bool primary)
{
    const char *name = primary ? canary->names.target_primary : canary->names.target;
    struct doc *deployment = store_find(context_store(e->context, &KUBE_DEPLOYMENTS), canary->names.namespace, name);
    struct err ignored;
    enum readiness readiness = deployment_readiness(doc_root(deployment), canary->progress_deadline_s,
                                                    primary ? canary->primary_ready_pct : canary->canary_ready_pct,
                                                    clock_wall_ms(e->context->clock), &ignored);
    bool has_pods = primary || node_int_or(node_at(doc_root(deployment), "spec", "replicas"), 1) > 0;
    doc_free(deployment);
    return readiness == READY && has_pods;
}

static bool share_is_safe(struct effects *e, const struct canary *canary, const struct routes *live,
                          const struct routes *want, struct err *err)
{
    if (e->trusted) {
        return true;
    }
    if (want->canary_pct > live->canary_pct && !side_is_ready(e, canary, false)) {
        return err_set(err, ERR_INVALID, "the canary's share of %s must not grow while it is not ready",
                       canary->names.id);
    }
    if (want->primary_pct > live->primary_pct && !canary->skip_analysis && !side_is_ready(e, canary, true)) {
        return err_set(err, ERR_INVALID, "the primary's share of %s must not grow while it is not ready",
                       canary->names.id);
    }
    return true;
}

static bool is_promoting(const struct canary *canary)
{
    return canary_phase_is(canary, "Promoting") || canary_phase_is(canary, "Finalising");
}

static enum step plan_route(struct effects *e, const struct canary *canary, struct kube_write *write, struct err *err)
{
    const struct router *router = &e->context->router;
    struct routes want = routes_of(current(e)), from = routes_of(node_get(current(e), "from")), live;
    if (!router->ops->get_routes(router, &canary->names, canary->root, &live, err)) {
        return STEP_FAILED;
    }
    gauges_weights(&e->context->gauges, canary->names.target, canary->names.namespace, want.primary_pct,
                   want.canary_pct);
    bool edited = e->redo && !e->trusted && !routes_equal(&live, &want) && !routes_equal(&live, &from);
    if (edited) {
        log_info(canary->names.id, "the weights were changed to %d/%d meanwhile; they stay", live.primary_pct,
                 live.canary_pct);
        return STEP_DONE;
    }
    /* An ending gives the canary everything only where a promotion failed. It is done by the time the phase says Failed. */
    if (e->trusted && e->redo && want.canary_pct > live.canary_pct && !is_promoting(canary)) {
        log_info(canary->names.id, "the weights stay at %d/%d: no promotion is under way", live.primary_pct,
                 live.canary_pct);
        return STEP_DONE;
    }
    if (!share_is_safe(e, canary, &live, &want, err)) {
        return STEP_FAILED;
    }
    return step_of_plan(router->ops->set_routes(router, &canary->names, canary->root, &want, write, err));
}

/* --- status --- */

static enum step plan_status(struct effects *e, const struct canary *canary, struct doc *patch,
                             struct kube_write *write)
{
    if (status_is_same(canary, patch)) {
        doc_free(patch);
        return STEP_DONE;
    }
    status_plan_write(e->context, canary, patch, write);
    return STEP_WRITE;
}

static enum step plan_sync(struct effects *e, const struct canary *canary, struct kube_write *write)
{
    const struct node *effect = current(e);
    struct status_sync sync = {
        .phase = node_str_or(node_get(effect, "phase"), ""),
        .weight = int_of(effect, "weight", 0),
        .iterations = int_of(effect, "iterations", 0),
        .failed_checks = int_of(effect, "failed_checks", 0),
        .revision = e->release->revision,
        .checksums = doc_root(e->release->checksums),
    };
    gauges_phase(&e->context->gauges, canary->names.target, canary->names.namespace, sync.phase);
    return plan_status(e, canary, status_sync(canary, &sync, clock_wall_ms(e->context->clock)), write);
}

static enum step plan_phase(struct effects *e, const struct canary *canary, struct kube_write *write)
{
    const char *phase = node_str_or(node_get(current(e), "phase"), "");
    gauges_phase(&e->context->gauges, canary->names.target, canary->names.namespace, phase);
    return plan_status(e, canary, status_set_phase(canary, phase, clock_wall_ms(e->context->clock)), write);
}

static enum step plan_counters(struct effects *e, const struct canary *canary, struct kube_write *write)
{
    const struct node *effect = current(e);
    return plan_status(e, canary,
                       status_counters(canary, int_of(effect, "weight", INT64_MIN),
                                       int_of(effect, "iterations", INT64_MIN),
                                       int_of(effect, "failed_checks", INT64_MIN), clock_wall_ms(e->context->clock)),
                       write);
}

/* --- promote --- */

static void on_promoted(void *ctx, const struct err *err);

static enum step start_promotion(struct effects *e, const struct canary *canary)
{
    const char *id = node_str_or(node_get(current(e), "id"), "");
    struct doc *primary =
        store_find(context_store(e->context, &KUBE_DEPLOYMENTS), canary->names.namespace, canary->names.target_primary);
    bool carried = str_equal(deployment_promotion_id(doc_root(primary)), id);
    doc_free(primary);
    if (carried) {
        return STEP_DONE;
    }
    struct promotion_options options =
        promote_options(e->context, canary, e->release->revision, doc_root(e->release->checksums), id);
    e->promotion = promotion_start(&options, on_promoted, e);
    return STEP_STARTED;
}

/* --- events and hooks --- */

static void on_announced(void *ctx, const struct err *err);

static struct event_moment moment_of(const struct node *effect)
{
    return (struct event_moment){int_of(effect, "key_ms", 0), (size_t)int_of(effect, "key_index", 0)};
}

static enum step start_event(struct effects *e)
{
    const struct node *effect = current(e);
    struct announcement announcement = {.type = node_str_or(node_get(effect, "type"), "Normal"),
                                        .phase = node_str(node_get(effect, "phase")),
                                        .text = node_str_or(node_get(effect, "message"), ""),
                                        .key = node_str(node_get(effect, "key")),
                                        .moment = moment_of(effect)};
    e->announcing = true;
    announce(e->announcer, &announcement, on_announced, e);
    return STEP_STARTED;
}

static void on_hooks(void *ctx, const struct doc *results);

static enum step start_hooks(struct effects *e, const struct canary *canary)
{
    const struct node *effect = current(e);
    struct hook_run_options options = {
        .http = e->context->http,
        .clock = e->context->clock,
        .canary = canary,
        .type = node_str_or(node_get(effect, "type"), ""),
        .phase = node_str_or(node_get(effect, "phase"), ""),
        .key_prefix = node_str(node_get(effect, "key")),
    };
    e->hooks = hook_run_start(&options, on_hooks, e);
    return STEP_STARTED;
}

static enum step set_gauge(struct effects *e, const struct canary *canary)
{
    double value = 0;
    node_real(node_get(current(e), "value"), &value);
    gauges_metric(&e->context->gauges, canary->names.target, canary->names.namespace,
                  node_str_or(node_get(current(e), "name"), ""), value);
    return STEP_DONE;
}

/* --- one after the other --- */

static enum step plan_effect(struct effects *e, const struct canary *canary, struct kube_write *write, struct err *err)
{
    const char *kind = node_str_or(node_get(current(e), "kind"), "");
    if (strcmp(kind, "route") == 0) {
        return plan_route(e, canary, write, err);
    } else if (strcmp(kind, "sync") == 0) {
        return plan_sync(e, canary, write);
    } else if (strcmp(kind, "phase") == 0) {
        return plan_phase(e, canary, write);
    } else if (strcmp(kind, "status") == 0) {
        return plan_counters(e, canary, write);
    } else if (strcmp(kind, "scale") == 0) {
        return plan_scale(e, canary, write, err);
    } else if (strcmp(kind, "autoscaler") == 0) {
        return step_of_plan(autoscaler_plan(context_store(e->context, &KUBE_AUTOSCALERS), &canary->names, canary->root,
                                            true, write, err));
    } else if (strcmp(kind, "promote") == 0) {
        return start_promotion(e, canary);
    } else if (strcmp(kind, "event") == 0) {
        return start_event(e);
    } else if (strcmp(kind, "hooks") == 0) {
        return start_hooks(e, canary);
    } else if (strcmp(kind, "gauge") == 0) {
        return set_gauge(e, canary);
    }
    if (strcmp(kind, "alert") == 0) {
        return STEP_DONE;
    }
    err_set(err, ERR_INVALID, "effects[%zu].kind: \"%s\" is not a kind of effect", e->index, kind);
    return STEP_FAILED;
}

static void next_turn(struct effects *e)
{
    timer_start(e->context->clock, &e->turn, 0, on_turn, e);
}

static void succeed(struct effects *e)
{
    note_drained(e);
    e->index++;
    e->conflicts = 0;
    next_turn(e);
}

static void on_written(void *ctx, const struct err *err)
{
    struct effects *e = ctx;
    e->writer = NULL;
    note_drained(e);
    /* One write is all that an effect needs; what the API server made of it is not asked, or a field that it does not
     * keep would be written for ever. After a conflict the same plan starts from what is live now. */
    if (err->code == ERR_NONE) {
        succeed(e);
    } else if (err->code == ERR_CONFLICT && e->conflicts++ < CONFLICTS_MAX) {
        next_turn(e);
    } else {
        finish(e, err);
    }
}

/* In doubt it has: who goes on with a promotion that was decided does no harm, who takes back one that was made half does. */
static bool promotion_has_begun(struct effects *e)
{
    const struct node *copies = node_get(current(e), "copies");
    struct canary canary;
    struct err ignored = {0};
    bool known = release_canary(e->release, &canary, &ignored);
    bool begun =
        node_count(copies) > 0 && (e->redo || e->unsure || !known || promote_has_begun(e->context, &canary, copies));
    canary_fini(&canary);
    return begun;
}

/* Without an answer nobody knows whether the primary was promoted. A release that went on as if it were not could be rolled back over a primary that is; so it is
 * asked for again, under the same id, until an answer comes. */
static void on_promoted(void *ctx, const struct err *err)
{
    struct effects *e = ctx;
    e->promotion = NULL;
    if (err->code == ERR_NONE) {
        succeed(e);
    } else if (err->code == ERR_TIMEOUT || err->code == ERR_UNREACHABLE) {
        e->unsure = true;
        timer_start(e->context->clock, &e->turn, PROMOTE_AGAIN_MS, on_turn, e);
    } else {
        e->begun = promotion_has_begun(e);
        finish(e, err);
    }
}

/* An event that the API server does not take is logged by the announcer; it must not stop a release. */
static void on_announced(void *ctx, const struct err *err)
{
    struct effects *e = ctx;
    e->announcing = false;
    succeed(e);
}

/* What is told of a delivery has a key as the delivery itself has: who repeats both after a crash tells nothing twice. */
static void tell_hook(struct effects *e, const struct node *result, size_t index, announcer_done_fn *done)
{
    const struct node *effect = current(e);
    const char *name = node_str_or(node_get(result, "name"), "");
    const char *key = node_str(node_get(effect, "key"));
    bool ok = node_bool_or(node_get(result, "ok"), false);
    char *text = ok ? str_format("Post-rollout check %s passed", name)
                    : str_format("Post-rollout hook %s failed %s", name, node_str_or(node_get(result, "error"), ""));
    char *event_key = key != NULL ? str_format("%s/event/%zu/%s", key, index, ok ? "passed" : "failed") : NULL;
    struct announcement announcement = {.type = ok ? "Normal" : "Warning",
                                        .phase = node_str(node_get(effect, "event_phase")),
                                        .text = text,
                                        .key = event_key,
                                        .moment = moment_of(effect)};
    announcement.moment.index += index;
    announce(e->announcer, &announcement, done, e);
    str_free(&event_key);
    str_free(&text);
}

/* Post-rollout hooks at the end of a release that C finishes: what they say is reported, nothing else follows from it. It is done when all is told, for what is
 * on record as done must not be under way; the messages go one after the other, so the last one tells. */
static void on_hooks(void *ctx, const struct doc *results)
{
    struct effects *e = ctx;
    size_t count = node_count(doc_root(results));
    e->hooks = NULL;
    e->announcing = count > 0;
    struct node_iter it = node_iterate(doc_root(results));
    while (node_next(&it)) {
        tell_hook(e, it.value, it.index, it.index == count - 1 ? on_announced : NULL);
    }
    if (count == 0) {
        succeed(e);
    }
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct effects *e = ctx;
    struct err err = {0};
    if (current(e) == NULL) {
        finish(e, &err);
        return;
    }
    struct canary canary;
    if (!release_canary(e->release, &canary, &err)) {
        canary_fini(&canary);
        finish(e, &err);
        return;
    }
    struct kube_write write = {0};
    enum step step = plan_effect(e, &canary, &write, &err);
    canary_fini(&canary);
    switch (step) {
    case STEP_DONE:
        succeed(e);
        break;
    case STEP_WRITE:
        e->writer = writer_start(e->context, &write, on_written, e);
        break;
    case STEP_STARTED:
        break;
    case STEP_FAILED:
        finish(e, &err);
        break;
    }
}

struct effects *effects_start(const struct effects_options *options, effects_done_fn *done, void *ctx)
{
    struct effects *e = mem_new(struct effects);
    e->context = options->context;
    e->release = options->release;
    e->announcer = options->announcer;
    e->list = doc_copy(options->list);
    e->redo = options->redo;
    e->trusted = options->trusted;
    e->index = options->first;
    e->done = done;
    e->ctx = ctx;
    next_turn(e);
    return e;
}

void effects_cancel(struct effects *e)
{
    effects_free(e);
}
