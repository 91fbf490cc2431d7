/* The names of everything that belongs to one Canary; mesh, workload and rollout must agree on them.
 *
 * Borrowed from a Canary document where possible; built names are in one piece, which copies share. */
#pragma once

#include "base/doc.h"

struct canary_names {
    const char *name, *namespace, *uid;     /* of the Canary */
    const char *target;                     /* spec.targetRef.name */
    const char *target_kind;                /* spec.targetRef.kind */
    const char *apex;                       /* spec.service.name, or target when empty */
    const char *apex_primary, *apex_canary; /* Services and destinations: "<apex>-primary", "<apex>-canary" */
    const char *target_primary;             /* the primary workload: "<target>-primary" */
    const char *selector_label;             /* key of the target's selector label; NULL until the target was read */
    const char *id;                         /* "name.namespace", for logs */
    const char *strategy;                   /* "namespace/name" of spec.strategy; NULL without */
    struct built_names *built;
};

/* `canary` must outlive `names`. */
void canary_names_init(struct canary_names *names, const struct node *canary);
/* Makes `copy` equal to `names`, but for the selector's label. The Canary must outlive it, too. */
void canary_names_copy(struct canary_names *copy, const struct canary_names *names);
void canary_names_fini(struct canary_names *names);

/* "namespace/name" of a reference to a script or a template, {name, namespace}; without a namespace it is the Canary's
 * own. NULL: there is no reference. (mem_free) */
char *canary_reference_key(const struct node *reference, const char *own_namespace);
/* "ring" and "delivery" of "delivery/ring". */
const char *canary_reference_name(const char *key);
char *canary_reference_namespace(const char *key); /* (mem_free) */

/* `name` as it is when it has at most `max` characters, else its beginning and a hash of it: different names stay
 * different. A valid name, or value of a label, stays one. `max` is at least 20. (mem_free) */
char *name_shorten(const char *name, size_t max);

/* Does the Service of this Canary document speak plain TCP? Then its requests cannot be told apart. */
bool canary_is_tcp(const struct node *canary);

/* One controller reference to the Canary (flagger.app/v1beta1), as a node of `doc`. */
struct node *canary_owner_reference(struct doc *doc, const struct canary_names *names);
