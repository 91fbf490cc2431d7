/* How the API server calls a kind, and the kinds of Kubernetes' own, of Flagger's and of ours that the engine deals
 * with. Those of a mesh are the mesh's. */
#pragma once

#include <stdbool.h>

struct kube_resource {
    const char *group; /* "" for core */
    const char *version;
    const char *plural;
    const char *kind;
};

#define KUBE_RESOURCES(X)                                                                                              \
    X(CANARIES, "flagger.app", "v1beta1", "canaries", "Canary")                                                        \
    X(RELEASES, "sluice.dev", "v1alpha1", "releases", "Release")                                                       \
    X(STRATEGIES, "sluice.dev", "v1alpha1", "strategies", "Strategy")                                                  \
    X(CHECKS, "sluice.dev", "v1alpha1", "checks", "Check")                                                             \
    X(DEPLOYMENTS, "apps", "v1", "deployments", "Deployment")                                                          \
    X(SERVICES, "", "v1", "services", "Service")                                                                       \
    X(CONFIG_MAPS, "", "v1", "configmaps", "ConfigMap")                                                                \
    X(SECRETS, "", "v1", "secrets", "Secret")                                                                          \
    X(AUTOSCALERS, "autoscaling", "v2", "horizontalpodautoscalers", "HorizontalPodAutoscaler")                         \
    X(METRIC_TEMPLATES, "flagger.app", "v1beta1", "metrictemplates", "MetricTemplate")                                 \
    X(ALERT_PROVIDERS, "flagger.app", "v1beta1", "alertproviders", "AlertProvider")                                    \
    X(EVENTS, "", "v1", "events", "Event")                                                                             \
    X(LEASES, "coordination.k8s.io", "v1", "leases", "Lease")

#define KUBE_EXTERN(name, group, version, plural, kind) extern const struct kube_resource KUBE_##name;
KUBE_RESOURCES(KUBE_EXTERN)
#undef KUBE_EXTERN

/* "apps/v1", "v1". */
void kube_api_version(const struct kube_resource *resource, char out[static 128]);
