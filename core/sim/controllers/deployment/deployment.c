#include "sim/controllers/deployment/deployment.h"

#include <stdlib.h>

#include "base/mem.h"
#include "sim/controllers/item.h"

void replica_set_reread(struct replica_set *set)
{
    const struct node *root = doc_root(set->doc), *status = node_get(root, "status");
    const char *revision = item_annotation(root, REVISION);
    set->replicas = node_int_or(node_at(root, "spec", "replicas"), 1);
    set->actual = node_int_or(node_get(status, "replicas"), 0);
    set->ready = node_int_or(node_get(status, "readyReplicas"), 0);
    set->available = node_int_or(node_get(status, "availableReplicas"), 0);
    set->ending = node_int_or(node_get(status, "terminatingReplicas"), 0);
    set->revision = revision != NULL ? strtol(revision, NULL, 10) : 0;
}

/* "25%" of the size, or a number. */
static int64_t part_of(const struct node *value, int64_t whole, bool round_up)
{
    const char *text = node_str(value);
    int64_t percent = text != NULL ? strtol(text, NULL, 10) : 0;
    if (text == NULL) {
        return node_int_or(value, 0);
    }
    return round_up ? (whole * percent + 99) / 100 : whole * percent / 100;
}

/* With neither there would be no way forward. */
static void read_bounds(struct deployment *d, const struct node *strategy)
{
    const struct node *rolling = node_get(strategy, "rollingUpdate");
    d->is_rolling = node_is(node_get(strategy, "type"), "RollingUpdate");
    d->surge = d->unavailable = 0;
    if (!d->is_rolling) {
        return;
    }
    d->surge = part_of(node_get(rolling, "maxSurge"), d->replicas, true);
    d->unavailable = part_of(node_get(rolling, "maxUnavailable"), d->replicas, false);
    if (d->surge == 0 && d->unavailable == 0) {
        d->unavailable = 1;
    }
    if (d->unavailable > d->replicas) {
        d->unavailable = d->replicas;
    }
}

void deployment_reread(struct deployment *d)
{
    const struct node *spec = node_get(doc_root(d->doc), "spec");
    d->replicas = node_int_or(node_get(spec, "replicas"), 1);
    d->deadline_s = node_int_or(node_get(spec, "progressDeadlineSeconds"), INT32_MAX);
    d->has_deadline = d->deadline_s != INT32_MAX;
    read_bounds(d, node_get(spec, "strategy"));
}
