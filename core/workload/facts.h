/* What the engine keeps and reads of a workload, whatever its kind.
 *
 * The store's copy has no pod template: the pruner replaces it by the facts that the engine asks for:
 *   sluice: { revision, configs: [ {kind, name, optional} ], ports: [ {container, name, port, index} ], labels,
 *             flaggerId, own, guessed, images, author: {manager, at} }
 * Creating the primary and promoting GET the whole object. */
#pragma once

#include "base/doc.h"

/* For the pruner of a kind: leaves metadata (labels, annotations, uid, versions, owner), these fields of spec, status
 * and `sluice`. `kept` ends with NULL. `managers`: metadata.managedFields of the object; NULL: none. A pruned object
 * stays as it is. */
void facts_keep(struct doc *object, const struct node *managers, const char *const *kept);

/* Borrowed from the pruned object. For a primary ("<x>-primary" with a flagger-id) computed with the renames undone. */
const char *facts_revision(const struct node *workload);
/* The images of its containers, as a text for people; borrowed from the pruned object. */
const char *facts_images(const struct node *workload);
/* Who wrote its pod template last, but for the engine: { manager: "kubectl-set", at: "2026-11-29T10:02:00Z" }, as far
 * as the API server says; borrowed from the pruned object. NULL: it does not. */
const struct node *facts_author(const struct node *workload);
/* Of a primary: true when a rename that was undone for the revision may not have been made at all (revision.h). */
bool facts_revision_is_guessed(const struct node *workload);
/* Of a primary: the digest of its template as it is, which is never a target's; NULL for any other workload. */
const char *facts_own_revision(const struct node *primary);
/* The annotation flagger-id of the pod template: which promotion it carries; NULL: none. */
const char *facts_promotion_id(const struct node *workload);
/* True when the workload's Pods have all labels of a Service's selector. An empty selector chooses no Pods. */
bool facts_is_chosen_by(const struct node *workload, const struct node *selector);
