#include "kube/store.h"

#include <stdlib.h>
#include <string.h>
#include <uthash.h>

#include "base/mem.h"
#include "kube/object.h"

enum { KEY_MAX = 640, OBJECT_TEXT_MAX = 4 * 1024 * 1024 };

/* An object: its key "namespace/name" with a NUL, then its text, in one allocation. A removed one leaves key and version behind until the next list, so
 * that the late answer to an older write does not bring it back. */
struct item {
    UT_hash_handle hh;
    uint64_t version;
    uint32_t key_len, text_len; /* text_len 0: removed */
    bool listed;                /* named by the list under way */
    char bytes[];
};

struct subscriber {
    store_change_fn *fn;
    void *ctx;
};

struct store {
    const struct kube_resource *resource;
    store_prune_fn *prune;
    struct item *items;
    size_t count, bytes;
    bool synced;
    struct subscriber *subscribers;
    size_t subscriber_count;
};

struct store *store_new(const struct kube_resource *resource, store_prune_fn *prune)
{
    struct store *store = mem_new(struct store);
    store->resource = resource;
    store->prune = prune;
    return store;
}

static void item_free(struct store *store, struct item *item)
{
    if (item->text_len > 0) {
        store->count--;
        store->bytes -= item->text_len;
    }
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
    return store->bytes;
}

/* --- keys --- */

static size_t key_write(char key[static KEY_MAX], const char *namespace, const char *name)
{
    struct buf b;
    buf_init(&b, KEY_MAX - 1);
    buf_printf(&b, "%s/%s", namespace != NULL ? namespace : "", name);
    memcpy(key, buf_str(&b), b.len + 1);
    size_t len = b.len;
    buf_fini(&b);
    return len;
}

static struct item *item_find(const struct store *store, const char *namespace, const char *name)
{
    char key[KEY_MAX];
    struct item *item;
    size_t len = key_write(key, namespace, name);
    HASH_FIND(hh, store->items, key, len, item);
    return item;
}

static const char *item_text(const struct item *item)
{
    return item->bytes + item->key_len + 1;
}

/* Splits "namespace/name" into two texts in `copy`. */
static const char *split_key(const struct item *item, char copy[static KEY_MAX])
{
    memcpy(copy, item->bytes, item->key_len + 1);
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

static struct doc *item_parse(const struct item *item)
{
    struct err err;
    return doc_parse(item_text(item), item->text_len, &err);
}

struct doc *store_find(const struct store *store, const char *namespace, const char *name)
{
    const struct item *item = item_find(store, namespace, name);
    return item != NULL && item->text_len > 0 ? item_parse(item) : NULL;
}

bool store_has(const struct store *store, const char *namespace, const char *name)
{
    const struct item *item = item_find(store, namespace, name);
    return item != NULL && item->text_len > 0;
}

static int by_key(const void *a, const void *b)
{
    const struct item *const *x = a, *const *y = b;
    return strcmp((*x)->bytes, (*y)->bytes);
}

void store_each(const struct store *store, const char *namespace, store_each_fn *fn, void *ctx)
{
    size_t n = 0;
    const struct item **sorted = mem_alloc_array(HASH_COUNT(store->items) + 1, sizeof *sorted);
    for (const struct item *item = store->items; item != NULL; item = item->hh.next) {
        if (item->text_len > 0) {
            sorted[n++] = item;
        }
    }
    qsort(sorted, n, sizeof *sorted, by_key);
    bool more = true;
    for (size_t i = 0; more && i < n; i++) {
        char copy[KEY_MAX];
        const char *name = split_key(sorted[i], copy);
        if (namespace == NULL || strcmp(namespace, copy) == 0) {
            struct doc *object = item_parse(sorted[i]);
            more = fn(ctx, copy, name, object);
            doc_free(object);
        }
    }
    mem_free(sorted);
}

/* --- writing --- */

static uint64_t version_of(const struct node *object)
{
    const char *text = object_version(object);
    return text != NULL ? strtoull(text, NULL, 10) : 0;
}

/* The text worth keeping of an object. */
static void write_text(const struct store *store, const struct node *object, struct buf *text)
{
    struct doc *pruned = doc_copy(object);
    node_remove(node_get(doc_root(pruned), "metadata"), "managedFields");
    if (store->prune != NULL) {
        store->prune(pruned);
    }
    node_write(doc_root(pruned), text);
    doc_free(pruned);
}

static struct item *item_set(struct store *store, struct item *old, const char *key, size_t key_len, uint64_t version,
                             const char *text, size_t text_len)
{
    struct item *item = mem_alloc(sizeof *item + key_len + 1 + text_len + 1);
    item->version = version;
    item->key_len = (uint32_t)key_len;
    item->text_len = (uint32_t)text_len;
    memcpy(item->bytes, key, key_len + 1);
    memcpy(item->bytes + key_len + 1, text, text_len);
    if (old != NULL) {
        item_free(store, old);
    }
    HASH_ADD_KEYPTR(hh, store->items, item->bytes, key_len, item);
    if (text_len > 0) {
        store->count++;
        store->bytes += text_len;
    }
    return item;
}

/* The item as it stands after `object` was taken in; `*changed` says whether that made a difference. */
static struct item *take(struct store *store, const struct node *object, bool *changed)
{
    char key[KEY_MAX];
    size_t key_len = key_write(key, object_namespace(object), object_name(object));
    struct item *old;
    HASH_FIND(hh, store->items, key, key_len, old);
    uint64_t version = version_of(object);
    *changed = old == NULL || version > old->version;
    if (!*changed) {
        return old;
    }
    struct buf text;
    buf_init(&text, OBJECT_TEXT_MAX);
    write_text(store, object, &text);
    struct item *item = item_set(store, old, key, key_len, version, buf_str(&text), text.len);
    buf_fini(&text);
    return item;
}

void store_put(struct store *store, const struct doc *object)
{
    bool changed;
    const struct item *item = take(store, doc_root(object), &changed);
    if (changed) {
        tell_item(store, item);
    }
}

void store_remove(struct store *store, const struct doc *object)
{
    char key[KEY_MAX];
    size_t key_len = key_write(key, object_namespace(doc_root(object)), object_name(doc_root(object)));
    struct item *old;
    HASH_FIND(hh, store->items, key, key_len, old);
    uint64_t version = version_of(doc_root(object));
    if (old != NULL && version < old->version) {
        return;
    }
    bool was_there = old != NULL && old->text_len > 0;
    const struct item *item = item_set(store, old, key, key_len, version, "", 0);
    if (was_there) {
        tell_item(store, item);
    }
}

/* --- lists --- */

void store_list_begin(struct store *store)
{
    for (struct item *item = store->items; item != NULL; item = item->hh.next) {
        item->listed = false;
    }
}

void store_list_item(struct store *store, const struct node *object)
{
    bool changed;
    struct item *item = take(store, object, &changed);
    item->listed = true;
    if (changed) {
        tell_item(store, item);
    }
}

void store_list_end(struct store *store)
{
    struct item *item, *next;
    HASH_ITER(hh, store->items, item, next)
    {
        if (item->listed) {
            continue;
        }
        char copy[KEY_MAX];
        const char *name = split_key(item, copy);
        bool was_there = item->text_len > 0;
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
