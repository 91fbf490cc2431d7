/* { kind: route, primary, canary, mirrored, from: {primary, canary, mirrored}, analysis: {match, mirrorWeight} }: which
 * side gets which share, and of which requests, if its strategy says so in place of the Canary.
 *
 * After a crash the mesh wins: weights that are neither the wanted ones nor those in `from` were set by somebody
 * else meanwhile, and stay. */
#include <inttypes.h>

#include "base/log.h"
#include "effect/kind.h"
#include "effect/requests.h"
#include "release/note.h"
#include "workload/workload.h"

enum { SHARE_MAX = 1000 * 1000 };

static struct routes routes_of(const struct node *n)
{
    return (struct routes){
        .primary_pct = (int)effect_int(n, "primary", 0),
        .canary_pct = (int)effect_int(n, "canary", 0),
        .mirrored = node_bool_or(node_get(n, "mirrored"), false),
    };
}

/* `from` has the weights that the mesh had. They may be any numbers. */
static bool check(const struct place *at, const struct node *effect)
{
    const struct node *from = node_get(effect, "from");
    int64_t primary, canary;
    if (!place_check_share(at, effect, "primary", &primary) || !place_check_share(at, effect, "canary", &canary)) {
        return false;
    }
    if (primary + canary != 100) {
        return err_set(at->err, ERR_INVALID, "%s: primary %" PRId64 " and canary %" PRId64 " do not sum to 100",
                       at->text, primary, canary);
    }
    if (node_get(effect, "analysis") != NULL && !requests_check(at, node_get(effect, "analysis"))) {
        return false;
    }
    return place_check_int(at, from, "primary", -SHARE_MAX, SHARE_MAX, "a share") &&
           place_check_int(at, from, "canary", -SHARE_MAX, SHARE_MAX, "a share");
}

/* An ending may send all requests to the canary after a failed promotion; see start. */
static bool check_own(const struct place *at, enum effects_of of, const struct node *effect)
{
    int64_t canary = effect_int(effect, "canary", 0);
    if (node_get(effect, "analysis") != NULL) {
        return place_refuse(at, "analysis", node_get(effect, "analysis"), "what such a list says");
    }
    return canary == 0 || (of == EFFECTS_OF_ENDING && canary == 100) ||
           place_refuse(at, "canary", node_get(effect, "canary"), "a share that such a list gives");
}

static void complete(struct context *context, const struct release *release, const struct canary *canary, size_t index,
                     struct doc *doc, struct node *effect)
{
    struct routes live;
    struct err ignored;
    if (context->router.ops->get_routes(&context->router, &canary->names, canary->root, &live, &ignored)) {
        struct node *from = node_new_object(doc);
        node_set_int(doc, from, "primary", live.primary_pct);
        node_set_int(doc, from, "canary", live.canary_pct);
        node_set_bool(doc, from, "mirrored", live.mirrored);
        node_set(doc, effect, "from", from);
    }
}

/* True when the Pods of this side can take requests. A workload scaled to zero counts as ready, but a target at
 * zero has no Pods. A primary at zero is what its owner wants. */
static bool side_is_ready(struct context *context, const struct canary *canary, bool primary)
{
    const struct canary_names *names = &canary->names;
    struct doc *workload = primary ? context_primary(context, names) : context_target(context, names);
    struct err ignored;
    enum readiness readiness = workload_readiness(names, doc_root(workload), canary->progress_deadline_s,
                                                  primary ? canary->primary_ready_pct : canary->canary_ready_pct,
                                                  clock_wall_ms(context->clock), &ignored);
    bool has_pods = primary || workload == NULL || workload_of(names)->replicas(doc_root(workload)) > 0;
    doc_free(workload);
    return readiness == READY && has_pods;
}

/* `others`: the shares are of other requests than before, so any share is a larger one. */
static bool share_is_safe(struct context *context, const struct canary *canary, const struct routes *live,
                          const struct routes *want, bool others, struct err *err)
{
    bool grows = want->canary_pct > live->canary_pct || (others && want->canary_pct > 0);
    if (grows && !side_is_ready(context, canary, false)) {
        return err_set(err, ERR_INVALID, "the canary's share of %s must not grow while it is not ready",
                       canary->names.id);
    }
    if (want->primary_pct > live->primary_pct && !canary->skip_analysis && !side_is_ready(context, canary, true)) {
        return err_set(err, ERR_INVALID, "the primary's share of %s must not grow while it is not ready",
                       canary->names.id);
    }
    return true;
}

/* An ending takes the canary's share whatever the primary's Pods say, but not for a primary that is missing: the
 * canary's Pods are the only ones that can answer then. */
static bool leads_somewhere(const struct context *context, const struct canary *canary, const struct routes *live,
                            const struct routes *want, struct err *err)
{
    const struct canary_names *names = &canary->names;
    const struct workload_kind *kind = workload_of(names);
    struct doc *primary = context_primary(context, names), *target = context_target(context, names);
    bool answers = target != NULL && kind->replicas(doc_root(target)) > 0;
    bool leads = primary != NULL || !answers || want->primary_pct <= live->primary_pct;
    doc_free(target);
    doc_free(primary);
    return leads || err_set(err, ERR_NO_DATA, "the canary of %s keeps its share of %d%%: %s %s.%s is missing",
                            names->id, live->canary_pct, kind->word, names->target_primary, names->namespace);
}

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    const struct router *router = &call->context->router;
    struct routes want = routes_of(call->effect), from = routes_of(node_get(call->effect, "from")), live;
    if (!router->ops->get_routes(router, &canary->names, canary->root, &live, err)) {
        return EFFECT_FAILED;
    }
    gauges_weights(&call->context->gauges, canary->names.target, canary->names.namespace, want.primary_pct,
                   want.canary_pct);
    if (call->redo && !call->trusted && !routes_equal(&live, &want) && !routes_equal(&live, &from)) {
        log_info(canary->names.id, "the weights were changed to %d/%d meanwhile; they stay", live.primary_pct,
                 live.canary_pct);
        return EFFECT_DONE;
    }
    /* An ending sends all requests to the canary only after a failed promotion. Once the phase is Failed, that has
     * been done. */
    if (call->trusted && call->redo && want.canary_pct > live.canary_pct && !canary_is_promoting(canary)) {
        log_info(canary->names.id, "the weights stay at %d/%d: no promotion is under way", live.primary_pct,
                 live.canary_pct);
        return EFFECT_DONE;
    }
    bool others = node_get(call->effect, "analysis") != NULL;
    if (others && !requests_can_be_told_apart(canary, want.mirrored, err)) {
        return EFFECT_FAILED;
    }
    if (!call->trusted ? !share_is_safe(call->context, canary, &live, &want, others, err)
                       : !leads_somewhere(call->context, canary, &live, &want, err)) {
        return EFFECT_FAILED;
    }
    return effect_step_of(router->ops->set_routes(router, &canary->names, canary->root, &want, write, err));
}

static bool takes_share(const struct effect_call *call)
{
    const struct node *from = node_get(call->effect, "from");
    return from == NULL || routes_of(call->effect).canary_pct < routes_of(from).canary_pct;
}

/* Called whatever came of the write: without an answer it may have been done. From now on the target's Pods stay for
 * a while. */
static void written(struct effect_call *call)
{
    if (takes_share(call)) {
        note_less_share(call->release);
    }
}

static bool settle(struct effect_call *call, const struct err *err)
{
    if (err->code == ERR_NONE && takes_share(call)) {
        note_drained(call->release);
    }
    return false;
}

static const struct contract_field analysis[] = {
    {.name = "match", .type = CONTRACT_LIST, .optional = true},
    {.name = "mirrorWeight", .type = CONTRACT_INTEGER, .optional = true, .min = 1, .max = 100},
    {0},
};
static const struct contract_field takes[] = {
    EFFECT_NAMED("route"),
    {.name = "primary", .type = CONTRACT_INTEGER, .min = 0, .max = 100},
    {.name = "canary", .type = CONTRACT_INTEGER, .min = 0, .max = 100},
    {.name = "mirrored", .type = CONTRACT_BOOLEAN, .optional = true},
    {.name = "analysis", .optional = true, .fields = analysis},
    {0},
};

const struct effect_kind effect_route = {
    .name = "route",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT) | EFFECTS_IN(EFFECTS_OF_ENDING) | EFFECTS_IN(EFFECTS_OF_RESTART),
    .takes = takes,
    .again = "done when the live weights are these; written when they are those of before; else the mesh wins",
    .check = check,
    .check_own = check_own,
    .complete = complete,
    .start = start,
    .written = written,
    .settle = settle,
};
