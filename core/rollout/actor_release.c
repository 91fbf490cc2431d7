/* The part of rollout/actor.h that begins releases and looks after the one that runs. */
#include <string.h>

#include "base/str.h"
#include "canary/edit.h"
#include "canary/status.h"
#include "effect/record.h"
#include "kube/object.h"
#include "release/history.h"
#include "rollout/actor_inner.h"
#include "rollout/library.h"

/* By the end of this time the Lease has been renewed, or is known to be lost (rollout/engine.c). */
enum { FENCED_WAIT_MS = 10 * 1000 };

static void on_run_ended(void *ctx, enum run_end end)
{
    struct actor *actor = ctx;
    actor->ended_run = actor->run;
    actor->run = NULL;
    waiting_end(&actor->waiting, NULL);
    actor->restart_unreadable = end == RUN_UNREADABLE;
    actor_forget_edit(actor);
    if (end == RUN_DROPPED) {
        actor->fenced_until_ms = clock_mono_ms(actor->context->clock) + FENCED_WAIT_MS;
    }
    actor_wake(actor);
}

static void on_run_settled(void *ctx)
{
    actor_wake(ctx);
}

bool actor_is_specless(const struct actor *actor, const struct doc *release)
{
    return actor->refused && actor->specless != NULL && str_equal(actor->specless, object_name(doc_root(release)));
}

/* The edit that is accepted wakes the actor. Takes `release`. */
static void leave_specless(struct actor *actor, struct release *release)
{
    if (!str_equal(actor->specless, release->name)) {
        str_free(&actor->specless);
        actor->specless = str_dup(release->name);
        actor_wake(actor); /* to tell what there is to tell without it */
    }
    release_free(release);
}

/* `object`: the whole Release. Its claim says whether it was still so. */
static void begin_run(struct actor *actor, const struct doc *object)
{
    static const struct run_events events = {.ended = on_run_ended, .settled = on_run_settled};
    struct release *release = record_open(actor->context, doc_root(object));
    if (!str_equal(release->canary, actor->name)) {
        release_refuse(release, actor->name, "spec.canary: another one than the owner");
    }
    struct canary canary;
    struct err ignored = {0};
    bool accepted = context_canary(actor->context, actor->namespace, actor->name, &canary, &ignored);
    canary_fini(&canary);
    if (!accepted && release->accepted.spec == NULL) {
        leave_specless(actor, release);
        return;
    }
    actor->run = run_start(actor->context, actor->announcer, &actor->waiting, release, &events, actor);
}

static void on_release_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct actor *actor = ctx;
    actor->reading = NULL;
    if (answer == NULL) {
        actor_step_done(actor, err);
        return;
    }
    store_put(context_store(actor->context, &KUBE_RELEASES), answer);
    if (release_state_is_open(node_str(node_at(doc_root(answer), "status", "state")))) {
        begin_run(actor, answer);
    } else {
        actor_wake(actor); /* its last holder closed it, and the watch is behind */
    }
}

/* The store's copy has no record, so the object is read whole before it is claimed. After a fence the claim waits:
 * this engine may have lost its Lease while it was paused, and an immediate claim would take the release from the
 * engine that goes on with it. */
void actor_resume(struct actor *actor, const struct doc *release)
{
    int64_t wait_ms = actor->fenced_until_ms - clock_mono_ms(actor->context->clock);
    if (wait_ms > 0) {
        timer_start(actor->context->clock, &actor->retry, wait_ms, actor_on_retry, actor);
        return;
    }
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = actor->namespace,
                                   .name = node_str(node_at(doc_root(release), "metadata", "name"))};
    actor_begin_step(actor, request.resource, request.name);
    actor->reading = kube_start(actor->context->kube, &request, on_release_read, actor);
}

static void on_created(void *ctx, const struct doc *release, const struct err *err)
{
    struct actor *actor = ctx;
    actor->creating = NULL;
    if (err->code == ERR_NONE) {
        actor->creating_retry_ms = actor->creating_after_ms = 0;
        trouble_clear(&actor->creating_trouble);
        waiting_end(&actor->waiting, WAIT_RELEASE);
        begin_run(actor, release);
    } else {
        actor->creating_retry_ms = actor_longer(actor->creating_retry_ms);
        actor->creating_after_ms = clock_mono_ms(actor->context->clock) + actor->creating_retry_ms;
        trouble_tell(&actor->creating_trouble, err->text);
        actor_wait(actor, WAIT_RELEASE, err->text);
    }
    actor_wake(actor);
}

static void tell_unreadable(struct actor *actor, const struct canary *canary, enum release_origin origin)
{
    bool finishes = origin == RELEASE_FINISHING;
    char *text = str_format("%s %s.%s%s: the record of the last release cannot be continued",
                            finishes ? "Finishing the promotion of" : "Restarting analysis for", canary->names.target,
                            canary->names.namespace, finishes ? "" : " from weight 0");
    actor_say(actor, "Warning", text);
    str_free(&text);
    actor->restart_unreadable = false;
}

/* A share that nobody judges does not wait for a Release that the API server refuses. False: the write is under way. */
static bool gives_no_share(struct actor *actor, const struct canary *canary, enum release_origin origin)
{
    bool waits = actor->creating_retry_ms > 0 && (origin == RELEASE_RESTARTED || origin == RELEASE_CONTINUED);
    return !waits || !actor_is_primary_ready(actor, canary) || actor_give_back(actor, canary);
}

static void on_superseded_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct actor *actor = ctx;
    actor->reading = NULL;
    if (answer == NULL) {
        actor_step_done(actor, err);
        return;
    }
    struct release *last = release_open(actor->context, doc_root(answer));
    struct canary before = {0}, canary = {0};
    struct err ignored = {0};
    bool known = last->accepted.spec != NULL && release_canary(last, &before, &ignored) &&
                 context_canary(actor->context, actor->namespace, actor->name, &canary, &ignored);
    bool has_share = known && edit_between(&before, &canary) != EDIT_PLAIN && actor_is_primary_ready(actor, &before);
    if (!has_share || actor_give_back(actor, &before)) {
        str_free(&actor->cleared);
        actor->cleared = str_dup(last->name);
        actor_wake(actor);
    }
    canary_fini(&before);
    canary_fini(&canary);
    release_free(last);
}

/* A release that is superseded leaves its share to the next one, which takes it away under the routing of its own spec.
 * An engine may have died in between, and the Canary may be about another routing by now: there the share would stay
 * for good. False: something must be done first, and wakes the actor. */
static bool has_cleared(struct actor *actor, const struct canary *canary, const struct doc *latest)
{
    const char *name = object_name(doc_root(latest));
    if (!node_is(node_at(doc_root(latest), "status", "state"), RELEASE_SUPERSEDED) || history_went_by(latest, canary) ||
        str_equal(actor->cleared, name)) {
        return true;
    }
    struct kube_request request = {
        .verb = KUBE_GET, .resource = &KUBE_RELEASES, .namespace = actor->namespace, .name = name};
    actor_begin_step(actor, request.resource, request.name);
    actor->reading = kube_start(actor->context->kube, &request, on_superseded_read, actor);
    return false;
}

static bool is_on_record(struct actor *actor, const struct canary *canary, const char *id)
{
    struct doc *found = history_with_request(actor->context, canary, actor->release_number, id);
    doc_free(found);
    return found != NULL;
}

/* The Canary's request, if it asks for another release of the same revision after `latest`, which failed; NULL: it does
 * not (doc_free). As it goes on record. */
static struct doc *retry_asked_for(struct actor *actor, const struct canary *canary, const struct target_now *now,
                                   const struct doc *latest)
{
    const struct node *root = doc_root(latest), *status = node_get(root, "status");
    const char *state = node_str_or(node_get(status, "state"), "");
    bool failed = strcmp(state, RELEASE_FAILED) == 0 || strcmp(state, RELEASE_HALTED) == 0;
    struct doc *target = context_target(actor->context, &canary->names), *entry = NULL;
    const struct request *request = &actor->asked.request;
    bool asked = asked_is_open(&actor->asked, canary->root) && request->verb == REQUEST_RETRY &&
                 !is_on_record(actor, canary, request->id) &&
                 request_is_for(request, object_name(root), object_generation(doc_root(target)));
    if (asked && failed && node_is(node_get(status, "revision"), now->revision)) {
        entry = doc_new();
        doc_set_root(entry, requests_new_entry(entry, request, NULL, clock_wall_ms(actor->context->clock)));
    }
    doc_free(target);
    return entry;
}

static void create_release(struct actor *actor, const struct canary *canary, const struct target_now *now,
                           enum release_origin origin, struct doc *request)
{
    if (!gives_no_share(actor, canary, origin)) {
        return;
    }
    int64_t wait_ms = actor->creating_after_ms - clock_mono_ms(actor->context->clock);
    if (wait_ms > 0) { /* waits with the objects in line, so no trouble of theirs is told again */
        timer_start(actor->context->clock, &actor->retry, wait_ms, actor_on_retry, actor);
        return;
    }
    actor->fenced_until_ms = 0; /* that one is past */
    if (actor->release_number >= RELEASE_COUNT_MAX) {
        trouble_tell(&actor->trouble, "no release can begin: the numbers of releases are used up by an object that no "
                                      "engine made; delete it");
        return;
    }
    struct library_choice choice;
    struct err err = {0};
    if (!library_choose(actor->context->library, canary, &choice, &err)) {
        bool has_share = origin != RELEASE_FROM_REST && actor_is_primary_ready(actor, canary);
        if (has_share && !actor_give_back(actor, canary)) {
            return; /* nobody judges it until a release can begin */
        }
        actor_wait(actor, WAIT_SPEC, err.text); /* a change of the Strategy wakes the actor */
        return;
    }
    if (actor->restart_unreadable) {
        tell_unreadable(actor, canary, origin);
    }
    struct doc *target = context_target(actor->context, &canary->names);
    struct release_plan plan = {.number = actor->release_number + 1,
                                .generation = object_generation(doc_root(target)),
                                .revision = origin == RELEASE_FINISHING ? canary->last_applied : now->revision,
                                .origin = origin,
                                .waiting = actor->refused && origin == RELEASE_RESTARTED,
                                .sources = choice.sources,
                                .params = choice.params,
                                .checks = choice.checks,
                                .request = request,
                                .limits = choice.limits};
    actor->creating = history_create(actor->context, canary, &plan, on_created, actor);
    doc_free(target);
    library_choice_fini(&choice);
}

/* No release runs that would show them. */
static void show_weights(struct actor *actor, const struct canary *canary)
{
    const struct router *router = &actor->context->router;
    struct routes live;
    struct err ignored = {0};
    if (router->ops->get_routes(router, &canary->names, canary->root, &live, &ignored)) {
        gauges_weights(&actor->context->gauges, canary->names.target, canary->names.namespace, live.primary_pct,
                       live.canary_pct);
    }
}

void actor_look_for_revision(struct actor *actor, const struct canary *canary, const struct target_now *now,
                             const struct doc *latest)
{
    struct doc *patch, *retry = retry_asked_for(actor, canary, now, latest);
    if (retry != NULL) {
        create_release(actor, canary, now, canary_is_at_rest(canary) ? RELEASE_FROM_REST : RELEASE_RESTARTED, retry);
        doc_free(retry);
        return;
    }
    if (history_is_halted(latest, now->revision)) {
        actor_wait(actor, WAIT_HALTED,
                   "the record of its release is full: traffic stays as it is until the target changes");
        return;
    }
    waiting_end(&actor->waiting, WAIT_HALTED);
    if (!canary_is_at_rest(canary)) {
        if (!has_cleared(actor, canary, latest)) {
            return;
        }
        bool goes_on = detect_other_strategy(canary, now, latest, actor->context->config_tracking);
        create_release(actor, canary, now,
                       detect_unfinished(canary) ? RELEASE_FINISHING
                       : goes_on                 ? RELEASE_CONTINUED
                                                 : RELEASE_RESTARTED,
                       NULL);
    } else if (detect_change(canary, now, actor->context->config_tracking)) {
        create_release(actor, canary, now, RELEASE_FROM_REST, NULL);
    } else if (canary_phase_is(canary, PHASE_FAILED) && strcmp(canary->last_applied, now->revision) != 0) {
        /* The target is back at the promoted revision. Recorded, it makes the failed revision count as new when that
         * comes again. */
        actor_send_status(actor, canary, detect_sync(actor->context, canary, now, PHASE_FAILED));
    } else if ((patch = detect_rebaseline(actor->context, canary, now)) != NULL) {
        actor_send_status(actor, canary, patch);
    } else {
        waiting_end(&actor->waiting, WAIT_RELEASE);
        show_weights(actor, canary);
    }
}

/* False when the release goes by another spec than its Canary. The next release goes by the Canary's and knows
 * nothing of the routing of before. */
static bool goes_by_canary(struct actor *actor)
{
    struct canary canary;
    struct err ignored = {0};
    context_canary(actor->context, actor->namespace, actor->name, &canary, &ignored);
    bool same = accepted_is(&run_release(actor->run)->accepted, &canary);
    canary_fini(&canary);
    return same;
}

void actor_look_at_run(struct actor *actor, struct canary *canary, const struct target_now *now, bool known)
{
    run_poke(actor->run);
    if (actor->run == NULL || run_is_acting(actor->run)) {
        return;
    }
    const struct release *release = run_release(actor->run);
    if (!history_has(actor->context, release)) {
        run_drop(actor->run);
        return;
    }
    /* The status was lost. It is rebuilt, because an initialisation would scale the target down. */
    if (canary_is_initialising(canary)) {
        if (run_is_in_script(actor->run)) {
            actor_send_status(actor, canary, detect_lost_status(actor->context, canary, release));
        }
        return;
    }
    bool before_promotion =
        canary_phase_is(canary, PHASE_PROGRESSING) || canary_phase_is(canary, PHASE_WAITING_PROMOTION);
    if (known && before_promotion && run_is_replaceable(actor->run) &&
        detect_change_from(release->revision, doc_root(release->checksums), now, actor->context->config_tracking)) {
        if (!goes_by_canary(actor) && !actor_give_back(actor, canary)) {
            return;
        }
        run_supersede(actor->run, "another revision took its place");
        return;
    }
    if (!actor_change_strategy(actor, canary) && !actor->trying) {
        actor_bring_objects(actor, canary);
    }
}
