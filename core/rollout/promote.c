#include "rollout/promote.h"

struct promotion_options promote_options(struct house *house, const struct canary *canary, const char *revision,
                                         const char *promotion_id)
{
    return (struct promotion_options){
        .client = house->kube,
        .clock = house->clock,
        .deployments = house->stores[STORE_DEPLOYMENTS],
        .config_maps = house->stores[STORE_CONFIG_MAPS],
        .secrets = house->stores[STORE_SECRETS],
        .canary = canary->root,
        .revision = revision,
        .promotion_id = promotion_id,
        .selector_labels = &house->selector_labels,
        .label_prefixes = &house->label_prefixes,
        .config_tracking = house->config_tracking,
    };
}
