/* The elements of a list in a strategic merge, and their order. */
#pragma once

#include "sim/kinds/shape.h"

enum { PATCH_NOWHERE = 1 << 30 };

/* An element of the result: what it was, what the patch makes of it; one of them may be NULL. */
struct patch_element {
    const struct node *old, *new;
};

struct patch_elements {
    struct patch_element *items;
    size_t count;
};

/* A list in the making. */
struct patch_making {
    struct doc *doc;
    struct shape element;
    const char *key; /* NULL: of scalars */
    struct patch_elements list;
    struct patch_elements server; /* the order the server has its elements in */
    size_t gone;                  /* of those, taken away by directives */
};

void patch_elements_push(struct patch_elements *list, const struct node *old, const struct node *new);
void patch_elements_take(struct patch_elements *list, size_t index);
void patch_elements_copy(struct patch_elements *to, const struct patch_elements *from);
/* What an element is known by: the value of its key, or itself in a list of scalars (`key` NULL). */
const struct node *patch_elements_mark(const struct node *element, const char *key);
const struct node *patch_elements_mark_of(const struct patch_element *element, const char *key);
/* The first known by `wanted`; the count without one. */
size_t patch_elements_find(const struct patch_elements *list, const struct node *wanted, const char *key);
/* The same in an array; PATCH_NOWHERE without one. */
size_t patch_elements_place(const struct node *order, const struct node *wanted, const char *key);

/* In a server's memory, an element that comes with an order takes the room of one that went, and so a place among the
 * server's own. */
void patch_elements_fill(struct patch_making *m);
/* What the patch named stands as there; what only the server has keeps its place before what followed it, and comes
 * last otherwise. */
void patch_elements_order(struct patch_making *m, const struct node *order);
