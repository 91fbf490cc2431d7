/* Making and promoting the primary (docs/flagger.md, "Primary workload"). */
#pragma once

#include "canary/names.h"
#include "kube/write.h"
#include "workload/workload.h"

struct primary_options {
    const struct str_list *selector_labels;
    const struct str_list *label_prefixes; /* -include-label-prefix, split */
    const struct node *checksums;          /* tracked configs (tracked_config.h), NULL: none */
    const char *promotion_id;              /* a UUID for the annotation flagger-id */
};

/* The pod template that a primary of this target has. */
struct doc *primary_template_new(const struct canary_names *names, const struct node *target,
                                 const struct primary_options *options, struct err *err);
/* The workload to create, from the whole target. */
struct doc *primary_new(const struct canary_names *names, const struct node *target,
                        const struct primary_options *options, struct err *err);
/* The JSON patch that brings an existing primary (pruned or whole; its resourceVersion guards) to the whole target.
 * `has_autoscaler`: replicas stay as they are. */
struct doc *primary_promotion(const struct canary_names *names, const struct node *target, const struct node *primary,
                              bool has_autoscaler, const struct primary_options *options, struct err *err);
