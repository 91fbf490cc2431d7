/* One look at a Deployment, as the Deployment controller of Kubernetes takes it. */
#include "sim/controllers/deployment/deployment.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* --- reading --- */

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

static int by_creation(const void *left, const void *right)
{
    const struct replica_set *a = *(struct replica_set *const *)left, *b = *(struct replica_set *const *)right;
    int order = strcmp(node_str_or(node_at(doc_root(a->doc), "metadata", "creationTimestamp"), ""),
                       node_str_or(node_at(doc_root(b->doc), "metadata", "creationTimestamp"), ""));
    return order != 0 ? order : strcmp(a->name, b->name);
}

static void read_sets(struct deployment *d)
{
    for (struct edge *edge = d->vertex->dependents; edge != NULL; edge = edge->next_dependent) {
        bool is_set = edge->is_reference && edge->dependent->species == SPECIES_REPLICA_SET;
        struct doc *doc = is_set ? item_read(d->c, edge->dependent) : NULL;
        if (doc == NULL || !str_equal(item_controller(doc_root(doc)), d->vertex->key)) {
            doc_free(doc);
            continue;
        }
        struct replica_set *set = mem_new(struct replica_set);
        *set = (struct replica_set){.doc = doc, .name = str_dup(item_name(doc_root(doc)))};
        replica_set_reread(set);
        d->sets = mem_resize(d->sets, (d->count + 1) * sizeof(d->sets[0]));
        d->sets[d->count++] = set;
    }
    if (d->count > 1) {
        qsort(d->sets, d->count, sizeof(d->sets[0]), by_creation);
    }
}

static void fini(struct deployment *d)
{
    for (size_t i = 0; i < d->count; i++) {
        doc_free(d->sets[i]->doc);
        str_free(&d->sets[i]->name);
        mem_free(d->sets[i]);
    }
    mem_free(d->sets);
    doc_free(d->doc);
}

/* --- the look --- */

static void act(struct deployment *d)
{
    bool is_paused = node_bool_or(node_at(doc_root(d->doc), "spec", "paused"), false);
    bool is_ending = item_is_ending(doc_root(d->doc));
    if (!is_ending) {
        progress_note_paused(d);
    }
    revision_sync(d, false);
    if (is_ending) {
        progress_count(d);
    } else if (is_paused || scale_has_changed(d)) {
        scale_to_size(d);
        if (is_paused) {
            revision_clean(d);
        }
        progress_count(d);
    } else if (d->is_rolling) {
        rollout_rolling(d);
    } else {
        rollout_recreate(d);
    }
}

void deployment_look(struct controllers *c, struct vertex *vertex)
{
    struct deployment d = {.c = c, .vertex = vertex, .doc = item_read(c, vertex)};
    if (!item_is_ending(doc_root(d.doc))) {
        adoption_take(c, vertex, doc_root(d.doc), SPECIES_REPLICA_SET);
    }
    deployment_reread(&d);
    read_sets(&d);
    act(&d);
    fini(&d);
}
