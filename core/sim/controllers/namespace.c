/* A namespace that is deleted is emptied first: its Pods, then the rest; then it goes. */
#include "sim/controllers/namespace.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/condition.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/queue.h"

static struct item *contents_of(struct controllers *c, const char *namespace)
{
    char *key = str_format("namespace:%s", namespace);
    struct item *contents = graph_ensure(&c->graph, key);
    mem_free(key);
    return contents;
}

void namespace_note(struct controllers *c, struct item *item)
{
    graph_link(item, contents_of(c, item->name), false);
}

void namespace_count(struct controllers *c, const char *namespace, int change)
{
    struct item *contents = contents_of(c, namespace);
    contents->population += (size_t)change;
    for (struct edge *edge = contents->dependents; change < 0 && edge != NULL; edge = edge->next_dependent) {
        if (edge->dependent->is_ending) {
            controller_wake(c, edge->dependent);
        }
    }
    graph_release(&c->graph, contents);
}

/* --- emptying --- */

static bool on_each(void *ctx, const struct node *object)
{
    if (!item_is_ending(object)) {
        str_list_push(ctx, item_name(object));
    }
    return true;
}

static void delete_all(struct controllers *c, const struct kind *kind, const char *namespace)
{
    struct str_list names = {0};
    struct err ignored; /* it went meanwhile */
    objects_each(c->objects, kind->storage, namespace, on_each, &names);
    for (size_t i = 0; i < names.count; i++) {
        api_delete(c->api, kind, namespace, names.items[i], &ignored);
    }
    str_list_fini(&names);
}

static bool on_first(void *ctx, const struct node *object)
{
    *(bool *)ctx = true;
    return false;
}

static bool has_pods(struct controllers *c, const char *namespace)
{
    bool has = false;
    objects_each(c->objects, c->kinds[ITEM_POD]->storage, namespace, on_first, &has);
    return has;
}

static void empty(struct controllers *c, const char *namespace)
{
    struct kinds *kinds = api_kinds(c->api);
    delete_all(c, c->kinds[ITEM_POD], namespace);
    for (size_t i = 0; !has_pods(c, namespace) && i < kinds_count(kinds); i++) {
        if (kinds_at(kinds, i)->is_namespaced) {
            delete_all(c, kinds_at(kinds, i), namespace);
        }
    }
}

/* --- the end --- */

static void tell(struct controllers *c, struct doc **doc)
{
    static const struct {
        const char *type, *reason, *message;
    } conditions[] = {
        {"NamespaceDeletionDiscoveryFailure", "ResourcesDiscovered", "All resources successfully discovered"},
        {"NamespaceDeletionGroupVersionParsingFailure", "ParsedGroupVersions",
         "All legacy kube types successfully parsed"},
        {"NamespaceDeletionContentFailure", "ContentDeleted",
         "All content successfully deleted, may be waiting on finalization"},
        {"NamespaceContentRemaining", "ContentRemoved", "All content successfully removed"},
        {"NamespaceFinalizersRemaining", "ContentHasNoFinalizers", "All content-preserving finalizers finished"},
    };
    struct node *status = node_ensure_object(*doc, doc_root(*doc), "status");
    for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
        if (condition_find(status, conditions[i].type) == NULL) {
            condition_add(c, *doc, status, conditions[i].type, "False", conditions[i].reason, conditions[i].message,
                          NULL);
        }
    }
    item_save(c, doc, "status");
}

void namespace_look(struct controllers *c, struct item *item)
{
    struct doc *doc = item_read(c, item);
    if (!item_is_ending(doc_root(doc))) {
        doc_free(doc);
        return;
    }
    empty(c, item->name);
    if (contents_of(c, item->name)->population == 0) {
        tell(c, &doc);
        if (node_count(node_at(doc_root(doc), "metadata", "finalizers")) == 0) {
            objects_remove(c->objects, c->kinds[ITEM_NAMESPACE]->storage, NULL, item_name(doc_root(doc)));
        }
    }
    doc_free(doc);
}
