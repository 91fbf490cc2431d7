/* What the schema accepts and Flagger can never work with, so that a release would only fail by it: metrics that ask
 * nothing, queries that cannot be filled in, hooks that cannot be called, a delegate with hosts.
 *
 * What fails without doing harm to a release (a hook of type event, or anything of an analysis that is skipped) is
 * left alone. */
#pragma once

#include "canary/canary.h"

/* Adds each of them to `reasons`. */
void canary_unworkable(const struct canary *canary, struct str_list *reasons);
