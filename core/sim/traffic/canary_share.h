/* Which share of the traffic the mesh's routes give to a canary, for those who look on: the share of the destination
 * "<apex>-canary", as Flagger names it. */
#pragma once

#include "sim/objects/objects.h"

/* By the route of this Service; -1: it names no canary. False: there is none, and `share` stays. */
bool canary_share(const struct objects *objects, const char *namespace, const char *apex, int *share);
/* The same of the object of an event; false: it is no route. */
bool canary_share_changed(const struct objects_event *event, int *share);
