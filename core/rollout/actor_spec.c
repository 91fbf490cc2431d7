/* The part of rollout/actor.h that decides which spec counts: the Canary's own, or the one that a running release goes
 * by. */
#include <string.h>

#include "base/str.h"
#include "canary/check_ref.h"
#include "canary/edit.h"
#include "canary/status.h"
#include "rollout/actor_inner.h"

bool actor_is_primary_ready(const struct actor *actor, const struct canary *canary)
{
    struct doc *primary = context_primary(actor->context, &canary->names);
    struct err ignored;
    bool ready = workload_readiness(&canary->names, doc_root(primary), canary->progress_deadline_s,
                                    canary->primary_ready_pct, clock_wall_ms(actor->context->clock), &ignored) == READY;
    doc_free(primary);
    return ready;
}

bool actor_give_back(struct actor *actor, const struct canary *canary)
{
    static const struct routes at_rest = {.primary_pct = 100};
    const struct router *router = &actor->context->router;
    struct kube_write write = {0};
    struct routes live;
    struct err err = {0};
    if (!router->ops->get_routes(router, &canary->names, canary->root, &live, &err) || routes_equal(&live, &at_rest) ||
        router->ops->set_routes(router, &canary->names, canary->root, &at_rest, &write, &err) != PLAN_WRITE) {
        return true;
    }
    if (actor->run != NULL) {
        run_freeze(actor->run, true);
    }
    actor->gives_back = true;
    actor_send(actor, &write);
    return false;
}

static bool reset_status(struct actor *actor, const struct canary *before, const struct canary *canary)
{
    struct status_sync sync = {
        .phase = PHASE_PROGRESSING,
        .iterations = edit_iterations(before, canary),
        .failed_checks = before->failed_checks,
    };
    struct doc *patch = status_sync(canary, &sync, clock_wall_ms(actor->context->clock));
    if (status_is_same(canary, patch)) {
        doc_free(patch);
        return true;
    }
    actor_send_status(actor, canary, patch);
    return false;
}

static void tell_edit(struct actor *actor, const char *text)
{
    if (!actor->edit_told) {
        actor->edit_told = true;
        actor_say(actor, "Normal", text);
    }
}

/* Or may be, and neither its script nor the Canary's status says so yet. */
static bool is_promoted(const struct actor *actor, const struct canary *canary)
{
    return !run_can_go_back(actor->run) ||
           detect_promoted(canary, run_release(actor->run), actor->context->config_tracking);
}

/* A release that has scaled the target up and not yet written its status begins first: superseded while the phase is
 * still one of rest, nobody would know that the target is to be scaled down. */
bool actor_change_strategy(struct actor *actor, const struct canary *canary)
{
    if (!run_is_in_script(actor->run) || canary_is_at_rest(canary) || is_promoted(actor, canary) ||
        strcmp(run_release(actor->run)->strategy, canary->strategy) == 0) {
        return false;
    }
    run_supersede(actor->run, "another strategy took its place");
    return true;
}

/* Before the run is thawed: what its script was about to do, it would do by the new spec. */
static enum take go_by(struct actor *actor, const struct canary *canary)
{
    run_accept(actor->run, canary);
    return actor_change_strategy(actor, canary) ? TAKE_BUSY : TAKE_NOW;
}

void actor_forget_edit(struct actor *actor)
{
    timer_cancel(&actor->edit);
    str_free(&actor->unfit);
    doc_free(actor->unfit_spec);
    actor->unfit_spec = NULL;
    actor->edit_told = actor->trying = false;
    waiting_end(&actor->waiting, WAIT_EDIT);
}

/* The release goes on by the spec of before, which is the last one that could be carried out. */
static enum take refuse_edit(struct actor *actor, const struct canary *canary, const struct err *why)
{
    char *text = str_format("The edit of canary %s cannot be carried out: %s; release %s goes on by the spec of before",
                            actor->id, why->text, run_release(actor->run)->name);
    if (!str_equal(actor->unfit, text)) {
        str_free(&actor->unfit);
        actor->unfit = str_dup(text);
        actor_say(actor, "Warning", text);
    }
    actor->trying = false;
    actor_wait(actor, WAIT_EDIT, text);
    str_free(&text);
    return TAKE_LATER;
}

/* It counts once its objects are there. */
static enum take accept_edit(struct actor *actor, struct canary *canary, bool routing)
{
    actor->trying = true;
    if (!actor_bring_objects(actor, canary) && actor_is_busy(actor)) {
        return TAKE_BUSY;
    }
    actor_forget_edit(actor);
    enum take take = go_by(actor, canary);
    if (routing && take == TAKE_NOW) {
        run_save(actor->run); /* or another engine would do the last step once more, under the routing of before */
        take = TAKE_BUSY;
    }
    return take;
}

/* A write of it failed for now. (The timer alone says nothing: it may stand for a deadline.) */
static bool is_tried_later(const struct actor *actor)
{
    return actor->trying && actor->retry_ms > 0 && timer_is_pending(&actor->retry);
}

static enum take take_objects(struct actor *actor, struct canary *before, struct canary *canary)
{
    struct err why = {0};
    if (!actor_can_bring(actor, before, canary, &why)) {
        return refuse_edit(actor, canary, &why);
    }
    return is_tried_later(actor) ? TAKE_LATER : accept_edit(actor, canary, false);
}

/* Acts between two rounds only, because a round goes by the spec that it has read. Another look follows each write;
 * after a crash each write can be repeated without harm. */
static enum take take_routing(struct actor *actor, struct canary *before, struct canary *canary)
{
    struct err why = {0};
    if (actor->unfit_spec != NULL && node_equal(doc_root(actor->unfit_spec), canary->spec)) {
        actor_wait(actor, WAIT_EDIT, actor->unfit);
        return TAKE_LATER; /* tried again, it would take the release's share again and again */
    }
    if (!actor_can_bring(actor, before, canary, &why)) {
        doc_free(actor->unfit_spec);
        actor->unfit_spec = actor->trying ? doc_copy(canary->spec) : NULL;
        return refuse_edit(actor, canary, &why);
    }
    if (is_tried_later(actor)) {
        return TAKE_LATER;
    }
    bool stays = strcmp(before->strategy, canary->strategy) == 0;
    if (stays && !run_is_waiting(actor->run)) {
        /* An engine that died may have written the new routing; the step that comes belongs to the one on record. */
        if (actor_bring_objects(actor, before) || !actor_is_busy(actor)) {
            run_freeze(actor->run, false);
        }
        return TAKE_BUSY;
    }
    if (!actor_is_primary_ready(actor, before)) {
        return TAKE_LATER;
    }
    run_freeze(actor->run, true);
    actor->trying = true;
    char *text = str_format(
        "Routing of %s changed, its canary's weight starts again from 0: whom a share is for is another", actor->id);
    tell_edit(actor, text);
    str_free(&text);
    if (!actor_give_back(actor, before) || !actor_give_back(actor, canary) || !reset_status(actor, before, canary)) {
        return TAKE_BUSY;
    }
    return accept_edit(actor, canary, true);
}

static enum take wait_for_end(struct actor *actor, const char *why)
{
    char *text = str_format("The edit of canary %s counts once release %s has ended: %s", actor->id,
                            run_release(actor->run)->name, why);
    tell_edit(actor, text);
    str_free(&text);
    return TAKE_LATER;
}

/* The Canary names another target. When the old one is gone, nothing is left to judge and the release is superseded. */
static enum take take_subject(struct actor *actor, const struct canary *before, const struct canary *canary)
{
    if (store_has(context_workloads(actor->context, &before->names), actor->namespace, before->names.target)) {
        return wait_for_end(actor, "it names another target");
    }
    if (!actor_give_back(actor, before)) {
        return TAKE_BUSY;
    }
    run_accept(actor->run, canary);
    run_supersede(actor->run, "its target is gone, and the Canary names another one");
    return TAKE_BUSY;
}

/* The Canary names a Check that the release has not pinned, or gives it other parameters than the pinned one has. */
static enum take take_unpinned(struct actor *actor, const struct canary *canary, const struct err *why)
{
    if (!run_release(actor->run)->waiting) {
        return wait_for_end(actor, why->text);
    }
    run_accept(actor->run, canary);
    run_supersede(actor->run, "it waited for a spec that names other Checks");
    return TAKE_BUSY;
}

static enum take take_edit(struct actor *actor, struct canary *before, struct canary *canary)
{
    enum edit edit = edit_between(before, canary);
    struct err unpinned = {0};
    bool analysing = canary_phase_is(canary, PHASE_PROGRESSING) || canary_phase_is(canary, PHASE_WAITING_PROMOTION);
    if (!run_is_in_script(actor->run) || canary_is_initialising(canary)) {
        return TAKE_LATER;
    } else if (edit != EDIT_PLAIN && is_promoted(actor, canary)) {
        return wait_for_end(actor, "it is being promoted");
    } else if (edit == EDIT_SUBJECT && analysing) {
        return take_subject(actor, before, canary);
    } else if (strcmp(before->strategy, canary->strategy) == 0 &&
               !check_refs_are_pinned(canary, doc_root(run_release(actor->run)->checks), &unpinned)) {
        return take_unpinned(actor, canary, &unpinned);
    } else if (edit == EDIT_ROUTING && analysing) {
        return take_routing(actor, before, canary);
    } else if (edit_changes_objects(before, canary)) {
        return take_objects(actor, before, canary);
    }
    actor_forget_edit(actor);
    return go_by(actor, canary);
}

enum take actor_take_spec(struct actor *actor, struct canary *canary)
{
    const struct release *release = run_release(actor->run);
    if (accepted_is(&release->accepted, canary) && !release->waiting) {
        actor_forget_edit(actor);
        return TAKE_NOW;
    }
    if (run_is_beginning(actor->run)) {
        run_freeze(actor->run, true);
        return TAKE_BUSY;
    }
    if (run_is_acting(actor->run)) {
        return release->accepted.spec != NULL ? TAKE_LATER : TAKE_NOW;
    }
    struct canary before = {0};
    struct err ignored = {0};
    enum take take = TAKE_NOW;
    if (release->accepted.spec == NULL || !release_canary(release, &before, &ignored)) {
        take = go_by(actor, canary);
    } else {
        take = take_edit(actor, &before, canary);
    }
    canary_fini(&before);
    return take;
}
