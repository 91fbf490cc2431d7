#include "effect/scale.h"

#include "workload/autoscaler.h"

/* The autoscaler's minimum, or else what the primary has, or else 1. (A target with replicas of its own is not at zero.) */
static int64_t replicas_from_zero(struct context *context, const struct canary *canary)
{
    if (canary->has_autoscaler) {
        int64_t min = autoscaler_min_replicas(context_store(context, &KUBE_AUTOSCALERS), canary->root);
        return min > 1 ? min : 1;
    }
    struct doc *primary =
        store_find(context_store(context, &KUBE_DEPLOYMENTS), canary->names.namespace, canary->names.target_primary);
    int64_t replicas = node_int_or(node_at(doc_root(primary), "spec", "replicas"), 1);
    doc_free(primary);
    return replicas > 0 ? replicas : 1;
}

static enum plan write_replicas(const struct canary *canary, const struct node *target, int64_t replicas,
                                struct kube_write *write)
{
    struct doc *patch = doc_new();
    doc_set_root(patch, node_new_object(patch));
    node_set_int(patch, node_ensure_object(patch, doc_root(patch), "spec"), "replicas", replicas);
    if (replicas > 0) {
        return kube_write_patch(write, &KUBE_DEPLOYMENTS, target, patch, "scaling up %s.%s to %lld failed",
                                canary->names.target, canary->names.namespace, (long long)replicas);
    }
    return kube_write_patch(write, &KUBE_DEPLOYMENTS, target, patch, "deployment %s.%s patch query error",
                            canary->names.target, canary->names.namespace);
}

enum plan scale_plan(struct context *context, const struct canary *canary, bool up, struct kube_write *write,
                     struct err *err)
{
    const struct canary_names *names = &canary->names;
    struct doc *target = store_find(context_store(context, &KUBE_DEPLOYMENTS), names->namespace, names->target);
    if (target == NULL) {
        err_set(err, ERR_NOT_FOUND, "deployment %s.%s get query error: deployments.apps \"%s\" not found",
                names->target, names->namespace, names->target);
        return PLAN_FAILED;
    }
    int64_t live = node_int_or(node_at(doc_root(target), "spec", "replicas"), 1);
    enum plan plan = PLAN_DONE;
    if (up ? live == 0 : live > 0) {
        plan = write_replicas(canary, doc_root(target), up ? replicas_from_zero(context, canary) : 0, write);
    }
    doc_free(target);
    return plan;
}
