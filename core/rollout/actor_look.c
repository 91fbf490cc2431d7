/* The part of rollout/actor.h that looks: at what the target is now and at all that follows, by one spec. */
#include "base/log.h"
#include "base/str.h"
#include "canary/status.h"
#include "release/history.h"
#include "rollout/actor_inner.h"
#include "workload/tracked_config.h"

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
    if (actor->run != NULL) {
        run_list_watched(actor->run, &objects);
    }
    actor->events.watches(actor->ctx, actor->namespace, &objects);
    str_list_fini(&objects);
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
        actor_retry_later(actor); /* the watch says so in a moment */
    } else {
        actor_step_done(actor, err);
    }
}

static bool find_unread(struct actor *actor, const struct canary *canary, struct tracked_config_name *unread)
{
    const struct context *context = actor->context;
    struct config_stores stores = context_configs(context);
    bool found = false;
    for (size_t i = 0; context->config_tracking && !found && i < 2; i++) {
        struct doc *workload =
            i == 1 ? context_primary(context, &canary->names) : context_target(context, &canary->names);
        found = tracked_config_unread(doc_root(workload), i == 1, &stores, actor->namespace, unread);
        doc_free(workload);
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

/* What the primary was made from, so that the next engine knows, too. True: the write is under way. */
static bool record_configs(struct actor *actor, const struct canary *canary)
{
    const struct node *made = promoted_made_configs(actor->context, canary, &actor->promoted);
    if (made == NULL || node_equal(made, node_get(canary->status, "trackedConfigs"))) {
        return false;
    }
    actor_send_status(actor, canary, detect_configs(canary, made));
    return true;
}

/* Their source is as it was copied, so that no release begins for them; the next one makes them anew. */
static void tell_changed_copies(struct actor *actor, const struct canary *canary, const struct doc *patch)
{
    struct str_list names = {0};
    promoted_list_changed_copies(actor->context, canary, node_at(doc_root(patch), "status", "trackedConfigs"), &names);
    for (size_t i = 0; i < names.count; i++) {
        char *text = str_format("The copy of %s for %s.%s was changed or deleted by somebody else; it is made again "
                                "with the next promotion",
                                names.items[i], canary->names.target_primary, canary->names.namespace);
        actor_say(actor, "Warning", text);
        str_free(&text);
    }
    str_list_fini(&names);
}

static void initialise(struct actor *actor, struct canary *canary, const struct target_now *now)
{
    if (canary->phase[0] == '\0') {
        actor_send_status(actor, canary,
                          status_set_phase(canary, PHASE_INITIALIZING, clock_wall_ms(actor->context->clock)));
    } else if (!record_configs(actor, canary) && actor_bring_objects(actor, canary)) {
        struct doc *patch = detect_initialised(actor->context, canary, now, &actor->promoted);
        if (patch == NULL) {
            actor_compare(actor, canary, now);
            return;
        }
        tell_changed_copies(actor, canary, patch);
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
    bool fresh = known && detect_new_target(actor->context, canary, now, &actor->promoted, &compare);
    struct doc *adoption =
        known && !fresh && !compare ? detect_adoption(actor->context, canary, now, &actor->promoted, &compare) : NULL;
    if (adoption != NULL && canary->phase[0] == '\0' && !actor_is_primary_ready(actor, canary)) {
        doc_free(adoption); /* it may never have been ready: initialising ends when it is, and loses no revision */
        adoption = NULL;
    }
    if (fresh) {
        actor_send_status(actor, canary, detect_anew(actor->context, canary));
    } else if (compare) {
        actor_compare(actor, canary, now);
    } else if (adoption != NULL && canary->phase[0] == '\0' && !actor_give_back(actor, canary)) {
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

/* --- the ends of a look --- */

/* True while the run writes the Canary's objects, each of which wakes the actor: there is nothing to compare before
 * the run has ended that, which wakes the actor too. Configs are read all the same, because a promotion waits for
 * them. */
static bool leave_to_run(struct actor *actor, const struct canary *canary)
{
    if (actor->run == NULL || !run_is_acting(actor->run)) {
        return false;
    }
    read_config(actor, canary);
    run_poke(actor->run);
    return true;
}

void actor_look_by(struct actor *actor, struct canary *canary)
{
    if (leave_to_run(actor, canary)) {
        return;
    }
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
        actor_note_waiting(actor, canary);
    }
    target_now_fini(&now);
}

/* The share of the revision before is taken back by then. */
static void wait_for_spec(struct actor *actor)
{
    char *text =
        str_format("The new revision of %s gets no share of the traffic until its Canary is accepted", actor->id);
    waiting_begin(&actor->waiting, &(struct wait){.reason = WAIT_SPEC, .message = text});
    str_free(&text);
}

/* Another engine has accepted it. */
static void wait_for_known_spec(struct actor *actor, const struct release *release, const struct err *why)
{
    char *text = str_format("Release %s waits until its Canary is accepted: this engine refuses the spec that it goes "
                            "by: %s",
                            release->name, why->text);
    waiting_begin(&actor->waiting, &(struct wait){.reason = WAIT_SPEC, .message = text});
    str_free(&text);
}

void actor_look_by_record(struct actor *actor)
{
    const struct release *release = run_release(actor->run);
    struct canary canary = {0};
    struct err why = {0};
    bool known = release->accepted.spec != NULL && release_canary(release, &canary, &why);
    bool waits = actor->refused && release->waiting;
    run_freeze(actor->run, !known || waits);
    if (waits) {
        wait_for_spec(actor);
    }
    if (known) {
        actor_look_by(actor, &canary);
    } else if (release->accepted.spec != NULL) {
        wait_for_known_spec(actor, release, &why);
        actor_note_waiting(actor, &canary);
    }
    canary_fini(&canary);
}
