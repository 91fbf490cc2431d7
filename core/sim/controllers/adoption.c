/* Pods and ReplicaSets that nobody controls belong to whoever's selector they match. */
#include "sim/controllers/adoption.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/selector.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/queue.h"

static char *free_key(const char *storage, const char *namespace)
{
    return str_format("free:%s/%s", storage, namespace);
}

struct adopters {
    struct controllers *c;
    enum item_kind kind;
    const char *namespace;
};

static void wake_adopter(void *ctx, struct item *item)
{
    struct adopters *adopters = ctx;
    if (item->kind == adopters->kind && str_equal(item->namespace, adopters->namespace)) {
        controller_wake(adopters->c, item);
    }
}

/* What is free is rare, so that those who could adopt it are searched for. */
void adoption_note(struct controllers *c, struct item *item, const struct node *object)
{
    if (item->kind != ITEM_POD && item->kind != ITEM_REPLICA_SET) {
        return;
    }
    graph_unlink(&c->graph, item, false);
    if (item_controller(object) != NULL) {
        return;
    }
    char *key = free_key(item->storage, item->namespace);
    graph_link(item, graph_ensure(&c->graph, key), false);
    mem_free(key);
    struct adopters adopters = {
        .c = c,
        .kind = item->kind == ITEM_POD ? ITEM_REPLICA_SET : ITEM_DEPLOYMENT,
        .namespace = item->namespace,
    };
    graph_each(&c->graph, wake_adopter, &adopters);
}

static void adopt_one(struct controllers *c, const struct item *item, const struct node *owner,
                      const struct selector *selector)
{
    struct doc *doc = item_read(c, item);
    if (selector_matches(selector, doc_root(doc)) && !item_is_ending(doc_root(doc))) {
        item_own(doc, owner);
        item_save(c, &doc, NULL);
    }
    doc_free(doc);
}

void adoption_take(struct controllers *c, const struct item *item, const struct node *owner, enum item_kind kind)
{
    struct err ignored;
    char *key = free_key(c->kinds[kind]->storage, item->namespace);
    const struct item *found = graph_find(&c->graph, key);
    mem_free(key);
    struct selector *selector = found != NULL ? selector_from_node(node_at(owner, "spec", "selector"), &ignored) : NULL;
    if (selector == NULL) {
        return;
    }
    /* What is taken leaves the list, and the last one takes the list along. */
    for (struct edge *edge = found->dependents, *next; edge != NULL; edge = next) {
        next = edge->next_dependent;
        adopt_one(c, edge->dependent, owner, selector);
    }
    selector_free(selector);
}
