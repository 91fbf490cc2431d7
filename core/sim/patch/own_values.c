#include "sim/patch/own_values.h"

#include "base/str.h"
#include "sim/patch/field_written.h"

enum { MANAGERS_MAX = 8, ELEMENT_MAX = 128 };

/* What the managers have written of a part of the object: NULL where they own nothing of it. */
struct owners {
    const struct node *fields[MANAGERS_MAX];
    size_t count, self;
};

static enum own_values compare(const struct owners *owners, const struct shape *shape, const struct node *before,
                               const struct node *after);

static enum own_values worse(enum own_values a, enum own_values b)
{
    return a > b ? a : b;
}

/* False: the writer owns nothing there. */
static bool descend(struct owners *below, const struct owners *owners, const char *element)
{
    *below = (struct owners){.count = owners->count, .self = owners->self};
    for (size_t i = 0; i < owners->count; i++) {
        below->fields[i] = node_get(owners->fields[i], element);
    }
    return below->fields[below->self] != NULL;
}

static enum own_values compare_leaf(const struct owners *owners)
{
    for (size_t i = 0; i < owners->count; i++) {
        bool owns = owners->fields[i] != NULL && field_written_is_member(owners->fields[i]);
        if (owns != (i == owners->self)) {
            return OWN_VALUES_UNKNOWN;
        }
    }
    return OWN_VALUES_CHANGED;
}

static enum own_values compare_member(const struct owners *owners, const struct shape *shape, const char *key,
                                      const struct node *before, const struct node *after)
{
    char element[ELEMENT_MAX] = "f:";
    struct owners below;
    struct shape member = shape_member(shape, key);
    if (!str_copy(element + 2, sizeof element - 2, key) || !descend(&below, owners, element)) {
        return OWN_VALUES_UNKNOWN;
    }
    return compare(&below, &member, before, after);
}

static enum own_values compare_members(const struct owners *owners, const struct shape *shape,
                                       const struct node *before, const struct node *after)
{
    enum own_values found = node_count(before) == node_count(after) ? OWN_VALUES_SAME : OWN_VALUES_UNKNOWN;
    struct node_iter it = node_iterate(before);
    while (found != OWN_VALUES_UNKNOWN && node_next(&it)) {
        const struct node *now = node_get(after, it.key);
        if (now == NULL) {
            found = OWN_VALUES_UNKNOWN;
        } else if (!node_equal(it.value, now)) {
            found = worse(found, compare_member(owners, shape, it.key, it.value, now));
        }
    }
    return found;
}

/* Elements with the same names in the same places. */
static enum own_values compare_elements(const struct owners *owners, const struct shape *shape,
                                        const struct node *before, const struct node *after)
{
    struct shape element = shape_element(shape);
    struct shape_elements left = shape_elements_of(shape, before), right = shape_elements_of(shape, after);
    bool is_whole = left.count == node_count(before) && right.count == node_count(after) && left.count == right.count;
    enum own_values found = is_whole ? OWN_VALUES_SAME : OWN_VALUES_UNKNOWN;
    for (size_t i = 0; found != OWN_VALUES_UNKNOWN && i < left.count; i++) {
        const char *name = left.items[i].name;
        struct owners below;
        if (!str_equal(name, right.items[i].name) || shape_elements_count(&left, name) != 1) {
            found = OWN_VALUES_UNKNOWN;
        } else if (!node_equal(left.items[i].value, right.items[i].value)) {
            found = descend(&below, owners, name)
                        ? worse(found, compare(&below, &element, left.items[i].value, right.items[i].value))
                        : OWN_VALUES_UNKNOWN;
        }
    }
    shape_elements_fini(&left);
    shape_elements_fini(&right);
    return found;
}

/* Both are there, and they differ. What is null or empty, or of another kind than before, is not looked at here. */
static enum own_values compare(const struct owners *owners, const struct shape *shape, const struct node *before,
                               const struct node *after)
{
    enum node_type type = node_type(before), other = node_type(after);
    bool is_object = type == NODE_OBJECT, is_list = type == NODE_ARRAY;
    bool is_inner = is_object ? shape->how != SHAPE_ATOMIC : is_list && shape_is_keyed(shape);
    if ((is_object || is_list || other == NODE_OBJECT || other == NODE_ARRAY) && type != other) {
        return OWN_VALUES_UNKNOWN;
    }
    if (type == NODE_NULL || other == NODE_NULL) {
        return OWN_VALUES_UNKNOWN;
    }
    if (!is_inner) {
        return compare_leaf(owners);
    }
    return is_object ? compare_members(owners, shape, before, after) : compare_elements(owners, shape, before, after);
}

/* What the server sets in the metadata is nobody's. */
static bool is_nobodys(const char *key)
{
    return str_equal(key, "managedFields") || str_equal(key, "resourceVersion") || str_equal(key, "generation");
}

static size_t count_owned(const struct node *metadata)
{
    return node_count(metadata) - (node_get(metadata, "managedFields") != NULL) -
           (node_get(metadata, "resourceVersion") != NULL) - (node_get(metadata, "generation") != NULL);
}

static enum own_values compare_metadata(const struct owners *owners, const struct node *before,
                                        const struct node *after)
{
    struct owners below;
    const struct shape shape = {.fields = shape_table_metadata(), .is_named = true};
    bool owns = descend(&below, owners, "f:metadata");
    enum own_values found = count_owned(before) == count_owned(after) ? OWN_VALUES_SAME : OWN_VALUES_UNKNOWN;
    struct node_iter it = node_iterate(before);
    while (found != OWN_VALUES_UNKNOWN && node_next(&it)) {
        const struct node *now = node_get(after, it.key);
        if (is_nobodys(it.key) || (now != NULL && node_equal(it.value, now))) {
            continue;
        }
        found = now == NULL || !owns ? OWN_VALUES_UNKNOWN
                                     : worse(found, compare_member(&below, &shape, it.key, it.value, now));
    }
    return found;
}

enum own_values own_values_compare(const struct managers *managers, const struct manager *self,
                                   const struct shape *shape, const struct node *before, const struct node *after)
{
    struct owners owners = {.count = managers->count, .self = (size_t)(self - managers->items)};
    enum own_values found = node_count(before) == node_count(after) ? OWN_VALUES_SAME : OWN_VALUES_UNKNOWN;
    for (size_t i = 0; i < managers->count; i++) {
        if (managers->count > MANAGERS_MAX || managers->items[i].written == NULL) {
            return OWN_VALUES_UNKNOWN;
        }
        owners.fields[i] = managers->items[i].written;
    }
    struct node_iter it = node_iterate(before);
    while (found != OWN_VALUES_UNKNOWN && node_next(&it)) {
        const struct node *now = node_get(after, it.key);
        if (now == NULL) {
            found = OWN_VALUES_UNKNOWN;
        } else if (str_equal(it.key, "metadata")) {
            found = worse(found, compare_metadata(&owners, it.value, now));
        } else if (!node_equal(it.value, now)) {
            found = worse(found, compare_member(&owners, shape, it.key, it.value, now));
        }
    }
    return found;
}
