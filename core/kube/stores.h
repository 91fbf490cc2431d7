/* The stores of an engine, found by the resource that they hold, each with the client of the cluster that it is of.
 *
 * A further kind is one store more: nothing that looks for a resource knows which others there are. */
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

/* What a store of a resource is to hold: every room says so of its own. */
struct store_plan {
    const struct kube_resource *resource;
    store_prune_fn *prune; /* NULL: whole objects */
    bool metadata_only;    /* bodies are read one by one */
};

/* Takes the store; a resource has one store. */
void stores_add(struct stores *stores, struct store *store, struct kube_client *client);
void stores_fini(struct stores *stores);

/* Of a resource that was added: there is no answer for another one. */
struct store *stores_of(const struct stores *stores, const struct kube_resource *resource);
struct kube_client *stores_client(const struct stores *stores, const struct kube_resource *resource);
