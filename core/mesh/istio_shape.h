/* Istio's objects as Flagger's types know them: which fields there are, in which order they are written, and which
 * are left out when they are empty. Sluice writes no other field, but keeps those that somebody else has set.
 *
 * Each shape is a new node of `doc`; NULL for no value. */
#pragma once

#include "base/doc.h"
#include "kube/resource.h"

extern const struct kube_resource ISTIO_VIRTUAL_SERVICES, ISTIO_DESTINATION_RULES;

/* spec of a VirtualService. */
struct node *istio_shaped_service(struct doc *doc, const struct node *spec);
/* One route of spec.http or spec.tcp, or a list of them. */
struct node *istio_shaped_routes(struct doc *doc, const struct node *routes, bool tcp);
/* spec.trafficPolicy of a DestinationRule. */
struct node *istio_shaped_policy(struct doc *doc, const struct node *policy);

/* Copies into `want`, which is of this shape, the fields of `live` that the shape does not know. An item of a list
 * takes them from the live item at its place if both are equal but for weights and such fields. */
void istio_keep_route(struct doc *doc, struct node *want, const struct node *live, bool tcp);
/* `want` with those fields of `live`; NULL when both are empty. */
struct node *istio_policy_over(struct doc *doc, const struct node *want, const struct node *live);
