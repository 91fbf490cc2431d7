/* The VirtualServices (networking.istio.io) by the hosts they speak for. */
#pragma once

#include "base/doc.h"
#include "base/str.h"

/* How a host is called here: lower case, without port and without the cluster's ".svc.cluster.local"; a short name
 * belongs to `namespace`, so that a Service is always "name.namespace". A new string (mem_free). */
char *route_host(const char *host, const char *namespace);

struct virtual_services;

struct virtual_service {
    const char *namespace;
    const struct node *spec;
};

struct virtual_services *virtual_services_new(void);
void virtual_services_free(struct virtual_services *services);

/* Adds or replaces; `object` NULL: takes it away. Names of `changed` are the hosts it spoke and speaks for, as
 * route_host writes them, and its own "namespace/name". */
void virtual_services_put(struct virtual_services *services, const char *namespace, const char *name,
                          const struct node *object, struct str_list *changed);

/* Who speaks for `host`; of several that do, the one whose host is longest, then the first by namespace and name.
 * Traffic to a Service comes from inside the mesh, where only VirtualServices of the gateway "mesh" count. */
bool virtual_services_find(const struct virtual_services *services, const char *host, bool is_service,
                           struct virtual_service *out);
/* By its name, for delegates. */
bool virtual_services_get(const struct virtual_services *services, const char *namespace, const char *name,
                          struct virtual_service *out);
