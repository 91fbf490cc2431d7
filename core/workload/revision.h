/* What counts as the same revision: a digest of the normalised pod template.
 *
 * Normalised: keys sorted, nulls and empty maps, lists and strings dropped (but for selectors, which select
 * everything when they are empty), the annotation flagger-id dropped. The text carries the version of its format
 * ("s1-" and 16 hex digits), so a digest of another format (Flagger's, or a later version of ours) is recognised and
 * adopted instead of compared. */
#pragma once

#include <stdbool.h>

#include "base/doc.h"

enum { REVISION_SIZE = 24 };

void revision_of_template(const struct node *pod_template, char out[static REVISION_SIZE]);
/* The same for a primary, after undoing the renames of workload/primary.h (label value, tracked config names,
 * affinity terms): a primary with the target's template has the target's revision. `target`: the target's name. */
/* False when the result is a guess: a config or an affinity term called "…-primary" may have that name in the target
 * too. Then only the comparison of workload/likeness.h is sure. */
bool revision_of_primary_template(const struct node *pod_template, const char *target,
                                  const struct node *selector_match_labels, char out[static REVISION_SIZE]);
/* True when both templates have the same normal form, whatever promotion made them (flagger-id). */
bool revision_same_template(const struct node *a, const struct node *b);
/* True for our format. */
bool revision_is_ours(const char *text);
