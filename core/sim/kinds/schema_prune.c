/* What a schema makes of an object before it is checked: unknown fields and forbidden nulls go, defaults come. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/rule.h"
#include "sim/kinds/schema.h"

enum { PATH_BYTES_MAX = 64 * 1024 };

/* EMBEDDED: apiVersion, kind and metadata stay. KEEPS: what is unknown stays, but not in what is known. */
enum { EMBEDDED = 1, KEEPS = 2 };

/* A step of the path to what is looked at: a key, or an index. Only an unknown field makes a text of it. */
struct step {
    const struct step *above; /* NULL: the root */
    const char *key;          /* NULL: an index */
    size_t index;
};

static void prune(struct str_list *unknown, const struct step *at, struct node *n, const struct rule *rule,
                  unsigned how);

static bool is_meta(const char *key)
{
    return str_equal(key, "apiVersion") || str_equal(key, "kind") || str_equal(key, "metadata");
}

static void write_path(struct buf *path, const struct step *at)
{
    if (at == NULL) {
        return;
    }
    write_path(path, at->above);
    if (at->key != NULL) {
        buf_printf(path, "%s%s", path->len > 0 ? "." : "", at->key);
    } else {
        buf_printf(path, "[%zu]", at->index);
    }
}

static void note_unknown(struct str_list *unknown, const struct step *at)
{
    struct buf path;
    buf_init(&path, PATH_BYTES_MAX);
    write_path(&path, at);
    str_list_push(unknown, buf_str(&path));
    buf_fini(&path);
}

static unsigned how_of(const struct rule *rule)
{
    return rule == NULL ? 0 : (rule->embedded ? EMBEDDED : 0) | (rule->preserve ? KEEPS : 0);
}

/* `rule` NULL: nothing is known about what is inside. */
static void prune_object(struct str_list *unknown, const struct step *at, struct node *n, const struct rule *rule,
                         unsigned how)
{
    struct str_list gone = {0};
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        const struct step step = {.above = at, .key = it.key};
        const struct rule *property = rule_property(rule, it.key);
        if ((how & EMBEDDED) && is_meta(it.key)) {
            continue;
        }
        if (property != NULL || (rule != NULL && rule->has_additional)) {
            const struct rule *inner = property != NULL ? property : rule->additional;
            prune(unknown, &step, it.value, inner, how_of(inner));
        } else if (!(how & KEEPS)) {
            if (unknown != NULL && (rule == NULL || !is_meta(it.key) || at != NULL)) {
                note_unknown(unknown, &step);
            }
            str_list_push(&gone, it.key);
        }
    }
    for (size_t i = 0; i < gone.count; i++) {
        node_remove(n, gone.items[i]);
    }
    str_list_fini(&gone);
}

static void prune(struct str_list *unknown, const struct step *at, struct node *n, const struct rule *rule,
                  unsigned how)
{
    if (node_type(n) == NODE_OBJECT) {
        prune_object(unknown, at, n, rule, how);
        return;
    }
    const struct rule *items = rule == NULL ? NULL : rule->items;
    /* What a list may hold beyond its schema, its elements may. */
    if (node_type(n) != NODE_ARRAY || ((how & KEEPS) && items == NULL)) {
        return;
    }
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        prune(unknown, &(struct step){.above = at, .index = it.index}, it.value, items, how_of(items) | (how & KEEPS));
    }
}

/* A null that may not be one is as good as absent, unless a default takes its place. */
static void prune_nulls(struct node *n, const struct rule *rule)
{
    struct str_list gone = {0};
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        const struct rule *inner = it.key == NULL ? rule->items : rule_member(rule, it.key);
        if (it.key != NULL && rule_forbids_null(inner, it.value) && inner->fallback == NULL) {
            str_list_push(&gone, it.key);
        } else if (inner != NULL) {
            prune_nulls(it.value, inner);
        }
    }
    for (size_t i = 0; i < gone.count; i++) {
        node_remove(n, gone.items[i]);
    }
    str_list_fini(&gone);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

void schema_prune(const struct schema *schema, struct doc *object, struct str_list *unknown)
{
    size_t before = unknown == NULL ? 0 : unknown->count;
    prune(unknown, NULL, doc_root(object), schema->root, how_of(schema->root));
    if (unknown != NULL && unknown->count > before) {
        qsort(unknown->items + before, unknown->count - before, sizeof *unknown->items, by_text);
    }
    prune_nulls(doc_root(object), schema->root);
}

/* --- defaults --- */

/* Places in arrays cannot be replaced one by one: a null that has a default is, by making the array again. */
static struct node *with_defaults(struct doc *doc, struct node *n, const struct rule *rule);

static void default_object(struct doc *doc, struct node *n, const struct rule *rule)
{
    for (size_t i = 0; i < rule->property_count; i++) {
        const struct rule *property = rule->properties[i].rule;
        if (property->fallback == NULL) {
            continue;
        }
        const struct node *value = node_get(n, rule->properties[i].name);
        if (value == NULL || rule_forbids_null(property, value)) {
            node_set(doc, n, rule->properties[i].name, node_copy(doc, property->fallback));
        }
    }
    struct str_list replaced = {0};
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        const struct rule *inner = rule_member(rule, it.key);
        if (inner != NULL && (rule_forbids_null(inner, it.value) || node_type(it.value) == NODE_ARRAY)) {
            str_list_push(&replaced, it.key);
        } else if (inner != NULL) {
            with_defaults(doc, it.value, inner);
        }
    }
    for (size_t i = 0; i < replaced.count; i++) {
        const char *key = replaced.items[i];
        struct node *value = node_get(n, key), *made = with_defaults(doc, value, rule_member(rule, key));
        if (made != value) {
            node_set(doc, n, key, made);
        }
    }
    str_list_fini(&replaced);
}

static bool has_null(const struct node *array)
{
    struct node_iter it = node_iterate(array);
    while (node_next(&it)) {
        if (node_type(it.value) == NODE_NULL) {
            return true;
        }
    }
    return false;
}

static struct node *default_array(struct doc *doc, struct node *n, const struct rule *rule)
{
    if (rule->items == NULL) {
        return n;
    }
    struct node *made = n;
    if (rule->items->fallback != NULL && has_null(n)) {
        made = node_new_array(doc);
        struct node_iter it = node_iterate(n);
        while (node_next(&it)) {
            bool is_replaced = rule_forbids_null(rule->items, it.value);
            node_push(made, node_copy(doc, is_replaced ? rule->items->fallback : it.value));
        }
    }
    struct node_iter it = node_iterate(made);
    while (node_next(&it)) {
        with_defaults(doc, it.value, rule->items);
    }
    return made;
}

static struct node *with_defaults(struct doc *doc, struct node *n, const struct rule *rule)
{
    if (rule_forbids_null(rule, n) && rule->fallback != NULL) {
        n = node_copy(doc, rule->fallback);
    }
    if (node_type(n) == NODE_OBJECT) {
        default_object(doc, n, rule);
    } else if (node_type(n) == NODE_ARRAY) {
        return default_array(doc, n, rule);
    }
    return n;
}

void schema_default(const struct schema *schema, struct doc *object)
{
    with_defaults(object, doc_root(object), schema->root);
}
