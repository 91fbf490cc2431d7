#include "rollout/reconcile.h"

#include "base/duration.h"
#include "base/str.h"
#include "effect/scale.h"
#include "kube/object.h"
#include "workload/autoscaler.h"
#include "workload/facts.h"
#include "workload/service.h"
#include "workload/tracked_config.h"

/* One look at a Canary's objects, in their order. */
struct look {
    struct context *context;
    struct canary *canary;
    const struct node *target;
    const struct selector *selector;
    const struct reconcile_options *options;
    struct kube_write *write;
    struct err *err;
    struct err foreign;   /* the objects that are not this Canary's; without a code: there is none */
    bool foreign_service; /* one of them is a Service */
    struct err failed;    /* the objects that cannot be planned or written; without a code: there is none */
    struct err not_ready; /* the primary, as a Service that must lead to it waits for that; without a code: none does */
};

static void note(struct look *look, struct err *kept)
{
    if (kept->code == ERR_NONE) {
        *kept = *look->err;
    } else {
        struct err first = *kept;
        err_set(kept, ERR_INVALID, "%s; %s", first.text, look->err->text);
    }
    *look->err = (struct err){0};
}

static void note_foreign(struct look *look)
{
    note(look, &look->foreign);
}

/* What comes next in an initialisation is built on it. */
static enum reconcile_need note_failed(struct look *look)
{
    note(look, &look->failed);
    return canary_is_initialising(look->canary) ? RECONCILE_FAILED : RECONCILE_DONE;
}

static enum reconcile_need need_of_write(struct look *look)
{
    switch (look->options->withhold(look->options->ctx, look->write, look->err)) {
    case HOLD_NOT:
        return RECONCILE_WRITE;
    case HOLD_LATER:
        break;
    case HOLD_REFUSED:
        return note_failed(look);
    }
    return RECONCILE_DONE;
}

/* What a planner found about one object; RECONCILE_DONE: on to the next one. */
static enum reconcile_need need_of_plan(struct look *look, enum plan plan)
{
    switch (plan) {
    case PLAN_DONE:
        return RECONCILE_DONE;
    case PLAN_WRITE:
        return need_of_write(look);
    case PLAN_FOREIGN:
        note_foreign(look);
        return RECONCILE_DONE;
    case PLAN_WAITING:
    case PLAN_FAILED:
        break;
    }
    return note_failed(look);
}

static bool needs_analysis_to_initialise(const struct look *look)
{
    return canary_is_initialising(look->canary) && !look->canary->skip_analysis;
}

/* --- Services --- */

static bool primary_is_ready(struct look *look, struct err *why)
{
    const struct canary *canary = look->canary;
    struct doc *primary = context_primary(look->context, &canary->names);
    bool ready = workload_readiness(&canary->names, doc_root(primary), canary->progress_deadline_s,
                                    canary->primary_ready_pct, clock_wall_ms(look->context->clock), why) == READY;
    doc_free(primary);
    return ready;
}

/* What runs behind a Service, besides the target and its primary. */
struct others {
    const struct canary_names *names;
    const struct node *selector;
    bool run;
};

static bool see(void *ctx, const char *namespace, const char *name, const struct doc *workload)
{
    struct others *others = ctx;
    bool own = str_equal(name, others->names->target) || str_equal(name, others->names->target_primary);
    others->run = !own && workload_of(others->names)->replicas(doc_root(workload)) > 0 &&
                  facts_is_chosen_by(doc_root(workload), others->selector);
    return !others->run;
}

/* True when the write leads users away from Pods that run, to a primary that is not ready: as after the target was
 * renamed, whose primary is a new one while that of before serves. */
static bool leads_users_astray(struct look *look, struct err *why)
{
    const struct kube_write *write = look->write;
    const struct canary_names *names = &look->canary->names;
    if (write->verb == KUBE_CREATE || node_at(doc_root(write->body), "spec", "selector") == NULL ||
        primary_is_ready(look, why)) {
        return false;
    }
    struct doc *live = store_find(context_store(look->context, &KUBE_SERVICES), names->namespace, write->name);
    struct others others = {.names = names, .selector = node_at(doc_root(live), "spec", "selector")};
    store_each(context_store(look->context, workload_of(names)->store.resource), names->namespace, see, &others);
    doc_free(live);
    return others.run;
}

static enum reconcile_need plan_service(struct look *look, enum service_role role)
{
    struct service_options options = {
        .stores = &look->context->stores,
        .names = &look->canary->names,
        .canary = look->canary->root,
        .target = look->target,
        .selector = look->selector,
        .role = role,
    };
    enum plan plan = service_plan(&options, look->write, look->err);
    look->foreign_service = look->foreign_service || plan == PLAN_FOREIGN;
    struct err why = {0};
    if (plan == PLAN_WRITE && role != SERVICE_CANARY && leads_users_astray(look, &why)) {
        kube_write_fini(look->write);
        err_wrap(&why, "%s.%s not ready", look->canary->names.target_primary, look->canary->names.namespace);
        look->not_ready = why;
        return RECONCILE_DONE;
    }
    return need_of_plan(look, plan);
}

static enum reconcile_need plan_canary_service(struct look *look)
{
    return plan_service(look, SERVICE_CANARY);
}

static enum reconcile_need plan_primary_service(struct look *look)
{
    return plan_service(look, SERVICE_PRIMARY);
}

static enum reconcile_need plan_metrics(struct look *look)
{
    return needs_analysis_to_initialise(look) && !look->options->metrics_asked ? RECONCILE_METRICS : RECONCILE_DONE;
}

/* Once the Canary is initialised, only the primary's existence is checked. Its template changes by promotion alone. */
static enum reconcile_need plan_live_primary(struct look *look, const struct node *primary)
{
    const struct canary *canary = look->canary;
    const struct canary_names *names = &canary->names;
    if (workload_check_primary(primary, names, look->err) != PLAN_DONE) {
        note_foreign(look);
        return RECONCILE_FOREIGN; /* the objects planned next would send traffic to its Pods */
    }
    if (!needs_analysis_to_initialise(look)) {
        return RECONCILE_DONE;
    }
    enum readiness readiness =
        workload_readiness(names, primary, canary->progress_deadline_s, canary->primary_ready_pct,
                           clock_wall_ms(look->context->clock), look->err);
    if (readiness == READY) {
        return RECONCILE_DONE;
    }
    err_wrap(look->err, "%s.%s not ready", names->target_primary, names->namespace);
    return readiness == NEVER_READY ? RECONCILE_NEVER : RECONCILE_WAIT;
}

static bool copies_are_ours(struct look *look)
{
    struct config_stores stores = context_configs(look->context);
    if (!look->context->config_tracking ||
        tracked_config_check_copies(&look->canary->names, look->target, &stores, look->err) == PLAN_DONE) {
        return true;
    }
    note_foreign(look);
    return false;
}

/* Its making is several writes (workload/promotion.h); to whoever withholds writes it is the one that creates it. */
static enum reconcile_need plan_missing_primary(struct look *look)
{
    const struct canary_names *names = &look->canary->names;
    const struct workload_kind *kind = workload_of(names);
    const struct kube_resource *resource = kind->store.resource;
    kube_write_create(look->write, resource, object_new(resource, names->namespace, names->target_primary), "%s %s.%s",
                      kind->word, names->target_primary, names->namespace);
    switch (look->options->withhold(look->options->ctx, look->write, look->err)) {
    case HOLD_NOT:
        kube_write_fini(look->write);
        return RECONCILE_PRIMARY;
    case HOLD_LATER:
        break;
    case HOLD_REFUSED:
        note_failed(look);
        return RECONCILE_FAILED; /* what comes next would lead to no Pods */
    }
    err_set(look->err, ERR_NO_DATA, "%s.%s not ready: %s not found", names->target_primary, names->namespace,
            kind->word);
    return RECONCILE_WAIT;
}

static enum reconcile_need plan_primary(struct look *look)
{
    const struct canary_names *names = &look->canary->names;
    struct doc *primary = context_primary(look->context, names);
    bool copies = copies_are_ours(look);
    enum reconcile_need need = primary != NULL ? plan_live_primary(look, doc_root(primary))
                               : copies        ? plan_missing_primary(look)
                                               : RECONCILE_FOREIGN;
    doc_free(primary);
    return need;
}

static enum reconcile_need plan_autoscaler(struct look *look)
{
    return need_of_plan(look, autoscaler_plan(context_store(look->context, &KUBE_AUTOSCALERS), &look->canary->names,
                                              look->canary->root, false, look->write, look->err));
}

static enum reconcile_need plan_apex_service(struct look *look)
{
    return plan_service(look, SERVICE_APEX);
}

static enum reconcile_need plan_scale_down(struct look *look)
{
    if (canary_is_initialising(look->canary) && look->foreign.code != ERR_NONE) {
        return RECONCILE_FOREIGN; /* the target may be the only workload behind the foreign object */
    }
    if (!canary_is_initialising(look->canary)) {
        return RECONCILE_DONE;
    }
    enum plan plan = scale_plan(look->context, look->canary, false, look->write, look->err);
    if (plan == PLAN_WRITE && look->options->target_stays_ms > 0) {
        kube_write_fini(look->write);
        return RECONCILE_DRAIN;
    }
    return need_of_plan(look, plan);
}

static enum reconcile_need plan_routes(struct look *look)
{
    const struct router *router = &look->context->router;
    enum reconcile_need need = look->foreign_service ? RECONCILE_FOREIGN : RECONCILE_DONE;
    for (size_t i = 0; need == RECONCILE_DONE && i < router->ops->objects; i++) {
        need = need_of_plan(
            look, router->ops->reconcile(router, &look->canary->names, look->canary->root, i, look->write, look->err));
    }
    return need;
}

static enum reconcile_need plan_share_back(struct look *look, const struct routes *live, const struct routes *at_rest)
{
    const struct router *router = &look->context->router;
    const struct canary_names *names = &look->canary->names;
    enum reconcile_need need =
        need_of_plan(look, router->ops->set_routes(router, names, look->canary->root, at_rest, look->write, look->err));
    if (need == RECONCILE_DONE) {
        err_set(look->err, ERR_INVALID,
                "the routes of %s still give its canary %d%% of the requests: somebody changes them back", names->id,
                live->canary_pct);
        need = RECONCILE_FAILED;
    }
    return need;
}

/* An earlier Canary may have left routes that still give the target a share: they are brought in line, and the share is
 * taken back, while the target has Pods. Routes that are missing are made last, as in Flagger. */
static enum reconcile_need plan_share(struct look *look)
{
    static const struct routes at_rest = {.primary_pct = 100};
    const struct router *router = &look->context->router;
    const struct canary_names *names = &look->canary->names;
    struct routes live;
    struct err err = {0};
    if (!canary_is_initialising(look->canary) ||
        (!router->ops->get_routes(router, names, look->canary->root, &live, &err) && err.code == ERR_NOT_FOUND)) {
        return RECONCILE_DONE;
    }
    enum reconcile_need need = plan_routes(look);
    if (need == RECONCILE_DONE && router->ops->get_routes(router, names, look->canary->root, &live, &err) &&
        !routes_equal(&live, &at_rest)) {
        need = plan_share_back(look, &live, &at_rest);
    }
    if (need == RECONCILE_WRITE && reconcile_services_known_ms(look->context, look->canary) > 0) {
        kube_write_fini(look->write);
        return RECONCILE_PROXIES;
    }
    return need;
}

static enum reconcile_need plan_in_order(struct look *look)
{
    static enum reconcile_need (*const plans[])(struct look *) = {
        plan_canary_service, plan_primary_service, plan_metrics,    plan_primary, plan_autoscaler,
        plan_apex_service,   plan_share,           plan_scale_down, plan_routes,
    };
    enum reconcile_need need = RECONCILE_DONE;
    for (size_t i = 0; need == RECONCILE_DONE && i < sizeof plans / sizeof *plans; i++) {
        need = plans[i](look);
    }
    if (need == RECONCILE_WRITE || need == RECONCILE_METRICS || need == RECONCILE_PRIMARY) {
        return need;
    } else if (look->failed.code != ERR_NONE) {
        *look->err = look->failed;
        return RECONCILE_FAILED;
    } else if (look->foreign.code != ERR_NONE) {
        *look->err = look->foreign;
        return RECONCILE_FOREIGN;
    } else if (need == RECONCILE_DONE && look->not_ready.code != ERR_NONE) {
        *look->err = look->not_ready;
        return RECONCILE_WAIT;
    }
    return need;
}

enum reconcile_need reconcile_plan(struct context *context, struct canary *canary,
                                   const struct reconcile_options *options, struct kube_write *write, struct err *err)
{
    const struct canary_names *names = &canary->names;
    struct doc *target = context_target(context, names);
    struct selector selector;
    enum reconcile_need need = RECONCILE_FAILED;
    if (target == NULL) {
        workload_missing(names, err);
    } else if (workload_selector(workload_of(names), doc_root(target), &context->selector_labels, &selector, err)) {
        struct look look = {.context = context,
                            .canary = canary,
                            .target = doc_root(target),
                            .selector = &selector,
                            .options = options,
                            .write = write,
                            .err = err};
        canary->names.selector_label = selector.key;
        need = plan_in_order(&look);
        canary->names.selector_label = NULL; /* borrowed from the target, which goes now */
    }
    doc_free(target);
    return need;
}

int64_t reconcile_services_known_ms(struct context *context, const struct canary *canary)
{
    const struct canary_names *names = &canary->names;
    struct doc *service = store_find(context_store(context, &KUBE_SERVICES), names->namespace, names->apex_primary);
    const char *created = node_str(node_at(doc_root(service), "metadata", "creationTimestamp"));
    int64_t created_ms, delay_ms = context->scale_down_delay_ms, rest_ms = 0;
    struct err ignored = {0};
    if (created != NULL && delay_ms > 0 && time_parse(created, &created_ms, &ignored)) {
        rest_ms = created_ms + 999 + delay_ms - clock_wall_ms(context->clock); /* it is cut to whole seconds */
    }
    doc_free(service);
    /* A clock that is behind the API server's must not make it last longer. */
    return rest_ms < 0 ? 0 : rest_ms < delay_ms ? rest_ms : delay_ms;
}

int64_t reconcile_deadline_wall_ms(struct context *context, const struct canary *canary)
{
    const struct canary_names *names = &canary->names;
    struct doc *primary = context_primary(context, names);
    int64_t deadline_ms = workload_of(names)->deadline_wall_ms(doc_root(primary), canary->progress_deadline_s);
    doc_free(primary);
    return deadline_ms;
}
