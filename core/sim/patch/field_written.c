#include "sim/patch/field_written.h"

#include "base/str.h"

static bool is_canonical_below(const struct node *fields)
{
    const char *last = NULL;
    struct node_iter it = node_iterate(fields);
    while (node_next(&it)) {
        bool is_dot = it.index == 0 && str_equal(it.key, ".");
        bool is_leaf = node_type(it.value) == NODE_OBJECT && node_count(it.value) == 0;
        if (is_dot && is_leaf && node_count(fields) > 1) {
            continue;
        }
        if (node_type(it.value) != NODE_OBJECT || !field_set_is_element(it.key) ||
            (last != NULL && field_set_compare(last, it.key) >= 0) || !is_canonical_below(it.value)) {
            return false;
        }
        last = it.key;
    }
    return true;
}

bool field_written_is_canonical(const struct node *fields)
{
    return node_type(fields) == NODE_OBJECT && node_count(fields) > 0 && node_get(fields, ".") == NULL &&
           is_canonical_below(fields);
}

bool field_written_is_member(const struct node *field)
{
    return node_count(field) == 0 || node_get(field, ".") != NULL;
}

bool field_written_has_any(const struct node *fields, const struct field_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct field_set *child = &set->children[i];
        const struct node *same = node_get(fields, child->element);
        if (same != NULL &&
            ((child->is_member && field_written_is_member(same)) || field_written_has_any(same, child))) {
            return true;
        }
    }
    return false;
}

bool field_written_has_all(const struct node *fields, const struct field_set *set)
{
    for (size_t i = 0; i < set->count; i++) {
        const struct field_set *child = &set->children[i];
        const struct node *same = node_get(fields, child->element);
        if (same == NULL || (child->is_member && !field_written_is_member(same)) ||
            !field_written_has_all(same, child)) {
            return false;
        }
    }
    return true;
}
