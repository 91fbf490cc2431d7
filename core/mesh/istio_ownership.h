/* Which routing objects that somebody else made a Canary's engine takes over (canary/ownership.h), as far as their contents tell. */
#pragma once

#include "canary/names.h"
#include "kube/write.h"

/* PLAN_DONE: one that leads to this Canary's Services and nowhere else; one that leads nowhere, for their host alone; and one with a route to both sides, which an
 * engine, Flagger for one, has in hand already. Else PLAN_FOREIGN. */
enum plan istio_check_service(const struct canary_names *names, const struct node *live, struct err *err);
/* PLAN_DONE: one for this host, the Service that it is named after. */
enum plan istio_check_rule(const struct canary_names *names, const char *host, const struct node *live,
                           struct err *err);
