#include "workload/metadata.h"

#include <string.h>

static bool is_toolkit_key(const char *key)
{
    return strstr(key, "toolkit.fluxcd.io") != NULL;
}

struct node *metadata_copied(struct doc *doc, const struct node *map)
{
    struct node *copy = node_new_object(doc);
    struct node_iter it = node_iterate(map);
    while (node_next(&it)) {
        if (!is_toolkit_key(it.key)) {
            node_set(doc, copy, it.key, node_copy(doc, it.value));
        }
    }
    return copy;
}

static bool key_is_included(const char *key, const struct str_list *prefixes)
{
    for (size_t i = 0; i < prefixes->count; i++) {
        const char *prefix = prefixes->items[i];
        if (strcmp(prefix, "*") == 0 || (prefix[0] != '\0' && str_has_prefix(key, prefix))) {
            return true;
        }
    }
    return false;
}

struct node *metadata_included(struct doc *doc, const struct node *map, const struct str_list *prefixes)
{
    struct node *copy = node_new_object(doc);
    struct node_iter it = node_iterate(map);
    while (node_next(&it)) {
        if (!is_toolkit_key(it.key) && key_is_included(it.key, prefixes)) {
            node_set(doc, copy, it.key, node_copy(doc, it.value));
        }
    }
    return copy;
}
