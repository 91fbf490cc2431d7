#include "sim/objects/objects.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/objects/version.h"

enum { FIRST_VERSION = 100, HISTORY_MAX = 4096 };

struct entry {
    char *namespace, *name;
    struct version *now;
};

/* Ordered by namespace and name. */
struct storage {
    char *name;
    struct entry *entries;
    size_t count, capacity;
};

struct change {
    enum objects_change change;
    int64_t version;
    const struct storage *storage;
    struct version *object, *before;
};

struct listener {
    const struct storage *storage; /* NULL: of all */
    objects_listen_fn *listen;
    void *ctx;
};

struct objects {
    struct clock *clock;
    struct trees *trees;
    int64_t version, oldest;
    struct storage **storages;
    size_t storage_count;
    struct change history[HISTORY_MAX]; /* a ring */
    size_t history_first, history_count;
    struct listener *listeners;
    size_t listener_count;
};

/* --- storages --- */

static struct storage *find_storage(const struct objects *objects, const char *name)
{
    for (size_t i = 0; i < objects->storage_count; i++) {
        if (str_equal(objects->storages[i]->name, name)) {
            return objects->storages[i];
        }
    }
    return NULL;
}

static struct storage *ensure_storage(struct objects *objects, const char *name)
{
    struct storage *storage = find_storage(objects, name);
    if (storage != NULL) {
        return storage;
    }
    storage = mem_new(struct storage);
    storage->name = str_dup(name);
    objects->storages = mem_resize(objects->storages, (objects->storage_count + 1) * sizeof(objects->storages[0]));
    objects->storages[objects->storage_count++] = storage;
    return storage;
}

static int entry_compare(const struct entry *entry, const char *namespace, const char *name)
{
    int order = strcmp(entry->namespace, namespace);
    return order != 0 ? order : strcmp(entry->name, name);
}

/* Where the entry is, or would be. */
static size_t entry_index(const struct storage *storage, const char *namespace, const char *name)
{
    size_t low = 0, high = storage->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (entry_compare(&storage->entries[middle], namespace, name) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static struct entry *entry_at(const struct storage *storage, size_t index, const char *namespace, const char *name)
{
    bool is_there = index < storage->count && entry_compare(&storage->entries[index], namespace, name) == 0;
    return is_there ? &storage->entries[index] : NULL;
}

static struct entry *find_entry(const struct storage *storage, const char *namespace, const char *name)
{
    const char *in = namespace != NULL ? namespace : "";
    return storage != NULL ? entry_at(storage, entry_index(storage, in, name), in, name) : NULL;
}

static struct entry *add_entry(struct storage *storage, const char *namespace, const char *name)
{
    size_t index = entry_index(storage, namespace, name);
    if (storage->count == storage->capacity) {
        storage->capacity = storage->capacity * 2 + 8;
        storage->entries = mem_resize(storage->entries, storage->capacity * sizeof(struct entry));
    }
    struct entry *entry = &storage->entries[index];
    memmove(entry + 1, entry, (storage->count - index) * sizeof(struct entry));
    storage->count++;
    *entry = (struct entry){.namespace = str_dup(namespace), .name = str_dup(name)};
    return entry;
}

static void entry_fini(struct entry *entry)
{
    str_free(&entry->namespace);
    str_free(&entry->name);
    version_unref(entry->now);
}

/* --- life --- */

struct objects *objects_new(struct clock *clock)
{
    struct objects *objects = mem_new(struct objects);
    objects->clock = clock;
    objects->trees = trees_new();
    objects->version = objects->oldest = FIRST_VERSION;
    return objects;
}

static void forget_first(struct objects *objects)
{
    struct change *first = &objects->history[objects->history_first];
    objects->oldest = first->version;
    version_unref(first->object);
    version_unref(first->before);
    objects->history_first = (objects->history_first + 1) % HISTORY_MAX;
    objects->history_count--;
}

void objects_free(struct objects *objects)
{
    if (objects == NULL) {
        return;
    }
    while (objects->history_count > 0) {
        forget_first(objects);
    }
    for (size_t i = 0; i < objects->storage_count; i++) {
        struct storage *storage = objects->storages[i];
        for (size_t j = 0; j < storage->count; j++) {
            entry_fini(&storage->entries[j]);
        }
        mem_free(storage->entries);
        str_free(&storage->name);
        mem_free(storage);
    }
    mem_free(objects->storages);
    mem_free(objects->listeners);
    trees_free(objects->trees);
    mem_free(objects);
}

int64_t objects_version(const struct objects *objects)
{
    return objects->version;
}

int64_t objects_oldest(const struct objects *objects)
{
    return objects->oldest;
}

void objects_compact(struct objects *objects)
{
    while (objects->history_count > 0) {
        forget_first(objects);
    }
    objects->oldest = objects->version;
}

/* --- changes --- */

/* Takes one reference of each version. */
static struct change *remember(struct objects *objects, struct change change)
{
    if (objects->history_count == HISTORY_MAX) {
        forget_first(objects);
    }
    size_t index = (objects->history_first + objects->history_count++) % HISTORY_MAX;
    objects->history[index] = change;
    return &objects->history[index];
}

static void tell(const struct change *change, const struct listener *listeners, size_t count)
{
    struct doc *object = version_peek(change->object), *before = version_peek(change->before);
    struct objects_event event = {
        .change = change->change,
        .version = change->version,
        .storage = change->storage->name,
        .object = doc_root(object),
        .before = doc_root(before),
    };
    event.text = version_text(change->object, &event.text_len);
    for (size_t i = 0; i < count; i++) {
        if (listeners[i].storage == NULL || listeners[i].storage == change->storage) {
            listeners[i].listen(listeners[i].ctx, &event);
        }
    }
    doc_free(object);
    doc_free(before);
}

static void tell_all(struct objects *objects, const struct change *change)
{
    if (objects->listener_count > 0) {
        tell(change, objects->listeners, objects->listener_count);
    }
    if (change->before != NULL) {
        version_forget_tree(change->before);
    }
}

static void set_version(struct doc *object, int64_t version)
{
    char *text = str_format("%lld", (long long)version);
    struct node *root = doc_root(object);
    node_set_str(object, node_ensure_object(object, root, "metadata"), "resourceVersion", text);
    mem_free(text);
}

struct doc *objects_get(const struct objects *objects, const char *storage, const char *namespace, const char *name)
{
    struct doc *shared = objects_read(objects, storage, namespace, name);
    struct doc *own = shared != NULL ? doc_copy(doc_root(shared)) : NULL;
    doc_free(shared);
    return own;
}

struct doc *objects_read(const struct objects *objects, const char *storage, const char *namespace, const char *name)
{
    const struct entry *entry = find_entry(find_storage(objects, storage), namespace, name);
    return entry != NULL ? version_tree(entry->now) : NULL;
}

const char *objects_text(const struct objects *objects, const char *storage, const struct node *object, size_t *len)
{
    const struct node *metadata = node_get(object, "metadata");
    const struct entry *entry = find_entry(find_storage(objects, storage), node_str(node_get(metadata, "namespace")),
                                           node_str_or(node_get(metadata, "name"), ""));
    return entry != NULL && version_is(entry->now, object) ? version_text(entry->now, len) : NULL;
}

void objects_put(struct objects *objects, const char *storage_name, struct doc *object)
{
    const struct node *metadata = node_get(doc_root(object), "metadata");
    const char *namespace = node_str_or(node_get(metadata, "namespace"), "");
    const char *name = node_str(node_get(metadata, "name"));
    assert(name != NULL && "an object without a name");
    struct storage *storage = ensure_storage(objects, storage_name);
    struct entry *entry = find_entry(storage, namespace, name);
    bool is_new = entry == NULL;
    if (is_new) {
        entry = add_entry(storage, namespace, name);
    }
    set_version(object, ++objects->version);
    struct version *before = entry->now;
    entry->now = version_new(objects->trees, object, is_new);
    tell_all(objects, remember(objects, (struct change){
                                            .change = is_new ? OBJECTS_ADDED : OBJECTS_MODIFIED,
                                            .version = objects->version,
                                            .storage = storage,
                                            .object = version_ref(entry->now),
                                            .before = before,
                                        }));
}

bool objects_remove(struct objects *objects, const char *storage_name, const char *namespace, const char *name)
{
    struct storage *storage = find_storage(objects, storage_name);
    struct entry *entry = find_entry(storage, namespace, name);
    if (entry == NULL) {
        return false;
    }
    struct version *before = version_ref(entry->now);
    struct doc *shared = version_tree(before), *last = doc_copy(doc_root(shared));
    set_version(last, ++objects->version);
    entry_fini(entry);
    size_t index = (size_t)(entry - storage->entries);
    memmove(entry, entry + 1, (storage->count - index - 1) * sizeof(struct entry));
    storage->count--;
    struct change change = {.change = OBJECTS_DELETED,
                            .version = objects->version,
                            .storage = storage,
                            .object = version_new(objects->trees, last, true),
                            .before = before};
    tell_all(objects, remember(objects, change));
    version_forget_tree(change.object);
    doc_free(shared);
    doc_free(last);
    return true;
}

/* --- reading --- */

void objects_each(const struct objects *objects, const char *storage_name, const char *namespace, objects_each_fn *each,
                  void *ctx)
{
    const struct storage *storage = find_storage(objects, storage_name);
    size_t first = storage != NULL && namespace != NULL ? entry_index(storage, namespace, "") : 0;
    for (size_t i = first; storage != NULL && i < storage->count; i++) {
        if (namespace != NULL && !str_equal(storage->entries[i].namespace, namespace)) {
            return;
        }
        struct doc *doc = version_tree(storage->entries[i].now);
        bool more = each(ctx, doc_root(doc));
        doc_free(doc);
        if (!more) {
            return;
        }
    }
}

/* --- the past --- */

/* What one object was at an earlier version; `was` NULL: nothing. */
struct past {
    char *namespace, *name;
    struct version *was;
};

struct snapshot {
    struct past *items; /* ordered as a storage is */
    size_t count;
};

static int past_compare(const struct past *past, const char *namespace, const char *name)
{
    int order = strcmp(past->namespace, namespace);
    return order != 0 ? order : strcmp(past->name, name);
}

/* The first change after the version says what was before it; later ones of the same object say nothing new. */
static void note_past(struct snapshot *snapshot, const struct change *change)
{
    struct doc *doc = version_tree(change->object);
    const struct node *metadata = node_get(doc_root(doc), "metadata");
    const char *namespace = node_str_or(node_get(metadata, "namespace"), "");
    const char *name = node_str_or(node_get(metadata, "name"), "");
    size_t index = 0;
    while (index < snapshot->count && past_compare(&snapshot->items[index], namespace, name) < 0) {
        index++;
    }
    if (index == snapshot->count || past_compare(&snapshot->items[index], namespace, name) != 0) {
        snapshot->items = mem_resize(snapshot->items, (snapshot->count + 1) * sizeof(struct past));
        memmove(&snapshot->items[index + 1], &snapshot->items[index], (snapshot->count - index) * sizeof(struct past));
        snapshot->items[index] = (struct past){str_dup(namespace), str_dup(name), change->before};
        snapshot->count++;
    }
    doc_free(doc);
}

static void snapshot_fini(struct snapshot *snapshot)
{
    for (size_t i = 0; i < snapshot->count; i++) {
        str_free(&snapshot->items[i].namespace);
        str_free(&snapshot->items[i].name);
    }
    mem_free(snapshot->items);
}

static bool show(struct version *version, objects_each_fn *each, void *ctx)
{
    struct doc *doc = version_tree(version);
    bool more = doc == NULL || each(ctx, doc_root(doc));
    doc_free(doc);
    return more;
}

/* Two ordered lists side by side; where both know an object the past is right. */
static void walk_past(const struct storage *storage, const struct snapshot *snapshot, const char *namespace,
                      objects_each_fn *each, void *ctx)
{
    size_t i = 0, j = 0;
    while (i < storage->count || j < snapshot->count) {
        const struct entry *entry = i < storage->count ? &storage->entries[i] : NULL;
        const struct past *past = j < snapshot->count ? &snapshot->items[j] : NULL;
        int order = entry == NULL ? 1 : past == NULL ? -1 : -past_compare(past, entry->namespace, entry->name);
        const char *in = order < 0 ? entry->namespace : past->namespace;
        struct version *shown = order < 0 ? entry->now : past->was;
        i += order <= 0;
        j += order >= 0;
        if ((namespace == NULL || str_equal(namespace, in)) && !show(shown, each, ctx)) {
            return;
        }
    }
}

bool objects_each_at(const struct objects *objects, const char *storage_name, const char *namespace, int64_t version,
                     objects_each_fn *each, void *ctx)
{
    const struct storage *storage = find_storage(objects, storage_name);
    struct snapshot snapshot = {0};
    if (version < objects->oldest) {
        return false;
    }
    for (size_t i = 0; i < objects->history_count; i++) {
        const struct change *change = &objects->history[(objects->history_first + i) % HISTORY_MAX];
        if (change->version > version && change->storage == storage) {
            note_past(&snapshot, change);
        }
    }
    if (storage != NULL) {
        walk_past(storage, &snapshot, namespace, each, ctx);
    }
    snapshot_fini(&snapshot);
    return true;
}

size_t objects_count(const struct objects *objects, const char *storage_name, const char *namespace)
{
    const struct storage *storage = find_storage(objects, storage_name);
    if (storage == NULL || namespace == NULL) {
        return storage != NULL ? storage->count : 0;
    }
    size_t first = entry_index(storage, namespace, ""), count = 0;
    while (first + count < storage->count && str_equal(storage->entries[first + count].namespace, namespace)) {
        count++;
    }
    return count;
}

const char *objects_change_name(enum objects_change change)
{
    static const char *const names[] = {
        [OBJECTS_ADDED] = "added", [OBJECTS_MODIFIED] = "modified", [OBJECTS_DELETED] = "deleted"};
    return names[change];
}

static void add_listener(struct objects *objects, struct listener listener)
{
    objects->listeners = mem_resize(objects->listeners, (objects->listener_count + 1) * sizeof(objects->listeners[0]));
    objects->listeners[objects->listener_count++] = listener;
}

void objects_listen(struct objects *objects, objects_listen_fn *listen, void *ctx)
{
    add_listener(objects, (struct listener){.listen = listen, .ctx = ctx});
}

void objects_listen_to(struct objects *objects, const char *storage, objects_listen_fn *listen, void *ctx)
{
    add_listener(objects, (struct listener){.storage = ensure_storage(objects, storage), .listen = listen, .ctx = ctx});
}

void objects_unlisten(struct objects *objects, objects_listen_fn *listen, void *ctx)
{
    size_t kept = 0;
    for (size_t i = 0; i < objects->listener_count; i++) {
        struct listener *each = &objects->listeners[i];
        if (each->listen != listen || each->ctx != ctx) {
            objects->listeners[kept++] = *each;
        }
    }
    objects->listener_count = kept;
}

bool objects_replay(const struct objects *objects, const char *storage, int64_t version, objects_listen_fn *listen,
                    void *ctx)
{
    const struct listener listener = {.listen = listen, .ctx = ctx};
    if (version < objects->oldest) {
        return false;
    }
    for (size_t i = 0; i < objects->history_count; i++) {
        const struct change *change = &objects->history[(objects->history_first + i) % HISTORY_MAX];
        if (change->version > version && str_equal(change->storage->name, storage)) {
            tell(change, &listener, 1);
        }
    }
    return true;
}
