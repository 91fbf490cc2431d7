/* The list status.conditions of a Canary in a merge patch.
 *
 * Flagger writes one condition, Promoted, and that one comes first. Ours stand behind it, and every write of the status keeps those that it
 * is not about: a merge patch replaces a list as a whole. */
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

/* Makes the condition part of `patch` ({"status": …}). One that says the same already stays untouched, times and all. */
void canary_condition_set(struct doc *patch, const struct canary *canary, const struct canary_condition *condition,
                          int64_t now_wall_ms);
/* Takes the conditions of this type away. */
void canary_condition_remove(struct doc *patch, const struct canary *canary, const char *type);

/* True when the live condition has this status, reason and message (and since, where that is given). */
bool canary_condition_is_live(const struct canary *canary, const struct canary_condition *condition);
