#include "workload/stores.h"

#include <assert.h>

#include "workload/service.h"
#include "workload/tracked_config.h"
#include "workload/workload.h"

static const struct store_plan others[] = {
    {&KUBE_SERVICES, service_prune, false},
    {&KUBE_CONFIG_MAPS, tracked_config_prune, true},
    {&KUBE_SECRETS, tracked_config_prune, true},
    {&KUBE_AUTOSCALERS, NULL, false},
};
enum { OTHERS = sizeof others / sizeof others[0] };

size_t workload_stores(struct store_plan plans[static STORES_MAX])
{
    size_t count = 0;
    for (const struct workload_kind *kind; (kind = workload_kind_at(count)) != NULL; count++) {
        assert(count + OTHERS < STORES_MAX);
        plans[count] = kind->store;
    }
    for (size_t i = 0; i < OTHERS; i++) {
        plans[count++] = others[i];
    }
    return count;
}
