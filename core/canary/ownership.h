/* Whose an object is: what the engine may overwrite and own in the name of a Canary.
 *
 * Whoever may write a Canary names the objects that the engine makes for it, and the engine may write objects that he may not. So what is there already is taken over
 * only if it is this Canary's, or if it evidently is about the Canary's target; which evidence there can be, each planner knows of its kind. Everything else needs
 * the sign of somebody who may write the object. Objects that Flagger made carry its Canary's controller reference and are this Canary's. */
#pragma once

#include "canary/names.h"
#include "kube/write.h"

/* "sluice.dev/canary: podinfo" on an object: the Canary podinfo of its namespace may take it. */
#define OWNERSHIP_SIGN "sluice.dev/canary"

/* Controlled by a Canary of this name, or signed for it. */
bool ownership_is_ours(const struct node *object, const struct canary_names *names);
/* Controlled by another Canary. */
bool ownership_is_rivals(const struct node *object, const struct canary_names *names);
/* Is a Canary, this one or another, one of its owners? */
bool ownership_is_a_canarys(const struct node *object);

/* PLAN_FOREIGN, and `err` that names the object, whose it is or `why` it is nobody's, and the sign that would change it. */
enum plan ownership_refuse(const struct kube_resource *resource, const struct node *object,
                           const struct canary_names *names, const char *why, struct err *err);
