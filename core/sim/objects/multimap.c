#include "sim/objects/multimap.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

struct multimap_entry {
    UT_hash_handle hh;
    char *key;
    void **items;
    size_t count, capacity;
};

static struct multimap_entry *find(const struct multimap *map, const char *key)
{
    struct multimap_entry *entry;
    HASH_FIND_STR(map->entries, key, entry);
    return entry;
}

static void entry_free(struct multimap *map, struct multimap_entry *entry)
{
    HASH_DEL(map->entries, entry);
    str_free(&entry->key);
    mem_free(entry->items);
    mem_free(entry);
}

void multimap_add(struct multimap *map, const char *key, void *value)
{
    struct multimap_entry *entry = find(map, key);
    if (entry == NULL) {
        entry = mem_new(struct multimap_entry);
        entry->key = str_dup(key);
        HASH_ADD_KEYPTR(hh, map->entries, entry->key, strlen(entry->key), entry);
    }
    if (entry->count == entry->capacity) {
        entry->capacity = entry->capacity * 2 + 2;
        entry->items = mem_resize(entry->items, entry->capacity * sizeof(entry->items[0]));
    }
    entry->items[entry->count++] = value;
}

void multimap_remove(struct multimap *map, const char *key, const void *value)
{
    struct multimap_entry *entry = find(map, key);
    size_t kept = 0;
    if (entry == NULL) {
        return;
    }
    for (size_t i = 0; i < entry->count; i++) {
        if (entry->items[i] != value) {
            entry->items[kept++] = entry->items[i];
        }
    }
    entry->count = kept;
    if (kept == 0) {
        entry_free(map, entry);
    }
}

struct multimap_values multimap_find(const struct multimap *map, const char *key)
{
    const struct multimap_entry *entry = find(map, key);
    return entry != NULL ? (struct multimap_values){entry->items, entry->count} : (struct multimap_values){0};
}

void multimap_fini(struct multimap *map)
{
    struct multimap_entry *entry, *next;
    HASH_ITER(hh, map->entries, entry, next)
    {
        entry_free(map, entry);
    }
}
