/* The strategies of a Deployment. Each call brings one step about; the ReplicaSets' answers wake the next. */
#include "sim/controllers/deployment/rollout.h"

#include "base/str.h"
#include "sim/controllers/deployment/progress.h"
#include "sim/controllers/deployment/revision.h"
#include "sim/controllers/deployment/scale.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"

/* --- RollingUpdate --- */

static bool grow_newest(struct deployment *d)
{
    struct replica_set *set = d->newest;
    if (set->replicas == d->replicas) {
        return false;
    }
    return scale_set(d, set, set->replicas > d->replicas ? d->replicas : scale_of_newest(d, set));
}

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Pods that do not serve are given up first; nobody misses them. */
static int64_t drop_unavailable(struct deployment *d, int64_t max)
{
    int64_t dropped = 0;
    for (size_t i = 0; i < d->count && dropped < max; i++) {
        struct replica_set *set = d->sets[i];
        if (set == d->newest || set->replicas <= set->available) {
            continue;
        }
        int64_t count = least(max - dropped, set->replicas - set->available);
        scale_set(d, set, set->replicas - count);
        dropped += count;
    }
    return dropped;
}

static int64_t drop_available(struct deployment *d)
{
    int64_t available = 0, dropped = 0;
    for (size_t i = 0; i < d->count; i++) {
        available += d->sets[i]->available;
    }
    int64_t max = available - (d->replicas - d->unavailable);
    for (size_t i = 0; i < d->count && dropped < max; i++) {
        struct replica_set *set = d->sets[i];
        if (set == d->newest || set->replicas == 0) {
            continue;
        }
        int64_t count = least(set->replicas, max - dropped);
        scale_set(d, set, set->replicas - count);
        dropped += count;
    }
    return dropped;
}

static bool shrink_old(struct deployment *d)
{
    int64_t total = scale_total(d), newest = d->newest->replicas;
    int64_t max = total - (d->replicas - d->unavailable) - (newest - d->newest->available);
    if (total == newest || max <= 0) {
        return false;
    }
    int64_t dropped = drop_unavailable(d, max);
    return drop_available(d) + dropped > 0;
}

static void finish(struct deployment *d)
{
    if (progress_is_complete(d, node_get(doc_root(d->doc), "status"))) {
        revision_clean(d);
    }
    progress_report(d);
}

void rollout_rolling(struct deployment *d)
{
    revision_sync(d, true);
    if (d->newest == NULL) {
        return;
    }
    if (grow_newest(d) || shrink_old(d)) {
        progress_report(d);
    } else {
        finish(d);
    }
}

/* --- Recreate --- */

static bool stop_old(struct deployment *d)
{
    bool stopped = false;
    for (size_t i = 0; i < d->count; i++) {
        if (d->sets[i] != d->newest && scale_set(d, d->sets[i], 0)) {
            stopped = true;
        }
    }
    return stopped;
}

/* Those on their way out still run. */
static bool old_pods_run(const struct deployment *d)
{
    for (const struct edge *edge = d->item->dependents; edge != NULL; edge = edge->next_dependent) {
        bool is_old = edge->is_reference &&
                      (d->newest == NULL || !str_equal(edge->dependent->key, item_uid(doc_root(d->newest->doc))));
        for (const struct edge *pod = edge->dependent->dependents; is_old && pod != NULL; pod = pod->next_dependent) {
            if (pod->dependent->kind == ITEM_POD && !pod->dependent->is_over) {
                return true;
            }
        }
    }
    return false;
}

void rollout_recreate(struct deployment *d)
{
    if (stop_old(d) || old_pods_run(d)) {
        progress_report(d);
        return;
    }
    revision_sync(d, true);
    if (d->newest == NULL) {
        return;
    }
    scale_set(d, d->newest, d->replicas);
    finish(d);
}
