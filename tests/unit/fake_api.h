/* A small API server for tests, behind fake_http: it keeps objects by path, guards writes by resourceVersion, and tells
 * its watches.
 *
 *     struct fake_api *api = fake_api_new(fh);
 *     fake_api_put(api, "/apis/apps/v1/namespaces/test/deployments/podinfo", "{'spec':{'replicas':1}}");
 *     …                                                        // what the engine sends is done to the objects
 *     fake_doc_expect(node_get(fake_api_find(api, path), "spec"), "{'replicas':0}");
 *     fake_api_lose(api, "PATCH", "/releases/");               // the next one is done, but its answer never comes
 *     fake_http_once(fh, "PATCH", "/releases/", 503, "");      // the next one is not even done
 *
 * It knows GET of an object, LIST and WATCH of a collection, POST, DELETE, and PATCH with merge patches ("…/status"
 * writes the status alone, "…/scale" the replicas) and with the "add" of JSON patches; one with dryRun=All replaces
 * whole values, and only says what would be. It has no schema, no defaults and no controllers. */
#pragma once

#include "base/doc.h"
#include "fake_http.h"

struct fake_api;

struct fake_api *fake_api_new(struct fake_http *fh);
void fake_api_free(struct fake_api *api);

/* What others do. A text with ' for "; name, namespace, uid and resourceVersion are filled in. */
void fake_api_put(struct fake_api *api, const char *path, const char *text);
/* A merge patch of an object that is there. */
void fake_api_edit(struct fake_api *api, const char *path, const char *patch);
void fake_api_delete(struct fake_api *api, const char *path);

/* Borrowed until the next change; NULL when there is none. */
const struct node *fake_api_find(const struct fake_api *api, const char *path);

/* The next request like this is done, but it ends as one that timed out. */
void fake_api_lose(struct fake_api *api, const char *method, const char *url_part);
/* Watches stay silent until this is taken back; then they tell all they missed. */
void fake_api_mute(struct fake_api *api, bool muted);

/* Called for every change, whoever made it; the object is NULL when it was deleted. */
typedef void fake_api_change_fn(void *ctx, const char *path, const struct doc *object);
void fake_api_subscribe(struct fake_api *api, fake_api_change_fn *fn, void *ctx);
