/* What a schema says beyond OpenAPI: lists that are sets or maps, and objects with a kind in objects. */
#pragma once

#include "sim/outcome.h"
#include "sim/rule.h"

/* The element of `old` with the keys of `item`, in a list that is a map; NULL without one. */
const struct node *schema_list_counterpart(const struct rule *rule, const struct node *old, const struct node *item);
/* Elements whose keys (in a set: values) were there before. `out` NULL: only asks. False: there are some. */
bool schema_list_keys(struct outcome *out, const struct rule *root, const struct node *object);
/* x-kubernetes-embedded-resource asks for apiVersion and kind. */
void schema_list_objects(struct outcome *out, const struct rule *root, const struct node *object);
