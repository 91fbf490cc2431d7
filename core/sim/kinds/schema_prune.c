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

/* The path to what is looked at, for the names of unknown fields. */
struct pruning {
    struct str_list *unknown;
    struct buf path;
};

static void prune(struct pruning *p, struct node *n, const struct rule *rule, unsigned how);

static bool is_meta(const char *key)
{
    return str_equal(key, "apiVersion") || str_equal(key, "kind") || str_equal(key, "metadata");
}

static void step_down(struct pruning *p, const char *key, size_t index)
{
    if (key == NULL) {
        buf_printf(&p->path, "[%zu]", index);
    } else {
        if (p->path.len > 0) {
            buf_append_char(&p->path, '.');
        }
        buf_append_str(&p->path, key);
    }
}

static void step_up(struct pruning *p, size_t len)
{
    if (p->path.data == NULL) {
        return;
    }
    p->path.len = len;
    p->path.data[len] = '\0';
    p->path.overflow = false;
}

static void note_unknown(struct pruning *p, const char *key)
{
    size_t len = p->path.len;
    step_down(p, key, 0);
    str_list_push(p->unknown, buf_str(&p->path));
    step_up(p, len);
}

static unsigned how_of(const struct rule *rule)
{
    return rule == NULL ? 0 : (rule->embedded ? EMBEDDED : 0) | (rule->preserve ? KEEPS : 0);
}

/* `rule` NULL: nothing is known about what is inside. */
static void prune_object(struct pruning *p, struct node *n, const struct rule *rule, unsigned how)
{
    struct str_list gone = {0};
    size_t len = p->path.len;
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        const struct rule *property = rule_property(rule, it.key);
        if ((how & EMBEDDED) && is_meta(it.key)) {
            continue;
        }
        if (property != NULL || (rule != NULL && rule->has_additional)) {
            const struct rule *inner = property != NULL ? property : rule->additional;
            step_down(p, it.key, 0);
            prune(p, it.value, inner, how_of(inner));
            step_up(p, len);
        } else if (!(how & KEEPS)) {
            if (p->unknown != NULL && (rule == NULL || !is_meta(it.key) || len > 0)) {
                note_unknown(p, it.key);
            }
            str_list_push(&gone, it.key);
        }
    }
    for (size_t i = 0; i < gone.count; i++) {
        node_remove(n, gone.items[i]);
    }
    str_list_fini(&gone);
}

static void prune(struct pruning *p, struct node *n, const struct rule *rule, unsigned how)
{
    size_t len = p->path.len;
    if (node_type(n) == NODE_OBJECT) {
        prune_object(p, n, rule, how);
        return;
    }
    const struct rule *items = rule == NULL ? NULL : rule->items;
    /* What a list may hold beyond its schema, its elements may. */
    if (node_type(n) != NODE_ARRAY || ((how & KEEPS) && items == NULL)) {
        return;
    }
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        step_down(p, NULL, it.index);
        prune(p, it.value, items, how_of(items) | (how & KEEPS));
        step_up(p, len);
    }
}

/* A null that may not be one is as good as absent, unless a default takes its place. */
static void prune_nulls(struct node *n, const struct rule *rule)
{
    struct str_list gone = {0};
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        const struct rule *inner = it.key == NULL ? (rule == NULL ? NULL : rule->items) : rule_member(rule, it.key);
        if (it.key != NULL && rule_forbids_null(inner, it.value) && inner->fallback == NULL) {
            str_list_push(&gone, it.key);
        } else {
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
    struct pruning p = {.unknown = unknown};
    size_t before = unknown == NULL ? 0 : unknown->count;
    buf_init(&p.path, PATH_BYTES_MAX);
    prune(&p, doc_root(object), schema->root, how_of(schema->root));
    buf_fini(&p.path);
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
        const struct node *value = node_get(n, rule->properties[i].name);
        if (property->fallback != NULL && (value == NULL || rule_forbids_null(property, value))) {
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
