#include "sim/patch/elements.h"

#include "base/mem.h"

void patch_elements_push(struct patch_elements *list, const struct node *old, const struct node *new)
{
    list->items = mem_resize(list->items, (list->count + 1) * sizeof *list->items);
    list->items[list->count++] = (struct patch_element){old, new};
}

void patch_elements_take(struct patch_elements *list, size_t index)
{
    for (size_t i = index + 1; i < list->count; i++) {
        list->items[i - 1] = list->items[i];
    }
    list->count--;
}

const struct node *patch_elements_mark(const struct node *element, const char *key)
{
    return key == NULL ? element : node_get(element, key);
}

const struct node *patch_elements_mark_of(const struct patch_element *element, const char *key)
{
    return patch_elements_mark(element->old != NULL ? element->old : element->new, key);
}

size_t patch_elements_find(const struct patch_elements *list, const struct node *wanted, const char *key)
{
    for (size_t i = 0; i < list->count; i++) {
        const struct node *one = patch_elements_mark_of(&list->items[i], key);
        if (one != NULL && node_equal(one, wanted)) {
            return i;
        }
    }
    return list->count;
}

size_t patch_elements_place(const struct node *order, const struct node *wanted, const char *key)
{
    struct node_iter it = node_iterate(order);
    while (node_next(&it)) {
        const struct node *one = patch_elements_mark(it.value, key);
        if (one != NULL && wanted != NULL && node_equal(one, wanted)) {
            return it.index;
        }
    }
    return PATCH_NOWHERE;
}

void patch_elements_copy(struct patch_elements *to, const struct patch_elements *from)
{
    to->count = 0;
    for (size_t i = 0; i < from->count; i++) {
        patch_elements_push(to, from->items[i].old, from->items[i].new);
    }
}

/* --- the order --- */

static size_t place_of(const struct patch_making *m, const struct node *order, const struct patch_element *one)
{
    const struct node *wanted = patch_elements_mark_of(one, m->key);
    if (order != NULL) {
        return patch_elements_place(order, wanted, m->key);
    }
    size_t at = patch_elements_find(&m->server, wanted, m->key);
    return at < m->server.count ? at : PATCH_NOWHERE;
}

/* `order` NULL: as the server has them. */
static void sort_by(const struct patch_making *m, struct patch_elements *list, const struct node *order)
{
    for (size_t i = 1; i < list->count; i++) {
        struct patch_element one = list->items[i];
        size_t place = place_of(m, order, &one), at = i;
        for (; at > 0 && place_of(m, order, &list->items[at - 1]) > place; at--) {
            list->items[at] = list->items[at - 1];
        }
        list->items[at] = one;
    }
}

void patch_elements_order(struct patch_making *m, const struct node *order)
{
    struct patch_elements named = {0}, other = {0};
    for (size_t i = 0; i < m->list.count; i++) {
        struct patch_element *one = &m->list.items[i];
        patch_elements_push(place_of(m, order, one) != PATCH_NOWHERE ? &named : &other, one->old, one->new);
    }
    sort_by(m, &named, order);
    sort_by(m, &other, NULL);
    size_t i = 0, j = 0;
    for (size_t k = 0; k < m->list.count; k++) {
        bool takes_other = j >= named.count;
        if (i < other.count && j < named.count) {
            size_t here = place_of(m, NULL, &other.items[i]), there = place_of(m, NULL, &named.items[j]);
            takes_other = here != PATCH_NOWHERE && there != PATCH_NOWHERE && here < there;
        }
        m->list.items[k] = takes_other ? other.items[i++] : named.items[j++];
    }
    mem_free(named.items);
    mem_free(other.items);
}

void patch_elements_fill(struct patch_making *m)
{
    for (size_t i = 0; i < m->list.count && m->gone > 0; i++) {
        struct patch_element *one = &m->list.items[i];
        if (patch_elements_find(&m->server, patch_elements_mark_of(one, m->key), m->key) < m->server.count) {
            continue;
        }
        patch_elements_push(&m->server, one->old, one->new);
        m->gone--;
    }
}
