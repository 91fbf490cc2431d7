/* What a real API server adds to its built-in kinds when somebody leaves it out. */
#include "sim/api/builtin/default.h"

#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/api/builtin/pod.h"
#include "sim/api/builtin/service.h"
#include "sim/api/crd.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"

static struct node *spec_of(struct doc *doc)
{
    return node_ensure_object(doc, doc_root(doc), "spec");
}

static bool is(const struct kind *kind, const char *storage)
{
    return str_equal(kind->storage, storage);
}

/* --- workloads --- */

static void default_template(struct doc *doc)
{
    struct node *template = node_ensure_object(doc, spec_of(doc), "template");
    pod_default(doc, node_ensure_object(doc, template, "spec"));
}

static void default_text(struct doc *doc, struct node *object, const char *key, const char *value)
{
    if (node_get(object, key) == NULL) {
        node_set_str(doc, object, key, value);
    }
}

static void default_deployment(struct doc *doc)
{
    struct node *spec = spec_of(doc), *strategy = node_ensure_object(doc, spec, "strategy");
    set_default_int(doc, spec, "replicas", 1);
    set_default_int(doc, spec, "revisionHistoryLimit", 10);
    set_default_int(doc, spec, "progressDeadlineSeconds", 600);
    set_default_str(doc, strategy, "type", "RollingUpdate");
    if (node_is(node_get(strategy, "type"), "RollingUpdate")) {
        struct node *rolling = node_ensure_object(doc, strategy, "rollingUpdate");
        default_text(doc, rolling, "maxUnavailable", "25%");
        default_text(doc, rolling, "maxSurge", "25%");
    }
    default_template(doc);
}

static void default_daemon_set(struct doc *doc, bool is_new)
{
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    if (is_new) {
        node_set_str(doc, node_ensure_object(doc, metadata, "annotations"), "deprecated.daemonset.template.generation",
                     "1");
    }
    struct node *spec = spec_of(doc), *strategy = node_ensure_object(doc, spec, "updateStrategy");
    set_default_int(doc, spec, "revisionHistoryLimit", 10);
    set_default_str(doc, strategy, "type", "RollingUpdate");
    if (node_is(node_get(strategy, "type"), "RollingUpdate")) {
        struct node *rolling = node_ensure_object(doc, strategy, "rollingUpdate");
        if (node_get(rolling, "maxUnavailable") == NULL) {
            node_set_int(doc, rolling, "maxUnavailable", 1);
        }
        if (node_get(rolling, "maxSurge") == NULL) {
            node_set_int(doc, rolling, "maxSurge", 0);
        }
    }
    default_template(doc);
}

static void default_stateful_set(struct doc *doc)
{
    struct node *spec = spec_of(doc), *strategy = node_ensure_object(doc, spec, "updateStrategy");
    set_default_int(doc, spec, "replicas", 1);
    set_default_int(doc, spec, "revisionHistoryLimit", 10);
    set_default_str(doc, spec, "podManagementPolicy", "OrderedReady");
    set_default_str(doc, strategy, "type", "RollingUpdate");
    if (node_is(node_get(strategy, "type"), "RollingUpdate")) {
        set_default_int(doc, node_ensure_object(doc, strategy, "rollingUpdate"), "partition", 0);
    }
    struct node *retention = node_ensure_object(doc, spec, "persistentVolumeClaimRetentionPolicy");
    set_default_str(doc, retention, "whenDeleted", "Retain");
    set_default_str(doc, retention, "whenScaled", "Retain");
    default_template(doc);
}

/* --- pods --- */

static void add_toleration(struct doc *doc, struct node *tolerations, const char *key)
{
    struct node *toleration = node_new_object(doc);
    node_set_str(doc, toleration, "key", key);
    node_set_str(doc, toleration, "operator", "Exists");
    node_set_str(doc, toleration, "effect", "NoExecute");
    node_set_int(doc, toleration, "tolerationSeconds", 300);
    node_push(tolerations, toleration);
}

/* BestEffort without any request or limit; Guaranteed is left to who needs it. */
static const char *quality_of(const struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "containers"));
    while (node_next(&it)) {
        if (node_count(node_get(it.value, "resources")) > 0) {
            return "Burstable";
        }
    }
    return "BestEffort";
}

static void reset_pod_status(struct doc *doc, const struct node *spec)
{
    node_remove(doc_root(doc), "status");
    struct node *status = node_ensure_object(doc, doc_root(doc), "status");
    node_set_str(doc, status, "phase", "Pending");
    node_set_str(doc, status, "qosClass", quality_of(spec));
}

/* Of a Pod, not of a template: what is limited is asked for. */
static void default_requests(struct doc *doc, struct node *spec)
{
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t i = 0; i < 2; i++) {
        struct node_iter it = node_iterate(node_get(spec, lists[i]));
        while (node_next(&it)) {
            struct node *resources = node_get(it.value, "resources");
            struct node_iter limits = node_iterate(node_get(resources, "limits"));
            while (node_next(&limits)) {
                struct node *requests = node_ensure_object(doc, resources, "requests");
                if (node_get(requests, limits.key) == NULL) {
                    node_set(doc, requests, limits.key, node_copy(doc, limits.value));
                }
            }
        }
    }
}

static void default_pod(struct doc *doc, bool is_new)
{
    struct node *spec = spec_of(doc);
    pod_default(doc, spec);
    default_requests(doc, spec);
    if (node_get(spec, "enableServiceLinks") == NULL) {
        node_set_bool(doc, spec, "enableServiceLinks", true);
    }
    if (is_new) {
        reset_pod_status(doc, spec);
    }
}

/* What a real server's admission adds. */
static void allocate_pod(struct doc *doc)
{
    struct node *spec = spec_of(doc);
    set_default_int(doc, spec, "priority", 0);
    set_default_str(doc, spec, "preemptionPolicy", "PreemptLowerPriority");
    if (node_get(spec, "tolerations") == NULL) {
        struct node *tolerations = node_new_array(doc);
        add_toleration(doc, tolerations, "node.kubernetes.io/not-ready");
        add_toleration(doc, tolerations, "node.kubernetes.io/unreachable");
        node_set(doc, spec, "tolerations", tolerations);
    }
}

/* --- autoscalers --- */

static void add_policy(struct doc *doc, struct node *policies, const char *type, int64_t value)
{
    struct node *policy = node_new_object(doc);
    node_set_str(doc, policy, "type", type);
    node_set_int(doc, policy, "value", value);
    node_set_int(doc, policy, "periodSeconds", 15);
    node_push(policies, policy);
}

static void default_rules(struct doc *doc, struct node *behavior, bool is_up)
{
    struct node *rules = node_ensure_object(doc, behavior, is_up ? "scaleUp" : "scaleDown");
    if (is_up) {
        set_default_int(doc, rules, "stabilizationWindowSeconds", 0);
    }
    set_default_str(doc, rules, "selectPolicy", "Max");
    if (node_get(rules, "policies") != NULL) {
        return;
    }
    struct node *policies = node_new_array(doc);
    if (is_up) {
        add_policy(doc, policies, "Pods", 4);
    }
    add_policy(doc, policies, "Percent", 100);
    node_set(doc, rules, "policies", policies);
}

static void default_autoscaler(struct doc *doc, bool is_new)
{
    struct node *spec = spec_of(doc);
    set_default_int(doc, spec, "minReplicas", 1);
    if (node_count(node_get(spec, "metrics")) == 0) {
        struct node *metrics = node_new_array(doc), *metric = node_new_object(doc);
        node_set_str(doc, metric, "type", "Resource");
        struct node *resource = node_ensure_object(doc, metric, "resource");
        node_set_str(doc, resource, "name", "cpu");
        struct node *target = node_ensure_object(doc, resource, "target");
        node_set_str(doc, target, "type", "Utilization");
        node_set_int(doc, target, "averageUtilization", 80);
        node_push(metrics, metric);
        node_set(doc, spec, "metrics", metrics);
    }
    struct node *behavior = node_get(spec, "behavior");
    if (behavior != NULL) {
        default_rules(doc, behavior, true);
        default_rules(doc, behavior, false);
    }
    if (is_new) {
        node_remove(doc_root(doc), "status");
    }
}

/* --- others --- */

static void default_endpoint_slice(struct doc *doc)
{
    struct node_iter it = node_iterate(node_get(doc_root(doc), "ports"));
    while (node_next(&it)) {
        if (node_get(it.value, "name") == NULL) {
            node_set_str(doc, it.value, "name", "");
        }
        set_default_str(doc, it.value, "protocol", "TCP");
    }
}

static void default_namespace(struct doc *doc, bool is_new)
{
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    char *name = str_dup(node_str_or(node_get(metadata, "name"), ""));
    if (name[0] != '\0') {
        node_set_str(doc, node_ensure_object(doc, metadata, "labels"), "kubernetes.io/metadata.name", name);
    }
    mem_free(name);
    if (!is_new) {
        return;
    }
    node_remove(doc_root(doc), "status");
    node_set_str(doc, node_ensure_object(doc, doc_root(doc), "status"), "phase", "Active");
}

static void allocate_namespace(struct doc *doc)
{
    struct node *finalizers = node_new_array(doc);
    node_push_str(doc, finalizers, "kubernetes");
    node_set(doc, spec_of(doc), "finalizers", finalizers);
}

static void default_secret(struct doc *doc)
{
    struct node *root = doc_root(doc);
    set_default_str(doc, root, "type", "Opaque");
    struct node_iter it = node_iterate(node_get(root, "stringData"));
    while (node_next(&it)) {
        char *encoded = base64_encode(node_str_or(it.value, ""), strlen(node_str_or(it.value, "")));
        node_set_str(doc, node_ensure_object(doc, root, "data"), it.key, encoded);
        mem_free(encoded);
    }
    node_remove(root, "stringData");
}

void builtin_default(const struct kind *kind, struct doc *doc, bool is_new)
{
    if (is(kind, "apps/deployments")) {
        default_deployment(doc);
    } else if (is(kind, "apps/daemonsets")) {
        default_daemon_set(doc, is_new);
    } else if (is(kind, "apps/statefulsets")) {
        default_stateful_set(doc);
    } else if (is(kind, "apps/replicasets")) {
        set_default_int(doc, spec_of(doc), "replicas", 1);
        default_template(doc);
    } else if (is(kind, "/pods")) {
        default_pod(doc, is_new);
    } else if (is(kind, "/services")) {
        service_default(doc, is_new);
    } else if (is(kind, "/namespaces")) {
        default_namespace(doc, is_new);
    } else if (is(kind, "/secrets")) {
        default_secret(doc);
    } else if (is(kind, "discovery.k8s.io/endpointslices")) {
        default_endpoint_slice(doc);
    } else if (is(kind, "autoscaling/horizontalpodautoscalers")) {
        default_autoscaler(doc, is_new);
    } else if (str_equal(kind->name, "CustomResourceDefinition") && is_new) {
        crd_default(doc);
    }
    if (is_new && str_equal(kind->group, "apps")) {
        node_remove(doc_root(doc), "status");
    }
    if (is_new && is(kind, "apps/replicasets")) {
        node_set_int(doc, node_ensure_object(doc, doc_root(doc), "status"), "replicas", 0);
    }
}

bool builtin_has_generation(const struct kind *kind)
{
    return str_equal(kind->group, "apps") || is(kind, "/pods") || is(kind, "networking.k8s.io/ingresses") ||
           is(kind, "discovery.k8s.io/endpointslices") || str_equal(kind->name, "CustomResourceDefinition");
}

void builtin_allocate(struct api *api, const struct kind *kind, struct doc *doc, bool is_new)
{
    if (is(kind, "/services")) {
        service_allocate(api, doc);
    } else if (is(kind, "/pods") && is_new) {
        allocate_pod(doc);
    } else if (is(kind, "/namespaces") && is_new) {
        allocate_namespace(doc);
    }
}
