/* One look at a Deployment, as the Deployment controller of Kubernetes takes it. */
#include "sim/controllers/deployment/look.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/adoption.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/deployment/deployment.h"
#include "sim/controllers/deployment/progress.h"
#include "sim/controllers/deployment/revision.h"
#include "sim/controllers/deployment/rollout.h"
#include "sim/controllers/deployment/scale.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"

/* --- reading --- */

static int by_creation(const void *left, const void *right)
{
    const struct replica_set *a = *(struct replica_set *const *)left, *b = *(struct replica_set *const *)right;
    int order = strcmp(node_str_or(node_at(doc_root(a->doc), "metadata", "creationTimestamp"), ""),
                       node_str_or(node_at(doc_root(b->doc), "metadata", "creationTimestamp"), ""));
    return order != 0 ? order : strcmp(a->name, b->name);
}

static void read_sets(struct deployment *d)
{
    for (struct edge *edge = d->item->dependents; edge != NULL; edge = edge->next_dependent) {
        bool is_set = edge->is_reference && edge->dependent->kind == ITEM_REPLICA_SET;
        struct doc *doc = is_set ? item_view(d->c, edge->dependent) : NULL;
        if (doc == NULL || !str_equal(item_controller(doc_root(doc)), d->item->key)) {
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

void deployment_look(struct controllers *c, struct item *item)
{
    struct deployment d = {.c = c, .item = item, .doc = item_view(c, item)};
    if (!item_is_ending(doc_root(d.doc))) {
        adoption_take(c, item, doc_root(d.doc), ITEM_REPLICA_SET);
    }
    deployment_reread(&d);
    read_sets(&d);
    act(&d);
    fini(&d);
}
