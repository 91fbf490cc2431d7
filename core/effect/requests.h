/* Of which requests a share is, where a strategy says so in place of its Canary: the fields `match` and `mirrorWeight`
 * of spec.analysis. */
#pragma once

#include "canary/canary.h"
#include "effect/place.h"

/* What a script may say: {match: [{headers, queryParams}, …], mirrorWeight: 1 to 100}, whose shape is checked. An empty
 * list of conditions: all requests. False: at->err names the field. */
bool requests_check(const struct place *at, const struct node *analysis);
/* False: err says why this Canary's requests cannot be told apart, or mirrored. */
bool requests_can_be_told_apart(const struct canary *canary, bool mirrored, struct err *err);
