/* Which VirtualServices claim which host. It follows the changes of a store, so that a look at one Canary costs no
 * walk over the objects of all others.
 *
 * A short host is a Service in the object's own namespace; "*" is no claim, because the mesh looks at it last. */
#pragma once

#include "base/str.h"
#include "kube/store.h"

struct host_index;

/* One object's claim of one host. */
struct host_claim {
    struct host_claim *next; /* of the same host; in no order */
    char *namespace, *name;
    char *created;            /* creationTimestamp */
    struct str_list gateways; /* "namespace/name", and "mesh" */
    bool takes_all;           /* one of its routes matches every request */
    struct str_list scopes;   /* exportTo: namespaces, "*", "."; none: everywhere */
};

/* `store` has VirtualServices, and outlives the index. */
struct host_index *host_index_new(struct store *store);
/* Must not be called while the store may still change. */
void host_index_free(struct host_index *index);

/* The claims of a host as an object of this namespace names it; NULL: none. */
const struct host_claim *host_index_find(const struct host_index *index, const char *namespace, const char *host);

/* Do clients in this namespace know of the claim? */
bool host_claim_reaches(const struct host_claim *claim, const char *namespace);

/* `gateways` of a VirtualService (absent: the mesh alone) as a list for comparisons. */
void host_index_gateways(const struct node *gateways, const char *namespace, struct str_list *list);
