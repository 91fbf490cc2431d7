/* Topology spread constraints and pod anti-affinity terms select the workload's own Pods. In the primary they must
 * select the primary's. */
#pragma once

#include "base/doc.h"
#include "base/str.h"

/* Replaces the value `from` by `to` under one of `keys` (NULL: any), in every topology spread constraint and
 * anti-affinity term. In a list of values only the first such value is replaced. */
void affinity_rename(struct doc *doc, struct node *pod_spec, const struct str_list *keys, const char *from,
                     const char *to);
