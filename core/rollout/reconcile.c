#include "rollout/reconcile.h"

#include "rollout/scale.h"
#include "workload/autoscaler.h"
#include "workload/deployment.h"
#include "workload/service.h"

static enum reconcile_need need_of_plan(enum plan plan)
{
    switch (plan) {
    case PLAN_DONE:
        return RECONCILE_DONE;
    case PLAN_WRITE:
        return RECONCILE_WRITE;
    case PLAN_WAITING:
    case PLAN_FAILED:
        break;
    }
    return RECONCILE_FAILED;
}

static enum reconcile_need plan_service(struct house *house, struct canary *canary, const struct node *target,
                                        const struct selector *selector, enum service_role role,
                                        struct kube_write *write, struct err *err)
{
    return need_of_plan(
        service_plan(house->stores[STORE_SERVICES], &canary->names, canary->root, target, selector, role, write, err));
}

/* Only its existence is looked after once the Canary is initialised; what it runs changes by promotion alone. */
static enum reconcile_need plan_primary(struct house *house, struct canary *canary, struct err *err)
{
    const struct canary_names *names = &canary->names;
    struct doc *primary = store_find(house->stores[STORE_DEPLOYMENTS], names->namespace, names->target_primary);
    if (primary == NULL) {
        return RECONCILE_PRIMARY;
    }
    enum reconcile_need need = RECONCILE_DONE;
    if (canary_is_initialising(canary) && !canary->skip_analysis) {
        enum readiness readiness = deployment_readiness(doc_root(primary), canary->progress_deadline_s,
                                                        canary->primary_ready_pct, clock_wall_ms(house->clock), err);
        if (readiness != READY) {
            err_wrap(err, "%s.%s not ready", names->target_primary, names->namespace);
            need = readiness == NEVER_READY ? RECONCILE_NEVER : RECONCILE_WAIT;
        }
    }
    doc_free(primary);
    return need;
}

static enum reconcile_need plan_scale_down(struct house *house, struct canary *canary, struct kube_write *write,
                                           struct err *err)
{
    if (!canary_is_initialising(canary)) {
        return RECONCILE_DONE;
    }
    return need_of_plan(scale_plan(house, canary, false, write, err));
}

static enum reconcile_need plan_in_order(struct house *house, struct canary *canary, const struct node *target,
                                         bool metrics_asked, struct kube_write *write, struct err *err)
{
    struct selector selector;
    if (!deployment_selector(target, &house->selector_labels, &selector, err)) {
        return RECONCILE_FAILED;
    }
    canary->names.selector_label = selector.key;
    enum reconcile_need need = plan_service(house, canary, target, &selector, SERVICE_CANARY, write, err);
    if (need == RECONCILE_DONE) {
        need = plan_service(house, canary, target, &selector, SERVICE_PRIMARY, write, err);
    }
    if (need == RECONCILE_DONE && canary_is_initialising(canary) && !canary->skip_analysis && !metrics_asked) {
        need = RECONCILE_METRICS;
    }
    if (need == RECONCILE_DONE) {
        need = plan_primary(house, canary, err);
    }
    if (need == RECONCILE_DONE) {
        need = need_of_plan(
            autoscaler_plan(house->stores[STORE_AUTOSCALERS], &canary->names, canary->root, false, write, err));
    }
    if (need == RECONCILE_DONE) {
        need = plan_service(house, canary, target, &selector, SERVICE_APEX, write, err);
    }
    if (need == RECONCILE_DONE) {
        need = plan_scale_down(house, canary, write, err);
    }
    if (need == RECONCILE_DONE) {
        need = need_of_plan(house->router.ops->reconcile(&house->router, &canary->names, canary->root, write, err));
    }
    canary->names.selector_label = NULL; /* borrowed from the target, which goes now */
    return need;
}

enum reconcile_need reconcile_plan(struct house *house, struct canary *canary, bool metrics_asked,
                                   struct kube_write *write, struct err *err)
{
    const struct canary_names *names = &canary->names;
    struct doc *target = store_find(house->stores[STORE_DEPLOYMENTS], names->namespace, names->target);
    if (target == NULL) {
        err_set(err, ERR_NOT_FOUND, "deployment %s.%s get query error: deployments.apps \"%s\" not found",
                names->target, names->namespace, names->target);
        return RECONCILE_FAILED;
    }
    enum reconcile_need need = plan_in_order(house, canary, doc_root(target), metrics_asked, write, err);
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
