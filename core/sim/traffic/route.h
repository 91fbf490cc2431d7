/* Where a stream of requests goes: the VirtualService of its host splits it over Services, mirrors included. */
#pragma once

#include "sim/traffic/route_match.h"
#include "sim/traffic/virtual_services.h"

struct share {
    char *service; /* as route_host writes it */
    double part;   /* of the stream; with mirrors the parts add up to more than 1 */
};

struct shares {
    struct share *items;
    size_t count;
};

/* A host without a VirtualService is the Service of that name. What no route takes, is redirected or answered by the
 * proxy itself is in no share: no application sees it. Connections of a TCP route count as
 * requests.
 *
 * `asked` gets the names whose change could change the answer (sim/traffic/virtual_services.h): the host, the
 * delegates, the Services. A VirtualService of "*.something" can change any. */
void route_split(const struct virtual_services *services, const struct route_request *request, bool is_service,
                 struct shares *out, struct str_list *asked);
void shares_fini(struct shares *shares);
