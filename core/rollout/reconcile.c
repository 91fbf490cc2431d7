#include "rollout/reconcile.h"

#include "rollout/scale.h"
#include "workload/autoscaler.h"
#include "workload/deployment.h"
#include "workload/service.h"

/* One look at a Canary's objects, in their order. */
struct look {
    struct house *house;
    struct canary *canary;
    const struct node *target;
    const struct selector *selector;
    const struct reconcile_options *options;
    struct kube_write *write;
    struct err *err;
};

/* What a planner found about one object; RECONCILE_DONE: on to the next one. */
static enum reconcile_need need_of_plan(struct look *look, enum plan plan)
{
    switch (plan) {
    case PLAN_DONE:
        return RECONCILE_DONE;
    case PLAN_WRITE:
        return look->options->withhold(look->options->ctx, look->write) ? RECONCILE_DONE : RECONCILE_WRITE;
    case PLAN_WAITING:
    case PLAN_FAILED:
        break;
    }
    return RECONCILE_FAILED;
}

static bool needs_analysis_to_initialise(const struct look *look)
{
    return canary_is_initialising(look->canary) && !look->canary->skip_analysis;
}

static enum reconcile_need plan_service(struct look *look, enum service_role role)
{
    const struct canary *canary = look->canary;
    return need_of_plan(look, service_plan(look->house->stores[STORE_SERVICES], &canary->names, canary->root,
                                           look->target, look->selector, role, look->write, look->err));
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

/* Only its existence is looked after once the Canary is initialised; what it runs changes by promotion alone. */
static enum reconcile_need plan_primary(struct look *look)
{
    const struct canary *canary = look->canary;
    const struct canary_names *names = &canary->names;
    struct doc *primary = store_find(look->house->stores[STORE_DEPLOYMENTS], names->namespace, names->target_primary);
    if (primary == NULL) {
        return RECONCILE_PRIMARY;
    }
    enum reconcile_need need = RECONCILE_DONE;
    if (needs_analysis_to_initialise(look)) {
        enum readiness readiness =
            deployment_readiness(doc_root(primary), canary->progress_deadline_s, canary->primary_ready_pct,
                                 clock_wall_ms(look->house->clock), look->err);
        if (readiness != READY) {
            err_wrap(look->err, "%s.%s not ready", names->target_primary, names->namespace);
            need = readiness == NEVER_READY ? RECONCILE_NEVER : RECONCILE_WAIT;
        }
    }
    doc_free(primary);
    return need;
}

static enum reconcile_need plan_autoscaler(struct look *look)
{
    return need_of_plan(look, autoscaler_plan(look->house->stores[STORE_AUTOSCALERS], &look->canary->names,
                                              look->canary->root, false, look->write, look->err));
}

static enum reconcile_need plan_apex_service(struct look *look)
{
    return plan_service(look, SERVICE_APEX);
}

static enum reconcile_need plan_scale_down(struct look *look)
{
    if (!canary_is_initialising(look->canary)) {
        return RECONCILE_DONE;
    }
    return need_of_plan(look, scale_plan(look->house, look->canary, false, look->write, look->err));
}

static enum reconcile_need plan_routes(struct look *look)
{
    const struct router *router = &look->house->router;
    enum reconcile_need need = RECONCILE_DONE;
    for (size_t i = 0; need == RECONCILE_DONE && i < router->ops->objects; i++) {
        need = need_of_plan(
            look, router->ops->reconcile(router, &look->canary->names, look->canary->root, i, look->write, look->err));
    }
    return need;
}

static enum reconcile_need plan_in_order(struct look *look)
{
    static enum reconcile_need (*const plans[])(struct look *) = {
        plan_canary_service, plan_primary_service, plan_metrics,    plan_primary,
        plan_autoscaler,     plan_apex_service,    plan_scale_down, plan_routes,
    };
    enum reconcile_need need = RECONCILE_DONE;
    for (size_t i = 0; need == RECONCILE_DONE && i < sizeof plans / sizeof *plans; i++) {
        need = plans[i](look);
    }
    return need;
}

enum reconcile_need reconcile_plan(struct house *house, struct canary *canary, const struct reconcile_options *options,
                                   struct kube_write *write, struct err *err)
{
    const struct canary_names *names = &canary->names;
    struct doc *target = store_find(house->stores[STORE_DEPLOYMENTS], names->namespace, names->target);
    struct selector selector;
    enum reconcile_need need = RECONCILE_FAILED;
    if (target == NULL) {
        err_set(err, ERR_NOT_FOUND, "deployment %s.%s get query error: deployments.apps \"%s\" not found",
                names->target, names->namespace, names->target);
    } else if (deployment_selector(doc_root(target), &house->selector_labels, &selector, err)) {
        struct look look = {house, canary, doc_root(target), &selector, options, write, err};
        canary->names.selector_label = selector.key;
        need = plan_in_order(&look);
        canary->names.selector_label = NULL; /* borrowed from the target, which goes now */
    }
    doc_free(target);
    return need;
}

int64_t reconcile_deadline_wall_ms(struct house *house, const struct canary *canary)
{
    const struct canary_names *names = &canary->names;
    struct doc *primary = store_find(house->stores[STORE_DEPLOYMENTS], names->namespace, names->target_primary);
    int64_t deadline_ms = deployment_deadline_wall_ms(doc_root(primary), canary->progress_deadline_s);
    doc_free(primary);
    return deadline_ms;
}
