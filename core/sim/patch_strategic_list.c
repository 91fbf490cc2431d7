/* Lists in a strategic merge: which elements are left, and in which order they stand. */
#include <stdarg.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/str.h"
#include "sim/patch_refuse.h"
#include "sim/patch_strategic.h"

enum { SHOWN_BYTES_MAX = 4096, NOWHERE = 1 << 30 };

/* An element of the result: what it was, what the patch makes of it; one of them may be NULL. */
struct element {
    const struct node *old, *new;
};

struct elements {
    struct element *items;
    size_t count;
};

/* --- errors --- */

bool patch_strategic_refuse(struct err *err, int http_status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    patch_refuse(err, http_status < 500 ? ERR_INVALID : ERR_SERVER, http_status, "%s", text);
    mem_free(text);
    return false;
}

static void show(struct buf *b, const struct node *n)
{
    double real;
    char number[32];
    struct node_iter it = node_iterate(n);
    switch (node_type(n)) {
    case NODE_OBJECT:
    case NODE_ARRAY:
        buf_append_str(b, node_type(n) == NODE_OBJECT ? "map[" : "[");
        while (node_next(&it)) {
            buf_append_str(b, it.index > 0 ? " " : "");
            if (it.key != NULL)
                buf_printf(b, "%s:", it.key);
            show(b, it.value);
        }
        buf_append_char(b, ']');
        break;
    case NODE_STRING:
        buf_append_str(b, node_str(n));
        break;
    case NODE_REAL:
        if (node_real(n, &real))
            number_write(real, number);
        buf_append_str(b, number);
        break;
    case NODE_ABSENT:
    case NODE_NULL:
        buf_append_str(b, "<nil>");
        break;
    default:
        node_write(n, b);
        break;
    }
}

char *patch_strategic_shown(const struct node *n)
{
    /* Go shows the keys of a map in order. */
    struct buf sorted, b;
    struct err ignored;
    buf_init(&sorted, 1024 * 1024);
    buf_init(&b, SHOWN_BYTES_MAX);
    struct doc *doc = node_write_sorted(n, &sorted) ? doc_parse(buf_str(&sorted), sorted.len, &ignored) : NULL;
    show(&b, doc_root(doc));
    doc_free(doc);
    buf_fini(&sorted);
    return buf_take(&b);
}

static bool no_key(struct err *err, const struct node *element, const char *key)
{
    char *shown = patch_strategic_shown(element);
    patch_strategic_refuse(err, 500, "map: %s does not contain declared merge key: %s", shown, key);
    mem_free(shown);
    return false;
}

/* --- elements --- */

static void push(struct elements *list, const struct node *old, const struct node *new)
{
    list->items = mem_resize(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = (struct element){old, new};
}

static void take(struct elements *list, size_t index)
{
    for (size_t i = index + 1; i < list->count; i++)
        list->items[i - 1] = list->items[i];
    list->count--;
}

/* What an element is known by: the value of its key, or itself in a list of scalars (`key` NULL). */
static const struct node *mark(const struct node *element, const char *key)
{
    return key == NULL ? element : node_get(element, key);
}

static const struct node *element_mark(const struct element *element, const char *key)
{
    return mark(element->old != NULL ? element->old : element->new, key);
}

static size_t find(const struct elements *list, const struct node *wanted, const char *key)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct node *one = element_mark(&list->items[i], key);
        if (one != NULL && node_equal(one, wanted))
            return i;
    }
    return list->count;
}

static size_t place_in(const struct node *order, const struct node *wanted, const char *key)
{
    struct node_iter it = node_iterate(order);
    while (node_next(&it)) {
        const struct node *one = mark(it.value, key);
        if (one != NULL && wanted != NULL && node_equal(one, wanted))
            return it.index;
    }
    return NOWHERE;
}

/* --- the merge --- */

static bool not_alike(struct err *err, const struct node *a, const struct node *b)
{
    char *left = patch_strategic_shown(a), *right = patch_strategic_shown(b);
    patch_strategic_refuse(err, 500, "list element types are not identical: [%s %s]", left, right);
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
            if (node_type(it.value) == NODE_ARRAY)
                return patch_strategic_refuse(err, 422,
                                              "the server rejected our request due to an error in our request");
            bool is_object = node_type(it.value) == NODE_OBJECT;
            if (!first && is_object != *are_objects)
                return not_alike(err, a, b);
            *are_objects = is_object;
            first = false;
        }
    }
    return true;
}

/* $patch: delete takes elements of the list away, $patch: replace all of them. */
static bool apply_directives(struct elements *list, const struct node *patch, const char *key, struct err *err)
{
    bool replaces = false;
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        const struct node *directive = node_get(it.value, "$patch"), *wanted = node_get(it.value, key);
        if (directive == NULL)
            continue;
        if (node_is(directive, "replace")) {
            replaces = true;
        } else if (node_is(directive, "merge")) {
            return patch_strategic_refuse(err, 500, "merging lists cannot yet be specified in the patch");
        } else if (!node_is(directive, "delete")) {
            char *shown = patch_strategic_shown(it.value), *what = patch_strategic_shown(directive);
            patch_strategic_refuse(err, 500, "unknown patch type: %s in map: %s", what, shown);
            mem_free(shown);
            mem_free(what);
            return false;
        } else if (wanted == NULL) {
            return no_key(err, it.value, key);
        } else {
            for (size_t at = find(list, wanted, key); at < list->count; at = find(list, wanted, key))
                take(list, at);
        }
    }
    if (replaces)
        list->count = 0;
    return true;
}

static bool merge_objects(struct elements *list, const struct node *patch, const char *key, struct err *err)
{
    if (key == NULL)
        return patch_strategic_refuse(err, 500, "cannot merge lists without merge key");
    if (!apply_directives(list, patch, key, err))
        return false;
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        const struct node *wanted = node_get(it.value, key);
        if (node_get(it.value, "$patch") != NULL)
            continue;
        if (wanted == NULL)
            return no_key(err, it.value, key);
        size_t at = find(list, wanted, key);
        if (at < list->count)
            list->items[at].new = it.value;
        else
            push(list, NULL, it.value);
    }
    for (size_t i = 0; i < list->count; i++) {
        if (element_mark(&list->items[i], key) == NULL)
            return no_key(err, list->items[i].old, key);
    }
    return true;
}

static void merge_scalars(struct elements *list, const struct node *patch)
{
    struct elements unique = {0};
    for (size_t i = 0; i < list->count; i++) {
        if (find(&unique, list->items[i].old, NULL) == unique.count)
            push(&unique, list->items[i].old, NULL);
    }
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        if (find(&unique, it.value, NULL) == unique.count)
            push(&unique, NULL, it.value);
    }
    mem_free(list->items);
    *list = unique;
}

/* --- the order --- */

static void sort_by(struct elements *list, const struct node *order, const char *key)
{
    for (size_t i = 1; i < list->count; i++) {
        struct element one = list->items[i];
        size_t place = place_in(order, element_mark(&one, key), key), at = i;
        for (; at > 0 && place_in(order, element_mark(&list->items[at - 1], key), key) > place; at--)
            list->items[at] = list->items[at - 1];
        list->items[at] = one;
    }
}

/* What the patch named stands as there; what only the server has keeps its place before what followed it, and comes last otherwise. */
static void put_in_order(struct elements *list, const struct node *order, const struct node *old, const char *key)
{
    struct elements named = {0}, other = {0};
    for (size_t i = 0; i < list->count; i++) {
        struct element *one = &list->items[i];
        bool is_named = place_in(order, element_mark(one, key), key) != NOWHERE;
        push(is_named ? &named : &other, one->old, one->new);
    }
    sort_by(&named, order, key);
    sort_by(&other, old, key);
    size_t i = 0, j = 0;
    for (size_t k = 0; k < list->count; k++) {
        bool takes_other = j >= named.count;
        if (i < other.count && j < named.count) {
            size_t here = place_in(old, element_mark(&other.items[i], key), key);
            size_t there = place_in(old, element_mark(&named.items[j], key), key);
            takes_other = here != NOWHERE && there != NOWHERE && here < there;
        }
        list->items[k] = takes_other ? other.items[i++] : named.items[j++];
    }
    mem_free(named.items);
    mem_free(other.items);
}

/* The order asked for must agree with that of the patch's own elements, and name all of them. */
static bool check_order(const struct node *patch, const struct node *order, const char *key, struct err *err)
{
    struct node_iter wanted = node_iterate(order), it = node_iterate(patch);
    if (node_count(order) == 0 || node_count(patch) == 0)
        return true;
    while (node_next(&it)) {
        if (node_get(it.value, "$patch") != NULL)
            continue;
        bool found = false;
        while (!found && node_next(&wanted)) {
            const struct node *a = mark(it.value, key), *b = mark(wanted.value, key);
            if (a == NULL || b == NULL)
                return no_key(err, a == NULL ? it.value : wanted.value, key);
            found = node_equal(a, b);
        }
        if (!found) {
            char *shown = patch_strategic_shown(patch), *other = patch_strategic_shown(order);
            patch_strategic_refuse(
                err, 500, "The order in patch list:\n%s\n doesn't match $setElementOrder list:\n%s\n", shown, other);
            mem_free(shown);
            mem_free(other);
            return false;
        }
    }
    return true;
}

/* --- the result --- */

static struct node *make(struct doc *doc, const struct shape *shape, const struct elements *list, struct err *err)
{
    struct shape inner = shape_element(shape);
    struct node *made = node_new_array(doc);
    for (size_t i = 0; i < list->count; i++) {
        const struct element *one = &list->items[i];
        struct node *value = NULL;
        if (one->new == NULL)
            value = node_copy(doc, one->old);
        else if (one->old == NULL || node_type(one->old) != NODE_OBJECT)
            value = patch_strategic_plain(doc, one->new);
        else if ((value = patch_strategic_object(doc, &inner, one->old, one->new, err)) == NULL)
            return NULL;
        node_push(made, value);
    }
    return made;
}

static bool gather(struct elements *list, const struct shape *shape, const struct node *old, const struct node *patch,
                   const struct node *order, struct err *err)
{
    bool are_objects = false, merges = shape->strategy & SHAPE_MERGE;
    struct node_iter it = node_iterate(merges || patch == NULL ? old : NULL);
    while (node_next(&it))
        push(list, it.value, NULL);
    if (!check_kinds(old, patch, &are_objects, err))
        return false;
    const char *key = are_objects ? shape->merge_key : NULL;
    if (order != NULL && !check_order(patch, order, key, err))
        return false;
    if (!merges) {
        it = node_iterate(patch);
        while (node_next(&it))
            push(list, NULL, it.value);
    } else if (are_objects && patch != NULL && !merge_objects(list, patch, key, err)) {
        return false;
    } else if (!are_objects && patch != NULL) {
        merge_scalars(list, patch);
    }
    if (merges || order != NULL)
        put_in_order(list, order != NULL ? order : patch, old, key);
    return true;
}

struct node *patch_strategic_list(struct doc *doc, const struct shape *shape, const struct node *list,
                                  const struct node *patch, const struct node *order, struct err *err)
{
    struct elements elements = {0};
    struct node *made = NULL;
    if (gather(&elements, shape, list, patch, order, err))
        made = make(doc, shape, &elements, err);
    mem_free(elements.items);
    return made;
}

struct node *patch_strategic_without(struct doc *doc, const struct node *list, const struct node *gone)
{
    struct node *made = node_new_array(doc);
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (place_in(gone, it.value, NULL) == NOWHERE)
            node_push(made, node_copy(doc, it.value));
    }
    return made;
}
