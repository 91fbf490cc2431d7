/* { kind: scale, to: up|zero }: the target's Pods. The target goes to zero only when the canary's share has been
 * smaller for context.scale_down_delay_ms: proxies learn of new routes later than the API server, and send requests
 * to these Pods until then. */
#include "effect/scale.h"

#include <string.h>

#include "effect/kind.h"
#include "workload/autoscaler.h"

/* The autoscaler's minimum, else the replicas of the primary, else 1. (A target with replicas of its own is not at
 * zero.) */
static int64_t replicas_from_zero(struct context *context, const struct canary *canary)
{
    if (canary->has_autoscaler) {
        int64_t min = autoscaler_min_replicas(context_store(context, &KUBE_AUTOSCALERS), canary->root);
        return min > 1 ? min : 1;
    }
    struct doc *primary = context_primary(context, &canary->names);
    int64_t replicas = primary != NULL ? workload_of(&canary->names)->replicas(doc_root(primary)) : 1;
    doc_free(primary);
    return replicas > 0 ? replicas : 1;
}

/* Where a kind has replicas, they are written by the subresource, which has nothing else: what an admission policy
 * makes of a whole workload that is written, such as a stamp in its pod template, would be a revision that nobody
 * asked for. */
static enum plan write_replicas(const struct canary *canary, const struct node *target, int64_t replicas,
                                struct kube_write *write)
{
    const struct workload_kind *kind = workload_of(&canary->names);
    struct doc *patch = kind->scale(target, replicas);
    if (replicas > 0) {
        kube_write_patch(write, kind->store.resource, target, patch, "scaling up %s.%s to %lld failed",
                         canary->names.target, canary->names.namespace, (long long)replicas);
    } else {
        kube_write_patch(write, kind->store.resource, target, patch, "%s %s.%s patch query error", kind->word,
                         canary->names.target, canary->names.namespace);
    }
    write->subresource = kind->has_replicas ? KUBE_SCALE : NULL;
    return PLAN_WRITE;
}

enum plan scale_plan(struct context *context, const struct canary *canary, bool up, struct kube_write *write,
                     struct err *err)
{
    const struct canary_names *names = &canary->names;
    struct doc *target = context_target(context, names);
    if (target == NULL && !up) {
        return PLAN_DONE; /* what was deleted has no Pods */
    } else if (target == NULL) {
        workload_missing(names, err);
        return PLAN_FAILED;
    }
    int64_t live = workload_of(names)->replicas(doc_root(target));
    enum plan plan = PLAN_DONE;
    if (up ? live == 0 : live > 0) {
        plan = write_replicas(canary, doc_root(target), up ? replicas_from_zero(context, canary) : 0, write);
    }
    doc_free(target);
    return plan;
}

/* --- the kind of effect --- */

/* Refuses everything but "up" and "zero". `start` scales to zero unless the text is "up", and a misspelt word must
 * not do that. */
static bool check(const struct place *at, const struct node *effect)
{
    const char *to = node_str_or(node_get(effect, "to"), "");
    return strcmp(to, "up") == 0 || strcmp(to, "zero") == 0 ||
           err_set(at->err, ERR_INVALID, "%s.to: \"%s\" is neither up nor zero", at->text, to);
}

static bool check_own(const struct place *at, enum effects_of of, const struct node *effect)
{
    const struct node *to = node_get(effect, "to");
    return node_is(to, of == EFFECTS_OF_ENDING ? "zero" : "up") ||
           place_refuse(at, "to", to, "what such a list scales to");
}

/* How long the target must keep its Pods; 0: it may go to zero. */
static int64_t wait_ms(const struct effect_call *call)
{
    int64_t drained_ms = call->release->drained_ms;
    if (drained_ms == RELEASE_NEVER_DRAINED) {
        return 0;
    }
    int64_t rest_ms = drained_ms + call->context->scale_down_delay_ms - clock_mono_ms(call->context->clock);
    return rest_ms > 0 ? rest_ms : 0;
}

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    bool up = node_is(node_get(call->effect, "to"), "up");
    enum effect_step step = effect_step_of(scale_plan(call->context, canary, up, write, err));
    int64_t rest_ms = up ? 0 : wait_ms(call);
    if (step == EFFECT_WRITE && rest_ms > 0) {
        kube_write_fini(write);
        effect_again(call, rest_ms);
        return EFFECT_STARTED;
    }
    return step;
}

static const char *const ways[] = {"up", "zero", NULL};

static const struct contract_field takes[] = {
    EFFECT_NAMED("scale"),
    {.name = "to", .type = CONTRACT_STRING, .words = ways},
    {0},
};

const struct effect_kind effect_scale = {
    .name = "scale",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT) | EFFECTS_IN(EFFECTS_OF_ENDING) | EFFECTS_IN(EFFECTS_OF_RESTART),
    .takes = takes,
    .again = "up: done with any replicas; zero: done with none, else its wait begins anew",
    .check = check,
    .check_own = check_own,
    .start = start,
};
