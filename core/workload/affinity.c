#include "workload/affinity.h"

struct rename {
    struct doc *doc;
    const struct str_list *keys;
    const char *from, *to;
};

/* Rebuilds the list: a node cannot stand in two places. */
static struct node *renamed_values(const struct rename *rename, const struct node *values)
{
    struct node *out = node_new_array(rename->doc);
    bool done = false;
    struct node_iter it = node_iterate(values);
    while (node_next(&it)) {
        if (!done && node_is(it.value, rename->from)) {
            node_push_str(rename->doc, out, rename->to);
            done = true;
        } else {
            node_push(out, node_copy(rename->doc, it.value));
        }
    }
    return out;
}

static bool is_meant(const struct rename *rename, const char *key)
{
    return rename->keys == NULL || str_list_has(rename->keys, key);
}

static void rename_in_labels(const struct rename *rename, struct node *selector)
{
    const struct node *labels = node_get(selector, "matchLabels");
    if (labels == NULL) {
        return;
    }
    struct node *out = node_new_object(rename->doc);
    struct node_iter it = node_iterate(labels);
    while (node_next(&it)) {
        bool renamed = is_meant(rename, it.key) && node_is(it.value, rename->from);
        node_set(rename->doc, out, it.key,
                 renamed ? node_new_str(rename->doc, rename->to) : node_copy(rename->doc, it.value));
    }
    node_set(rename->doc, selector, "matchLabels", out);
}

static void rename_in_selector(const struct rename *rename, struct node *selector)
{
    struct node_iter it = node_iterate(node_get(selector, "matchExpressions"));
    while (node_next(&it)) {
        const char *key = node_str(node_get(it.value, "key"));
        const struct node *values = node_get(it.value, "values");
        if (key != NULL && values != NULL && is_meant(rename, key)) {
            node_set(rename->doc, it.value, "values", renamed_values(rename, values));
        }
    }
    rename_in_labels(rename, selector);
}

void affinity_rename(struct doc *doc, struct node *pod_spec, const struct str_list *keys, const char *from,
                     const char *to)
{
    struct rename rename = {.doc = doc, .keys = keys, .from = from, .to = to};
    struct node_iter it = node_iterate(node_get(pod_spec, "topologySpreadConstraints"));
    while (node_next(&it)) {
        rename_in_selector(&rename, node_get(it.value, "labelSelector"));
    }
    const struct node *anti = node_at(pod_spec, "affinity", "podAntiAffinity");
    it = node_iterate(node_get(anti, "preferredDuringSchedulingIgnoredDuringExecution"));
    while (node_next(&it)) {
        rename_in_selector(&rename, node_at(it.value, "podAffinityTerm", "labelSelector"));
    }
    it = node_iterate(node_get(anti, "requiredDuringSchedulingIgnoredDuringExecution"));
    while (node_next(&it)) {
        rename_in_selector(&rename, node_get(it.value, "labelSelector"));
    }
}
