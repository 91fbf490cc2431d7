/* Why a Canary is refused: features of Flagger's that this engine does not have yet, values that are no integers
 * or too large, objects whose names cannot exist, and what can never work (canary/unworkable.h).
 *
 * All reasons are told at once, so that the author can mend them in one edit. */
#pragma once

#include "canary/canary.h"

/* True when there is a reason. Each reads "spec.analysis.threshold: 1.5 is not an integer"; they are added to
 * `reasons`. */
bool canary_refusals(const struct canary *canary, struct str_list *reasons);
/* Those of them that are about what it names: scripts, and objects of other namespaces. */
void canary_refuse_references(const struct canary *canary, struct str_list *reasons);
/* Ends a list of reasons, and frees it. True when it is empty; otherwise err has all of them. */
bool canary_refusals_end(struct str_list *reasons, struct err *err);
