/* What the Canary wants of Istio's objects besides the routes: hosts, gateways, metadata. Pure functions on
 * documents. */
#pragma once

#include "canary/names.h"
#include "mesh/router.h"

/* Annotation with the VirtualService's spec before the first repair, so that it can be reverted. */
#define ISTIO_ORIGINAL_KEY "flagger.kubernetes.io/original-configuration"

/* Is `host` the Service `name`, by one of the names that the cluster has for it? */
bool istio_host_is(const struct canary_names *names, const char *host, const char *name);

bool istio_is_delegate(const struct node *canary);
/* A delegate has neither hosts nor gateways of its own; false with Flagger's words when it has. */
bool istio_delegation_check(const struct canary_names *names, const struct node *canary, struct err *err);

struct node *istio_hosts(struct doc *doc, const struct canary_names *names, const struct node *canary);
/* NULL for a delegate. */
struct node *istio_gateways(struct doc *doc, const struct node *canary);

/* metadata.labels; an empty object when there are none. `apex`: the live apex Service, NULL: none. */
struct node *istio_labels(struct doc *doc, const struct canary_names *names, const struct node *canary,
                          const struct node *apex);
/* metadata.annotations. Of the live object's (NULL: none) only those stay that record its past. */
struct node *istio_annotations(struct doc *doc, const struct canary_names *names, const struct node *canary,
                               const struct node *apex, const struct node *live);

/* The spec of the DestinationRule that is named like its host. */
struct node *istio_rule_spec(struct doc *doc, const struct node *canary, const char *host);
