/* What spec.analysis.metrics[].checkRef names, and how a release goes by what it has pinned of it.
 *
 *   pinned  {"delivery/revenue-guard": {"module": "checks.delivery.revenue-guard", "params": {declared}}}
 *
 * The parameters are the Canary's own as long as they fit what the pinned script declares; params.h says what fits. */
#pragma once

#include "canary/canary.h"

/* Walks over the metrics that name a Check. */
struct check_ref_iter {
    struct node_iter metrics;
    const char *namespace;        /* of the Canary */
    const struct node *metric;    /* after check_ref_next */
    const struct node *reference; /* its checkRef */
    size_t index;                 /* in spec.analysis.metrics */
    char *key;                    /* "namespace/name" */
};

/* `canary`: a Canary object. */
struct check_ref_iter check_ref_iterate(const struct node *canary);
/* False at the end, and after check_ref_stop, which a walk that ends early needs. */
bool check_ref_next(struct check_ref_iter *it);
void check_ref_stop(struct check_ref_iter *it);

/* True when a release that has pinned these checks can go by this Canary; otherwise err says what it lacks. */
bool check_refs_are_pinned(const struct canary *canary, const struct node *pinned, struct err *err);

/* Gives each metric of `analysis`, a copy in `doc` of the Canary's, a field `check` with what its checkRef means:
 * {"module": …, "params": {values}}, or {"lacking": text}. */
void check_refs_resolve(struct doc *doc, struct node *analysis, const struct canary *canary, const struct node *pinned);
