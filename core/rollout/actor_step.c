/* The part of rollout/actor.h that every other part stands on: the wake, the one step that is under way, and what
 * becomes of a step that failed. */
#include "base/str.h"
#include "effect/writer.h"
#include "kube/object.h"
#include "rollout/actor_inner.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 60 * 1000, CONFLICTS_MAX = 10 };

void actor_wake(struct actor *actor)
{
    actor->shows_only = false;
    if (!timer_is_pending(&actor->wake)) {
        timer_start(actor->context->clock, &actor->wake, 0, actor->on_wake, actor);
    }
}

bool actor_is_busy(const struct actor *actor)
{
    return actor->writer != NULL || actor->promotion != NULL || actor->providers != NULL || actor->creating != NULL ||
           actor->reading != NULL || actor->difference != NULL || actor->likeness != NULL;
}

void actor_say(struct actor *actor, const char *type, const char *text)
{
    announce_text(actor->announcer, type, text);
}

void actor_wait(struct actor *actor, const char *reason, const char *message)
{
    waiting_begin(&actor->waiting, &(struct wait){.reason = reason, .message = message, .told = true});
}

void actor_on_retry(struct timer *timer, void *ctx)
{
    actor_wake(ctx);
}

int64_t actor_longer(int64_t retry_ms)
{
    int64_t next = retry_ms * 2;
    return next < RETRY_MIN_MS ? RETRY_MIN_MS : next > RETRY_MAX_MS ? RETRY_MAX_MS : next;
}

void actor_retry_later(struct actor *actor)
{
    actor->retry_ms = actor_longer(actor->retry_ms);
    timer_start(actor->context->clock, &actor->retry, actor->retry_ms, actor_on_retry, actor);
}

static void set_subject(struct step_subject *subject, const struct kube_resource *resource, const char *name)
{
    char *copy = name != NULL ? str_dup(name) : NULL;
    str_free(&subject->name);
    *subject = (struct step_subject){.resource = resource, .name = copy};
}

void actor_begin_step(struct actor *actor, const struct kube_resource *resource, const char *name)
{
    set_subject(&actor->step, resource, name);
}

void actor_begin_write(struct actor *actor, const struct kube_write *write)
{
    actor_begin_step(actor, write->resource, write->name != NULL ? write->name : object_name(doc_root(write->body)));
}

void actor_forget_failed(struct actor *actor)
{
    set_subject(&actor->failed, NULL, NULL);
    actor->retry_ms = 0;
    waiting_end(&actor->waiting, WAIT_WRITE);
}

static bool ends_failure(const struct actor *actor)
{
    return actor->failed.resource == NULL ||
           (actor->failed.resource == actor->step.resource && str_equal(actor->failed.name, actor->step.name));
}

bool actor_is_passing(int *conflicts, const struct err *err)
{
    bool conflict = err->code == ERR_CONFLICT;
    *conflicts = conflict ? *conflicts + 1 : 0;
    return conflict && *conflicts <= CONFLICTS_MAX;
}

/* A failure ends when the failed step succeeds, not when another one does. */
void actor_step_done(struct actor *actor, const struct err *err)
{
    if (actor_is_passing(&actor->conflicts, err) || err->code == ERR_NONE) {
        if (ends_failure(actor)) {
            actor_forget_failed(actor);
        }
        actor_wake(actor);
    } else {
        set_subject(&actor->failed, actor->step.resource, actor->step.name);
        trouble_tell(&actor->trouble, err->text);
        actor_retry_later(actor); /* before the wait, which is shown without a new try when the time of that is known */
        actor_wait(actor, WAIT_WRITE, err->text);
    }
}

/* --- writes --- */

static void on_written(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    if (actor->gives_back && err->code != ERR_NONE && actor->run != NULL) {
        run_freeze(actor->run, false); /* it is judged as before until the share can be given back */
    }
    actor->gives_back = false;
    actor_step_done(actor, err);
}

void actor_send(struct actor *actor, struct kube_write *write)
{
    actor_begin_write(actor, write);
    actor->writer = writer_start(actor->context, write, on_written, actor);
}
