/* The part of rollout/actor.h that brings a Canary's objects about. */
#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/str.h"
#include "effect/promote.h"
#include "effect/writer.h"
#include "kube/object.h"
#include "rollout/actor_inner.h"
#include "rollout/difference.h"
#include "rollout/providers.h"
#include "rollout/reconcile.h"
#include "workload/likeness.h"

static void on_providers(void *ctx, const char *trouble)
{
    struct actor *actor = ctx;
    actor->providers = NULL;
    actor->providers_checked = true;
    providers_tell(actor->announcer, trouble);
    actor_wake(actor);
}

/* Once per initialisation (Flagger: on every tick of it). */
static void check_providers(struct actor *actor, const struct canary *canary)
{
    if (!providers_are_needed(canary)) {
        on_providers(actor, NULL);
        return;
    }
    actor->providers = providers_check(actor->context, canary, on_providers, actor);
}

static void on_primary_made(void *ctx, const struct err *err);

static void make_primary(struct actor *actor, const struct canary *canary)
{
    char *id = actor->promoted.made_id;
    char *key = str_format("%s/%" PRId64, canary->names.uid, clock_wall_ms(actor->context->clock));
    hash_uuid(key, id);
    str_free(&key);
    struct promotion_options options = promote_options(actor->context, canary, NULL, NULL, id);
    options.made = actor->promoted.made_revision;
    doc_free(actor->promoted.made_configs);
    options.made_configs = actor->promoted.made_configs = doc_new();
    actor_begin_step(actor, workload_of(&canary->names)->store.resource, canary->names.target_primary);
    actor->promotion = promotion_start(&options, on_primary_made, actor);
}

/* Flagger tries to roll back here, which fails because there are no routes yet. The Canary stays Initializing until
 * the primary is ready. */
static void tell_stuck(struct actor *actor, const struct canary *canary, const struct err *never_ready)
{
    const struct router *router = &actor->context->router;
    struct routes ignored;
    struct err err = {0};
    actor_wait(actor, WAIT_PODS, never_ready->text);
    if (str_equal(actor->trouble.told, never_ready->text)) {
        return;
    }
    trouble_tell(&actor->trouble, never_ready->text);
    if (!router->ops->get_routes(router, &canary->names, canary->root, &ignored, &err)) {
        actor_say(actor, "Warning", err.text);
    }
}

/* The Canary's own deadline passes by the clock alone: no change of an object would wake the actor, so a timer does. */
static void wait_for_primary(struct actor *actor, const struct canary *canary, const struct err *not_ready)
{
    trouble_tell_wait(&actor->trouble, not_ready->text, canary->interval_ms);
    actor_wait(actor, WAIT_PODS, not_ready->text);
    int64_t deadline = reconcile_deadline_wall_ms(actor->context, canary);
    if (deadline >= 0) {
        timer_start_at_wall(actor->context->clock, &actor->retry, deadline + 1, actor_on_retry, actor);
    }
}

/* --- repairs --- */

static void note_repair(struct actor *actor)
{
    const struct kube_resource *resource;
    const char *name = patience_asked(&actor->patience, &resource);
    struct doc *live = store_find(context_store(actor->context, resource), actor->namespace, name);
    patience_note(&actor->patience, actor->context->clock, object_version(doc_root(live)));
    doc_free(live);
}

/* Users of an application that gets its Canary are sent to its target until all proxies know the primary's Pods. */
static void keep_target(struct actor *actor)
{
    actor->target_stays_until_ms = clock_mono_ms(actor->context->clock) + actor->context->scale_down_delay_ms;
}

/* An engine that begins in mid-initialisation does not know whether another has changed the Service a moment ago. */
static void look_for_users(struct actor *actor, const struct canary *canary)
{
    if (actor->looked_for_users || !canary_is_initialising(canary)) {
        return;
    }
    actor->looked_for_users = true;
    struct doc *apex = store_find(context_store(actor->context, &KUBE_SERVICES), actor->namespace, canary->names.apex);
    if (apex != NULL) {
        keep_target(actor);
    }
    doc_free(apex);
}

static bool moves_users(const struct actor *actor, const struct kube_write *write)
{
    const struct router_ops *router = actor->context->router.ops;
    bool leads = write->resource == &KUBE_SERVICES;
    for (size_t i = 0; !leads && i < router->store_count; i++) {
        leads = write->resource == router->stores[i].resource;
    }
    return leads && write->verb != KUBE_CREATE;
}

static int64_t target_stays_ms(const struct actor *actor)
{
    int64_t rest_ms = actor->target_stays_until_ms - clock_mono_ms(actor->context->clock);
    return rest_ms > 0 ? rest_ms : 0;
}

/* A refusal is no trouble of ours that passes: the next look tells it, and goes on with the other objects. */
static void end_repair(struct actor *actor, const struct err *err)
{
    static const struct err none = {0};
    if (err->code == ERR_NONE) {
        note_repair(actor);
    } else if (err_is_refusal(err)) {
        patience_note_refused(&actor->patience, actor->context->clock, err->text);
        err = &none;
    }
    actor_step_done(actor, err);
}

static void on_repaired(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    if (actor->moves_users) { /* whatever came of it: a write without an answer may have been done */
        keep_target(actor);
    }
    end_repair(actor, err);
}

static void on_primary_made(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->promotion = NULL;
    end_repair(actor, err);
}

/* A look at the objects, as far as repairs are withheld in it. */
struct pass {
    struct actor *actor;
    const struct canary *canary;
    int64_t wait_ms;          /* until the first of them may be sent; 0: none is withheld */
    struct kube_write untold; /* one of them; without a body: all have been told */
};

static enum reconcile_hold ask_patience(struct pass *pass, struct kube_write *write, struct err *err)
{
    struct actor *actor = pass->actor;
    int64_t wait_ms = patience_wait_ms(&actor->patience, actor->context->clock, write, pass->canary->interval_ms);
    if (wait_ms == 0) {
        return HOLD_NOT;
    }
    if (pass->wait_ms == 0 || wait_ms < pass->wait_ms) {
        pass->wait_ms = wait_ms;
    }
    const char *refusal = patience_refusal(&actor->patience, write);
    if (refusal == NULL) {
        return HOLD_LATER;
    }
    err_set(err, ERR_REJECTED, "%s", refusal);
    kube_write_fini(write);
    return HOLD_REFUSED;
}

static enum reconcile_hold withhold(void *ctx, struct kube_write *write, struct err *err)
{
    struct pass *pass = ctx;
    struct actor *actor = pass->actor;
    enum reconcile_hold hold = ask_patience(pass, write, err);
    if (hold != HOLD_LATER) {
        return hold;
    }
    char *fields = difference_fields(write);
    if (pass->untold.body == NULL && !patience_has_told(&actor->patience, write, fields)) {
        pass->untold = *write;
        *write = (struct kube_write){0};
    } else {
        kube_write_fini(write);
    }
    str_free(&fields);
    return HOLD_LATER;
}

/* Sends nothing. */
static enum reconcile_hold withhold_all(void *ctx, struct kube_write *write, struct err *err)
{
    if (ask_patience(ctx, write, err) != HOLD_REFUSED) {
        kube_write_fini(write);
        return HOLD_LATER;
    }
    return HOLD_REFUSED;
}

static void on_difference(void *ctx, const char *text)
{
    struct actor *actor = ctx;
    actor->difference = NULL;
    actor_say(actor, "Warning", text);
    actor_wake(actor);
}

static void tell_difference(struct actor *actor, struct kube_write *write)
{
    char *fields = difference_fields(write);
    bool at_once = patience_is_undone_at_once(&actor->patience, write);
    patience_note_told(&actor->patience, write, fields);
    str_free(&fields);
    actor->difference = difference_start(actor->context, write, at_once, on_difference, actor);
}

/* --- all together --- */

/* What one look found out about each of these waits; what it did not get to stays. */
static void end_waits(struct actor *actor, enum reconcile_need need)
{
    bool found_out = need == RECONCILE_DONE || need == RECONCILE_WAIT || need == RECONCILE_NEVER;
    if (found_out || need == RECONCILE_FOREIGN) {
        waiting_end(&actor->waiting, WAIT_OBJECTS);
    }
    if (found_out) {
        waiting_end(&actor->waiting, WAIT_FOREIGN);
    }
    /* A release looks at its Pods itself. */
    if ((need == RECONCILE_DONE || need == RECONCILE_FOREIGN || need == RECONCILE_FAILED) && actor->run == NULL) {
        waiting_end(&actor->waiting, WAIT_PODS);
    }
}

/* A canary has a share, and no release looks after it: that cannot wait for an object that cannot be brought about. */
static bool is_unjudged(const struct actor *actor, const struct canary *canary)
{
    const struct router *router = &actor->context->router;
    struct routes live;
    struct err ignored = {0};
    return actor->run == NULL && !canary_is_initialising(canary) && !canary_is_at_rest(canary) &&
           router->ops->get_routes(router, &canary->names, canary->root, &live, &ignored) && live.canary_pct > 0;
}

static bool meet_need(struct actor *actor, struct canary *canary, enum reconcile_need need, struct kube_write *write,
                      const struct err *err)
{
    end_waits(actor, need);
    switch (need) {
    case RECONCILE_DONE:
        trouble_clear(&actor->trouble);
        actor_forget_failed(actor);
        return true;
    case RECONCILE_WRITE:
        actor->moves_users = moves_users(actor, write);
        actor_begin_write(actor, write);
        actor->writer = writer_start(actor->context, write, on_repaired, actor);
        return false;
    case RECONCILE_METRICS:
        check_providers(actor, canary);
        return false;
    case RECONCILE_PRIMARY:
        make_primary(actor, canary);
        return false;
    case RECONCILE_WAIT:
        wait_for_primary(actor, canary, err);
        return false;
    case RECONCILE_DRAIN:
        waiting_end(&actor->waiting, WAIT_PODS);
        timer_start(actor->context->clock, &actor->retry, target_stays_ms(actor), actor_on_retry, actor);
        return false;
    case RECONCILE_PROXIES:
        waiting_end(&actor->waiting, WAIT_PODS);
        timer_start(actor->context->clock, &actor->retry, reconcile_services_known_ms(actor->context, canary),
                    actor_on_retry, actor);
        return false;
    case RECONCILE_NEVER:
        tell_stuck(actor, canary, err);
        return false;
    case RECONCILE_FOREIGN: /* no release begins, but a running one is judged further */
        trouble_tell_err(&actor->trouble, err);
        if (actor->run == NULL) {
            actor_wait(actor, WAIT_FOREIGN, err->text);
        }
        /* The change that ends this may be one of an object that the actor does not watch. */
        timer_start(actor->context->clock, &actor->retry, canary->interval_ms, actor_on_retry, actor);
        return false;
    case RECONCILE_FAILED:
        trouble_tell_err(&actor->trouble, err);
        actor_wait(actor, WAIT_OBJECTS, err->text);
        return is_unjudged(actor, canary);
    }
    return false;
}

bool actor_bring_objects(struct actor *actor, struct canary *canary)
{
    struct pass pass = {.actor = actor, .canary = canary};
    look_for_users(actor, canary);
    struct reconcile_options options = {.metrics_asked = actor->providers_checked,
                                        .target_stays_ms = target_stays_ms(actor),
                                        .withhold = withhold,
                                        .ctx = &pass};
    struct kube_write write = {0};
    struct err err = {0};
    enum reconcile_need need = reconcile_plan(actor->context, canary, &options, &write, &err);
    if (pass.wait_ms > 0) {
        timer_start(actor->context->clock, &actor->repair, pass.wait_ms, actor_on_retry, actor);
    }
    if (need != RECONCILE_WRITE && pass.untold.body != NULL) {
        tell_difference(actor, &pass.untold); /* before anything builds on an object that differs */
        return false;
    }
    kube_write_fini(&pass.untold);
    return meet_need(actor, canary, need, &write, &err);
}

/* True: err says why not. */
static bool is_hindered(struct actor *actor, struct canary *canary, int64_t *wait_ms, struct err *err)
{
    struct pass pass = {.actor = actor, .canary = canary};
    struct reconcile_options options = {.metrics_asked = true, .withhold = withhold_all, .ctx = &pass};
    struct kube_write none = {0};
    bool hindered = reconcile_plan(actor->context, canary, &options, &none, err) == RECONCILE_FAILED;
    *wait_ms = pass.wait_ms;
    return hindered;
}

bool actor_can_bring(struct actor *actor, struct canary *before, struct canary *canary, struct err *err)
{
    struct err as_before = {0};
    int64_t wait_ms, ignored;
    if (!is_hindered(actor, canary, &wait_ms, err) ||
        (is_hindered(actor, before, &ignored, &as_before) && strcmp(as_before.text, err->text) == 0)) {
        return true;
    }
    /* What would cure it may be an object whose name nobody watches under the spec of before. */
    timer_start(actor->context->clock, &actor->edit, wait_ms > 0 ? wait_ms : canary->interval_ms, actor_on_retry,
                actor);
    return false;
}

static void on_compared(void *ctx, const char *pair, bool alike, const struct err *err)
{
    struct actor *actor = ctx;
    actor->likeness = NULL;
    if (pair != NULL) {
        str_free(&actor->promoted.compared);
        actor->promoted.compared = str_dup(pair);
        actor->promoted.alike = alike;
    }
    actor_step_done(actor, err);
}

void actor_compare(struct actor *actor, const struct canary *canary, const struct target_now *now)
{
    struct likeness_options options = {
        .client = actor->context->kube,
        .workloads = context_workloads(actor->context, &canary->names),
        .canary = canary->root,
        .checksums = doc_root(now->checksums),
        .selector_labels = &actor->context->selector_labels,
        .label_prefixes = &actor->context->label_prefixes,
    };
    actor_begin_step(actor, workload_of(&canary->names)->store.resource, canary->names.target);
    actor->likeness = likeness_start(&options, on_compared, actor);
}
