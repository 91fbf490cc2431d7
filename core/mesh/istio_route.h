/* The weighted routes inside a VirtualService: built from the Canary, read back, compared. Pure functions on
 * documents. */
#pragma once

#include "canary/names.h"
#include "mesh/router.h"

/* What a VirtualService says about the two sides; the nodes are borrowed. */
struct istio_shares {
    int primary_pct, canary_pct;
    const struct node *mirror;         /* {host}; NULL: no mirror */
    const struct node *mirror_percent; /* {value}; NULL: the mesh's default */
};

/* True when the Canary's Service speaks plain TCP (appProtocol). */
bool istio_is_tcp(const struct node *canary);
/* The list for spec.http or spec.tcp, as a node of `doc`. */
struct node *istio_routes_build(struct doc *doc, const struct canary_names *names, const struct node *canary,
                                const struct istio_shares *shares);
/* Adds to each of the built `routes` the fields of the live route at its place that Flagger's types do not know, if
 * both lead to the same hosts: what somebody has added to one of our routes stays. */
void istio_routes_keep(struct doc *doc, struct node *routes, const struct node *live, bool tcp);
/* From spec.http or spec.tcp; false when no route gives either side a share. */
bool istio_shares_read(const struct node *spec, bool tcp, const struct canary_names *names,
                       struct istio_shares *shares);

/* True when the route whose shares were read sends the same requests as the first route of `want`: only then do its
 * shares mean what they meant. */
bool istio_matches_same(const struct node *spec, bool tcp, const struct canary_names *names, const struct node *want);

/* The form in which two lists of routes are compared: without the fields that the router does not know (others
 * decide on these), without empty values (null, "", an empty list), and without weights and mirrors unless
 * `with_shares`. */
struct node *istio_routes_normal(struct doc *doc, const struct node *routes, bool tcp, bool with_shares);
/* The same cleaning of any value; NULL when nothing is left of it. */
struct node *istio_normal(struct doc *doc, const struct node *value);
