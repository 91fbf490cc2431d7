#include "kube/store.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/object.h"
#include "kube/shelf.h"

enum { KEY_MAX = 640, REMOVED_MAX = 1024, PUT_KEPT = 64 };

/* An object. A removed one leaves key and version behind, so that the late answer to an older write does not bring it
 * back. They are kept until the next list, which may be weeks away, or until there are too many of them. */
struct item {
    UT_hash_handle hh;
    uint64_t version;
    struct content content; /* empty: removed */
    uint32_t key_len;
    bool listed; /* named by the list under way */
    bool learnt; /* put or removed since that list began, so it may be newer than the list */
    char key[];  /* "namespace/name" */
};

struct subscriber {
    store_change_fn *fn;
    void *ctx;
};

struct store {
    const struct kube_resource *resource;
    store_prune_fn *prune;
    struct item *items;
    struct shelf *shelf; /* the objects themselves; a pointer, because reading one changes nothing that a store says */
    size_t count;
    size_t removed; /* items that only say so */
    bool synced;
    uint64_t put[PUT_KEPT]; /* versions that store_put has taken, since the last list; 0: none */
    size_t next_put;        /* the place to be taken */
    struct subscriber *subscribers;
    size_t subscriber_count;
};

struct store *store_new(const struct kube_resource *resource, store_prune_fn *prune)
{
    struct store *store = mem_new(struct store);
    store->resource = resource;
    store->prune = prune;
    store->shelf = mem_new(struct shelf);
    shelf_init(store->shelf);
    return store;
}

void store_cool(struct store *store)
{
    shelf_cool(store->shelf);
}

static bool is_removed(const struct item *item)
{
    return content_is_empty(&item->content);
}

static void item_free(struct store *store, struct item *item)
{
    *(is_removed(item) ? &store->removed : &store->count) -= 1;
    content_clear(store->shelf, &item->content);
    HASH_DEL(store->items, item);
    mem_free(item);
}

void store_free(struct store *store)
{
    struct item *item, *next;
    HASH_ITER(hh, store->items, item, next)
    {
        item_free(store, item);
    }
    shelf_fini(store->shelf);
    mem_free(store->shelf);
    mem_free(store->subscribers);
    mem_free(store);
}

const struct kube_resource *store_resource(const struct store *store)
{
    return store->resource;
}

void store_subscribe(struct store *store, store_change_fn *fn, void *ctx)
{
    store->subscribers = mem_resize(store->subscribers, (store->subscriber_count + 1) * sizeof *store->subscribers);
    store->subscribers[store->subscriber_count++] = (struct subscriber){.fn = fn, .ctx = ctx};
}

void store_unsubscribe(struct store *store, store_change_fn *fn, void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < store->subscriber_count; i++) {
        if (store->subscribers[i].fn != fn || store->subscribers[i].ctx != ctx) {
            store->subscribers[kept++] = store->subscribers[i];
        }
    }
    store->subscriber_count = kept;
}

bool store_is_synced(const struct store *store)
{
    return store->synced;
}

size_t store_count(const struct store *store)
{
    return store->count;
}

size_t store_bytes(const struct store *store)
{
    return shelf_size(store->shelf);
}

/* --- keys --- */

static size_t key_write(char key[static KEY_MAX], const char *namespace, const char *name)
{
    size_t namespace_len = namespace != NULL ? strlen(namespace) : 0, name_len = strlen(name);
    if (namespace_len + 1 + name_len >= KEY_MAX) { /* no object is called so, see has_name */
        key[0] = '\0';
        return 0;
    }
    memcpy(key, namespace_len > 0 ? namespace : "", namespace_len);
    key[namespace_len] = '/';
    memcpy(key + namespace_len + 1, name, name_len + 1);
    return namespace_len + 1 + name_len;
}

static struct item *item_find(const struct store *store, const char *namespace, const char *name)
{
    char key[KEY_MAX];
    struct item *item;
    size_t len = key_write(key, namespace, name);
    HASH_FIND(hh, store->items, key, len, item);
    return item;
}

/* Splits "namespace/name" into two texts in `copy`. */
static const char *split_key(const struct item *item, char copy[static KEY_MAX])
{
    memcpy(copy, item->key, item->key_len + 1);
    char *slash = strchr(copy, '/');
    *slash = '\0';
    return slash + 1;
}

static void tell(const struct store *store, const char *namespace, const char *name)
{
    for (size_t i = 0; i < store->subscriber_count; i++) {
        store->subscribers[i].fn(store->subscribers[i].ctx, store, namespace, name);
    }
}

static void tell_item(const struct store *store, const struct item *item)
{
    char copy[KEY_MAX];
    const char *name = split_key(item, copy);
    tell(store, copy, name);
}

/* --- reading --- */

struct doc *store_find(const struct store *store, const char *namespace, const char *name)
{
    struct item *item = item_find(store, namespace, name);
    return item != NULL && !is_removed(item) ? content_read(store->shelf, &item->content) : NULL;
}

bool store_has(const struct store *store, const char *namespace, const char *name)
{
    const struct item *item = item_find(store, namespace, name);
    return item != NULL && !is_removed(item);
}

/* The slash that ends the namespace sorts before every character of a name: "test/x" stands before "test-2/a". */
static int rank(char c)
{
    return c == '/' ? 1 : (unsigned char)c;
}

static int by_key(const void *a, const void *b)
{
    const char *x = (*(const struct item *const *)a)->key, *y = (*(const struct item *const *)b)->key;
    while (*x != '\0' && *x == *y) {
        x++;
        y++;
    }
    return rank(*x) - rank(*y);
}

void store_each(const struct store *store, const char *namespace, store_each_fn *fn, void *ctx)
{
    size_t n = 0;
    const struct item **sorted = mem_alloc_array(HASH_COUNT(store->items) + 1, sizeof *sorted);
    for (const struct item *item = store->items; item != NULL; item = item->hh.next) {
        if (!is_removed(item)) {
            sorted[n++] = item;
        }
    }
    qsort(sorted, n, sizeof *sorted, by_key);
    bool more = true;
    for (size_t i = 0; more && i < n; i++) {
        char copy[KEY_MAX];
        const char *name = split_key(sorted[i], copy);
        if (namespace == NULL || strcmp(namespace, copy) == 0) {
            struct doc *object = content_read_once(store->shelf, &sorted[i]->content);
            more = fn(ctx, copy, name, object);
            doc_free(object);
        }
    }
    mem_free(sorted);
}

/* --- writing --- */

static uint64_t version_number(const char *version)
{
    return version != NULL ? strtoull(version, NULL, 10) : 0;
}

static uint64_t version_of(const struct node *object)
{
    return version_number(object_version(object));
}

/* Only a document with a name is an object. An API server allows no slash in a name, and no name that is longer than
 * KEY_MAX. */
static bool has_name(const struct node *object)
{
    const char *name = object_name(object), *namespace = object_namespace(object);
    return !str_empty(name) && strlen(name) < KEY_MAX / 2 && strchr(name, '/') == NULL &&
           (namespace == NULL || (strlen(namespace) < KEY_MAX / 2 && strchr(namespace, '/') == NULL));
}

/* Restores the metadata that every reader may need, whatever `prune` has removed. */
static void keep_metadata(struct doc *pruned, const struct node *object)
{
    static const char *const kept[] = {"name",
                                       "namespace",
                                       "uid",
                                       "resourceVersion",
                                       "generation",
                                       "labels",
                                       "annotations",
                                       "ownerReferences",
                                       "deletionTimestamp"};
    struct node *metadata = node_ensure_object(pruned, doc_root(pruned), "metadata");
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (node_get(metadata, kept[i]) == NULL) {
            node_set(pruned, metadata, kept[i], node_copy(pruned, node_at(object, "metadata", kept[i])));
        }
    }
}

static void copy_members(struct doc *doc, struct node *to, const struct node *from, const char *but)
{
    struct node_iter it = node_iterate(from);
    while (node_next(&it)) {
        if (strcmp(it.key, but) != 0 && strlen(it.key) == it.key_len) {
            node_set(doc, to, it.key, node_copy(doc, it.value));
        }
    }
}

/* The parts of an object that are kept. Its managedFields, often the half of it, are not even copied. */
static struct doc *pruned_copy(const struct store *store, const struct node *object)
{
    struct doc *pruned = doc_new();
    struct node *root = node_new_object(pruned);
    doc_set_root(pruned, root);
    copy_members(pruned, root, object, "metadata");
    copy_members(pruned, node_ensure_object(pruned, root, "metadata"), node_get(object, "metadata"), "managedFields");
    if (store->prune != NULL) {
        store->prune(pruned, node_at(object, "metadata", "managedFields"));
        keep_metadata(pruned, object);
    }
    return pruned;
}

/* The item of this key, at the end of the table, with nothing in it. */
static struct item *item_renew(struct store *store, struct item *old, const struct node *object)
{
    char key[KEY_MAX];
    size_t key_len = key_write(key, object_namespace(object), object_name(object));
    struct item *item = mem_alloc(sizeof *item + key_len + 1);
    item->version = version_of(object);
    item->key_len = (uint32_t)key_len;
    memcpy(item->key, key, key_len + 1);
    if (old != NULL) {
        item_free(store, old);
    }
    HASH_ADD_KEYPTR(hh, store->items, item->key, key_len, item);
    return item;
}

static struct item *item_of(const struct store *store, const struct node *object)
{
    return item_find(store, object_namespace(object), object_name(object));
}

/* Puts `object` in the place of `old` (NULL: none yet). What has changed is read soon, but for what a list says. */
static struct item *take(struct store *store, struct item *old, const struct node *object, bool is_read_soon)
{
    struct doc *pruned = pruned_copy(store, object);
    struct item *item = item_renew(store, old, object);
    content_set(store->shelf, &item->content, pruned, is_read_soon);
    store->count++;
    return item;
}

/* NULL: it was known. */
static const struct item *put(struct store *store, const struct node *root, uint64_t least_version_step)
{
    struct item *old = has_name(root) ? item_of(store, root) : NULL;
    if (!has_name(root) || (old != NULL && version_of(root) < old->version + least_version_step)) {
        return NULL;
    }
    struct item *item = take(store, old, root, true);
    item->learnt = true;
    tell_item(store, item);
    return item;
}

void store_put(struct store *store, const struct doc *object)
{
    const struct item *item = put(store, doc_root(object), 1);
    if (item != NULL) {
        store->put[store->next_put] = item->version;
        store->next_put = (store->next_put + 1) % PUT_KEPT;
    }
}

bool store_has_put(const struct store *store, const char *version)
{
    uint64_t number = version_number(version);
    for (size_t i = 0; number != 0 && i < PUT_KEPT; i++) {
        if (store->put[i] == number) {
            return true;
        }
    }
    return false;
}

void store_complete(struct store *store, const struct doc *object)
{
    put(store, doc_root(object), 0);
}

/* Drops the older half of the removed objects (the table keeps the order of insertion). No answer is as late as
 * that. */
static void forget_removed(struct store *store)
{
    struct item *item, *next;
    HASH_ITER(hh, store->items, item, next)
    {
        if (store->removed <= REMOVED_MAX / 2) {
            return;
        }
        if (is_removed(item)) {
            item_free(store, item);
        }
    }
}

static void remove_object(struct store *store, const struct node *root)
{
    struct item *old = has_name(root) ? item_of(store, root) : NULL;
    uint64_t version = version_of(root);
    if (!has_name(root) || (old != NULL && version < old->version)) {
        return;
    }
    bool was_there = old != NULL && !is_removed(old);
    struct item *item = item_renew(store, old, root);
    store->removed++;
    item->learnt = true;
    if (was_there) {
        tell_item(store, item);
    }
    if (store->removed > REMOVED_MAX) {
        forget_removed(store);
    }
}

void store_remove(struct store *store, const struct doc *object)
{
    remove_object(store, doc_root(object));
}

void store_event(struct store *store, const struct node *object, bool deleted)
{
    if (deleted) {
        remove_object(store, object);
    } else {
        put(store, object, 1);
    }
}

/* --- lists ---
 *
 * A list is the truth about everything known before it began, even where its versions are lower: an API server
 * restored from a backup counts from there. Only what was learnt while the list was on its way is compared with it
 * by version. */

void store_list_begin(struct store *store)
{
    memset(store->put, 0, sizeof store->put); /* the server may have been restored from a backup, and count anew */
    for (struct item *item = store->items; item != NULL; item = item->hh.next) {
        item->listed = false;
        item->learnt = false;
    }
}

void store_list_item(struct store *store, const struct node *object)
{
    if (!has_name(object)) {
        return;
    }
    struct item *item = item_of(store, object);
    uint64_t version = version_of(object);
    bool learnt = item != NULL && item->learnt;
    bool changed = item == NULL || (learnt ? version > item->version : version != item->version || is_removed(item));
    if (changed) {
        item = take(store, item, object, false);
        item->learnt = learnt;
    }
    item->listed = true;
    if (changed) {
        tell_item(store, item);
    }
}

void store_list_end(struct store *store, const char *version)
{
    uint64_t list_version = version_number(version);
    struct item *item, *next;
    HASH_ITER(hh, store->items, item, next)
    {
        if (item->listed || (item->learnt && item->version > list_version)) {
            continue;
        }
        char copy[KEY_MAX];
        const char *name = split_key(item, copy);
        bool was_there = !is_removed(item);
        item_free(store, item);
        if (was_there) {
            tell(store, copy, name);
        }
    }
    if (!store->synced) {
        store->synced = true;
        tell(store, NULL, NULL);
    }
}
