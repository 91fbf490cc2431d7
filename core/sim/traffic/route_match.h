/* Whether a request meets the conditions of a VirtualService's route. */
#pragma once

#include "base/doc.h"

struct route_request {
    char *host;           /* as route_host writes it */
    char *method;         /* the header ":method", GET without one */
    char *path, *query;   /* the header ":path" at its '?'; "/" and "" without one */
    struct node *headers; /* {name: value}; NULL: none. Borrowed */
    /* The header ":delegate": "namespace/name" of the VirtualService to which a gateway's delegates. */
    const char *delegate;
    /* The Pod that sends, by the header ":source" {labels, namespace}; NULL: nobody known. */
    const struct node *labels;
    const char *namespace;
};

void route_request_init(struct route_request *request, const char *host, struct node *headers);
void route_request_fini(struct route_request *request);

/* A list of HTTPMatchRequests: one of them must be met in everything it says. No list, or an empty one, is met by every
 * request.
 *
 * What a stream of requests does not have is not asked for: gateways and ports are as they should be. */
bool route_matches(const struct node *conditions, const struct route_request *request);
