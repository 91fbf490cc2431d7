/* Decides by their contents which foreign routing objects are taken over (canary/ownership.h). */
#pragma once

#include "mesh/router.h"

/* PLAN_DONE for a VirtualService whose routes all lead to this Canary's Services; for one that leads nowhere and has
 * their host alone; and, where the router sets no owner, for one with a route to both sides, which an engine has
 * managed before. Otherwise PLAN_FOREIGN. */
enum plan istio_check_service(const struct router *router, const struct canary_names *names, const struct node *live,
                              struct err *err);
/* PLAN_DONE for a DestinationRule whose host is the Service that it is named after. */
enum plan istio_check_rule(const struct canary_names *names, const char *host, const struct node *live,
                           struct err *err);
