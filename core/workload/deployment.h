/* What the engine keeps and reads of a Deployment.
 *
 * The store's copy has no pod template: the pruner replaces it by the facts that the engine asks for:
 *   sluice: { revision, configs: [ {kind, name, optional} ], ports: [ {container, name, port, index} ], labels,
 *             flaggerId, own, guessed, images }
 * Creating the primary and promoting GET the whole object. */
#pragma once

#include "base/str.h"
#include "canary/names.h"
#include "kube/store.h"
#include "kube/write.h"

/* The store's pruner: metadata (labels, annotations, uid, versions, owner), spec {replicas, selector,
 * progressDeadlineSeconds, paused}, status and `sluice`. */
void deployment_prune(struct doc *object);

/* Borrowed from the pruned object. For a primary ("<x>-primary" with a flagger-id) computed with the renames undone. */
const char *deployment_revision(const struct node *deployment);
/* The images of its containers, as a text for people; borrowed from the pruned object. */
const char *deployment_images(const struct node *deployment);
/* Of a primary: true when a rename that was undone for the revision may not have been made at all (revision.h). */
bool deployment_revision_is_guessed(const struct node *deployment);
/* Of a primary: the digest of its template as it is, which is never a target's; NULL for any other Deployment. */
const char *deployment_own_revision(const struct node *primary);
/* The annotation flagger-id of the pod template: which promotion it carries; NULL: none. */
const char *deployment_promotion_id(const struct node *deployment);

/* True when the Deployment's Pods have all labels of a Service's selector. An empty selector chooses no Pods. */
bool deployment_is_chosen_by(const struct node *deployment, const struct node *selector);
/* PLAN_DONE: the primary may be promoted to (or made, when it is NULL). PLAN_FOREIGN: it is not this Canary's. A
 * primary that an engine made, Flagger or Sluice, is known by the annotation flagger-id of its template. */
enum plan deployment_check_primary(const struct node *primary, const struct canary_names *names, struct err *err);

/* The first of `selector_labels` in spec.selector.matchLabels. Errors carry Flagger's words ("getSelectorLabel failed:
 * deployment %s.%s spec.selector.matchLabels must contain one of [app name]"). */
struct selector {
    const char *key, *value; /* borrowed */
};
bool deployment_selector(const struct node *deployment, const struct str_list *selector_labels,
                         struct selector *selector, struct err *err);

enum readiness { READY, NOT_READY, NEVER_READY /* its deadline has passed: not retriable */ };
/* By Flagger's rules (docs/flagger.md, "Readiness"). Unless READY, err->text says what is missing; the caller wraps it
 * with the names. `deployment` NULL: NOT_READY "deployment not found". */
enum readiness deployment_readiness(const struct node *deployment, int64_t deadline_s, int threshold_pct,
                                    int64_t now_wall_ms, struct err *err);
/* When a NOT_READY deployment becomes NEVER_READY by the clock alone; -1: not by the clock. */
int64_t deployment_deadline_wall_ms(const struct node *deployment, int64_t deadline_s);
