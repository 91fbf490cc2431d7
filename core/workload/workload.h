/* The workload port: what the engine asks of the kind of workload that a Canary names, of which its target and its
 * primary are two. A kind is one file (workload/deployment.c) with its words, its resource and its verbs; its row is in
 * canary/kinds.h. What all kinds share is in workload/facts.h, primary.h and promotion.h. */
#pragma once

#include "base/str.h"
#include "canary/names.h"
#include "kube/stores.h"
#include "kube/write.h"

enum readiness { READY, NOT_READY, NEVER_READY /* its deadline has passed: not retriable */ };

struct workload_kind {
    const char *word; /* what sentences call one: "deployment" */
    /* Its resource, and the pruner of its store, which calls facts_keep. What `scale` writes into the pod template must
     * not change its revision, so the pruner removes that first. */
    struct store_plan store;

    /* The fields of the target's spec that its primary takes over, besides the pod template; ends with NULL. */
    const char *const *copied;
    bool has_replicas; /* spec.replicas counts its Pods, and an autoscaler may do so in its place */

    /* By Flagger's rules (docs/flagger.md, "Readiness"). Unless READY, err->text says what is missing; the caller
     * wraps it with the names. `workload` is never NULL. */
    enum readiness (*readiness)(const struct node *workload, int64_t deadline_s, int threshold_pct, int64_t now_wall_ms,
                                struct err *err);
    /* When a NOT_READY workload becomes NEVER_READY by the clock alone; -1: not by the clock. `workload` NULL: -1. */
    int64_t (*deadline_wall_ms)(const struct node *workload, int64_t deadline_s);

    /* How many Pods its owner wants; 0: it is scaled to zero. */
    int64_t (*replicas)(const struct node *workload);
    /* The merge patch that gives it so many Pods; where it has replicas, a patch of the subresource scale. */
    struct doc *(*scale)(const struct node *workload, int64_t replicas);
};

/* The kind that a Canary names; NULL when this version knows none of that name (and refuses the Canary). */
const struct workload_kind *workload_of(const struct canary_names *names);
/* All of them: the i-th row, NULL after the last one. */
const struct workload_kind *workload_kind_at(size_t i);

/* kind->readiness; NOT_READY "deployment not found" without an object. */
enum readiness workload_readiness(const struct canary_names *names, const struct node *workload, int64_t deadline_s,
                                  int threshold_pct, int64_t now_wall_ms, struct err *err);
/* Sets "deployment %s.%s get query error: deployments.apps \"%s\" not found", for the target. False. */
bool workload_missing(const struct canary_names *names, struct err *err);

/* The first of `selector_labels` in spec.selector.matchLabels. Errors carry Flagger's words ("getSelectorLabel failed:
 * deployment %s.%s spec.selector.matchLabels must contain one of [app name]"). */
struct selector {
    const char *key, *value; /* borrowed */
};
bool workload_selector(const struct workload_kind *kind, const struct node *workload,
                       const struct str_list *selector_labels, struct selector *selector, struct err *err);

/* PLAN_DONE: the primary may be promoted to (or made, when it is NULL). PLAN_FOREIGN: it is not this Canary's. A
 * primary that an engine made, Flagger or Sluice, is known by the annotation flagger-id of its template. */
enum plan workload_check_primary(const struct node *primary, const struct canary_names *names, struct err *err);
