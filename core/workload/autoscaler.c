#include "workload/autoscaler.h"

#include "base/str.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "workload/metadata.h"

static const struct node *reference(const struct node *canary)
{
    return node_at(canary, "spec", "autoscalerRef");
}

static struct doc *find_target(const struct store *autoscalers, const struct node *canary)
{
    const char *name = node_str(node_get(reference(canary), "name"));
    return name != NULL ? store_find(autoscalers, object_namespace(canary), name) : NULL;
}

int64_t autoscaler_min_replicas(const struct store *autoscalers, const struct node *canary)
{
    struct doc *target = find_target(autoscalers, canary);
    int64_t min = node_int_or(node_at(doc_root(target), "spec", "minReplicas"), 1);
    doc_free(target);
    return min;
}

static void set_replicas(struct doc *doc, struct node *spec, const struct node *target_spec, const struct node *canary,
                         const char *key)
{
    const struct node *own = node_at(reference(canary), "primaryScalerReplicas", key);
    node_set(doc, spec, key, node_copy(doc, own != NULL ? own : node_get(target_spec, key)));
}

/* The part of the spec that follows the target's autoscaler. */
static struct node *followed_spec(struct doc *doc, const struct node *target_spec, const struct node *canary)
{
    struct node *spec = node_new_object(doc);
    set_replicas(doc, spec, target_spec, canary, "minReplicas");
    set_replicas(doc, spec, target_spec, canary, "maxReplicas");
    node_set(doc, spec, "metrics", node_copy(doc, node_get(target_spec, "metrics")));
    node_set(doc, spec, "behavior", node_copy(doc, node_get(target_spec, "behavior")));
    return spec;
}

static enum plan create_primary(const struct canary_names *names, const struct node *canary, const struct node *target,
                                const char *name, struct kube_write *write)
{
    struct doc *body = object_new(&KUBE_AUTOSCALERS, names->namespace, name);
    struct node *root = doc_root(body), *metadata = node_get(root, "metadata");
    node_set(body, metadata, "labels", metadata_copied(body, node_at(target, "metadata", "labels")));
    struct node *owners = node_new_array(body);
    node_push(owners, canary_owner_reference(body, names));
    node_set(body, metadata, "ownerReferences", owners);
    struct node *spec = followed_spec(body, node_get(target, "spec"), canary);
    struct node *scaled = node_copy(body, node_at(target, "spec", "scaleTargetRef"));
    node_set_str(body, scaled, "name", names->target_primary);
    node_set(body, spec, "scaleTargetRef", scaled);
    node_set(body, root, "spec", spec);
    return kube_write_create(write, &KUBE_AUTOSCALERS, body, "creating HorizontalPodAutoscaler v2 %s.%s failed", name,
                             names->namespace);
}

/* The API server fills in minReplicas, so an absent value means 1. */
static bool replicas_equal(const struct node *live, const struct node *want, const char *key)
{
    return node_int_or(node_get(live, key), 1) == node_int_or(node_get(want, key), 1);
}

static enum plan update_primary(const struct canary_names *names, const struct node *canary, const struct node *target,
                                const struct node *live, struct kube_write *write)
{
    struct doc *patch = doc_new();
    const struct node *live_spec = node_get(live, "spec");
    struct node *want = followed_spec(patch, node_get(target, "spec"), canary);
    if (replicas_equal(live_spec, want, "minReplicas") && replicas_equal(live_spec, want, "maxReplicas") &&
        node_equal(node_get(live_spec, "metrics"), node_get(want, "metrics")) &&
        node_equal(node_get(live_spec, "behavior"), node_get(want, "behavior"))) {
        doc_free(patch);
        return PLAN_DONE;
    }
    /* A merge patch adds to the live behavior, so removed keys must be named in it. */
    node_remove(want, "behavior");
    node_set(patch, want, "behavior",
             kube_merge_diff(patch, node_get(live_spec, "behavior"), node_at(target, "spec", "behavior")));
    static const char *const followed[] = {"minReplicas", "metrics"};
    for (size_t i = 0; i < sizeof followed / sizeof *followed; i++) {
        if (node_get(want, followed[i]) == NULL) {
            node_set(patch, want, followed[i], node_new_null(patch));
        }
    }
    doc_set_root(patch, node_new_object(patch));
    node_set(patch, doc_root(patch), "spec", want);
    return kube_write_patch(write, &KUBE_AUTOSCALERS, live, patch, "updating HorizontalPodAutoscaler v2 %s.%s failed",
                            object_name(live), names->namespace);
}

static bool is_primarys(const struct canary_names *names, const struct node *live)
{
    return ownership_is_ours(live, names) ||
           (!ownership_is_rivals(live, names) &&
            node_is(node_at(live, "spec", "scaleTargetRef", "name"), names->target_primary));
}

enum plan autoscaler_plan(const struct store *autoscalers, const struct canary_names *names, const struct node *canary,
                          bool update, struct kube_write *write, struct err *err)
{
    const char *name = node_str(node_get(reference(canary), "name"));
    if (name == NULL) {
        return PLAN_DONE;
    }
    struct doc *target = find_target(autoscalers, canary);
    if (target == NULL) {
        err_set(err, ERR_NOT_FOUND,
                "HorizontalPodAutoscaler %s.%s get query error: horizontalpodautoscalers.autoscaling \"%s\" not found",
                name, names->namespace, name);
        return PLAN_FAILED;
    }
    char *primary_name = str_format("%s-primary", name);
    struct doc *live = store_find(autoscalers, names->namespace, primary_name);
    enum plan plan = PLAN_DONE;
    if (live == NULL) {
        plan = create_primary(names, canary, doc_root(target), primary_name, write);
    } else if (!is_primarys(names, doc_root(live))) {
        plan = ownership_refuse(&KUBE_AUTOSCALERS, doc_root(live), names, "it scales something else", err);
    } else if (update) {
        plan = update_primary(names, canary, doc_root(target), doc_root(live), write);
    }
    doc_free(live);
    doc_free(target);
    str_free(&primary_name);
    return plan;
}
