#include "effect/promote.h"

#include "workload/tracked_config.h"

struct promotion_options promote_options(struct context *context, const struct canary *canary, const char *revision,
                                         const struct node *configs, const char *promotion_id)
{
    return (struct promotion_options){
        .client = context->kube,
        .clock = context->clock,
        .deployments = context_store(context, &KUBE_DEPLOYMENTS),
        .config_maps = context_store(context, &KUBE_CONFIG_MAPS),
        .secrets = context_store(context, &KUBE_SECRETS),
        .canary = canary->root,
        .revision = revision,
        .configs = configs,
        .promotion_id = promotion_id,
        .selector_labels = &context->selector_labels,
        .label_prefixes = &context->label_prefixes,
        .config_tracking = context->config_tracking,
    };
}

/* What the primary reads now. */
static struct doc *live_copies(struct context *context, const struct canary *canary, const struct node *tracked)
{
    const struct canary_names *names = &canary->names;
    struct doc *primary =
        store_find(context_store(context, &KUBE_DEPLOYMENTS), names->namespace, names->target_primary);
    struct doc *doc = doc_new();
    doc_set_root(doc, tracked_config_promoted(doc, names, doc_root(primary), tracked,
                                              context_store(context, &KUBE_CONFIG_MAPS),
                                              context_store(context, &KUBE_SECRETS)));
    doc_free(primary);
    return doc;
}

struct node *promote_copies(struct context *context, const struct canary *canary, const struct node *configs,
                            struct doc *doc)
{
    struct doc *live = live_copies(context, canary, configs);
    struct node *copies = node_new_object(doc);
    struct node_iter it = node_iterate(doc_root(live));
    while (node_next(&it)) {
        const struct node *wanted = node_get(configs, it.key);
        if (wanted != NULL && !node_equal(wanted, it.value)) {
            node_set(doc, copies, it.key, node_copy(doc, it.value));
        }
    }
    doc_free(live);
    return copies;
}

bool promote_has_begun(struct context *context, const struct canary *canary, const struct node *copies)
{
    struct doc *live = live_copies(context, canary, copies);
    bool begun = false;
    struct node_iter it = node_iterate(copies);
    while (!begun && node_next(&it)) {
        begun = !node_equal(node_get(doc_root(live), it.key), it.value);
    }
    doc_free(live);
    return begun;
}
