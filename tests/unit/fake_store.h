/* A store's object for a test that changes it: what store_find gives is shared. */
#pragma once

#include "kube/store.h"

static inline struct doc *fake_store_copy(const struct store *store, const char *namespace, const char *name)
{
    struct doc *found = store_find(store, namespace, name);
    struct doc *copy = found != NULL ? doc_copy(doc_root(found)) : NULL;
    doc_free(found);
    return copy;
}
