/* Texts, each with a set of pointers that stand for it. */
#pragma once

#include <stddef.h>

struct multimap_entry;
struct multimap {
    struct multimap_entry *entries;
};

struct multimap_values {
    void *const *items; /* borrowed until the next change; in the order in which they were added */
    size_t count;
};

void multimap_add(struct multimap *map, const char *key, void *value);
/* Nothing happens when it is not there. */
void multimap_remove(struct multimap *map, const char *key, const void *value);
struct multimap_values multimap_find(const struct multimap *map, const char *key);
void multimap_fini(struct multimap *map);
