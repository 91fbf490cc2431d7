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

/* A list in the making. */
struct making {
    struct doc *doc;
    struct shape element;
    const char *key; /* NULL: of scalars */
    struct elements list;
    struct elements server; /* the order the server has its elements in */
    size_t gone;            /* of those, taken away by directives */
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

static void copy_elements(struct elements *to, const struct elements *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++)
        push(to, from->items[i].old, from->items[i].new);
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

/* An element that the patch names twice is merged twice. */
static bool merge_into(struct making *m, size_t at, const struct node *patch, struct err *err)
{
    struct element *one = &m->list.items[at];
    if (one->new != NULL && one->old != NULL)
        one->old = patch_strategic_object(m->doc, &m->element, one->old, one->new, err);
    else if (one->new != NULL)
        one->old = patch_strategic_plain(m->doc, one->new);
    one->new = patch;
    return one->old != NULL;
}

static bool merge_objects(struct making *m, const struct node *patch, struct err *err)
{
    size_t before = m->list.count;
    if (m->key == NULL)
        return patch_strategic_refuse(err, 500, "cannot merge lists without merge key");
    if (!apply_directives(&m->list, patch, m->key, err))
        return false;
    m->gone = before - m->list.count;
    if (m->list.count > 0)
        copy_elements(&m->server, &m->list);
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        const struct node *wanted = node_get(it.value, m->key);
        if (node_get(it.value, "$patch") != NULL)
            continue;
        if (wanted == NULL)
            return no_key(err, it.value, m->key);
        size_t at = find(&m->list, wanted, m->key);
        if (at == m->list.count)
            push(&m->list, NULL, it.value);
        else if (!merge_into(m, at, it.value, err))
            return false;
    }
    for (size_t i = 0; i < m->list.count; i++) {
        if (element_mark(&m->list.items[i], m->key) == NULL)
            return no_key(err, m->list.items[i].old, m->key);
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

static size_t place_of(const struct making *m, const struct node *order, const struct element *one)
{
    const struct node *wanted = element_mark(one, m->key);
    if (order != NULL)
        return place_in(order, wanted, m->key);
    size_t at = find(&m->server, wanted, m->key);
    return at < m->server.count ? at : NOWHERE;
}

/* `order` NULL: as the server has them. */
static void sort_by(const struct making *m, struct elements *list, const struct node *order)
{
    for (size_t i = 1; i < list->count; i++) {
        struct element one = list->items[i];
        size_t place = place_of(m, order, &one), at = i;
        for (; at > 0 && place_of(m, order, &list->items[at - 1]) > place; at--)
            list->items[at] = list->items[at - 1];
        list->items[at] = one;
    }
}

/* What the patch named stands as there; what only the server has keeps its place before what followed it, and comes last otherwise. */
static void put_in_order(struct making *m, const struct node *order)
{
    struct elements named = {0}, other = {0};
    for (size_t i = 0; i < m->list.count; i++) {
        struct element *one = &m->list.items[i];
        push(place_of(m, order, one) != NOWHERE ? &named : &other, one->old, one->new);
    }
    sort_by(m, &named, order);
    sort_by(m, &other, NULL);
    size_t i = 0, j = 0;
    for (size_t k = 0; k < m->list.count; k++) {
        bool takes_other = j >= named.count;
        if (i < other.count && j < named.count) {
            size_t here = place_of(m, NULL, &other.items[i]), there = place_of(m, NULL, &named.items[j]);
            takes_other = here != NOWHERE && there != NOWHERE && here < there;
        }
        m->list.items[k] = takes_other ? other.items[i++] : named.items[j++];
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

static struct node *make(const struct making *m, struct err *err)
{
    struct node *made = node_new_array(m->doc);
    for (size_t i = 0; i < m->list.count; i++) {
        const struct element *one = &m->list.items[i];
        struct node *value = NULL;
        if (one->new == NULL)
            value = node_copy(m->doc, one->old);
        else if (one->old == NULL || node_type(one->old) != NODE_OBJECT)
            value = patch_strategic_plain(m->doc, one->new);
        else if ((value = patch_strategic_object(m->doc, &m->element, one->old, one->new, err)) == NULL)
            return NULL;
        node_push(made, value);
    }
    return made;
}

/* In a server's memory, an element that comes with an order takes the room of one that went, and so a place among the server's own. */
static void fill_gaps(struct making *m)
{
    for (size_t i = 0; i < m->list.count && m->gone > 0; i++) {
        struct element *one = &m->list.items[i];
        if (find(&m->server, element_mark(one, m->key), m->key) < m->server.count)
            continue;
        push(&m->server, one->old, one->new);
        m->gone--;
    }
}

static bool merge(struct making *m, const struct shape *shape, const struct node *old, const struct node *patch,
                  const struct node *order, struct err *err)
{
    bool are_objects = false, merges = shape->strategy & SHAPE_MERGE;
    if (!check_kinds(old, patch, &are_objects, err))
        return false;
    m->key = are_objects ? shape->merge_key : NULL;
    struct node_iter it = node_iterate(old);
    while (node_next(&it))
        push(&m->list, it.value, NULL);
    copy_elements(&m->server, &m->list);
    if (order != NULL && !check_order(patch, order, m->key, err))
        return false;
    if (!merges && patch != NULL) {
        m->list.count = 0;
        it = node_iterate(patch);
        while (node_next(&it))
            push(&m->list, NULL, it.value);
    } else if (are_objects && patch != NULL && !merge_objects(m, patch, err)) {
        return false;
    } else if (!are_objects && patch != NULL) {
        merge_scalars(&m->list, patch);
    }
    if (order != NULL)
        fill_gaps(m);
    if (merges || order != NULL)
        put_in_order(m, order != NULL ? order : patch);
    return true;
}

struct node *patch_strategic_list(struct doc *doc, const struct shape *shape, const struct node *list,
                                  const struct node *patch, const struct node *order, struct err *err)
{
    struct making m = {.doc = doc, .element = shape_element(shape)};
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
        if (place_in(gone, it.value, NULL) == NOWHERE)
            node_push(made, node_copy(doc, it.value));
    }
    return made;
}
