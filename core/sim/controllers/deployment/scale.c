/* The sizes of a Deployment's ReplicaSets. */
#include "sim/controllers/deployment/scale.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/deployment/deployment.h"
#include "sim/controllers/item.h"

/* --- one set --- */

static bool annotate_number(struct doc *set, const char *key, int64_t value)
{
    char *text = str_format("%lld", (long long)value);
    bool differs = !str_equal(item_annotation(doc_root(set), key), text);
    if (differs) {
        item_annotate(set, key, text);
    }
    mem_free(text);
    return differs;
}

bool scale_annotate(const struct deployment *d, struct doc *set)
{
    bool desired = annotate_number(set, DESIRED, d->replicas);
    return annotate_number(set, MAX_REPLICAS, d->replicas + d->surge) || desired;
}

static int64_t annotated(const struct replica_set *set, const char *key)
{
    const char *text = item_annotation(doc_root(set->doc), key);
    return text != NULL ? strtol(text, NULL, 10) : -1;
}

static void write_size(struct deployment *d, struct replica_set *set, int64_t size)
{
    doc_own(&set->doc);
    bool differs = scale_annotate(d, set->doc) || set->replicas != size;
    if (!differs) {
        return;
    }
    node_set_int(set->doc, node_ensure_object(set->doc, doc_root(set->doc), "spec"), "replicas", size);
    item_save(d->c, &set->doc, NULL);
    replica_set_reread(set);
}

bool scale_set(struct deployment *d, struct replica_set *set, int64_t size)
{
    if (set->replicas == size) {
        return false;
    }
    write_size(d, set, size);
    return true;
}

/* --- all of them --- */

int64_t scale_total(const struct deployment *d)
{
    int64_t total = 0;
    for (size_t i = 0; i < d->count; i++) {
        total += d->sets[i]->replicas;
    }
    return total;
}

int64_t scale_of_newest(const struct deployment *d, const struct replica_set *set)
{
    int64_t now = set != NULL ? set->replicas : 0;
    if (!d->is_rolling) {
        return d->replicas;
    }
    int64_t room = d->replicas + d->surge - scale_total(d);
    int64_t missing = d->replicas - now;
    return room <= 0 ? now : now + (room < missing ? room : missing);
}

bool scale_has_changed(const struct deployment *d)
{
    for (size_t i = 0; i < d->count; i++) {
        int64_t desired = annotated(d->sets[i], DESIRED);
        if (d->sets[i]->replicas > 0 && desired >= 0 && desired != d->replicas) {
            return true;
        }
    }
    return false;
}

/* The only one with a size; without any, the newest, or the youngest. NULL: there are several. */
static struct replica_set *only_active(const struct deployment *d)
{
    struct replica_set *found = NULL;
    for (size_t i = 0; i < d->count; i++) {
        if (d->sets[i]->replicas == 0) {
            continue;
        }
        if (found != NULL) {
            return NULL;
        }
        found = d->sets[i];
    }
    return found != NULL ? found : d->newest != NULL ? d->newest : d->count > 0 ? d->sets[d->count - 1] : NULL;
}

static bool is_saturated(const struct deployment *d)
{
    const struct replica_set *set = d->newest;
    return set != NULL && set->replicas == d->replicas && annotated(set, DESIRED) == d->replicas &&
           set->available == d->replicas;
}

/* --- in proportion --- */

static int64_t fraction_of(const struct deployment *d, const struct replica_set *set)
{
    int64_t before = annotated(set, MAX_REPLICAS);
    if (d->replicas == 0) {
        return -set->replicas;
    }
    if (before <= 0) {
        before = node_int_or(node_at(doc_root(d->doc), "status", "replicas"), 0);
    }
    if (before == 0) {
        return 0;
    }
    double wanted = (double)(set->replicas * (d->replicas + d->surge)) / (double)before;
    return (int64_t)lround(wanted) - set->replicas;
}

static int64_t proportion_of(const struct deployment *d, const struct replica_set *set, int64_t left)
{
    int64_t fraction = fraction_of(d, set);
    if (left > 0) {
        return fraction < left ? fraction : left;
    }
    return fraction > left ? fraction : left;
}

/* The largest first, so that what is left over by rounding goes to it. */
static int by_size(const void *left, const void *right)
{
    const struct replica_set *a = *(struct replica_set *const *)left, *b = *(struct replica_set *const *)right;
    return a->replicas > b->replicas ? -1 : a->replicas < b->replicas;
}

/* Of two of one size the newer grows first, and the older shrinks first. */
static size_t active_by_size(const struct deployment *d, struct replica_set **active, bool newer_first)
{
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++) {
        struct replica_set *set = d->sets[newer_first ? d->count - 1 - i : i];
        if (set->replicas > 0) {
            active[count++] = set;
        }
    }
    qsort(active, count, sizeof(active[0]), by_size);
    return count;
}

static void scale_in_proportion(struct deployment *d)
{
    int64_t allowed = d->replicas > 0 ? d->replicas + d->surge : 0;
    int64_t to_add = allowed - scale_total(d), added = 0;
    struct replica_set **active = mem_alloc_array(d->count + 1, sizeof(active[0]));
    int64_t *sizes = mem_alloc_array(d->count + 1, sizeof(sizes[0]));
    size_t count = active_by_size(d, active, to_add > 0);
    for (size_t i = 0; i < count; i++) {
        int64_t part = to_add != added ? proportion_of(d, active[i], to_add - added) : 0;
        sizes[i] = active[i]->replicas + part;
        added += part;
    }
    if (count > 0) {
        sizes[0] += to_add - added;
    }
    for (size_t i = 0; i < count; i++) {
        write_size(d, active[i], sizes[i] > 0 ? sizes[i] : 0);
    }
    mem_free(active);
    mem_free(sizes);
}

void scale_to_size(struct deployment *d)
{
    struct replica_set *only = only_active(d);
    if (only != NULL) {
        scale_set(d, only, d->replicas);
    } else if (is_saturated(d)) {
        for (size_t i = 0; i < d->count; i++) {
            if (d->sets[i] != d->newest) {
                scale_set(d, d->sets[i], 0);
            }
        }
    } else if (d->is_rolling) {
        scale_in_proportion(d);
    }
}
