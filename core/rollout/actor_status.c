/* The part of rollout/actor.h that writes the Canary's status. A write that fails is tried again later and later, and
 * holds up only what cannot go on without it: a release is judged all the same. */
#include "base/str.h"
#include "effect/status_write.h"
#include "effect/writer.h"
#include "rollout/actor_inner.h"

/* The condition cannot show this wait. */
static void wait_for_status(struct actor *actor, const char *text)
{
    waiting_begin(
        &actor->waiting,
        &(struct wait){.key = "status", .reason = WAIT_WRITE, .message = text, .told = true, .unshown = true});
}

static void forget_failure(struct actor *actor)
{
    timer_cancel(&actor->status_write.retry);
    actor->status_write.retry_ms = 0;
    trouble_clear(&actor->status_write.trouble);
    waiting_end(&actor->waiting, "status");
}

static void note_outcome(struct actor *actor, const struct err *err)
{
    struct status_write *write = &actor->status_write;
    if (actor_is_passing(&write->conflicts, err) || err->code == ERR_NONE) {
        forget_failure(actor);
        return;
    }
    if (status_write_is_refused(err)) {
        gauges_status_refused(&actor->context->gauges, actor->name, actor->namespace);
    }
    if (!waiting_says(&actor->waiting, err->text)) { /* else a release waits for such a write, and has told it */
        trouble_tell(&write->trouble, err->text);
        wait_for_status(actor, err->text);
    }
    write->retry_ms = actor_longer(write->retry_ms);
    timer_start(actor->context->clock, &write->retry, write->retry_ms, actor_on_retry, actor);
}

bool actor_status_must_wait(const struct actor *actor)
{
    return timer_is_pending(&actor->status_write.retry);
}

static void alert_initialised(struct actor *actor)
{
    struct canary canary;
    struct err ignored = {0};
    if (context_canary(actor->context, actor->namespace, actor->name, &canary, &ignored)) {
        char *text = str_format("New %s detected, initialization completed.", canary.names.target_kind);
        struct alert alert = {.severity = ALERT_INFO, .message = text, .described = true};
        alerter_send(actor->context->alerter, &canary, &alert);
        str_free(&text);
    }
    canary_fini(&canary);
}

static void on_written(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    bool initialised = actor->initialising_done && err->code == ERR_NONE;
    actor->initialising_done = false;
    if (initialised) {
        char *text = str_format("Initialization done! %s", actor->id);
        actor_say(actor, "Normal", text);
        str_free(&text);
        alert_initialised(actor);
    }
    note_outcome(actor, err);
    actor_wake(actor);
}

static void send(struct actor *actor, const struct canary *canary, struct doc *patch, writer_done_fn *done)
{
    struct kube_write write = {0};
    status_plan_write(actor->context, canary, patch, &write);
    actor->writer = writer_start(actor->context, &write, done, actor);
}

void actor_send_status(struct actor *actor, const struct canary *canary, struct doc *patch)
{
    if (actor_status_must_wait(actor)) {
        actor->initialising_done = false;
        doc_free(patch);
        return;
    }
    send(actor, canary, patch, on_written);
}

bool actor_note_status(struct actor *actor, const struct canary *canary, struct doc *patch)
{
    if (patch == NULL || actor_status_must_wait(actor)) {
        doc_free(patch);
        return false;
    }
    actor_send_status(actor, canary, patch);
    return true;
}

/* --- the condition Waiting --- */

/* While a release runs, what the Canary waits for is known only after the release's record was replayed. */
void actor_note_waiting(struct actor *actor, const struct canary *canary)
{
    bool knows = actor->run != NULL ? run_is_settled(actor->run)
                                    : waiting_reason(&actor->waiting) != NULL || canary_is_at_rest(canary);
    if (actor_is_busy(actor) || actor_status_must_wait(actor) || !knows) {
        return;
    }
    bool writes = actor_note_status(actor, canary, waiting_patch(&actor->waiting, canary));
    if (!writes && actor->status_write.retry_ms > 0) {
        forget_failure(actor); /* there is nothing left to be written into the status */
    }
}

static void on_shown(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    note_outcome(actor, err);
}

/* A step that fails each time is under way at the end of each look, so the wait for it is shown before the next one. */
bool actor_show_failed(struct actor *actor, const struct canary *canary)
{
    bool may = actor->failed.resource != NULL && !actor_status_must_wait(actor) &&
               (actor->run == NULL || run_is_settled(actor->run));
    struct doc *patch = may ? waiting_patch(&actor->waiting, canary) : NULL;
    if (patch != NULL) {
        send(actor, canary, patch, on_shown);
    }
    return patch != NULL;
}
