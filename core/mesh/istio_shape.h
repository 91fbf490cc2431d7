/* Istio's objects as Flagger's types know them: which fields there are, in which order they are written, and which are
 * left out when they say nothing. What Flagger writes has no other field, so neither has what we write.
 *
 * Each gives a new node of `doc`; NULL for no value. */
#pragma once

#include "base/doc.h"

/* spec of a VirtualService. */
struct node *istio_shaped_service(struct doc *doc, const struct node *spec);
/* One route of spec.http or spec.tcp, or a list of them. */
struct node *istio_shaped_routes(struct doc *doc, const struct node *routes, bool tcp);
/* spec.trafficPolicy of a DestinationRule. */
struct node *istio_shaped_policy(struct doc *doc, const struct node *policy);
