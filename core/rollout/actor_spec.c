/* The part of rollout/actor.h that decides which spec counts: the Canary's own, or the one that a running release goes by. */
#include "base/str.h"
#include "rollout/actor_inner.h"
#include "rollout/history.h"
#include "rollout/refusal.h"
#include "rollout/status.h"

/* --- a Canary that is refused --- */

/* True when it was not told yet: a write is under way. */
static bool tell_refusal(struct actor *actor, const struct canary *canary)
{
    struct str_list reasons = {0};
    canary_refusals(canary, &reasons);
    char *why = str_list_join(&reasons, "; "); /* an err may be too short for all of them */
    struct doc *patch = status_refused(canary, why, clock_wall_ms(actor->house->clock));
    if (patch != NULL) {
        char *text =
            str_format("canary %s is refused: %s%s", actor->id, why,
                       actor->run != NULL ? "; the release under way goes on by the spec that was accepted last" : "");
        actor_say(actor, "Warning", text);
        str_free(&text);
        actor_send_status(actor, canary, patch);
    }
    str_free(&why);
    str_list_fini(&reasons);
    return patch != NULL;
}

static void on_last_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct actor *actor = ctx;
    actor->reading = NULL;
    if (answer == NULL) {
        actor_step_done(actor, err);
        return;
    }
    struct release *last = release_open(actor->house, doc_root(answer));
    struct canary canary = {0};
    struct err problem = {0};
    struct target_now now = {0};
    if (last->accepted.spec == NULL || !release_canary(last, &canary, &problem)) {
        trouble_tell(&actor->trouble, "the spec that the last release went by is not known: the next one waits until "
                                      "the Canary is accepted");
    } else if (target_now_init(&now, actor->house, &canary, &problem)) {
        actor_look_for_revision(actor, &canary, &now, answer);
    } else {
        trouble_tell_err(&actor->trouble, &problem);
    }
    target_now_fini(&now);
    canary_fini(&canary);
    release_free(last);
}

/* Another revision took the place of the one under analysis. Its share is taken away by the spec of before; its own analysis waits. */
static void follow(struct actor *actor, const struct doc *last)
{
    struct kube_request request = {.verb = KUBE_GET,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = actor->namespace,
                                   .name = node_str(node_at(doc_root(last), "metadata", "name"))};
    actor->reading = kube_start(actor->house->kube, &request, on_last_read, actor);
}

static void look_without_run(struct actor *actor, const struct canary *canary)
{
    struct doc *latest = history_latest(actor->house, canary, actor->release_number);
    if (latest == NULL) {
        return;
    }
    if (release_state_is_open(node_str(node_at(doc_root(latest), "status", "state")))) {
        actor_resume(actor, latest);
    } else if (!canary_is_initialising(canary) && !canary_is_at_rest(canary)) {
        follow(actor, latest);
    }
    doc_free(latest);
}

static void look_by_record(struct actor *actor)
{
    const struct release *release = run_release(actor->run);
    struct canary canary = {0};
    struct err ignored = {0};
    bool known = release->accepted.spec != NULL && release_canary(release, &canary, &ignored);
    run_freeze(actor->run, !known || release->waiting);
    if (known) {
        actor_look_by(actor, &canary);
    }
    canary_fini(&canary);
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
    actor->suspended = false;
    if (actor->run != NULL) {
        look_by_record(actor);
    } else {
        look_without_run(actor, canary);
    }
}

/* --- a Canary that is accepted --- */

void actor_take_spec(struct actor *actor, const struct canary *canary)
{
    const struct release *release = run_release(actor->run);
    if (run_is_scripted(actor->run) && (release->waiting || !accepted_is(&release->accepted, canary))) {
        run_accept(actor->run, canary);
    }
}
