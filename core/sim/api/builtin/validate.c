/* The rules of built-in kinds that a rollout, or a person typing, can break. */
#include "sim/api/builtin/validate.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/builtin/pod.h"
#include "sim/api/builtin/service.h"
#include "sim/api/crd.h"
#include "sim/api/failure.h"
#include "sim/api/object.h"
#include "sim/api/selector.h"
#include "sim/kinds/naming.h"

static bool is(const struct kind *kind, const char *storage)
{
    return str_equal(kind->storage, storage);
}

static void check_not_negative(const struct node *object, const char *field, const char *const *path,
                               struct doc *causes)
{
    const struct node *value = node_at_path(object, path);
    if (node_int_or(value, 0) < 0) {
        cause_invalid(causes, field, value, "must be greater than or equal to 0");
    }
}

#define NOT_NEGATIVE(object, field, ...)                                                                               \
    check_not_negative((object), (field), (const char *const[]){__VA_ARGS__, NULL}, causes)

/* --- workloads --- */

static void check_selector(const struct node *object, bool comes_first, struct doc *causes)
{
    const struct node *selector = node_at(object, "spec", "selector");
    const struct node *labels = node_at(object, "spec", "template", "metadata", "labels");
    struct err err;
    if (selector == NULL) {
        cause_required(causes, "spec.selector", NULL);
    } else if (node_count(selector) == 0) {
        cause_invalid(causes, "spec.selector", selector, "empty selector is invalid for %s",
                      comes_first ? "deployment" : "workload");
    }
    struct selector *parsed = selector_from_node(selector, &err);
    bool matches =
        selector != NULL && node_count(selector) > 0 && parsed != NULL && selector_matches_labels(parsed, labels);
    if (!matches && !(selector != NULL && node_count(selector) == 0)) {
        cause_invalid(causes, "spec.template.metadata.labels", labels, "`selector` does not match template `labels`");
    }
    selector_free(parsed);
}

static void check_strategy(const struct node *object, struct doc *causes)
{
    const char *type = node_str_or(node_at(object, "spec", "strategy", "type"), "");
    if (str_equal(type, "Recreate") || str_equal(type, "RollingUpdate")) {
        if (str_equal(type, "Recreate") && node_at(object, "spec", "strategy", "rollingUpdate") != NULL) {
            cause_forbidden(causes, "spec.strategy.rollingUpdate",
                            "may not be specified when strategy `type` is 'Recreate'");
        }
        return;
    }
    char *shown = str_format("{\"Type\":\"%s\",\"RollingUpdate\":null}", type);
    cause_unsupported(causes, "spec.strategy", shown, "\"Recreate\", \"RollingUpdate\"");
    mem_free(shown);
}

static void check_workload(const struct kind *kind, const struct node *object, struct doc *causes)
{
    NOT_NEGATIVE(object, "spec.replicas", "spec", "replicas");
    check_selector(object, true, causes);
    pod_validate(node_at(object, "spec", "template", "spec"), "spec.template.spec", causes);
    if (is(kind, "apps/deployments")) {
        check_strategy(object, causes);
        NOT_NEGATIVE(object, "spec.minReadySeconds", "spec", "minReadySeconds");
        NOT_NEGATIVE(object, "spec.revisionHistoryLimit", "spec", "revisionHistoryLimit");
    }
}

static void check_counts(const struct node *object, struct doc *causes)
{
    static const char *const counts[] = {"updatedReplicas", "readyReplicas", "availableReplicas"};
    const struct node *status = node_get(object, "status");
    int64_t replicas = node_int_or(node_get(status, "replicas"), 0);
    NOT_NEGATIVE(object, "status.replicas", "status", "replicas");
    for (size_t i = 0; i < 3; i++) {
        int64_t count = node_int_or(node_get(status, counts[i]), 0);
        char *field = str_format("status.%s", counts[i]);
        struct node *shown = node_new_int(causes, count);
        if (count < 0) {
            cause_invalid(causes, field, shown, "must be greater than or equal to 0");
        }
        if (count > replicas) {
            cause_invalid(causes, field, shown, "cannot be greater than status.replicas");
        }
        mem_free(field);
    }
}

static void check_same_selector(const struct node *object, const struct node *existing, struct doc *causes)
{
    const struct node *selector = node_at(object, "spec", "selector");
    if (!node_equal(selector, node_at(existing, "spec", "selector"))) {
        cause_invalid(causes, "spec.selector", selector, "field is immutable");
    }
}

/* --- small kinds --- */

static void check_config_map(const struct node *object, struct doc *causes)
{
    static const char *const maps[] = {"data", "binaryData"};
    for (size_t i = 0; i < 2; i++) {
        struct node_iter it = node_iterate(node_get(object, maps[i]));
        while (node_next(&it)) {
            char *field = str_format("%s[%s]", maps[i], it.key), *why = naming_config_key(it.key);
            if (why != NULL) {
                cause_invalid_str(causes, field, it.key, "%s", why);
            }
            if (i == 0 && node_at(object, "binaryData", it.key) != NULL) {
                cause_invalid_str(causes, field, it.key, "duplicate of key present in binaryData");
            }
            mem_free(field);
            mem_free(why);
        }
    }
}

static void check_immutable(const struct node *object, const struct node *existing, struct doc *causes)
{
    if (!node_bool_or(node_get(existing, "immutable"), false)) {
        return;
    }
    if (!node_bool_or(node_get(object, "immutable"), false)) {
        cause_forbidden(causes, "immutable", "field is immutable when `immutable` is set");
    }
    if (!node_equal(node_get(object, "data"), node_get(existing, "data"))) {
        cause_forbidden(causes, "data", "field is immutable when `immutable` is set");
    }
    if (!node_equal(node_get(object, "binaryData"), node_get(existing, "binaryData"))) {
        cause_forbidden(causes, "binaryData", "field is immutable when `immutable` is set");
    }
}

static void check_lease(const struct node *object, struct doc *causes)
{
    const struct node *duration = node_at(object, "spec", "leaseDurationSeconds");
    if (duration != NULL && node_int_or(duration, 1) <= 0) {
        cause_invalid(causes, "spec.leaseDurationSeconds", duration, "must be greater than 0");
    }
    NOT_NEGATIVE(object, "spec.leaseTransitions", "spec", "leaseTransitions");
}

static void check_event(const struct node *object, struct doc *causes)
{
    const char *namespace = meta_str(object, "namespace");
    const char *about = node_str_or(node_at(object, "involvedObject", "namespace"), "");
    bool in_default = about[0] == '\0' && (str_equal(namespace, "default") || str_equal(namespace, "kube-system"));
    if (!in_default && !str_equal(about, namespace)) {
        cause_invalid_str(causes, "involvedObject.namespace", about, "does not match event.namespace");
    }
}

static void check_autoscaler(const struct node *object, struct doc *causes)
{
    const struct node *spec = node_get(object, "spec"), *max = node_get(spec, "maxReplicas");
    const struct node *target = node_get(spec, "scaleTargetRef");
    int64_t least = node_int_or(node_get(spec, "minReplicas"), 1);
    if (least < 1) {
        cause_invalid(causes, "spec.minReplicas", node_get(spec, "minReplicas"), "must be greater than or equal to 1");
    }
    if (node_int_or(max, 0) < 1) {
        cause_required(causes, "spec.maxReplicas", "must be set and greater than 0");
    }
    if (node_int_or(max, 0) < least) {
        cause_invalid(causes, "spec.maxReplicas", max, "must be greater than or equal to `minReplicas`");
    }
    if (str_empty(node_str(node_get(target, "kind")))) {
        cause_required(causes, "spec.scaleTargetRef.kind", NULL);
    }
    if (str_empty(node_str(node_get(target, "name")))) {
        cause_required(causes, "spec.scaleTargetRef.name", NULL);
    }
    if (str_empty(node_str(node_get(target, "apiVersion")))) {
        cause_invalid_str(causes, "spec.scaleTargetRef.apiVersion", "", "apiVersion must specify API group");
    }
}

void builtin_validate(const struct kind *kind, const struct node *object, struct doc *causes)
{
    if (is(kind, "/configmaps") || is(kind, "/secrets")) {
        check_config_map(object, causes);
    } else if (is(kind, "/pods")) {
        pod_validate(node_get(object, "spec"), "spec", causes);
    } else if (is(kind, "/services")) {
        service_validate(object, causes);
    } else if (is(kind, "/events")) {
        check_event(object, causes);
    } else if (is(kind, "coordination.k8s.io/leases")) {
        check_lease(object, causes);
    } else if (is(kind, "autoscaling/horizontalpodautoscalers")) {
        check_autoscaler(object, causes);
    } else if (str_equal(kind->group, "apps")) {
        check_workload(kind, object, causes);
    } else if (str_equal(kind->name, "CustomResourceDefinition")) {
        crd_validate(object, causes);
    }
}

/* --- updates --- */

static void check_pod_update(const struct node *object, const struct node *existing, struct doc *causes)
{
    static const char *const free_to_change[] = {"containers", "initContainers", "activeDeadlineSeconds", "tolerations",
                                                 "terminationGracePeriodSeconds"};
    struct doc *left = doc_copy(node_get(object, "spec")), *right = doc_copy(node_get(existing, "spec"));
    for (size_t i = 0; i < sizeof free_to_change / sizeof free_to_change[0]; i++) {
        node_remove(doc_root(left), free_to_change[i]);
        node_remove(doc_root(right), free_to_change[i]);
    }
    if (!node_equal(doc_root(left), doc_root(right))) {
        cause_forbidden(
            causes, "spec",
            "pod updates may not change fields other than "
            "`spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,"
            "`spec.tolerations` (only additions to existing tolerations),"
            "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n");
    }
    doc_free(left);
    doc_free(right);
}

static void check_service_update(const struct node *object, const struct node *existing, struct doc *causes)
{
    const struct node *addresses = node_at(object, "spec", "clusterIPs");
    const struct node *before = node_at(existing, "spec", "clusterIPs");
    if (before != NULL && !node_equal(addresses, before) && !node_is(node_at(object, "spec", "type"), "ExternalName")) {
        cause_invalid(causes, "spec.clusterIPs[0]", addresses, "may not change once set");
    }
}

void builtin_validate_update(const struct kind *kind, const char *subresource, const struct node *object,
                             const struct node *existing, struct doc *causes)
{
    if (str_equal(subresource, "status")) {
        if (is(kind, "apps/deployments")) {
            check_counts(object, causes);
        }
        return;
    }
    if (str_equal(kind->group, "apps")) {
        check_same_selector(object, existing, causes);
    } else if (is(kind, "/configmaps") || is(kind, "/secrets")) {
        check_immutable(object, existing, causes);
    } else if (is(kind, "/pods")) {
        check_pod_update(object, existing, causes);
    } else if (is(kind, "/services")) {
        check_service_update(object, existing, causes);
    }
    if (is(kind, "/secrets") && !node_equal(node_get(object, "type"), node_get(existing, "type"))) {
        cause_invalid(causes, "type", node_get(object, "type"), "field is immutable");
    }
}
