/* The part of rollout/actor.h that brings a Canary's objects about. */
#include <inttypes.h>

#include "base/hash.h"
#include "base/str.h"
#include "prom/query.h"
#include "rollout/actor_inner.h"
#include "rollout/promote.h"
#include "rollout/providers.h"
#include "rollout/reconcile.h"
#include "rollout/writer.h"

static void on_provider(void *ctx, const struct prom_answer *answer)
{
    struct actor *actor = ctx;
    actor->query = NULL;
    actor->providers_checked = true;
    providers_tell(actor->announcer, answer);
    actor_wake(actor);
}

/* Once per initialisation (Flagger: on every tick of it). */
static void check_providers(struct actor *actor, const struct canary *canary)
{
    if (!providers_are_needed(canary)) {
        on_provider(actor, NULL);
        return;
    }
    actor->query = prom_query_start(actor->house->http, canary->metrics_server, "vector(1)", on_provider, actor);
}

static void on_primary_made(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->promotion = NULL;
    actor_step_done(actor, err);
}

static void make_primary(struct actor *actor, const struct canary *canary)
{
    char id[37], *key = str_format("%s/%" PRId64, canary->names.uid, clock_wall_ms(actor->house->clock));
    hash_uuid(key, id);
    str_free(&key);
    struct promotion_options options = promote_options(actor->house, canary, NULL, NULL, id);
    actor->promotion = promotion_start(&options, on_primary_made, actor);
}

/* Flagger rolls back, which fails: there are no routes yet. The Canary stays Initializing until the primary is ready. */
static void tell_stuck(struct actor *actor, const struct canary *canary, const struct err *never_ready)
{
    const struct router *router = &actor->house->router;
    struct routes ignored;
    struct err err = {0};
    if (str_equal(actor->trouble.told, never_ready->text)) {
        return;
    }
    trouble_tell(&actor->trouble, never_ready->text);
    if (!router->ops->get_routes(router, &canary->names, canary->root, &ignored, &err)) {
        actor_say(actor, "Warning", err.text);
    }
}

/* The Canary's own deadline passes by the clock, without a change that would wake us. */
static void wait_for_primary(struct actor *actor, const struct canary *canary, const struct err *not_ready)
{
    trouble_tell_wait(&actor->trouble, not_ready->text, canary->interval_ms);
    int64_t deadline = reconcile_deadline_wall_ms(actor->house, canary);
    if (deadline >= 0) {
        timer_start_at_wall(actor->house->clock, &actor->retry, deadline + 1, actor_on_retry, actor);
    }
}

static void on_repaired(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    if (err->code == ERR_NONE) {
        patience_note(&actor->patience, actor->house->clock);
    }
    actor_step_done(actor, err);
}

/* True when it is not to be written now: the rest goes on. */
static bool repair(struct actor *actor, const struct canary *canary, struct kube_write *write)
{
    int64_t wait_ms = patience_wait_ms(&actor->patience, actor->house->clock, write, canary->interval_ms);
    if (wait_ms > 0) {
        kube_write_fini(write);
        timer_start(actor->house->clock, &actor->retry, wait_ms, actor_on_retry, actor);
        run_block(actor->run, false);
        return true;
    }
    actor->writer = writer_start(actor->house, write, on_repaired, actor);
    return false;
}

bool actor_bring_objects(struct actor *actor, struct canary *canary)
{
    struct kube_write write = {0};
    struct err err = {0};
    switch (reconcile_plan(actor->house, canary, actor->providers_checked, &write, &err)) {
    case RECONCILE_DONE:
        trouble_clear(&actor->trouble);
        actor->retry_ms = 0;
        run_block(actor->run, false);
        return true;
    case RECONCILE_WRITE:
        return repair(actor, canary, &write);
    case RECONCILE_METRICS:
        check_providers(actor, canary);
        return false;
    case RECONCILE_PRIMARY:
        make_primary(actor, canary);
        return false;
    case RECONCILE_WAIT:
        wait_for_primary(actor, canary, &err);
        return false;
    case RECONCILE_NEVER:
        tell_stuck(actor, canary, &err);
        return false;
    case RECONCILE_FAILED:
        trouble_tell_err(&actor->trouble, &err);
        run_block(actor->run, true);
        return false;
    }
    return false;
}
