/* A set of fields as managedFields keep it: a tree of path elements, each of which may be a member.
 *
 * Elements are written as in FieldsV1: f:name, k:{"key":value}, v:value. A set that is empty has no children. */
#pragma once

#include "base/doc.h"

struct field_set {
    char *element; /* NULL at the root */
    bool is_member;
    struct field_set *children; /* in order */
    size_t count;
};

/* From the root down to a field; lives on the stack of a walk. */
struct field_path {
    const struct field_path *above; /* NULL: the root, `element` is not looked at */
    const char *element;
};

void field_set_fini(struct field_set *set);
void field_set_copy(struct field_set *to, const struct field_set *from);
bool field_set_empty(const struct field_set *set);

void field_set_insert(struct field_set *set, const struct field_path *path);
/* Borrowed until the set changes; NULL when neither it nor anything below it is in the set. */
const struct field_set *field_set_child(const struct field_set *set, const char *element);
bool field_set_has(const struct field_set *set, const char *element);

/* `set` becomes the union with, the difference to, and the intersection with `other`; a parent and its children are
 * members apart. */
void field_set_add(struct field_set *set, const struct field_set *other);
void field_set_subtract(struct field_set *set, const struct field_set *other);
void field_set_intersect(struct field_set *set, const struct field_set *other);
/* The child and everything below it. */
void field_set_drop(struct field_set *set, const char *element);

/* Members first, then what is below each element, as servers list conflicts. The path is text:
 * .spec.containers[name="x"].image. */
typedef void field_set_each_fn(void *ctx, const char *path);
void field_set_each(const struct field_set *set, field_set_each_fn *each, void *ctx);

/* An element as in such a path: .name, [key="value",…] or [="value"]. */
void field_set_show(struct buf *b, const char *element);

/* The order of children. */
int field_set_compare(const char *a, const char *b);
/* f:…, k:…, v:… */
bool field_set_is_element(const char *key);
/* "f:…" (mem_free). */
char *field_set_element(const char *key);

/* FieldsV1. */
void field_set_read(struct field_set *set, const struct node *fields);
struct node *field_set_write(const struct field_set *set, struct doc *doc);
