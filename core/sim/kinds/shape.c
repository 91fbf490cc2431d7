#include "sim/kinds/shape.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"

enum { NAME_BYTES_MAX = 64 * 1024, KEY_MAX = 64 };

struct shape shape_of_kind(const struct kind *kind)
{
    struct shape shape = {.is_named = true};
    if (kind->is_custom && kind->schema != NULL) {
        shape.rule = kind->schema->root;
    }
    /* Of a custom kind's members only metadata is known from here. */
    shape.fields = kind->is_custom ? NULL : shape_table(kind->group, kind->version, kind->name);
    return shape;
}

static enum shape_how how_of(const struct rule *rule)
{
    if (rule->map_atomic) {
        return SHAPE_ATOMIC;
    }
    return rule->list_type == RULE_LIST_MAP   ? SHAPE_LIST_MAP
           : rule->list_type == RULE_LIST_SET ? SHAPE_LIST_SET
                                              : SHAPE_PLAIN;
}

static struct shape of_rule(const struct rule *rule, bool is_named)
{
    return (struct shape){.rule = rule, .how = rule == NULL ? SHAPE_PLAIN : how_of(rule), .is_named = is_named};
}

static struct shape member_of_rule(const struct rule *rule, const char *key, bool has_metadata)
{
    const struct rule *property = rule_property(rule, key);
    if (has_metadata && str_equal(key, "metadata")) {
        return (struct shape){.fields = shape_table_metadata(), .is_named = true};
    }
    if (has_metadata && (str_equal(key, "apiVersion") || str_equal(key, "kind"))) {
        return (struct shape){.is_named = true};
    }
    return property != NULL ? of_rule(property, true) : of_rule(rule->additional, false);
}

struct shape shape_member(const struct shape *of, const char *key)
{
    if (of->rule != NULL) {
        return member_of_rule(of->rule, key, of->rule->embedded);
    }
    for (const struct shape_field *field = of->fields; field != NULL && field->name != NULL; field++) {
        if (str_equal(field->name, key)) {
            return (struct shape){field->fields,   NULL, field->how, field->keys, field->merge_key,
                                  field->strategy, true};
        }
    }
    return (struct shape){.is_named = of->is_named};
}

struct shape shape_element(const struct shape *of)
{
    if (of->rule != NULL) {
        return of_rule(of->rule->items, of->is_named);
    }
    bool is_whole = of->fields == shape_table_whole();
    return (struct shape){.fields = of->fields, .how = is_whole ? SHAPE_ATOMIC : SHAPE_PLAIN, .is_named = of->is_named};
}

/* --- names of elements --- */

/* Text that JSON has between quotes as it is. */
static bool is_plain(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (text[i] < ' ' || text[i] > '~' || text[i] == '"' || text[i] == '\\') {
            return false;
        }
    }
    return true;
}

static void put_text(struct buf *b, const char *text)
{
    buf_append_char(b, '"');
    buf_append_str(b, text);
    buf_append_char(b, '"');
}

static void put_value(struct buf *b, const struct node *value)
{
    size_t len = 0;
    const char *text = node_str_n(value, &len);
    if (text != NULL && is_plain(text, len)) {
        put_text(b, text);
    } else {
        node_write_sorted(value, b);
    }
}

/* A key that is not there has a default: that of the table, or Go's zero. */
static void put_default(struct buf *b, const char *key, const char *fallback, size_t len)
{
    if (str_equal(key, "port") || str_equal(key, "containerPort")) {
        buf_append_char(b, '0');
    } else {
        buf_append_char(b, '"');
        buf_append(b, fallback, len);
        buf_append_char(b, '"');
    }
}

/* "containerPort,protocol=TCP", in the order of the names. */
static void put_keys(struct buf *b, const char *keys, const struct node *element)
{
    for (const char *at = keys; *at != '\0';) {
        char key[KEY_MAX];
        size_t len = strcspn(at, "=,");
        assert(len < sizeof key);
        memcpy(key, at, len);
        key[len] = '\0';
        at += len;
        const char *fallback = *at == '=' ? at + 1 : at;
        const struct node *value = node_get(element, key);
        buf_append_char(b, b->len > 2 ? ',' : '{'); /* behind "k:" */
        put_text(b, key);
        buf_append_char(b, ':');
        if (value != NULL) {
            put_value(b, value);
        } else {
            put_default(b, key, fallback, strcspn(fallback, ","));
        }
        at = fallback + strcspn(fallback, ",");
        at += *at == ',';
    }
    buf_append_char(b, '}');
}

static size_t put_rule_keys(struct buf *b, const struct rule *rule, const struct node *element)
{
    struct doc *doc = doc_new();
    struct node *keys = node_new_object(doc);
    struct node_iter it = node_iterate(rule->list_keys);
    while (node_next(&it)) {
        const char *key = node_str_or(it.value, "");
        const struct rule *property = rule_property(rule->items, key);
        const struct node *value = node_get(element, key);
        if (value == NULL && property != NULL) {
            value = property->fallback;
        }
        node_set(doc, keys, key, node_copy(doc, value));
    }
    size_t count = node_count(keys);
    node_write_sorted(keys, b);
    doc_free(doc);
    return count;
}

static char *map_element_name(const struct shape *list, const struct node *element, struct err *err)
{
    struct buf b;
    if (node_type(element) != NODE_OBJECT) {
        err_set(err, ERR_INVALID, "associative list with keys may not have %s",
                node_type(element) == NODE_NULL ? "a null element" : "non-map elements");
        return NULL;
    }
    buf_init(&b, NAME_BYTES_MAX);
    buf_append_str(&b, "k:");
    if (list->rule == NULL) {
        put_keys(&b, list->keys, element);
    }
    if (list->rule == NULL || put_rule_keys(&b, list->rule, element) > 0) {
        return buf_take(&b);
    }
    buf_fini(&b);
    err_set(err, ERR_INVALID,
            "associative list with keys has an element that omits all key fields [\"%s\"] (and doesn't have default "
            "values for any key fields)",
            node_str_or(node_item(list->rule->list_keys, 0), ""));
    return NULL;
}

char *shape_element_name(const struct shape *list, const struct node *element, struct err *err)
{
    if (list->how == SHAPE_LIST_MAP) {
        return map_element_name(list, element, err);
    }
    enum node_type type = node_type(element);
    if (type == NODE_OBJECT || type == NODE_ARRAY || type == NODE_NULL) {
        err_set(err, ERR_INVALID, "associative list without keys has an element that's %s",
                type == NODE_NULL     ? "an explicit null"
                : type == NODE_OBJECT ? "a map type"
                                      : "a list");
        return NULL;
    }
    struct buf b;
    buf_init(&b, NAME_BYTES_MAX);
    buf_append_str(&b, "v:");
    node_write(element, &b);
    return buf_take(&b);
}

/* --- lists of named elements --- */

bool shape_is_keyed(const struct shape *shape)
{
    return shape->how == SHAPE_LIST_MAP || shape->how == SHAPE_LIST_SET;
}

struct shape_elements shape_elements_of(const struct shape *list, const struct node *array)
{
    struct shape_elements nodes = {0};
    struct err ignored;
    nodes.items = mem_alloc_array(node_count(array), sizeof *nodes.items);
    struct node_iter it = node_iterate(node_type(array) == NODE_ARRAY ? array : NULL);
    while (node_next(&it)) {
        char *name = shape_element_name(list, it.value, &ignored);
        if (name != NULL) {
            nodes.items[nodes.count++] = (struct shape_named){name, it.value};
        }
    }
    return nodes;
}

void shape_elements_fini(struct shape_elements *nodes)
{
    for (size_t i = 0; i < nodes->count; i++) {
        mem_free(nodes->items[i].name);
    }
    mem_free(nodes->items);
}

size_t shape_elements_find(const struct shape_elements *nodes, const char *name, size_t start)
{
    size_t i = start;
    while (i < nodes->count && !str_equal(nodes->items[i].name, name)) {
        i++;
    }
    return i;
}

size_t shape_elements_count(const struct shape_elements *nodes, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < nodes->count; i++) {
        count += str_equal(nodes->items[i].name, name);
    }
    return count;
}
