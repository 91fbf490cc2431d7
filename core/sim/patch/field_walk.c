#include "sim/patch/field_walk.h"

#include "base/mem.h"
#include "base/str.h"

enum kind_of_value { A_SCALAR, A_MAP, A_LIST };

static enum kind_of_value kind_of(const struct node *n)
{
    enum node_type type = node_type(n);
    return type == NODE_OBJECT ? A_MAP : type == NODE_ARRAY ? A_LIST : A_SCALAR;
}

static const struct node *value_of(const struct shape_elements *nodes, const char *name)
{
    size_t at = shape_elements_find(nodes, name, 0);
    return at < nodes->count ? nodes->items[at].value : NULL;
}

/* --- what an object mentions --- */

static void mention(struct field_set *set, const struct shape *shape, const struct node *value,
                    const struct field_path *path);

static void mention_members(struct field_set *set, const struct shape *shape, const struct node *value,
                            const struct field_path *path)
{
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        struct shape member = shape_member(shape, it.key);
        char *element = field_set_element(it.key);
        struct field_path inner = {path, element};
        mention(set, &member, it.value, &inner);
        if (!member.is_named || (kind_of(it.value) == A_MAP && node_count(it.value) == 0)) {
            field_set_insert(set, &inner);
        }
        mem_free(element);
    }
}

static void mention(struct field_set *set, const struct shape *shape, const struct node *value,
                    const struct field_path *path)
{
    if (kind_of(value) == A_MAP && shape->how != SHAPE_ATOMIC) {
        mention_members(set, shape, value, path);
    } else if (kind_of(value) == A_LIST && shape_is_keyed(shape)) {
        struct shape element = shape_element(shape);
        struct shape_elements nodes = shape_elements_of(shape, value);
        for (size_t i = 0; i < nodes.count; i++) {
            struct field_path inner = {path, nodes.items[i].name};
            if (shape_elements_count(&nodes, nodes.items[i].name) == 1) {
                mention(set, &element, nodes.items[i].value, &inner);
            }
            field_set_insert(set, &inner);
        }
        shape_elements_fini(&nodes);
    } else {
        field_set_insert(set, path);
    }
}

void field_walk_mentioned(struct field_set *set, const struct shape *shape, const struct node *value)
{
    mention(set, shape, value, &(struct field_path){NULL, NULL});
}

/* --- what is different --- */

static void compare(struct field_difference *d, const struct shape *shape, const struct node *before,
                    const struct node *after, const struct field_path *path);

static bool compare_leaf(struct field_difference *d, const struct node *before, const struct node *after,
                         const struct field_path *path)
{
    if (before == NULL) {
        field_set_insert(&d->added, path);
    } else if (after == NULL) {
        field_set_insert(&d->removed, path);
    } else if (!node_equal(before, after)) {
        field_set_insert(&d->modified, path);
    }
    return true;
}

static void compare_member(struct field_difference *d, const struct shape *shape, const char *key,
                           const struct node *before, const struct node *after, const struct field_path *path)
{
    struct shape member = shape_member(shape, key);
    char *element = field_set_element(key);
    compare(d, &member, before, after, &(struct field_path){path, element});
    mem_free(element);
}

static void compare_members(struct field_difference *d, const struct shape *shape, const struct node *before,
                            const struct node *after, const struct field_path *path)
{
    struct node_iter it = node_iterate(before);
    while (node_next(&it)) {
        const struct node *now = node_get(after, it.key);
        if (now == NULL || !node_equal(it.value, now)) { /* of what is equal nothing differs */
            compare_member(d, shape, it.key, it.value, now, path);
        }
    }
    it = node_iterate(after);
    while (node_next(&it)) {
        if (node_get(before, it.key) == NULL) {
            compare_member(d, shape, it.key, NULL, it.value, path);
        }
    }
}

/* Elements with one name, from the first of them on; several are compared as a whole. */
static bool are_same(const struct shape_elements *left, const struct shape_elements *right, const char *name)
{
    size_t i = shape_elements_find(left, name, 0), j = shape_elements_find(right, name, 0);
    while (i < left->count && j < right->count && node_equal(left->items[i].value, right->items[j].value)) {
        i = shape_elements_find(left, name, i + 1);
        j = shape_elements_find(right, name, j + 1);
    }
    return i == left->count && j == right->count;
}

static void compare_named(struct field_difference *d, const struct shape *element, const struct shape_elements *left,
                          const struct shape_elements *right, const struct field_path *path)
{
    const char *name = path->element;
    size_t before = shape_elements_count(left, name), after = shape_elements_count(right, name);
    if (before <= 1 && after <= 1) {
        compare(d, element, value_of(left, name), value_of(right, name), path);
    } else if (before > 1 && after > 1) {
        if (!are_same(left, right, name)) {
            field_set_insert(&d->modified, path);
        }
    } else if (before > 1) {
        if (after > 0) {
            compare(d, element, NULL, value_of(right, name), path);
        }
        field_set_insert(&d->removed, path);
    } else {
        if (before > 0) {
            compare(d, element, value_of(left, name), NULL, path);
        }
        field_set_insert(&d->added, path);
    }
}

static void compare_elements(struct field_difference *d, const struct shape *shape, const struct node *before,
                             const struct node *after, const struct field_path *path)
{
    struct shape element = shape_element(shape);
    struct shape_elements left = shape_elements_of(shape, before), right = shape_elements_of(shape, after);
    for (size_t i = 0; i < left.count; i++) {
        if (shape_elements_find(&left, left.items[i].name, 0) == i) {
            compare_named(d, &element, &left, &right, &(struct field_path){path, left.items[i].name});
        }
    }
    for (size_t i = 0; i < right.count; i++) {
        if (shape_elements_find(&right, right.items[i].name, 0) == i && value_of(&left, right.items[i].name) == NULL) {
            compare_named(d, &element, &left, &right, &(struct field_path){path, right.items[i].name});
        }
    }
    shape_elements_fini(&left);
    shape_elements_fini(&right);
}

/* As one kind of value; what is of another kind is as good as absent. True: compared as a whole. */
static bool compare_as(enum kind_of_value kind, struct field_difference *d, const struct shape *shape,
                       const struct node *before, const struct node *after, const struct field_path *path)
{
    const struct node *left = kind_of(before) == kind ? before : NULL;
    const struct node *right = kind_of(after) == kind ? after : NULL;
    bool are_empty = node_count(left) == 0 && node_count(right) == 0;
    bool is_whole = kind == A_MAP ? shape->how == SHAPE_ATOMIC : !shape_is_keyed(shape);
    if (kind == A_SCALAR || is_whole || are_empty) {
        return compare_leaf(d, before, after, path);
    }
    if (kind == A_MAP) {
        compare_members(d, shape, left, right, path);
    } else {
        compare_elements(d, shape, left, right, path);
    }
    return false;
}

static void compare(struct field_difference *d, const struct shape *shape, const struct node *before,
                    const struct node *after, const struct field_path *path)
{
    /* A null is of the kind of what it meets. */
    bool takes_before = after == NULL || node_type(after) == NODE_NULL;
    if (!takes_before && before != NULL && node_type(before) != NODE_NULL && kind_of(before) != kind_of(after)) {
        compare_as(kind_of(before), d, shape, before, after, path);
    }
    if (compare_as(kind_of(takes_before ? before : after), d, shape, before, after, path)) {
        return;
    }
    if (before == NULL) {
        field_set_insert(&d->added, path);
    } else if (after == NULL) {
        field_set_insert(&d->removed, path);
    }
}

void field_walk_compare(struct field_difference *difference, const struct shape *shape, const struct node *before,
                        const struct node *after)
{
    *difference = (struct field_difference){0};
    compare(difference, shape, before, after, &(struct field_path){NULL, NULL});
}

void field_difference_fini(struct field_difference *difference)
{
    field_set_fini(&difference->removed);
    field_set_fini(&difference->modified);
    field_set_fini(&difference->added);
}

/* --- without some --- */

/* A part of the value under an element of the set: NULL when it is a member, null when all of it goes but it is
 * none. */
static struct node *part_without(struct doc *doc, const struct shape *shape, const struct node *value,
                                 const struct field_set *set, const char *element)
{
    const struct field_set *below = field_set_child(set, element);
    if (below == NULL) {
        return node_copy(doc, value);
    }
    if (below->is_member) {
        return NULL;
    }
    struct node *made = field_walk_without(doc, shape, value, below);
    return made == NULL ? node_new_null(doc) : made;
}

static struct node *members_without(struct doc *doc, const struct shape *shape, const struct node *value,
                                    const struct field_set *set)
{
    struct node *made = node_new_object(doc);
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        struct shape member = shape_member(shape, it.key);
        char *element = field_set_element(it.key);
        node_set(doc, made, it.key, part_without(doc, &member, it.value, set, element));
        mem_free(element);
    }
    return made;
}

static struct node *elements_without(struct doc *doc, const struct shape *shape, const struct node *value,
                                     const struct field_set *set)
{
    struct shape element = shape_element(shape);
    struct shape_elements nodes = shape_elements_of(shape, value);
    struct node *made = node_new_array(doc);
    for (size_t i = 0; i < nodes.count; i++) {
        node_push(made, part_without(doc, &element, nodes.items[i].value, set, nodes.items[i].name));
    }
    shape_elements_fini(&nodes);
    return made;
}

struct node *field_walk_without(struct doc *doc, const struct shape *shape, const struct node *value,
                                const struct field_set *set)
{
    enum kind_of_value kind = kind_of(value);
    if (kind == A_SCALAR || field_set_empty(set)) {
        return node_copy(doc, value);
    }
    if (kind == A_MAP ? shape->how == SHAPE_ATOMIC : !shape_is_keyed(shape)) {
        return NULL;
    }
    struct node *made =
        kind == A_MAP ? members_without(doc, shape, value, set) : elements_without(doc, shape, value, set);
    return node_count(made) > 0 ? made : NULL;
}

/* Where a schema knows nothing, nobody takes a null away. */
static bool forbids_null(const struct shape *shape)
{
    return shape->rule != NULL ? !shape->rule->nullable : shape->is_named;
}

void field_walk_drop_emptied(struct node *value, const struct shape *shape, const struct node *before)
{
    struct str_list gone = {0};
    struct shape element = shape_element(shape);
    bool is_list = node_type(value) == NODE_ARRAY;
    if (is_list && !shape_is_keyed(shape)) {
        return;
    }
    struct shape_elements old = is_list ? shape_elements_of(shape, before) : (struct shape_elements){0};
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        struct err ignored;
        struct shape inner = is_list ? element : shape_member(shape, it.key);
        char *name = is_list ? shape_element_name(shape, it.value, &ignored) : NULL;
        const struct node *was = is_list ? value_of(&old, name) : node_get(before, it.key);
        mem_free(name);
        if (!is_list && node_type(it.value) == NODE_NULL && node_type(was) != NODE_NULL && forbids_null(&inner)) {
            str_list_push(&gone, it.key);
        } else {
            field_walk_drop_emptied(it.value, &inner, was);
        }
    }
    for (size_t i = 0; i < gone.count; i++) {
        node_remove(value, gone.items[i]);
    }
    str_list_fini(&gone);
    shape_elements_fini(&old);
}

void field_walk_name_parents(struct field_set *set, const struct shape *shape)
{
    for (size_t i = 0; i < set->count; i++) {
        struct field_set *child = &set->children[i];
        bool is_field = child->element[0] == 'f';
        struct shape inner = is_field ? shape_member(shape, child->element + 2) : shape_element(shape);
        if (is_field && child->count > 0 && inner.is_named) {
            child->is_member = true;
        }
        field_walk_name_parents(child, &inner);
    }
}
