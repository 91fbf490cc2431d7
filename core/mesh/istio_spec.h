/* What the Canary wants of Istio's objects besides the routes: hosts, gateways, metadata. Pure functions on
 * documents. */
#pragma once

#include "canary/names.h"
#include "mesh/router.h"

/* Kept on the VirtualService for whoever reverts it: its spec before the first repair. */
#define ISTIO_ORIGINAL_KEY "flagger.kubernetes.io/original-configuration"

bool istio_is_delegate(const struct node *canary);
/* A delegate has neither hosts nor gateways of its own; false with Flagger's words when it has. */
bool istio_delegation_check(const struct canary_names *names, const struct node *canary, struct err *err);

struct node *istio_hosts(struct doc *doc, const struct canary_names *names, const struct node *canary);
/* NULL for a delegate. */
struct node *istio_gateways(struct doc *doc, const struct node *canary);

/* metadata.labels; an empty object when there are none. `apex`: the live apex Service, NULL: none. */
struct node *istio_labels(struct doc *doc, const struct canary_names *names, const struct node *canary,
                          const struct node *apex);
/* metadata.annotations; of the live object (NULL: none) only those are kept that remember its past. */
struct node *istio_annotations(struct doc *doc, const struct canary_names *names, const struct node *canary,
                               const struct node *apex, const struct node *live);

/* The spec of the DestinationRule that is named like its host. */
struct node *istio_rule_spec(struct doc *doc, const struct node *canary, const char *host);
