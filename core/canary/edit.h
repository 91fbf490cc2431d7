/* What an edit of a Canary's spec means for the release under way. Pure functions on two readings of one Canary.
 *
 * A weight means a share only under the routing that it was given for: whose requests these are (hosts, gateways,
 * matches), where they arrive (names, ports), and how the share came about. An edit of any of these is no reason to
 * move traffic that nobody judged. */
#pragma once

#include "canary/canary.h"

enum edit {
    EDIT_PLAIN,   /* the edit counts from now on: thresholds, steps, metrics, hooks, timeouts, … */
    EDIT_ROUTING, /* the canary's share is given back first, under the routing of before */
    EDIT_SUBJECT, /* the edit names another target or provider, and counts once the release has ended */
};

enum edit edit_between(const struct canary *before, const struct canary *after);

/* Can the objects differ that the Canary asks for? */
bool edit_changes_objects(const struct canary *before, const struct canary *after);

/* The iterations that still count after the share was given back. Those of an A/B test do not count for weights; and
 * an A/B test with new conditions gets at least one more iteration. */
int64_t edit_iterations(const struct canary *before, const struct canary *after);
