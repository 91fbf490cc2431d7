/* Terms that speak of the workload's own pods: topology spread and pod anti-affinity. In the primary they must speak of
 * the primary's. */
#pragma once

#include "base/doc.h"
#include "base/str.h"

/* In every topology spread constraint and anti-affinity term: under one of `keys` (NULL: any), the value `from` becomes
 * `to` (of a list of values the first such). */
void affinity_rename(struct doc *doc, struct node *pod_spec, const struct str_list *keys, const char *from,
                     const char *to);
