#include "kube/stores.h"

#include <assert.h>

static const struct stores_entry *find(const struct stores *stores, const struct kube_resource *resource)
{
    for (size_t i = 0; i < stores->count; i++) {
        if (store_resource(stores->entries[i].store) == resource) {
            return &stores->entries[i];
        }
    }
    return NULL;
}

void stores_add(struct stores *stores, struct store *store, struct kube_client *client)
{
    assert(stores->count < STORES_MAX && find(stores, store_resource(store)) == NULL);
    stores->entries[stores->count++] = (struct stores_entry){store, client};
}

void stores_fini(struct stores *stores)
{
    for (size_t i = 0; i < stores->count; i++) {
        store_free(stores->entries[i].store);
    }
    stores->count = 0;
}

struct store *stores_of(const struct stores *stores, const struct kube_resource *resource)
{
    const struct stores_entry *entry = find(stores, resource);
    assert(entry != NULL);
    return entry->store;
}

struct kube_client *stores_client(const struct stores *stores, const struct kube_resource *resource)
{
    const struct stores_entry *entry = find(stores, resource);
    assert(entry != NULL);
    return entry->client;
}
