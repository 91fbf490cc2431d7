#include "rollout/actor.h"

#include <inttypes.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"
#include "prom/query.h"
#include "rollout/detect.h"
#include "rollout/history.h"
#include "rollout/patience.h"
#include "rollout/promote.h"
#include "rollout/providers.h"
#include "rollout/reconcile.h"
#include "rollout/run.h"
#include "rollout/status.h"
#include "rollout/trouble.h"
#include "rollout/writer.h"

/* FENCED: by then the Lease was renewed, or it is known to be lost (rollout/engine.c). */
enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 60 * 1000, FENCED_WAIT_MS = 10 * 1000 };

struct actor {
    struct house *house;
    char *namespace, *name, *id;
    char *uid; /* of the Canary; NULL before the first look */
    struct announcer *announcer;
    struct timer wake;  /* on a later turn */
    struct timer retry; /* after a failure that no change may ever cure */
    int64_t retry_ms;

    /* At most one of these is under way. */
    struct writer *writer;
    struct promotion *promotion;
    struct prom_query *query;
    struct history_call *creating;
    struct kube_call *reading;
    bool initialising_done; /* the write under way is the status Initialized */

    struct patience patience;

    struct run *run;
    struct run *ended_run; /* to be freed on the next turn */
    int64_t release_number;
    int64_t fenced_until_ms; /* monotonic: no Release is claimed before that */
    char *target;            /* for the metrics, after the Canary is gone */
    struct trouble trouble;
    bool suspended;          /* announced */
    bool providers_checked;  /* before the first initialisation */
    bool restart_unreadable; /* the last release could not be replayed: the next one starts from weight 0 */
};

static void on_wake(struct timer *timer, void *ctx);

/* --- small things --- */

const char *actor_namespace(const struct actor *actor)
{
    return actor->namespace;
}

const char *actor_name(const struct actor *actor)
{
    return actor->name;
}

void actor_wake(struct actor *actor)
{
    if (!timer_is_pending(&actor->wake)) {
        timer_start(actor->house->clock, &actor->wake, 0, on_wake, actor);
    }
}

void actor_note_release(struct actor *actor, int64_t number)
{
    if (number > actor->release_number) {
        actor->release_number = number;
    }
}

static bool is_busy(const struct actor *actor)
{
    return actor->writer != NULL || actor->promotion != NULL || actor->query != NULL || actor->creating != NULL ||
           actor->reading != NULL;
}

static void say(struct actor *actor, const char *type, const char *text)
{
    announce_text(actor->announcer, type, text);
}

static void on_retry(struct timer *timer, void *ctx)
{
    actor_wake(ctx);
}

static void retry_later(struct actor *actor)
{
    int64_t next = actor->retry_ms * 2;
    actor->retry_ms = next < RETRY_MIN_MS ? RETRY_MIN_MS : next > RETRY_MAX_MS ? RETRY_MAX_MS : next;
    timer_start(actor->house->clock, &actor->retry, actor->retry_ms, on_retry, actor);
}

/* Whatever was under way has ended: look again, at once after success and conflicts, later after trouble. */
static void step_done(struct actor *actor, const struct err *err)
{
    if (err->code == ERR_NONE || err->code == ERR_CONFLICT) {
        actor->retry_ms = 0;
        actor_wake(actor);
    } else {
        trouble_tell(&actor->trouble, err->text);
        run_block(actor->run, true);
        retry_later(actor);
    }
}

/* --- writes --- */

static void on_written(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    bool initialised = actor->initialising_done && err->code == ERR_NONE;
    actor->initialising_done = false;
    if (initialised) {
        char *text = str_format("Initialization done! %s", actor->id);
        say(actor, "Normal", text);
        str_free(&text);
    }
    step_done(actor, err);
}

static void send(struct actor *actor, struct kube_write *write)
{
    actor->writer = writer_start(actor->house, write, on_written, actor);
}

/* Takes `patch`. */
static void send_status(struct actor *actor, const struct canary *canary, struct doc *patch)
{
    struct kube_write write = {0};
    kube_write_patch(&write, &KUBE_CANARIES, canary->root, patch, "updating canary %s status failed", actor->id);
    write.subresource = "status";
    send(actor, &write);
}

/* --- releases --- */

static void on_run_ended(void *ctx, enum run_end end)
{
    struct actor *actor = ctx;
    actor->ended_run = actor->run;
    actor->run = NULL;
    actor->restart_unreadable = end == RUN_UNREADABLE;
    if (end == RUN_DROPPED) {
        actor->fenced_until_ms = clock_mono_ms(actor->house->clock) + FENCED_WAIT_MS;
    }
    actor_wake(actor);
}

static void on_run_settled(void *ctx)
{
    actor_wake(ctx);
}

static void on_release_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct actor *actor = ctx;
    static const struct run_events events = {.ended = on_run_ended, .settled = on_run_settled};
    actor->reading = NULL;
    if (answer == NULL) {
        step_done(actor, err);
        return;
    }
    store_put(actor->house->stores[STORE_RELEASES], answer);
    if (!release_state_is_open(node_str(node_at(doc_root(answer), "status", "state")))) {
        actor_wake(actor); /* its last holder closed it and the watch did not say so yet */
        return;
    }
    struct release *release = release_open(actor->house, doc_root(answer));
    actor->run = run_start(actor->house, actor->announcer, release, &events, actor);
}

/* The store's copy has no record, so the object is read whole before it is claimed. Who was fenced may have slept through the loss of the Lease: claimed at
 * once, the release would be taken from the engine that goes on with it. */
static void resume(struct actor *actor, const struct doc *release)
{
    int64_t wait_ms = actor->fenced_until_ms - clock_mono_ms(actor->house->clock);
    if (wait_ms > 0) {
        timer_start(actor->house->clock, &actor->retry, wait_ms, on_retry, actor);
        return;
    }
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = actor->namespace,
                                   .name = node_str(node_at(doc_root(release), "metadata", "name"))};
    actor->reading = kube_start(actor->house->kube, &request, on_release_read, actor);
}

static void on_created(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->creating = NULL;
    step_done(actor, err);
}

static void create_release(struct actor *actor, const struct canary *canary, const struct target_now *now,
                           enum release_origin origin)
{
    actor->fenced_until_ms = 0; /* that one is past */
    if (actor->restart_unreadable) {
        char *text = str_format(
            "Restarting analysis for %s.%s from weight 0: the record of the last release cannot be continued",
            canary->names.target, canary->names.namespace);
        say(actor, "Warning", text);
        str_free(&text);
        actor->restart_unreadable = false;
    }
    actor->creating =
        history_create(actor->house, canary, actor->release_number + 1, now->revision, origin, on_created, actor);
}

/* --- initialisation --- */

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
    step_done(actor, err);
}

static void make_primary(struct actor *actor, const struct canary *canary)
{
    char id[37], *key = str_format("%s/%" PRId64, canary->names.uid, clock_wall_ms(actor->house->clock));
    hash_uuid(key, id);
    str_free(&key);
    struct promotion_options options = promote_options(actor->house, canary, NULL, NULL, id);
    actor->promotion = promotion_start(&options, on_primary_made, actor);
}

/* --- the look --- */

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
        say(actor, "Warning", err.text);
    }
}

/* The Canary's own deadline passes by the clock, without a change that would wake us. */
static void wait_for_primary(struct actor *actor, const struct canary *canary, const struct err *not_ready)
{
    trouble_tell_wait(&actor->trouble, not_ready->text, canary->interval_ms);
    int64_t deadline = reconcile_deadline_wall_ms(actor->house, canary);
    if (deadline >= 0) {
        timer_start_at_wall(actor->house->clock, &actor->retry, deadline + 1, on_retry, actor);
    }
}

static void on_repaired(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    if (err->code == ERR_NONE) {
        patience_note(&actor->patience, actor->house->clock);
    }
    step_done(actor, err);
}

/* True when it is not to be written now: the rest goes on. */
static bool repair(struct actor *actor, const struct canary *canary, struct kube_write *write)
{
    int64_t wait_ms = patience_wait_ms(&actor->patience, actor->house->clock, write, canary->interval_ms);
    if (wait_ms > 0) {
        kube_write_fini(write);
        timer_start(actor->house->clock, &actor->retry, wait_ms, on_retry, actor);
        run_block(actor->run, false);
        return true;
    }
    actor->writer = writer_start(actor->house, write, on_repaired, actor);
    return false;
}

/* True when the objects are as they should be, or as near to it as can be. */
static bool bring_objects(struct actor *actor, struct canary *canary)
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

/* No release is open. A phase in mid-run without one means that it was lost, or that its place is to be taken: start again at weight 0. */
static void look_for_revision(struct actor *actor, const struct canary *canary, const struct target_now *now,
                              const struct doc *latest)
{
    if (history_is_halted(latest, now->revision)) {
        return;
    }
    if (!canary_is_at_rest(canary)) {
        bool goes_on = detect_other_strategy(canary, now, latest, actor->house->config_tracking);
        create_release(actor, canary, now, goes_on ? RELEASE_CONTINUED : RELEASE_RESTARTED);
    } else if (detect_change(canary, now, actor->house->config_tracking)) {
        create_release(actor, canary, now, RELEASE_FROM_REST);
    } else if (canary_phase_is(canary, "Failed") && strcmp(canary->last_applied, now->revision) != 0) {
        /* Back at what was promoted: the revision that failed would be a new one again. */
        send_status(actor, canary, detect_sync(actor->house, canary, now, "Failed"));
    } else {
        gauges_phase(&actor->house->gauges, canary->names.target, canary->names.namespace, canary->phase);
    }
}

static void watch_names(struct actor *actor, const struct canary *canary, const struct target_now *now)
{
    struct str_list objects = {0};
    canary_list_objects(canary, &objects);
    for (size_t i = 0; i < now->configs.count; i++) {
        str_list_push(&objects, now->configs.items[i]);
    }
    engine_watch_names(actor->house->engine, actor, actor->namespace, &objects);
    str_list_fini(&objects);
    if (!str_equal(actor->target, canary->names.target)) {
        str_free(&actor->target);
        actor->target = str_dup(canary->names.target);
    }
}

/* `known`: what the target is now could be found out. */
static void look_at_run(struct actor *actor, struct canary *canary, const struct target_now *now, bool known)
{
    run_poke(actor->run);
    if (actor->run == NULL || run_is_acting(actor->run)) {
        return;
    }
    const struct release *release = run_release(actor->run);
    /* Its status was lost; in an initialisation the target would be scaled down. */
    if (canary_is_initialising(canary)) {
        if (run_is_scripted(actor->run)) {
            send_status(actor, canary, detect_lost_status(actor->house, canary, release));
        }
        return;
    }
    bool before_promotion = canary_phase_is(canary, "Progressing") || canary_phase_is(canary, "WaitingPromotion");
    if (known && before_promotion && run_is_replaceable(actor->run) &&
        detect_change_from(release->revision, doc_root(release->checksums), now, actor->house->config_tracking)) {
        run_supersede(actor->run, "another revision took its place");
        return;
    }
    bool promoting = canary_phase_is(canary, "Promoting") || canary_phase_is(canary, "Finalising");
    if (!promoting && run_is_scripted(actor->run) && strcmp(release->strategy, canary->strategy) != 0) {
        run_supersede(actor->run, "another strategy took its place");
        return;
    }
    bring_objects(actor, canary);
}

static void initialise(struct actor *actor, struct canary *canary)
{
    if (canary->phase[0] == '\0') {
        send_status(actor, canary, status_set_phase(canary, "Initializing", clock_wall_ms(actor->house->clock)));
    } else if (bring_objects(actor, canary)) {
        actor->initialising_done = true;
        send_status(actor, canary, detect_initialised(actor->house, canary));
    }
}

static void look(struct actor *actor, struct canary *canary, const struct target_now *now, const struct err *problem)
{
    if (actor->run != NULL) {
        look_at_run(actor, canary, now, problem->code == ERR_NONE);
        return;
    }
    struct doc *latest = history_latest(actor->house, canary, actor->release_number);
    const char *state = node_str(node_at(doc_root(latest), "status", "state"));
    if (latest != NULL && release_state_is_open(state)) {
        resume(actor, latest);
        doc_free(latest);
        return;
    }
    struct doc *adoption = problem->code == ERR_NONE ? detect_adoption(actor->house, canary, now) : NULL;
    if (adoption != NULL) {
        log_info(actor->id, "adopted: its revision is taken as it is");
        send_status(actor, canary, adoption);
    } else if (now->revision != NULL && canary_is_initialising(canary)) {
        initialise(actor, canary); /* a missing config is found when the primary is made */
    } else if (problem->code != ERR_NONE) {
        trouble_tell_err(&actor->trouble, problem);
    } else if (bring_objects(actor, canary)) {
        look_for_revision(actor, canary, now, latest);
    }
    doc_free(latest);
}

/* --- what stops the look --- */

static void freeze(struct actor *actor, bool frozen)
{
    if (actor->run != NULL) {
        run_freeze(actor->run, frozen);
    }
}

static void refuse(struct actor *actor, const struct canary *canary, const struct err *err)
{
    freeze(actor, true);
    struct doc *patch = status_refused(canary, err->text, clock_wall_ms(actor->house->clock));
    if (patch == NULL) {
        return;
    }
    char *text = str_format("canary %s is refused: %s", actor->id, err->text);
    say(actor, "Warning", text);
    str_free(&text);
    send_status(actor, canary, patch);
}

static void suspend(struct actor *actor)
{
    freeze(actor, true);
    if (actor->suspended || (actor->run != NULL && run_is_acting(actor->run))) {
        return; /* said already; or the run has something to tell first, and wakes us then */
    }
    actor->suspended = true;
    say(actor, "Normal", "skipping canary run as object is suspended");
}

static void go_on(struct actor *actor, struct canary *canary)
{
    actor->suspended = false;
    freeze(actor, false);
    struct doc *accepted = status_accepted(canary);
    if (accepted != NULL) {
        send_status(actor, canary, accepted);
        return;
    }
    struct target_now now;
    struct err problem = {0};
    target_now_init(&now, actor->house, canary, &problem);
    watch_names(actor, canary, &now);
    look(actor, canary, &now, &problem);
    target_now_fini(&now);
}

/* A foreground deletion takes what we own first: what we made again would hold it up for ever. */
static void leave(struct actor *actor)
{
    freeze(actor, true);
}

/* False when the Canary is gone, be it that another one has its name now. */
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

static void on_wake(struct timer *timer, void *ctx)
{
    struct actor *actor = ctx;
    run_free(actor->ended_run);
    actor->ended_run = NULL;
    struct canary canary;
    struct err err = {0};
    bool accepted = house_canary(actor->house, actor->namespace, actor->name, &canary, &err);
    if (!is_mine(actor, &canary)) {
        canary_fini(&canary);
        engine_forget(actor->house->engine, actor); /* frees the actor */
        return;
    }
    if (is_busy(actor)) { /* what is under way wakes us when it ends */
        if (actor->run != NULL) {
            run_poke(actor->run);
        }
    } else if (object_is_deleted(canary.root)) {
        leave(actor);
    } else if (!accepted) {
        refuse(actor, &canary, &err);
    } else if (canary.suspend) {
        suspend(actor);
    } else {
        go_on(actor, &canary);
    }
    canary_fini(&canary);
}

/* --- birth and death --- */

struct actor *actor_new(struct house *house, const char *namespace, const char *name)
{
    struct actor *actor = mem_new(struct actor);
    actor->house = house;
    actor->namespace = str_dup(namespace);
    actor->name = str_dup(name);
    actor->id = str_format("%s.%s", name, namespace);
    actor->announcer = announcer_new(house, namespace, name);
    trouble_init(&actor->trouble, house->clock, actor->announcer);
    actor_wake(actor);
    return actor;
}

static void cancel_all(struct actor *actor)
{
    timer_cancel(&actor->wake);
    timer_cancel(&actor->retry);
    if (actor->writer != NULL) {
        writer_cancel(actor->writer);
    }
    if (actor->promotion != NULL) {
        promotion_cancel(actor->promotion);
    }
    if (actor->query != NULL) {
        prom_query_cancel(actor->query);
    }
    if (actor->creating != NULL) {
        history_cancel(actor->creating);
    }
    if (actor->reading != NULL) {
        kube_cancel(actor->reading);
    }
}

void actor_free(struct actor *actor)
{
    cancel_all(actor);
    run_free(actor->run);
    run_free(actor->ended_run);
    trouble_fini(&actor->trouble);
    announcer_free(actor->announcer);
    if (actor->target != NULL) {
        gauges_forget(&actor->house->gauges, actor->target, actor->namespace);
    }
    patience_fini(&actor->patience);
    str_free(&actor->target);
    str_free(&actor->uid);
    str_free(&actor->namespace);
    str_free(&actor->name);
    str_free(&actor->id);
    mem_free(actor);
}
