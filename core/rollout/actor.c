#include "rollout/actor_inner.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "canary/status.h"
#include "effect/promote.h"
#include "effect/status_write.h"
#include "effect/writer.h"
#include "kube/object.h"
#include "prom/query.h"
#include "release/history.h"
#include "rollout/difference.h"
#include "workload/likeness.h"
#include "workload/tracked_config.h"

enum { RETRY_MIN_MS = 1000, RETRY_MAX_MS = 60 * 1000 };

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
    actor->shows_only = false;
    if (!timer_is_pending(&actor->wake)) {
        timer_start(actor->context->clock, &actor->wake, 0, on_wake, actor);
    }
}

void actor_note_release(struct actor *actor, int64_t number)
{
    if (number > actor->release_number) {
        actor->release_number = number;
    }
}

bool actor_is_busy(const struct actor *actor)
{
    return actor->writer != NULL || actor->promotion != NULL || actor->query != NULL || actor->creating != NULL ||
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

static void retry_later(struct actor *actor)
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

/* A failure ends when the failed step succeeds, not when another one does. */
void actor_step_done(struct actor *actor, const struct err *err)
{
    if (err->code == ERR_NONE || err->code == ERR_CONFLICT) {
        if (ends_failure(actor)) {
            actor_forget_failed(actor);
        }
        actor_wake(actor);
    } else {
        set_subject(&actor->failed, actor->step.resource, actor->step.name);
        trouble_tell(&actor->trouble, err->text);
        actor_wait(actor, WAIT_WRITE, err->text);
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
        actor_say(actor, "Normal", text);
        str_free(&text);
    }
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

void actor_send_status(struct actor *actor, const struct canary *canary, struct doc *patch)
{
    struct kube_write write = {0};
    status_plan_write(actor->context, canary, patch, &write);
    actor_send(actor, &write);
}

/* --- the look --- */

static void watch_names(struct actor *actor, const struct canary *canary, const struct target_now *now)
{
    struct str_list objects = {0};
    canary_list_objects(canary, &objects);
    for (size_t i = 0; i < now->configs.count; i++) {
        /* a foreign copy is watched too: its deletion lets us make ours */
        char *copy = str_format("%s-primary", now->configs.items[i]);
        str_list_push(&objects, now->configs.items[i]);
        str_list_push(&objects, copy);
        str_free(&copy);
    }
    actor_watch_warnings(actor, canary, &objects);
    actor->events.watches(actor->ctx, actor->namespace, &objects);
    str_list_fini(&objects);
    if (!str_equal(actor->target, canary->names.target)) {
        str_free(&actor->target);
        actor->target = str_dup(canary->names.target);
    }
}

static void on_config_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct actor *actor = ctx;
    actor->reading = NULL;
    if (answer != NULL) {
        store_complete(context_store(actor->context, actor->reading_secret ? &KUBE_SECRETS : &KUBE_CONFIG_MAPS),
                       answer);
    }
    if (err->code == ERR_NOT_FOUND) {
        retry_later(actor); /* the watch says so in a moment */
    } else {
        actor_step_done(actor, err);
    }
}

static bool find_unread(struct actor *actor, const struct canary *canary, struct tracked_config_name *unread)
{
    const struct context *context = actor->context;
    const char *const names[] = {canary->names.target, canary->names.target_primary};
    bool found = false;
    for (size_t i = 0; context->config_tracking && !found && i < 2; i++) {
        struct doc *deployment = store_find(context_store(context, &KUBE_DEPLOYMENTS), actor->namespace, names[i]);
        found = tracked_config_unread(doc_root(deployment), i == 1, context_store(context, &KUBE_CONFIG_MAPS),
                                      context_store(context, &KUBE_SECRETS), actor->namespace, unread);
        doc_free(deployment);
    }
    return found;
}

/* The stores hold only the metadata of configs. The configs of the target and of the primary are read whole whenever
 * their version has changed. */
static bool read_config(struct actor *actor, const struct canary *canary)
{
    struct tracked_config_name unread;
    if (!find_unread(actor, canary, &unread)) {
        return false;
    }
    struct kube_request request = {
        .verb = KUBE_GET, .resource = unread.resource, .namespace = actor->namespace, .name = unread.name};
    actor->reading_secret = unread.resource == &KUBE_SECRETS;
    actor_begin_step(actor, unread.resource, unread.name);
    actor->reading = kube_start(actor->context->kube, &request, on_config_read, actor);
    str_free(&unread.name);
    return true;
}

static void initialise(struct actor *actor, struct canary *canary, const struct target_now *now)
{
    if (canary->phase[0] == '\0') {
        actor_send_status(actor, canary,
                          status_set_phase(canary, PHASE_INITIALIZING, clock_wall_ms(actor->context->clock)));
    } else if (actor_bring_objects(actor, canary)) {
        struct doc *patch = detect_initialised(actor->context, canary, now, &actor->promoted);
        if (patch == NULL) {
            actor_compare(actor, canary, now);
            return;
        }
        actor->initialising_done = true;
        actor_send_status(actor, canary, patch);
    }
}

static void look(struct actor *actor, struct canary *canary, const struct target_now *now, const struct err *problem)
{
    if (actor->run != NULL) {
        actor_look_at_run(actor, canary, now, problem->code == ERR_NONE);
        return;
    }
    struct doc *latest = history_latest(actor->context, canary, actor->release_number);
    const char *state = node_str(node_at(doc_root(latest), "status", "state"));
    if (latest != NULL && release_state_is_open(state)) {
        actor_resume(actor, latest);
        doc_free(latest);
        return;
    }
    bool known = problem->code == ERR_NONE, compare = false;
    struct doc *adoption = known ? detect_adoption(actor->context, canary, now, &actor->promoted, &compare) : NULL;
    if (compare) {
        actor_compare(actor, canary, now);
    } else if (adoption != NULL && canary->phase[0] == '\0' && actor_is_primary_ready(actor, canary) &&
               !actor_give_back(actor, canary)) {
        doc_free(adoption); /* no release knows of the share that a lost one gave */
    } else if (adoption != NULL) {
        log_info(actor->id, "adopted: its revision is taken as it is");
        actor_send_status(actor, canary, adoption);
    } else if (now->revision != NULL && canary_is_initialising(canary)) {
        initialise(actor, canary, now); /* a missing config is found when the primary is made */
    } else if (problem->code != ERR_NONE) {
        trouble_tell_err(&actor->trouble, problem);
        actor_wait(actor, WAIT_REVISION, problem->text);
    } else if (actor_bring_objects(actor, canary)) {
        actor_look_for_revision(actor, canary, now, latest);
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

/* Writes the condition Waiting when it has changed. While a release runs, what the Canary waits for is known only
 * after the release's record was replayed. */
static void note_waiting(struct actor *actor, const struct canary *canary)
{
    bool knows = actor->run != NULL ? run_is_settled(actor->run)
                                    : waiting_reason(&actor->waiting) != NULL || canary_is_at_rest(canary);
    if (actor_is_busy(actor) || !knows) {
        return;
    }
    struct doc *patch = waiting_patch(&actor->waiting, canary);
    if (patch != NULL) {
        actor_send_status(actor, canary, patch);
    }
}

static void on_shown(void *ctx, const struct err *err)
{
    struct actor *actor = ctx;
    actor->writer = NULL;
    actor->show_failed = err->code != ERR_NONE;
}

/* A step that fails each time is under way at the end of each look, so the wait for it is shown before the next one. */
static bool show_failed(struct actor *actor, const struct canary *canary)
{
    bool may =
        actor->failed.resource != NULL && !actor->show_failed && (actor->run == NULL || run_is_settled(actor->run));
    struct doc *patch = may ? waiting_patch(&actor->waiting, canary) : NULL;
    actor->show_failed = false;
    if (patch != NULL) {
        struct kube_write write = {0};
        status_plan_write(actor->context, canary, patch, &write);
        actor->writer = writer_start(actor->context, &write, on_shown, actor);
    }
    return patch != NULL;
}

void actor_suspend(struct actor *actor, const struct canary *canary)
{
    freeze(actor, true);
    if (actor->suspended || (actor->run != NULL && run_is_acting(actor->run))) {
        return; /* told already; or the run is acting, and wakes the actor when that ends */
    }
    actor->suspended = true;
    waiting_end(&actor->waiting, NULL);
    actor_say(actor, "Normal", "skipping canary run as object is suspended");
    note_waiting(actor, canary);
}

void actor_look_by(struct actor *actor, struct canary *canary)
{
    struct target_now now;
    struct err problem = {0};
    target_now_init(&now, actor->context, canary, &problem);
    watch_names(actor, canary, &now);
    if (problem.code == ERR_NONE) {
        waiting_end(&actor->waiting, WAIT_REVISION);
    }
    if (read_config(actor, canary)) {
        if (actor->run != NULL) {
            run_poke(actor->run);
        }
    } else if (!actor_tell_warnings(actor, canary)) {
        look(actor, canary, &now, &problem);
        if (actor->failed.resource == &KUBE_CANARIES && !actor_is_busy(actor)) {
            actor_forget_failed(actor); /* there is nothing left to be written into the status */
        }
        note_waiting(actor, canary);
    }
    target_now_fini(&now);
}

static void go_on(struct actor *actor, struct canary *canary)
{
    actor->suspended = false;
    waiting_end(&actor->waiting, WAIT_SPEC);
    struct doc *accepted = status_accepted(canary, clock_wall_ms(actor->context->clock));
    if (accepted != NULL) {
        actor_send_status(actor, canary, accepted);
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
    bool accepted = context_canary(actor->context, actor->namespace, actor->name, &canary, &err);
    if (!is_mine(actor, &canary)) {
        canary_fini(&canary);
        actor->events.gone(actor->ctx); /* frees the actor */
        return;
    }
    note_refused(actor, !accepted);
    if (actor_is_busy(actor)) { /* the thing under way wakes the actor when it ends */
        if (actor->run != NULL) {
            run_poke(actor->run);
        }
    } else if (object_is_deleted(canary.root)) {
        leave(actor);
    } else if (show_failed(actor, &canary) || actor->shows_only) {
        actor->shows_only = false;
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
    actor->namespace = str_dup(namespace);
    actor->name = str_dup(name);
    actor->id = str_format("%s.%s", name, namespace);
    actor->announcer = announcer_new(&context->notify, namespace, name);
    trouble_init(&actor->trouble, context->clock, actor->announcer);
    trouble_init(&actor->creating_trouble, context->clock, actor->announcer);
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
    waiting_fini(&actor->waiting);
    announcer_free(actor->announcer);
    metric_remove_matching(actor->context->gauges.refused, (const char *const[]){actor->name, actor->namespace});
    if (actor->target != NULL) {
        gauges_forget(&actor->context->gauges, actor->target, actor->namespace);
    }
    patience_fini(&actor->patience);
    promoted_memory_fini(&actor->promoted);
    str_free(&actor->step.name);
    str_free(&actor->failed.name);
    str_free(&actor->target);
    str_free(&actor->warning);
    str_free(&actor->unfit);
    doc_free(actor->unfit_spec);
    str_free(&actor->uid);
    str_free(&actor->namespace);
    str_free(&actor->name);
    str_free(&actor->id);
    mem_free(actor);
}
