/* What a schema says beyond OpenAPI: lists that are sets or maps, and objects with a kind in objects. */
#pragma once

#include "sim/kinds/outcome.h"
#include "sim/kinds/rule.h"

/* The element of `old` with the keys of `item`, in a list that is a map; NULL without one. */
const struct node *schema_list_counterpart(const struct rule *rule, const struct node *old, const struct node *item);
/* Whether nothing changed, as far as old and new can be told to belong together: a list that is a map by its keys, in
 * any order; never an object in which there is a field the schema does not know. */
bool schema_list_unchanged(const struct rule *rule, const struct node *value, const struct node *old);
/* Elements whose keys (in a set: values) were there before. `out` NULL: only asks. False: there are some. */
bool schema_list_keys(struct outcome *out, const struct rule *root, const struct node *object);
/* x-kubernetes-embedded-resource asks for apiVersion and kind. */
void schema_list_objects(struct outcome *out, const struct rule *root, const struct node *object);
