/* Why a Canary cannot be followed: what Flagger knows and this engine does not do yet, values that are no integers, objects whose names cannot exist.
 *
 * All reasons at once, so that the person who mends the Canary mends it once. */
#pragma once

#include "canary/canary.h"

/* True when there is one. Each reads "spec.analysis.threshold: 1.5 is not an integer"; they are added to `reasons`. */
bool canary_refusals(const struct canary *canary, struct str_list *reasons);
