#include "rollout/actor_inner.h"
#include "rollout/providers.h"

#include "base/mem.h"
#include "base/str.h"
#include "canary/status.h"
#include "effect/status_write.h"
#include "effect/writer.h"
#include "kube/object.h"
#include "release/history.h"
#include "rollout/difference.h"
#include "workload/likeness.h"
#include "workload/promotion.h"

static void freeze(struct actor *actor, bool frozen)
{
    if (actor->run != NULL) {
        run_freeze(actor->run, frozen);
    }
}

static void go_on(struct actor *actor, struct canary *canary)
{
    actor_end_pause(actor);
    waiting_end(&actor->waiting, WAIT_SPEC);
    str_free(&actor->refusal);
    if (actor_note_status(actor, canary, status_accepted(canary, clock_wall_ms(actor->context->clock)))) {
        return;
    }
    switch (actor->run != NULL ? actor_take_spec(actor, canary) : TAKE_NOW) {
    case TAKE_NOW:
        freeze(actor, false);
        actor_look_by(actor, canary);
        break;
    case TAKE_LATER:
        actor_look_by_record(actor);
        break;
    case TAKE_BUSY:
        break;
    }
}

/* A foreground deletion removes the owned objects before the Canary. Recreating them would hold the deletion up for
 * ever, so the actor only freezes its run. */
static void leave(struct actor *actor)
{
    freeze(actor, true);
}

/* False when the Canary is gone, or when another Canary has its name by now. */
static bool is_mine(struct actor *actor, const struct canary *canary)
{
    if (canary->doc == NULL) {
        return false;
    }
    if (actor->uid == NULL) {
        actor->uid = str_dup(canary->names.uid);
    }
    return str_equal(actor->uid, canary->names.uid);
}

static void note_refused(struct actor *actor, bool refused)
{
    if (refused || actor->refused) {
        gauges_refused(&actor->context->gauges, actor->name, actor->namespace, refused);
    }
    actor->refused = refused;
}

static void on_wake(struct timer *timer, void *ctx)
{
    struct actor *actor = ctx;
    run_free(actor->ended_run);
    actor->ended_run = NULL;
    struct canary canary;
    struct err err = {0};
    bool accepted = context_canary(actor->context, actor->namespace, actor->name, &canary, &err) &&
                    (actor->run == NULL || release_override(run_release(actor->run), &canary, &err));
    if (!is_mine(actor, &canary)) {
        canary_fini(&canary);
        actor->events.gone(actor->ctx); /* frees the actor */
        return;
    }
    asked_look(&actor->asked, canary.root);
    note_refused(actor, !accepted);
    gauges_canary(&actor->context->gauges, &actor->shown, &canary, accepted);
    actor_tell_unread(actor, &canary);
    if (actor_is_busy(actor)) { /* the thing under way wakes the actor when it ends */
        if (actor->run != NULL) {
            run_poke(actor->run);
        }
    } else if (object_is_deleted(canary.root)) {
        leave(actor);
    } else if (actor_take_request(actor, &canary, accepted)) {
        actor->shows_only = false;
    } else if (actor_show_failed(actor, &canary) || actor->shows_only) {
        actor->shows_only = false;
    } else if (actor->run != NULL && run_is_saving(actor->run)) {
        actor_note_waiting(actor, &canary); /* thawed now, it would go on before the world was looked at */
    } else if (!accepted) {
        actor_refuse(actor, &canary);
    } else if (canary.suspend) {
        actor_suspend(actor, &canary);
    } else {
        go_on(actor, &canary);
    }
    canary_fini(&canary);
}

/* --- birth and death --- */

/* A failed step is repeated when its time has come, not when its wait is to be shown. */
static void on_waiting(void *ctx)
{
    struct actor *actor = ctx;
    bool is_woken = timer_is_pending(&actor->wake);
    bool waits = actor->failed.resource != NULL && timer_is_pending(&actor->retry);
    if (!is_woken) {
        actor_wake(actor);
        actor->shows_only = waits;
    }
}

struct actor *actor_new(struct context *context, const char *namespace, const char *name,
                        const struct actor_events *events, void *ctx)
{
    struct actor *actor = mem_new(struct actor);
    actor->context = context;
    actor->events = *events;
    actor->ctx = ctx;
    actor->on_wake = on_wake;
    actor->namespace = str_dup(namespace);
    actor->name = str_dup(name);
    actor->id = str_format("%s.%s", name, namespace);
    actor->announcer = announcer_new(&context->notify, namespace, name);
    trouble_init(&actor->trouble, context->clock, actor->announcer);
    trouble_init(&actor->creating_trouble, context->clock, actor->announcer);
    trouble_init(&actor->status_write.trouble, context->clock, actor->announcer);
    waiting_init(&actor->waiting, &context->notify, actor->announcer, namespace, name, on_waiting, actor);
    actor_wake(actor);
    return actor;
}

static void cancel_all(struct actor *actor)
{
    timer_cancel(&actor->wake);
    timer_cancel(&actor->retry);
    timer_cancel(&actor->repair);
    timer_cancel(&actor->edit);
    timer_cancel(&actor->status_write.retry);
    if (actor->writer != NULL) {
        writer_cancel(actor->writer);
    }
    if (actor->promotion != NULL) {
        promotion_cancel(actor->promotion);
    }
    if (actor->providers != NULL) {
        providers_cancel(actor->providers);
    }
    if (actor->creating != NULL) {
        history_cancel(actor->creating);
    }
    if (actor->reading != NULL) {
        kube_cancel(actor->reading);
    }
    if (actor->difference != NULL) {
        difference_cancel(actor->difference);
    }
    if (actor->likeness != NULL) {
        likeness_cancel(actor->likeness);
    }
}

void actor_free(struct actor *actor)
{
    cancel_all(actor);
    run_free(actor->run);
    run_free(actor->ended_run);
    trouble_fini(&actor->trouble);
    trouble_fini(&actor->creating_trouble);
    trouble_fini(&actor->status_write.trouble);
    waiting_fini(&actor->waiting);
    announcer_free(actor->announcer);
    gauges_forget(&actor->context->gauges, &actor->shown, actor->name, actor->namespace);
    patience_fini(&actor->patience);
    promoted_memory_fini(&actor->promoted);
    str_free(&actor->step.name);
    str_free(&actor->failed.name);
    str_free(&actor->specless);
    str_free(&actor->cleared);
    str_free(&actor->warning);
    str_free(&actor->unfit);
    str_free(&actor->refusal);
    str_free(&actor->answered);
    str_free(&actor->held);
    str_free(&actor->unread);
    asked_fini(&actor->asked);
    doc_free(actor->unfit_spec);
    str_free(&actor->uid);
    str_free(&actor->namespace);
    str_free(&actor->name);
    str_free(&actor->id);
    mem_free(actor);
}

/* --- its name and its number --- */

const char *actor_namespace(const struct actor *actor)
{
    return actor->namespace;
}

const char *actor_name(const struct actor *actor)
{
    return actor->name;
}

bool actor_has_release(const struct actor *actor)
{
    return actor->run != NULL;
}

void actor_note_release(struct actor *actor, int64_t number)
{
    if (number > actor->release_number) {
        actor->release_number = number;
    }
}
