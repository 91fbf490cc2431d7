/* The API server of the embedded cluster: the protocol of Kubernetes over sim/objects/objects.h. It answers as a real
 * one does: tests/conformance makes the same calls to both and compares the answers.
 *
 * GET, list (selectors, limit and continue, Table), watch (bookmarks, 410), POST, PUT, PATCH of four kinds, DELETE
 * (preconditions, propagation) and deletecollection, status and scale, discovery, OpenAPI, /version, /healthz. */
#pragma once

#include "io/exchange.h"
#include "sim/kinds/kinds.h"
#include "sim/objects/objects.h"

struct api;

/* Kubernetes' version that /version tells. */
#define API_VERSION "v1.36.3"

struct api *api_new(struct clock *clock);
/* Ends every watch. */
void api_free(struct api *api);
struct objects *api_objects(struct api *api);
struct kinds *api_kinds(struct api *api);

/* An exchange_serve_fn; ctx is the struct api. */
void api_serve(void *ctx, struct exchange *exchange);

/* The write path without a wire, for controllers and scenarios: checked, defaulted and versioned as a request is. What
 * is returned is as it is stored, shared with the database: doc_own it before a change. NULL: err is what a client
 * would read. */
struct doc *api_create(struct api *api, const struct kind *kind, const struct node *object, struct err *err);
struct doc *api_update(struct api *api, const struct kind *kind, const char *subresource, const struct node *object,
                       struct err *err);
/* The same of a person: by this field manager. */
struct doc *api_update_by(struct api *api, const char *manager, const struct kind *kind, const char *subresource,
                          const struct node *object, struct err *err);
/* The same for a writer who has read *object here and changed it; what is stored takes its place. False: err, and
 * *object is as it was, or as it is stored when a rule forbids the change. */
bool api_write_back(struct api *api, const struct kind *kind, const char *subresource, struct doc **object,
                    struct err *err);
/* The same of the status of a built-in kind: *object is as it was read. */
bool api_write_status(struct api *api, const struct kind *kind, struct doc **object, const struct node *status,
                      struct err *err);
/* Writes what no request may write, as a Binding does. */
void api_put(struct api *api, const struct kind *kind, struct doc **object);
/* What a server would have against a new object of a custom kind: an array of {field, reason, message}, empty when it
 * would be taken. `unknown`: paths of the fields that the schema does not know, which kubectl refuses and other clients
 * lose. */
struct doc *api_find_faults(const struct kind *kind, const struct node *object, struct str_list *unknown);
bool api_delete(struct api *api, const struct kind *kind, const char *namespace, const char *name, struct err *err);
