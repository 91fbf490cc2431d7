/* An object without owners is deleted. An owner that is deleted in the foreground goes after its dependents; an owner
 * that orphans them is deleted once they have no reference to it. */
#include "sim/controllers/garbage.h"

#include "base/mem.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/queue.h"

#define FOREGROUND "foregroundDeletion"
#define ORPHAN "orphan"

/* --- notes --- */

static void wake_all_dependents(struct controllers *c, struct item *item)
{
    for (struct edge *edge = item->dependents; edge != NULL; edge = edge->next_dependent) {
        if (edge->is_reference) {
            controller_wake(c, edge->dependent);
        }
    }
}

void garbage_note(struct controllers *c, struct item *item, const struct node *object)
{
    bool was_foreground = item->is_foreground;
    item->is_ending = item_is_ending(object);
    item->is_foreground = item->is_ending && item_has_finalizer(object, FOREGROUND);
    item->is_orphaning = item->is_ending && item_has_finalizer(object, ORPHAN);
    if (item->is_foreground || item->is_orphaning) {
        controller_wake(c, item);
    }
    if (item->is_foreground && !was_foreground) {
        wake_all_dependents(c, item);
    }
    for (const struct edge *edge = item->owners; edge != NULL; edge = edge->next_owner) {
        if (edge->is_reference && (edge->owner->storage == NULL || edge->owner->is_foreground)) {
            controller_wake(c, item);
        }
    }
}

void garbage_note_gone(struct controllers *c, struct item *item)
{
    item->is_ending = item->is_foreground = item->is_orphaning = false;
    wake_all_dependents(c, item);
}

/* --- owners --- */

struct standing {
    size_t solid, waiting, dangling; /* owners that are there, that wait for their dependents to go, that are gone */
};

static struct standing standing_of(const struct item *item)
{
    struct standing standing = {0};
    for (const struct edge *edge = item->owners; edge != NULL; edge = edge->next_owner) {
        if (!edge->is_reference) {
            continue;
        }
        if (edge->owner->storage == NULL) {
            standing.dangling++;
        } else if (edge->owner->is_foreground) {
            standing.waiting++;
        } else {
            standing.solid++;
        }
    }
    return standing;
}

static bool has_dependents(const struct item *item, bool that_block)
{
    for (const struct edge *edge = item->dependents; edge != NULL; edge = edge->next_dependent) {
        if (edge->is_reference && (edge->blocks || !that_block)) {
            return true;
        }
    }
    return false;
}

static bool is_lost(struct controllers *c, const char *uid)
{
    const struct item *owner = graph_find(&c->graph, uid);
    return owner == NULL || owner->storage == NULL || owner->is_foreground;
}

/* It has another owner, which it stays for. */
static void drop_lost_owners(struct controllers *c, struct item *item)
{
    struct doc *doc = item_read(c, item);
    struct node *references = node_at(doc_root(doc), "metadata", "ownerReferences");
    for (size_t i = node_count(references); i-- > 0;) {
        if (is_lost(c, node_str_or(node_get(node_item(references, i), "uid"), ""))) {
            node_remove_item(references, i);
        }
    }
    item_save(c, &doc, NULL);
    doc_free(doc);
}

static void add_finalizer(struct doc *doc, const char *finalizer)
{
    struct node *metadata = node_get(doc_root(doc), "metadata");
    if (node_get(metadata, "finalizers") == NULL) {
        node_set(doc, metadata, "finalizers", node_new_array(doc));
    }
    node_push_str(doc, node_get(metadata, "finalizers"), finalizer);
}

static void end(struct controllers *c, struct item *item, bool in_foreground)
{
    struct err ignored; /* somebody was faster */
    struct doc *doc = item_read(c, item);
    const struct kind *kind = item_kind_of(c, doc_root(doc));
    if (in_foreground && !item_has_finalizer(doc_root(doc), FOREGROUND)) {
        add_finalizer(doc, FOREGROUND);
        item_save(c, &doc, NULL);
    }
    if (kind != NULL) {
        api_delete(c->api, kind, item->namespace, item->name, &ignored);
    }
    doc_free(doc);
}

/* --- dependents --- */

static void remove_finalizer(struct controllers *c, struct item *item, const char *finalizer)
{
    struct doc *doc = item_read(c, item);
    item_remove_finalizer(doc, finalizer);
    item_save(c, &doc, NULL);
    doc_free(doc);
}

/* A write cuts the edge it is about, and no other. */
static void let_dependents_go(struct controllers *c, struct item *item)
{
    struct edge *edge = item->dependents;
    while (edge != NULL) {
        struct edge *next = edge->next_dependent;
        struct doc *doc = edge->is_reference ? item_read(c, edge->dependent) : NULL;
        if (doc != NULL) {
            item_disown(doc, item->key);
            item_save(c, &doc, NULL);
            doc_free(doc);
        }
        edge = next;
    }
}

bool garbage_look(struct controllers *c, struct item *item)
{
    struct standing standing = standing_of(item);
    if (item->is_orphaning) {
        let_dependents_go(c, item);
        remove_finalizer(c, item, ORPHAN);
        return false;
    }
    if (item->is_foreground && !has_dependents(item, true)) {
        remove_finalizer(c, item, FOREGROUND);
        return false;
    }
    if (item->is_ending || standing.dangling + standing.waiting == 0) {
        return true;
    }
    if (standing.solid > 0) {
        drop_lost_owners(c, item);
        return true;
    }
    end(c, item, standing.waiting > 0 && has_dependents(item, false));
    return false;
}
