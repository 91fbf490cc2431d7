/* Pods and ReplicaSets that nobody controls belong to whoever's selector they match. */
#include "base/mem.h"
#include "sim/api/selector.h"
#include "sim/controllers/controller.h"

static char *free_key(const char *storage, const char *namespace)
{
    return str_format("free:%s/%s", storage, namespace);
}

struct adopters {
    struct controllers *c;
    enum species species;
    const char *namespace;
};

static void wake_adopter(void *ctx, struct vertex *vertex)
{
    struct adopters *adopters = ctx;
    if (vertex->species == adopters->species && str_equal(vertex->namespace, adopters->namespace)) {
        controller_wake(adopters->c, vertex);
    }
}

/* What is free is rare, so that those who could adopt it are searched for. */
void adoption_note(struct controllers *c, struct vertex *vertex, const struct node *object)
{
    if (vertex->species != SPECIES_POD && vertex->species != SPECIES_REPLICA_SET) {
        return;
    }
    graph_unlink(&c->graph, vertex, false);
    if (item_controller(object) != NULL) {
        return;
    }
    char *key = free_key(vertex->storage, vertex->namespace);
    graph_link(vertex, graph_ensure(&c->graph, key), false);
    mem_free(key);
    struct adopters adopters = {
        .c = c,
        .species = vertex->species == SPECIES_POD ? SPECIES_REPLICA_SET : SPECIES_DEPLOYMENT,
        .namespace = vertex->namespace,
    };
    graph_each(&c->graph, wake_adopter, &adopters);
}

static void adopt_one(struct controllers *c, const struct vertex *vertex, const struct node *owner,
                      const struct selector *selector)
{
    struct doc *doc = item_read(c, vertex);
    if (selector_matches(selector, doc_root(doc)) && !item_is_ending(doc_root(doc))) {
        item_own(doc, owner);
        item_save(c, &doc, NULL);
    }
    doc_free(doc);
}

void adoption_take(struct controllers *c, const struct vertex *vertex, const struct node *owner, enum species species)
{
    struct err ignored;
    char *key = free_key(c->kinds[species]->storage, vertex->namespace);
    const struct vertex *found = graph_find(&c->graph, key);
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
