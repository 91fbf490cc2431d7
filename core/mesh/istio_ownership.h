/* Decides by their contents which foreign routing objects are taken over (canary/ownership.h). */
#pragma once

#include "canary/names.h"
#include "kube/write.h"

/* PLAN_DONE for a VirtualService that leads to this Canary's Services and nowhere else; for one that leads nowhere
 * and has their host alone; and for one with a route to both sides, which an engine, for example Flagger, has
 * managed before. Otherwise PLAN_FOREIGN. */
enum plan istio_check_service(const struct canary_names *names, const struct node *live, struct err *err);
/* PLAN_DONE for a DestinationRule whose host is the Service that it is named after. */
enum plan istio_check_rule(const struct canary_names *names, const char *host, const struct node *live,
                           struct err *err);
