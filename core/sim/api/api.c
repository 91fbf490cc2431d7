#include "sim/api/api.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/delete.h"
#include "sim/api/discovery.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/openapi.h"
#include "sim/api/permit.h"
#include "sim/api/read.h"
#include "sim/api/reply.h"
#include "sim/api/review.h"
#include "sim/api/scale.h"
#include "sim/api/user.h"
#include "sim/api/verbs.h"
#include "sim/api/watch.h"

/* --- life --- */

static void add_namespace(struct api *api, const char *name)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    struct err err;
    doc_set_root(doc, root);
    node_set_str(doc, node_ensure_object(doc, root, "metadata"), "name", name);
    const struct kind *kind = kinds_find(api->kinds, "", "v1", "namespaces");
    struct doc *stored = api_create(api, kind, root, &err);
    assert(stored);
    doc_free(stored);
    doc_free(doc);
}

struct api *api_new(struct clock *clock)
{
    struct api *api = mem_new(struct api);
    api->self = "kube-apiserver";
    api->clock = clock;
    api->objects = objects_new(clock);
    api->kinds = kinds_new();
    static const char *const namespaces[] = {"default", "kube-node-lease", "kube-public", "kube-system"};
    for (size_t i = 0; i < sizeof namespaces / sizeof namespaces[0]; i++) {
        add_namespace(api, namespaces[i]);
    }
    api->self = "kube-controller-manager";
    return api;
}

void api_free(struct api *api)
{
    if (api == NULL) {
        return;
    }
    api_watches_end(api);
    objects_free(api->objects);
    kinds_free(api->kinds);
    mem_free(api);
}

struct objects *api_objects(struct api *api)
{
    return api->objects;
}

struct kinds *api_kinds(struct api *api)
{
    return api->kinds;
}

/* --- replies --- */

static void reply_plainly(const struct request *request, int code, const char *reason, const char *message)
{
    struct failure f = {0};
    fail_plainly(&f, code, reason, message);
    api_reply_failure(request, &f);
    failure_fini(&f);
}

/* --- what is asked --- */

static bool accepts_json(const char *accept)
{
    return str_empty(accept) || strstr(accept, "json") != NULL || strstr(accept, "*/*") != NULL ||
           strstr(accept, "application/*") != NULL;
}

/* The first form in the list that is known counts. */
static enum form form_of(const char *accept)
{
    const char *table = accept != NULL ? strstr(accept, "as=Table") : NULL;
    const char *partial = accept != NULL ? strstr(accept, "as=PartialObjectMetadata") : NULL;
    if (table != NULL && (partial == NULL || table < partial)) {
        return FORM_TABLE;
    }
    return partial != NULL ? FORM_PARTIAL : FORM_OBJECT;
}

static void split_path(struct request *request)
{
    const char *at = request->exchange->path;
    while (*at != '\0') {
        at += strspn(at, "/");
        size_t len = strcspn(at, "/");
        if (len > 0) {
            char *segment = exchange_decode(at, len, false);
            str_list_push(&request->segments, segment);
            mem_free(segment);
        }
        at += len;
    }
}

/* Groups of custom kinds only are served by somebody else in a real server, who knows no path but those of its
 * kinds. */
static bool has_builtin_group(const struct api *api, const char *group)
{
    for (size_t i = 0; i < kinds_count(api->kinds); i++) {
        if (str_equal(kinds_at(api->kinds, i)->group, group) && !kinds_at(api->kinds, i)->is_custom) {
            return true;
        }
    }
    return false;
}

static const char *segment_at(const struct request *request, size_t index)
{
    return index < request->segments.count ? request->segments.items[index] : NULL;
}

/* /api/v1/… and /apis/group/version/…; `first` is the segment after the version. */
static bool find_kind(struct request *request, size_t first)
{
    bool is_core = str_equal(segment_at(request, 0), "api");
    const char *group = is_core ? "" : segment_at(request, 1), *version = segment_at(request, is_core ? 1 : 2);
    size_t at = first;
    bool in_namespace = str_equal(segment_at(request, at), "namespaces") && segment_at(request, at + 2) != NULL &&
                        !(is_core && (str_equal(segment_at(request, at + 2), "status") ||
                                      str_equal(segment_at(request, at + 2), "finalize")));
    if (in_namespace) {
        request->namespace = segment_at(request, at + 1);
        at += 2;
    }
    request->kind = kinds_find(request->api->kinds, group, version, segment_at(request, at));
    request->name = segment_at(request, at + 1);
    request->subresource = segment_at(request, at + 2);
    if (request->kind == NULL || segment_at(request, at + 3) != NULL ||
        (request->kind->is_review && request->name != NULL) || (in_namespace && !request->kind->is_namespaced)) {
        return false;
    }
    return request->name == NULL || request->namespace != NULL || !request->kind->is_namespaced;
}

static bool has_subresource(const struct request *request)
{
    const char *sub = request->subresource;
    if (sub == NULL) {
        return true;
    }
    return (str_equal(sub, "status") && request->kind->has_status) ||
           (str_equal(sub, "scale") && request->kind->has_scale) ||
           (str_equal(sub, "finalize") && str_equal(request->kind->storage, "/namespaces"));
}

/* --- verbs --- */

static void refuse_method(const struct request *request)
{
    reply_plainly(request, 405, "MethodNotAllowed", "the server does not allow this method on the requested resource");
}

static void serve_scale(struct request *request)
{
    const char *method = request->exchange->method;
    if (str_equal(method, "GET")) {
        scale_get(request);
    } else if (str_equal(method, "PUT")) {
        scale_put(request);
    } else if (str_equal(method, "PATCH")) {
        scale_patch(request);
    } else {
        refuse_method(request);
    }
}

/* Custom resources refuse a verb in words of their own. */
static void refuse_verb(const struct request *request, const char *verb)
{
    if (!request->kind->is_custom) {
        refuse_method(request);
        return;
    }
    struct failure f = {0};
    char *resource = qualified_resource(request->kind);
    fail_with(&f, 405, "MethodNotAllowed", "%s is not supported on resources of kind \"%s\"", verb, resource);
    mem_free(resource);
    f.details = doc_new();
    doc_set_root(f.details, node_new_object(f.details));
    node_set_str(f.details, doc_root(f.details), "group", request->kind->group);
    node_set_str(f.details, doc_root(f.details), "kind", request->kind->plural);
    api_reply_failure(request, &f);
    failure_fini(&f);
}

static void serve_object(struct request *request)
{
    const char *method = request->exchange->method;
    if (str_equal(method, "GET")) {
        api_read_object(request);
    } else if (str_equal(method, "PUT")) {
        verb_put(request);
    } else if (str_equal(method, "PATCH")) {
        verb_patch(request);
    } else if (str_equal(method, "DELETE") && request->subresource == NULL) {
        verb_delete(request);
    } else {
        refuse_verb(request, str_equal(method, "DELETE") ? "delete" : "create");
    }
}

static void serve_review(struct request *request)
{
    if (str_equal(request->exchange->method, "POST")) {
        review_post(request);
    } else {
        refuse_method(request);
    }
}

static void serve_collection(struct request *request)
{
    const char *method = request->exchange->method;
    if (str_equal(method, "GET") && api_watch_is_wanted(request)) {
        api_watch_start(request);
    } else if (str_equal(method, "GET")) {
        api_read_list(request);
    } else if (str_equal(method, "POST") && (request->namespace != NULL || !request->kind->is_namespaced)) {
        verb_post(request);
    } else if (str_equal(method, "DELETE")) {
        verb_delete_collection(request);
    } else {
        refuse_verb(request, "update");
    }
}

static void serve_kind(struct request *request)
{
    if (!permit_request(request)) {
        return;
    }
    if (!accepts_json(request->exchange->header(request->exchange, "Accept"))) {
        reply_plainly(request, 406, "NotAcceptable",
                      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
                      "application/vnd.kubernetes.protobuf");
        return;
    }
    if (request->kind->is_review) {
        serve_review(request);
    } else if (request->name == NULL) {
        serve_collection(request);
    } else if (str_equal(request->subresource, "scale")) {
        serve_scale(request);
    } else {
        serve_object(request);
    }
}

/* What a kubelet does behind the API server. "proxy" may go on with a path. */
static bool is_kubelet_matter(const struct request *request)
{
    static const char *const matters[] = {"log", "exec", "attach", "portforward", "proxy"};
    if (request->namespace == NULL || request->kind == NULL || !str_equal(request->kind->storage, "/pods")) {
        return false;
    }
    for (size_t i = 0; i < sizeof matters / sizeof matters[0]; i++) {
        if (str_equal(request->subresource, matters[i])) {
            return true;
        }
    }
    return false;
}

static void refuse_kubelet_matter(const struct request *request)
{
    struct failure f = {0};
    struct doc *pod = objects_read(request->api->objects, request->kind->storage, request->namespace, request->name);
    if (pod != NULL) {
        fail_with(&f, 501, "NotImplemented",
                  "pod %s/%s runs no process: the Pods of an embedded cluster have no logs, and cannot be entered or "
                  "forwarded to",
                  request->namespace, request->name);
    } else {
        fail_not_found(&f, request->kind, request->name);
    }
    doc_free(pod);
    api_reply_failure(request, &f);
    failure_fini(&f);
}

static bool serve_resource(struct request *request)
{
    const char *first = segment_at(request, 0);
    bool is_core = str_equal(first, "api");
    size_t version_at = is_core ? 1 : 2;
    if ((!is_core && !str_equal(first, "apis")) || segment_at(request, version_at + 1) == NULL) {
        return false;
    }
    if (find_kind(request, version_at + 1) && has_subresource(request)) {
        serve_kind(request);
    } else if (is_kubelet_matter(request)) {
        refuse_kubelet_matter(request);
    } else if (!is_core && !has_builtin_group(request->api, segment_at(request, 1))) {
        return false;
    } else {
        reply_plainly(request, 404, "NotFound", "the server could not find the requested resource");
    }
    return true;
}

static bool serve_health(const struct request *request)
{
    const char *path = request->exchange->path;
    if (!str_equal(path, "/healthz") && !str_equal(path, "/livez") && !str_equal(path, "/readyz")) {
        return false;
    }
    api_reply_text(request, 200, "text/plain; charset=utf-8", "ok");
    return true;
}

void api_serve(void *ctx, struct exchange *exchange)
{
    struct request request = {.api = ctx, .exchange = exchange, .user = user_of(exchange)};
    request.form = form_of(exchange->header(exchange, "Accept"));
    split_path(&request);
    bool served = !permit_caller(&request) || serve_health(&request) || discovery_serve(&request) ||
                  openapi_serve(&request) || serve_resource(&request);
    if (!served) {
        api_reply_text(&request, 404, "text/plain; charset=utf-8", "404 page not found\n");
    }
    str_list_fini(&request.segments);
}
