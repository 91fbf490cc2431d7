/* The part of rollout/actor.h for a Canary that is refused: it tells why, and a release under way goes on by the spec
 * that was accepted last. */
#include "base/str.h"
#include "canary/refusal.h"
#include "canary/status.h"
#include "release/history.h"
#include "rollout/actor_inner.h"

static bool has_open_release(struct actor *actor, const struct canary *canary)
{
    struct doc *latest = history_latest(actor->context, canary, actor->release_number);
    bool open = latest != NULL && release_state_is_open(node_str(node_at(doc_root(latest), "status", "state")));
    doc_free(latest);
    return actor->run != NULL || open; /* an engine that starts tells it before it goes on with the release */
}

/* True when the write of the status that tells it is under way. */
static bool tell_refusal(struct actor *actor, const struct canary *canary)
{
    struct str_list reasons = {0};
    canary_refusals(canary, &reasons);
    char *why = str_list_join(&reasons, "; "); /* the text of an err may be too short for all reasons */
    struct doc *patch = status_refused(canary, why, clock_wall_ms(actor->context->clock));
    if (patch != NULL && !str_equal(actor->refusal, why)) {
        char *text = str_format("canary %s is refused: %s%s", actor->id, why,
                                has_open_release(actor, canary)
                                    ? "; the release under way goes on by the spec that was accepted last"
                                    : "");
        actor_say(actor, "Warning", text);
        str_free(&text);
        str_free(&actor->refusal);
        actor->refusal = str_dup(why);
    }
    str_free(&why);
    str_list_fini(&reasons);
    return actor_note_status(actor, canary, patch);
}

static void on_last_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct actor *actor = ctx;
    actor->reading = NULL;
    if (answer == NULL) {
        actor_step_done(actor, err);
        return;
    }
    struct release *last = release_open(actor->context, doc_root(answer));
    struct canary canary = {0};
    struct err problem = {0};
    struct target_now now = {0};
    if (last->accepted.spec == NULL || !release_canary(last, &canary, &problem)) {
        trouble_tell(&actor->trouble, "the spec that the last release went by is not known: the next one waits until "
                                      "the Canary is accepted");
    } else if (target_now_init(&now, actor->context, &canary, &problem)) {
        actor_look_for_revision(actor, &canary, &now, answer);
    } else {
        trouble_tell_err(&actor->trouble, &problem);
    }
    target_now_fini(&now);
    canary_fini(&canary);
    release_free(last);
}

/* The last release was superseded by another revision. Starts what follows: the old share is taken away by the spec
 * of before, and the new analysis waits until the Canary is accepted. */
static void follow(struct actor *actor, const struct doc *last)
{
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = actor->namespace,
                                   .name = node_str(node_at(doc_root(last), "metadata", "name"))};
    actor_begin_step(actor, request.resource, request.name);
    actor->reading = kube_start(actor->context->kube, &request, on_last_read, actor);
}

static void look_without_run(struct actor *actor, const struct canary *canary)
{
    struct doc *latest = history_latest(actor->context, canary, actor->release_number);
    if (latest == NULL) {
        return;
    }
    if (release_state_is_open(node_str(node_at(doc_root(latest), "status", "state")))) {
        actor_resume(actor, latest);
    } else if (!canary_is_initialising(canary) && !canary_is_at_rest(canary)) {
        follow(actor, latest);
    } else if (canary_is_at_rest(canary)) {
        actor_note_waiting(actor, canary); /* what a release that was taken back has waited for is over */
    }
    doc_free(latest);
}

void actor_refuse(struct actor *actor, const struct canary *canary)
{
    if (actor->run != NULL && run_is_acting(actor->run)) {
        return; /* its end wakes us */
    }
    if (tell_refusal(actor, canary)) {
        return;
    }
    if (canary->suspend) {
        actor_suspend(actor, canary);
        return;
    }
    str_free(&actor->held);
    actor_forget_edit(actor);
    if (actor->run != NULL) {
        actor_look_by_record(actor);
    } else {
        look_without_run(actor, canary);
    }
}
