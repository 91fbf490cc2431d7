/* A person with kubectl: requests that reach the embedded API server without a network. They are answered at once, and
 * no fault strikes them. */
#pragma once

#include "sim/api/api.h"

struct caller_request {
    const char *method, *path;
    const char *query;        /* "" without one */
    const char *content_type; /* of the body */
    const char *body;         /* "" without one */
};

/* False: what the server says about it, without the JSON of a whole object. Not for watches. */
bool caller_send(struct api *api, const struct caller_request *request, struct err *err);
/* The path of an object; `namespace` NULL: "default", if its kind has namespaces. mem_free. */
char *caller_path(const struct kind *kind, const char *namespace, const char *name);
/* The kind a person means by a name such as Deployment: of several versions the one that is stored. NULL: there is
 * none. */
const struct kind *caller_kind(struct api *api, const char *name);
