/* Lists in a strategic merge: which elements are left, and in which order they stand. */
#include "base/mem.h"
#include "base/str.h"
#include "sim/patch/elements.h"
#include "sim/patch/refuse.h"
#include "sim/patch/strategic.h"

static bool no_key(struct err *err, const struct node *element, const char *key)
{
    char *shown = patch_refuse_shown(element);
    patch_refuse_strategic(err, 500, "map: %s does not contain declared merge key: %s", shown, key);
    mem_free(shown);
    return false;
}

/* --- the merge --- */

static bool not_alike(struct err *err, const struct node *a, const struct node *b)
{
    char *left = patch_refuse_shown(a), *right = patch_refuse_shown(b);
    patch_refuse_strategic(err, 500, "list element types are not identical: [%s %s]", left, right);
    mem_free(left);
    mem_free(right);
    return false;
}

/* All elements are objects, or none is, and none is a list. */
static bool check_kinds(const struct node *a, const struct node *b, bool *are_objects, struct err *err)
{
    bool first = true;
    const struct node *lists[] = {a, b};
    for (size_t i = 0; i < 2; i++) {
        struct node_iter it = node_iterate(lists[i]);
        while (node_next(&it)) {
            if (node_type(it.value) == NODE_ARRAY) {
                return patch_refuse_strategic(err, 422,
                                              "the server rejected our request due to an error in our request");
            }
            bool is_object = node_type(it.value) == NODE_OBJECT;
            if (!first && is_object != *are_objects) {
                return not_alike(err, a, b);
            }
            *are_objects = is_object;
            first = false;
        }
    }
    return true;
}

/* $patch: delete takes elements of the list away, $patch: replace all of them. */
static bool apply_directives(struct patch_elements *list, const struct node *patch, const char *key, struct err *err)
{
    bool replaces = false;
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        const struct node *directive = node_get(it.value, "$patch"), *wanted = node_get(it.value, key);
        if (directive == NULL) {
            continue;
        }
        if (node_is(directive, "replace")) {
            replaces = true;
        } else if (node_is(directive, "merge")) {
            return patch_refuse_strategic(err, 500, "merging lists cannot yet be specified in the patch");
        } else if (!node_is(directive, "delete")) {
            char *shown = patch_refuse_shown(it.value), *what = patch_refuse_shown(directive);
            patch_refuse_strategic(err, 500, "unknown patch type: %s in map: %s", what, shown);
            mem_free(shown);
            mem_free(what);
            return false;
        } else if (wanted == NULL) {
            return no_key(err, it.value, key);
        } else {
            for (size_t at = patch_elements_find(list, wanted, key); at < list->count;
                 at = patch_elements_find(list, wanted, key)) {
                patch_elements_take(list, at);
            }
        }
    }
    if (replaces) {
        list->count = 0;
    }
    return true;
}

/* An element that the patch names twice is merged twice. */
static bool merge_into(struct patch_making *m, size_t at, const struct node *patch, struct err *err)
{
    struct patch_element *one = &m->list.items[at];
    if (one->new != NULL && one->old != NULL) {
        one->old = patch_strategic_object(m->doc, &m->element, one->old, one->new, err);
    } else if (one->new != NULL) {
        one->old = patch_strategic_plain(m->doc, one->new);
    }
    one->new = patch;
    return one->old != NULL;
}

static bool merge_objects(struct patch_making *m, const struct node *patch, struct err *err)
{
    size_t before = m->list.count;
    if (m->key == NULL) {
        return patch_refuse_strategic(err, 500, "cannot merge lists without merge key");
    }
    if (!apply_directives(&m->list, patch, m->key, err)) {
        return false;
    }
    m->gone = before - m->list.count;
    if (m->list.count > 0) {
        patch_elements_copy(&m->server, &m->list);
    }
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        const struct node *wanted = node_get(it.value, m->key);
        if (node_get(it.value, "$patch") != NULL) {
            continue;
        }
        if (wanted == NULL) {
            return no_key(err, it.value, m->key);
        }
        size_t at = patch_elements_find(&m->list, wanted, m->key);
        if (at == m->list.count) {
            patch_elements_push(&m->list, NULL, it.value);
        } else if (!merge_into(m, at, it.value, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < m->list.count; i++) {
        if (patch_elements_mark_of(&m->list.items[i], m->key) == NULL) {
            return no_key(err, m->list.items[i].old, m->key);
        }
    }
    return true;
}

static void merge_scalars(struct patch_elements *list, const struct node *patch)
{
    struct patch_elements unique = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (patch_elements_find(&unique, list->items[i].old, NULL) == unique.count) {
            patch_elements_push(&unique, list->items[i].old, NULL);
        }
    }
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        if (patch_elements_find(&unique, it.value, NULL) == unique.count) {
            patch_elements_push(&unique, NULL, it.value);
        }
    }
    mem_free(list->items);
    *list = unique;
}

/* The order asked for must agree with that of the patch's own elements, and name all of them. */
static bool check_order(const struct node *patch, const struct node *order, const char *key, struct err *err)
{
    struct node_iter wanted = node_iterate(order), it = node_iterate(patch);
    if (node_count(order) == 0 || node_count(patch) == 0) {
        return true;
    }
    while (node_next(&it)) {
        if (node_get(it.value, "$patch") != NULL) {
            continue;
        }
        bool found = false;
        while (!found && node_next(&wanted)) {
            const struct node *a = patch_elements_mark(it.value, key), *b = patch_elements_mark(wanted.value, key);
            if (a == NULL || b == NULL) {
                return no_key(err, a == NULL ? it.value : wanted.value, key);
            }
            found = node_equal(a, b);
        }
        if (!found) {
            char *shown = patch_refuse_shown(patch), *other = patch_refuse_shown(order);
            patch_refuse_strategic(
                err, 500, "The order in patch list:\n%s\n doesn't match $setElementOrder list:\n%s\n", shown, other);
            mem_free(shown);
            mem_free(other);
            return false;
        }
    }
    return true;
}

/* --- the result --- */

static struct node *make(const struct patch_making *m, struct err *err)
{
    struct node *made = node_new_array(m->doc);
    for (size_t i = 0; i < m->list.count; i++) {
        const struct patch_element *one = &m->list.items[i];
        struct node *value = NULL;
        if (one->new == NULL) {
            value = node_copy(m->doc, one->old);
        } else if (one->old == NULL || node_type(one->old) != NODE_OBJECT) {
            value = patch_strategic_plain(m->doc, one->new);
        } else if ((value = patch_strategic_object(m->doc, &m->element, one->old, one->new, err)) == NULL) {
            return NULL;
        }
        node_push(made, value);
    }
    return made;
}

static bool merge(struct patch_making *m, const struct shape *shape, const struct node *old, const struct node *patch,
                  const struct node *order, struct err *err)
{
    bool are_objects = false, merges = shape->strategy & SHAPE_MERGE;
    if (!check_kinds(old, patch, &are_objects, err)) {
        return false;
    }
    m->key = are_objects ? shape->merge_key : NULL;
    struct node_iter it = node_iterate(old);
    while (node_next(&it)) {
        patch_elements_push(&m->list, it.value, NULL);
    }
    patch_elements_copy(&m->server, &m->list);
    if (order != NULL && !check_order(patch, order, m->key, err)) {
        return false;
    }
    if (!merges && patch != NULL) {
        m->list.count = 0;
        it = node_iterate(patch);
        while (node_next(&it)) {
            patch_elements_push(&m->list, NULL, it.value);
        }
    } else if (are_objects && patch != NULL && !merge_objects(m, patch, err)) {
        return false;
    } else if (!are_objects && patch != NULL) {
        merge_scalars(&m->list, patch);
    }
    if (order != NULL) {
        patch_elements_fill(m);
    }
    if (merges || order != NULL) {
        patch_elements_order(m, order != NULL ? order : patch);
    }
    return true;
}

struct node *patch_strategic_list(struct doc *doc, const struct shape *shape, const struct node *list,
                                  const struct node *patch, const struct node *order, struct err *err)
{
    struct patch_making m = {.doc = doc, .element = shape_element(shape)};
    struct node *made = merge(&m, shape, list, patch, order, err) ? make(&m, err) : NULL;
    mem_free(m.list.items);
    mem_free(m.server.items);
    return made;
}

struct node *patch_strategic_without(struct doc *doc, const struct node *list, const struct node *gone)
{
    struct node *made = node_new_array(doc);
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (patch_elements_place(gone, it.value, NULL) == PATCH_NOWHERE) {
            node_push(made, node_copy(doc, it.value));
        }
    }
    return made;
}
