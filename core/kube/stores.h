/* The stores of an engine, found by the resource that they hold, each with the client of the cluster that it is of.
 *
 * A further kind is one more store: code that looks for one resource does not know the others. */
#pragma once

#include "kube/client.h"
#include "kube/store.h"

enum { STORES_MAX = 16 };

struct stores {
    struct stores_entry {
        struct store *store; /* owned */
        struct kube_client *client;
    } entries[STORES_MAX];
    size_t count;
};

/* What the store of a resource holds. Each room lists its own. */
struct store_plan {
    const struct kube_resource *resource;
    store_prune_fn *prune; /* NULL: whole objects */
    bool metadata_only;    /* bodies are read one by one */
};

/* Takes the store; a resource has one store. */
void stores_add(struct stores *stores, struct store *store, struct kube_client *client);
void stores_fini(struct stores *stores);

/* The store of a resource that was added; other resources must not be asked for. */
struct store *stores_of(const struct stores *stores, const struct kube_resource *resource);
struct kube_client *stores_client(const struct stores *stores, const struct kube_resource *resource);
