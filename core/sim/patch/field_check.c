/* What an applied object must be, with the words of structured-merge-diff. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/patch/field_check.h"
#include "sim/patch/field_set.h"
#include "sim/patch/refuse.h"

enum { PATH_BYTES_MAX = 16 * 1024 };

struct checking {
    struct buf path;
    struct str_list errors;
};

static void check(struct checking *c, const struct shape *shape, const struct node *value);

static void complain(struct checking *c, const char *what)
{
    char *text = str_format("%s: %s", buf_str(&c->path), what);
    str_list_push(&c->errors, text);
    mem_free(text);
}

static void complain_about(struct checking *c, const char *format, const char *what)
{
    char *text = str_format("%s%s", format, what);
    complain(c, text);
    mem_free(text);
}

static void cut(struct buf *b, size_t len)
{
    b->len = len;
    if (b->data != NULL) {
        b->data[len] = '\0';
    }
}

/* --- types, of custom kinds --- */

static const char *go_type(const struct node *n)
{
    switch (node_type(n)) {
    case NODE_STRING:
        return "string";
    case NODE_BOOL:
        return "bool";
    case NODE_ARRAY:
        return "[]interface {}";
    case NODE_OBJECT:
        return "map[string]interface {}";
    default:
        return "number";
    }
}

static void wrong(struct checking *c, const char *wanted, const char *before, const struct node *value)
{
    char *shown = patch_refuse_shown(value), *text = str_format("expected %s, got %s%s}", wanted, before, shown);
    complain(c, text);
    mem_free(text);
    mem_free(shown);
}

/* False: it is of another type, and was told about. Texts of a format and int-or-string may be anything here. */
static bool check_type(struct checking *c, const struct rule *rule, const struct node *value)
{
    enum node_type type = node_type(value);
    bool is_number = type == NODE_INT || type == NODE_REAL;
    if (type == NODE_NULL || type == NODE_ABSENT) {
        return true;
    }
    if (rule->types == RULE_STRING && type != NODE_STRING && rule->format == NULL) {
        wrong(c, "string", "&value.valueUnstructured{Value:", value);
    } else if ((rule->types == RULE_INTEGER || rule->types == RULE_NUMBER) && !is_number) {
        complain_about(c, "expected numeric (int or float), got ", go_type(value));
    } else if (rule->types == RULE_BOOLEAN && type != NODE_BOOL) {
        wrong(c, "boolean", "&{", value);
    } else if (rule->types == RULE_ARRAY && type != NODE_ARRAY) {
        wrong(c, "list", "&{", value);
    } else if (rule->types == RULE_OBJECT && type != NODE_OBJECT) {
        wrong(c, "map", "&{", value);
    } else {
        return true;
    }
    return false;
}

static bool is_declared(const struct rule *rule, const char *key)
{
    bool is_meta = str_equal(key, "metadata") || str_equal(key, "apiVersion") || str_equal(key, "kind");
    return rule->preserve || (rule->embedded && is_meta) || rule_member(rule, key) != NULL ||
           (rule->has_additional && rule->allows_additional) || rule->types != RULE_OBJECT;
}

/* --- parts --- */

static void check_members(struct checking *c, const struct shape *shape, const struct node *value)
{
    size_t len = c->path.len;
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        struct shape member = shape_member(shape, it.key);
        bool declared = shape->rule == NULL || is_declared(shape->rule, it.key);
        buf_printf(&c->path, ".%s", it.key);
        if (declared) {
            check(c, &member, it.value);
        } else {
            complain(c, "field not declared in schema");
        }
        cut(&c->path, len);
        if (!declared) { /* the server reads on no further either */
            return;
        }
    }
}

static void complain_duplicate(struct checking *c, const char *name)
{
    struct buf b;
    buf_init(&b, PATH_BYTES_MAX);
    field_set_show(&b, name);
    complain_about(c, "duplicate entries for key ", buf_str(&b));
    buf_fini(&b);
}

static void check_element(struct checking *c, const struct shape *list, const struct node *array, size_t index,
                          const struct node *value)
{
    struct shape element = shape_element(list);
    struct err err;
    size_t len = c->path.len;
    bool keyed = shape_is_keyed(list);
    char *name = keyed ? shape_element_name(list, value, &err) : NULL;
    if (keyed && name == NULL) {
        char *text = str_format("element %zu: %s", index, err.text);
        complain(c, text);
        mem_free(text);
        return;
    }
    struct shape_elements nodes = keyed ? shape_elements_of(list, array) : (struct shape_elements){0};
    if (keyed && shape_elements_find(&nodes, name, 0) < index && nodes.count == node_count(array)) {
        complain_duplicate(c, name);
    }
    shape_elements_fini(&nodes);
    if (keyed) {
        field_set_show(&c->path, name);
    } else {
        buf_printf(&c->path, "[%zu]", index);
    }
    check(c, &element, value);
    cut(&c->path, len);
    mem_free(name);
}

static void check(struct checking *c, const struct shape *shape, const struct node *value)
{
    if (shape->rule != NULL && !check_type(c, shape->rule, value)) {
        return;
    }
    if (node_type(value) == NODE_OBJECT) {
        check_members(c, shape, value);
    } else if (node_type(value) == NODE_ARRAY) {
        struct node_iter it = node_iterate(value);
        while (node_next(&it)) {
            check_element(c, shape, value, it.index, it.value);
        }
    }
}

/* --- all of it --- */

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void tell(struct str_list *errors, struct err *err)
{
    if (errors->count == 1) {
        err_set(err, ERR_INVALID, "%s", errors->items[0]);
        return;
    }
    struct buf b;
    buf_init(&b, PATH_BYTES_MAX);
    buf_append_str(&b, "errors:");
    qsort(errors->items, errors->count, sizeof *errors->items, by_text);
    for (size_t i = 0; i < errors->count; i++) {
        buf_printf(&b, "\n  %s", errors->items[i]);
    }
    err_set(err, ERR_INVALID, "%s", buf_str(&b));
    buf_fini(&b);
}

bool field_check(const struct shape *shape, const struct node *value, struct err *err)
{
    struct checking c = {.errors = {0}};
    buf_init(&c.path, PATH_BYTES_MAX);
    check(&c, shape, value);
    bool fits = c.errors.count == 0;
    if (!fits) {
        tell(&c.errors, err);
    }
    str_list_fini(&c.errors);
    buf_fini(&c.path);
    return fits;
}
