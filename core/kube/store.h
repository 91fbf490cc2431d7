/* What we know of one kind: the live objects, pruned to what the engine reads, packed while nobody reads them
 * (kube/shelf.h).
 *
 * A store is filled by a watch (kube/watch.h) and by the answers to our own writes (store_put), whichever is newer
 * by resourceVersion; so after a write the next reader sees it. Subscribers learn the name of what changed, never
 * the object: an event carries no work. Readers get a parsed copy, which they free. */
#pragma once

#include "base/doc.h"
#include "kube/resource.h"

struct store;

/* Prunes an object in place to the parts worth keeping. `metadata` always keeps name, namespace, uid,
 * resourceVersion, generation, deletionTimestamp, labels, annotations and ownerReferences. NULL keeps all but
 * managedFields, which `object` is without: `managers` are these, borrowed; NULL: none. */
typedef void store_prune_fn(struct doc *object, const struct node *managers);

struct store *store_new(const struct kube_resource *resource, store_prune_fn *prune);
void store_free(struct store *store);
const struct kube_resource *store_resource(const struct store *store);

/* Called after an object appeared, changed (another resourceVersion) or went; with name NULL once, when the first
 * list is complete. It must not change the store. */
typedef void store_change_fn(void *ctx, const struct store *store, const char *namespace, const char *name);
void store_subscribe(struct store *store, store_change_fn *fn, void *ctx);
/* Not from inside of such a call. */
void store_unsubscribe(struct store *store, store_change_fn *fn, void *ctx);

/* True once the first list is complete. */
bool store_is_synced(const struct store *store);
size_t store_count(const struct store *store);
/* Bytes kept of them. */
size_t store_bytes(const struct store *store);

/* The object (doc_free); NULL when there is none. Other readers may share it, so a caller that wants to change it
 * copies it first. */
struct doc *store_find(const struct store *store, const char *namespace, const char *name);
bool store_has(const struct store *store, const char *namespace, const char *name);
/* Every object of a namespace (NULL: all), in the order of (namespace, name); `object` is freed after the call.
 * Return false to stop. The store must not change meanwhile. */
typedef bool store_each_fn(void *ctx, const char *namespace, const char *name, const struct doc *object);
void store_each(const struct store *store, const char *namespace, store_each_fn *fn, void *ctx);

/* Takes in an object (the answer to a write, or a watch event), unless this version or a newer one is known. Copies
 * and prunes it; a document without a name is ignored. */
void store_put(struct store *store, const struct doc *object);
/* The same for an object that was read whole; it also replaces the metadata of the same version. */
void store_complete(struct store *store, const struct doc *object);
/* True for the version of an object that store_put has taken not long ago: an event about it says nothing new. */
bool store_has_put(const struct store *store, const char *version);
/* Frees the memory that makes reading the same objects again fast. */
void store_cool(struct store *store);
/* Removes the object, unless a newer version than that of `object` is known. */
void store_remove(struct store *store, const struct doc *object);

/* --- for kube/watch.c: a list replaces the content --- */
/* store_put, or store_remove. */
void store_event(struct store *store, const struct node *object, bool deleted);
void store_list_begin(struct store *store);
void store_list_item(struct store *store, const struct node *object);
/* Removes the objects that the list did not name, except those that were learnt since and are newer than the list
 * (its resourceVersion; NULL: not told). */
void store_list_end(struct store *store, const char *version);
