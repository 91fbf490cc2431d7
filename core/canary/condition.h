/* The list status.conditions of a Canary in a merge patch.
 *
 * Flagger writes one condition, Promoted, and that one comes first. Ours follow it. Every write of the status
 * repeats the conditions that it does not change, because a merge patch replaces a whole list. */
#pragma once

#include "canary/canary.h"

#define CONDITION_PROMOTED "Promoted" /* Flagger's */
#define CONDITION_WEIGHTS_EFFECTIVE                                                                                    \
    "WeightsEffective"                /* False: the mesh does not follow the weights, the message says why */
#define CONDITION_ACCEPTED "Accepted" /* False: the spec cannot be followed, the message says why */
#define CONDITION_WAITING "Waiting"   /* True: what for, since when (notify/waiting.h) */

struct canary_condition {
    const char *type, *status, *reason, *message;
    const char *since; /* becomes lastTransitionTime; NULL: now, or what it was while the status stays the same */
};

/* Adds the condition to `patch` ({"status": …}). A live condition that says the same stays as it is, times included. */
void canary_condition_set(struct doc *patch, const struct canary *canary, const struct canary_condition *condition,
                          int64_t now_wall_ms);
/* Takes the conditions of this type away. */
void canary_condition_remove(struct doc *patch, const struct canary *canary, const char *type);

/* True when the live condition has this status, reason and message (and since, where that is given). */
bool canary_condition_is_live(const struct canary *canary, const struct canary_condition *condition);
