/* Objects and the fields in them, by their shape (k8s' structured-merge-diff). */
#pragma once

#include "sim/kinds/shape.h"
#include "sim/patch/field_set.h"

/* Every leaf and every element that `value` mentions. */
void field_walk_mentioned(struct field_set *set, const struct shape *shape, const struct node *value);

struct field_difference {
    struct field_set removed, modified, added;
};
void field_walk_compare(struct field_difference *difference, const struct shape *shape, const struct node *before,
                        const struct node *after);
void field_difference_fini(struct field_difference *difference);

/* A copy without the members of `set`; NULL when nothing is left. What is empty then but no member is null: whoever
 * owns the empty thing does not lose it. */
struct node *field_walk_without(struct doc *doc, const struct shape *shape, const struct node *value,
                                const struct field_set *set);
/* Such nulls go, but for those below x-kubernetes-preserve-unknown-fields: servers show them too. `before`: what it was
 * made of. */
void field_walk_drop_emptied(struct node *value, const struct shape *shape, const struct node *before);
/* Fields by the schema that have members below them become members. */
void field_walk_name_parents(struct field_set *set, const struct shape *shape);

/* What `applied` says, and of `live` what it does not speak of; lists keep the order of `live` unless `applied` has
 * another. NULL when both are absent. */
struct node *field_walk_merge(struct doc *doc, const struct shape *shape, const struct node *live,
                              const struct node *applied);
