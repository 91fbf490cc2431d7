#include "sim/kinds/rule.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/format.h"

enum { PATH_MAX_BYTES = 512 };

/* Where in the schema, for errors: "properties[spec].items". */
struct place {
    const struct place *above;
    const char *key, *name; /* name: NULL, or what stands in [] */
};

/* Inside of allOf, anyOf, oneOf and not a schema says nothing about types: the structure is known without them. */
enum position { STRUCTURAL, VALUE_ONLY };

static struct rule *parse(const struct node *n, const struct place *place, enum position position, struct err *err);

static void put_place(struct buf *b, const struct place *place)
{
    if (place == NULL || place->key == NULL) {
        return;
    }
    put_place(b, place->above);
    buf_printf(b, "%s%s", b->len > 0 ? "." : "", place->key);
    if (place->name != NULL) {
        buf_printf(b, "[%s]", place->name);
    }
}

static bool refuse(struct err *err, const struct place *place, const char *key, const char *why)
{
    struct buf path;
    buf_init(&path, PATH_MAX_BYTES);
    put_place(&path, key == NULL ? place : &(struct place){place, key, NULL});
    err_set(err, ERR_INVALID, "%s: %s", buf_str(&path), why);
    buf_fini(&path);
    return false;
}

/* --- the simple keywords --- */

static bool flag(const struct node *n, const char *key)
{
    return node_bool_or(node_get(n, key), false);
}

static bool read_type(struct rule *rule, const struct node *n, const struct place *place, struct err *err)
{
    static const struct {
        const char *name;
        unsigned bit;
    } types[] = {{"object", RULE_OBJECT},   {"array", RULE_ARRAY},   {"string", RULE_STRING},
                 {"integer", RULE_INTEGER}, {"number", RULE_NUMBER}, {"boolean", RULE_BOOLEAN}};
    rule->type_text = node_str(node_get(n, "type"));
    if (str_empty(rule->type_text)) {
        rule->type_text = NULL;
    } else {
        for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
            rule->types |= str_equal(rule->type_text, types[i].name) ? types[i].bit : 0;
        }
        if (rule->types == 0) {
            return refuse(err, place, "type",
                          "Unsupported value: supported values: \"array\", \"boolean\", \"integer\", \"number\", "
                          "\"object\", \"string\"");
        }
    }
    if (flag(n, "x-kubernetes-int-or-string")) {
        rule->types = RULE_INTEGER | RULE_STRING;
        rule->type_text = "integer,string";
    }
    return true;
}

/* Formats that fit the type; the server drops the others. */
static void read_format(struct rule *rule, const struct node *n)
{
    const char *format = node_str(node_get(n, "format"));
    if (str_empty(format)) {
        return;
    }
    bool is_kept = false;
    if (rule->types == 0 || rule->types == RULE_STRING || rule->types == (RULE_INTEGER | RULE_STRING)) {
        is_kept = format_is_known(format);
    } else if (rule->types == RULE_INTEGER) {
        is_kept = str_equal(format, "int32") || str_equal(format, "int64");
    } else if (rule->types == RULE_NUMBER) {
        is_kept = str_equal(format, "float") || str_equal(format, "double");
    }
    rule->format = is_kept ? format : NULL;
}

static int64_t limit(const struct node *n, const char *key)
{
    return node_int_or(node_get(n, key), -1);
}

static struct rule_bound bound(const struct node *n, const char *key, const char *exclusive)
{
    struct rule_bound bound = {.exclusive = flag(n, exclusive)};
    bound.is_set = node_real(node_get(n, key), &bound.value);
    return bound;
}

static void read_limits(struct rule *rule, const struct node *n)
{
    rule->nullable = flag(n, "nullable");
    rule->preserve = flag(n, "x-kubernetes-preserve-unknown-fields");
    rule->embedded = flag(n, "x-kubernetes-embedded-resource");
    rule->map_atomic = node_is(node_get(n, "x-kubernetes-map-type"), "atomic");
    rule->unique_items = flag(n, "uniqueItems");
    rule->length_min = limit(n, "minLength");
    rule->length_max = limit(n, "maxLength");
    rule->items_min = limit(n, "minItems");
    rule->items_max = limit(n, "maxItems");
    rule->properties_min = limit(n, "minProperties");
    rule->properties_max = limit(n, "maxProperties");
    rule->minimum = bound(n, "minimum", "exclusiveMinimum");
    rule->maximum = bound(n, "maximum", "exclusiveMaximum");
    rule->multiple_of = bound(n, "multipleOf", "");
    if (node_count(node_get(n, "enum")) > 0) {
        rule->values = node_get(n, "enum");
    }
    if (node_type(node_get(n, "required")) == NODE_ARRAY) {
        rule->required = node_get(n, "required");
    }
    enum node_type fallback = node_type(node_get(n, "default"));
    if (fallback != NODE_ABSENT && fallback != NODE_NULL) {
        rule->fallback = node_get(n, "default");
    }
    const struct node *list = node_get(n, "x-kubernetes-list-type");
    rule->list_type = node_is(list, "set") ? RULE_LIST_SET : node_is(list, "map") ? RULE_LIST_MAP : RULE_LIST_ATOMIC;
    rule->list_keys = node_get(n, "x-kubernetes-list-map-keys");
}

static bool read_pattern(struct rule *rule, const struct node *n, const struct place *place, struct err *err)
{
    const char *text = node_str(node_get(n, "pattern"));
    struct err why;
    if (str_empty(text)) {
        return true;
    }
    rule->pattern_text = text;
    rule->pattern = pattern_new(text, &why);
    if (rule->pattern != NULL) {
        return true;
    }
    char *message = str_format("Invalid value: \"%s\": must be a valid regular expression, but isn't: "
                               "error parsing regexp: %s",
                               text, why.text);
    refuse(err, place, "pattern", message);
    mem_free(message);
    return false;
}

/* --- schemas in schemas --- */

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct rule_property *)a)->name, ((const struct rule_property *)b)->name);
}

static bool read_properties(struct rule *rule, const struct node *n, const struct place *place, enum position position,
                            struct err *err)
{
    const struct node *properties = node_get(n, "properties");
    if (properties == NULL || node_type(properties) == NODE_NULL) {
        return true;
    }
    if (node_type(properties) != NODE_OBJECT) {
        return refuse(err, place, "properties", "Invalid value: must be an object");
    }
    rule->properties = mem_alloc_array(node_count(properties), sizeof *rule->properties);
    struct node_iter it = node_iterate(properties);
    while (node_next(&it)) {
        struct rule *one = parse(it.value, &(struct place){place, "properties", it.key}, position, err);
        if (one == NULL) {
            return false;
        }
        rule->properties[rule->property_count++] = (struct rule_property){it.key, one};
    }
    qsort(rule->properties, rule->property_count, sizeof *rule->properties, by_name);
    return true;
}

static bool read_one(struct rule **to, const struct node *n, const char *key, const struct place *place,
                     enum position position, struct err *err)
{
    const struct node *value = node_get(n, key);
    if (value == NULL || node_type(value) == NODE_NULL) {
        return true;
    }
    *to = parse(value, &(struct place){place, key, NULL}, position, err);
    return *to != NULL;
}

static bool read_additional(struct rule *rule, const struct node *n, const struct place *place, enum position position,
                            struct err *err)
{
    const struct node *value = node_get(n, "additionalProperties");
    enum node_type type = node_type(value);
    rule->has_additional = type == NODE_BOOL || type == NODE_OBJECT;
    rule->allows_additional = type == NODE_OBJECT || node_bool_or(value, false);
    return type != NODE_OBJECT || read_one(&rule->additional, n, "additionalProperties", place, position, err);
}

static bool read_list(struct rule_list *list, const struct node *n, const char *key, const struct place *place,
                      struct err *err)
{
    const struct node *values = node_get(n, key);
    if (node_type(values) != NODE_ARRAY) {
        return values == NULL || node_type(values) == NODE_NULL ||
               refuse(err, place, key, "Invalid value: must be an array");
    }
    list->items = mem_alloc_array(node_count(values), sizeof *list->items);
    struct node_iter it = node_iterate(values);
    while (node_next(&it)) {
        char index[24];
        char *text = str_format("%zu", it.index);
        str_copy(index, sizeof index, text);
        mem_free(text);
        struct rule *one = parse(it.value, &(struct place){place, key, index}, VALUE_ONLY, err);
        if (one == NULL) {
            return false;
        }
        list->items[list->count++] = one;
    }
    return true;
}

static bool read_logic(struct rule *rule, const struct node *n, const struct place *place, struct err *err)
{
    return read_list(&rule->all_of, n, "allOf", place, err) && read_list(&rule->any_of, n, "anyOf", place, err) &&
           read_list(&rule->one_of, n, "oneOf", place, err) && read_one(&rule->not, n, "not", place, VALUE_ONLY, err);
}

/* What makes a schema structural, and with it pruning and defaulting possible. */
static bool check_structure(const struct rule *rule, const struct place *place, enum position position, struct err *err)
{
    if (position == VALUE_ONLY) {
        return true;
    }
    if (rule->types == 0 && !rule->preserve) {
        const char *of = place->key == NULL               ? "at the root"
                         : str_equal(place->key, "items") ? "for specified array items"
                                                          : "for specified object fields";
        char *why = str_format("Required value: must not be empty %s", of);
        refuse(err, place, "type", why);
        mem_free(why);
        return false;
    }
    if (place->key == NULL && rule->types != RULE_OBJECT) {
        return refuse(err, place, "type", "Invalid value: must be object at the root");
    }
    if (rule->types == RULE_ARRAY && rule->items == NULL) {
        return refuse(err, place, "items", "Required value: must be specified");
    }
    return true;
}

static struct rule *parse(const struct node *n, const struct place *place, enum position position, struct err *err)
{
    if (node_type(n) != NODE_OBJECT) {
        refuse(err, place, NULL, "Invalid value: must be an object");
        return NULL;
    }
    struct rule *rule = mem_new(struct rule);
    read_limits(rule, n);
    if (!read_type(rule, n, place, err) || !read_pattern(rule, n, place, err) ||
        !read_properties(rule, n, place, position, err) || !read_additional(rule, n, place, position, err) ||
        !read_one(&rule->items, n, "items", place, position, err) || !read_logic(rule, n, place, err) ||
        !check_structure(rule, place, position, err)) {
        rule_free(rule);
        return NULL;
    }
    read_format(rule, n);
    return rule;
}

static void list_fini(struct rule_list *list)
{
    for (size_t i = 0; i < list->count; i++) {
        rule_free(list->items[i]);
    }
    mem_free(list->items);
}

void rule_free(struct rule *rule)
{
    if (rule == NULL) {
        return;
    }
    for (size_t i = 0; i < rule->property_count; i++) {
        rule_free(rule->properties[i].rule);
    }
    mem_free(rule->properties);
    pattern_free(rule->pattern);
    rule_free(rule->items);
    rule_free(rule->additional);
    rule_free(rule->not );
    list_fini(&rule->all_of);
    list_fini(&rule->any_of);
    list_fini(&rule->one_of);
    mem_free(rule);
}

struct rule *rule_parse(const struct node *openapi, struct err *err)
{
    return parse(openapi, &(struct place){NULL, NULL, NULL}, STRUCTURAL, err);
}

/* --- for those who use rules --- */

struct rule *rule_property(const struct rule *rule, const char *name)
{
    if (rule == NULL || rule->property_count == 0) {
        return NULL;
    }
    struct rule_property key = {name, NULL};
    struct rule_property *found = bsearch(&key, rule->properties, rule->property_count, sizeof key, by_name);
    return found == NULL ? NULL : found->rule;
}

struct rule *rule_member(const struct rule *rule, const char *name)
{
    struct rule *property = rule_property(rule, name);
    return property != NULL || rule == NULL ? property : rule->additional;
}

bool rule_forbids_null(const struct rule *rule, const struct node *value)
{
    return rule != NULL && node_type(value) == NODE_NULL && !rule->nullable;
}
