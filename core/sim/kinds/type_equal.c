#include "sim/kinds/type_equal.h"

#include "base/str.h"
#include "sim/kinds/quantity.h"
#include "sim/kinds/type_inner.h"

static bool is_equal_one(const struct field *field, const struct node *a, const struct node *b)
{
    if (field->scalar == IS_QUANTITY && node_str(a) != NULL && node_str(b) != NULL) {
        return quantity_equal(node_str(a), node_str(b));
    }
    return field->scalar == IS_STRUCT ? type_equal(field->type, a, b) : node_equal(a, b);
}

static bool is_equal_list(const struct field *field, const struct node *a, const struct node *b)
{
    for (size_t i = 0; i < node_count(a); i++) {
        if (!is_equal_one(field, node_item(a, i), node_item(b, i))) {
            return false;
        }
    }
    return true;
}

static bool is_equal_map(const struct field *field, const struct node *a, const struct node *b)
{
    struct node_iter it = node_iterate(a);
    while (node_next(&it)) {
        if (!is_equal_one(field, it.value, node_get(b, it.key))) {
            return false;
        }
    }
    return true;
}

static bool is_equal_field(const struct field *field, const struct node *a, const struct node *b)
{
    if (node_equal(a, b)) {
        return true;
    }
    if (field->shape == SHAPE_PLAIN) {
        return is_equal_one(field, a, b);
    }
    if (node_type(a) != node_type(b) || node_count(a) != node_count(b)) {
        return false;
    }
    return field->shape == SHAPE_LIST ? is_equal_list(field, a, b) : is_equal_map(field, a, b);
}

bool type_equal(const struct type *type, const struct node *a, const struct node *b)
{
    if (node_equal(a, b)) {
        return true;
    }
    if (type == NULL || node_type(a) != NODE_OBJECT || node_type(b) != NODE_OBJECT) {
        return false;
    }
    for (size_t i = 0; i < type->count; i++) {
        const struct field *field = &type->fields[i];
        if (!is_equal_field(field, node_get(a, field->name), node_get(b, field->name))) {
            return false;
        }
    }
    return true;
}

const struct type *type_of_field(const struct type *type, const char *name)
{
    for (size_t i = 0; type != NULL && i < type->count; i++) {
        if (str_equal(type->fields[i].name, name)) {
            return type->fields[i].type;
        }
    }
    return NULL;
}
