#include "workload/stores.h"

#include "workload/deployment.h"
#include "workload/service.h"
#include "workload/tracked_config.h"

const struct store_plan workload_stores[] = {
    {&KUBE_DEPLOYMENTS, deployment_prune, false},
    {&KUBE_SERVICES, service_prune, false},
    {&KUBE_CONFIG_MAPS, tracked_config_prune, true},
    {&KUBE_SECRETS, tracked_config_prune, true},
    {&KUBE_AUTOSCALERS, NULL, false},
};
const size_t workload_store_count = sizeof workload_stores / sizeof workload_stores[0];
