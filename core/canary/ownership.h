/* Whose an object is: which objects the engine may overwrite and own in the name of a Canary.
 *
 * The author of a Canary chooses the names of the objects that the engine makes for it, and the engine may write
 * objects that the author may not. So an existing object is taken over only if it is this Canary's, or if it
 * evidently is about the Canary's target; each planner knows the evidence for its kind. Every other object needs the
 * sign of somebody who may write it. Objects that Flagger made carry its Canary's controller reference and are this
 * Canary's. */
#pragma once

#include "canary/names.h"
#include "kube/write.h"

/* "sluice.dev/canary: podinfo" on an object: the Canary podinfo of its namespace may take it. */
#define OWNERSHIP_SIGN "sluice.dev/canary"

/* Controlled by a Canary of this name, or signed for it. */
bool ownership_is_ours(const struct node *object, const struct canary_names *names);
/* Controlled by another Canary. */
bool ownership_is_rivals(const struct node *object, const struct canary_names *names);
/* True when any Canary, this one or another, is among its owners. */
bool ownership_is_a_canarys(const struct node *object);

/* Returns PLAN_FOREIGN and sets `err`: the object, its owner or `why` it has none, and the sign that would change
 * that. */
enum plan ownership_refuse(const struct kube_resource *resource, const struct node *object,
                           const struct canary_names *names, const char *why, struct err *err);
