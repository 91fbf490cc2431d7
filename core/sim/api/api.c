#include "sim/api/api.h"

#include <assert.h>
#include <string.h>

#include "base/duration.h"
#include "base/hash.h"
#include "base/mem.h"
#include "sim/api/inner.h"

enum { REPLY_MAX = 256 * 1024 * 1024 };

#define JSON "application/json"

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

/* --- small things --- */

const char *meta_str(const struct node *object, const char *key)
{
    return node_str_or(node_at(object, "metadata", key), "");
}

int64_t meta_int(const struct node *object, const char *key)
{
    return node_int_or(node_at(object, "metadata", key), 0);
}

void set_default_str(struct doc *doc, struct node *object, const char *key, const char *value)
{
    if (str_empty(node_str(node_get(object, key)))) {
        node_set_str(doc, object, key, value);
    }
}

void set_default_int(struct doc *doc, struct node *object, const char *key, int64_t value)
{
    if (node_type(node_get(object, key)) != NODE_INT) {
        node_set_int(doc, object, key, value);
    }
}

void api_time_now(const struct api *api, char out[static 32])
{
    time_write(clock_wall_ms(api->clock), out);
}

/* Not random: a simulation is to be the same each time it runs. */
void api_uid_next(struct api *api, char out[static 37])
{
    char digest[65];
    uint64_t seed[2] = {++api->names_given, (uint64_t)objects_version(api->objects)};
    hash_sha256(seed, sizeof seed, digest);
    char *uid = str_format("%.8s-%.4s-4%.3s-8%.3s-%.12s", digest, digest + 8, digest + 12, digest + 15, digest + 18);
    str_copy(out, 37, uid);
    mem_free(uid);
}

static char *qualified(const char *name, const char *group)
{
    return group[0] == '\0' ? str_dup(name) : str_format("%s.%s", name, group);
}

char *qualified_resource(const struct kind *kind)
{
    return qualified(kind->plural, kind->group);
}

char *qualified_kind(const struct kind *kind)
{
    return qualified(kind->name, kind->group);
}

char *api_version_of(const struct kind *kind)
{
    return kind->group[0] == '\0' ? str_dup(kind->version) : str_format("%s/%s", kind->group, kind->version);
}

/* --- replies --- */

void api_reply(const struct request *request, int status, const struct node *body)
{
    struct buf b;
    buf_init(&b, REPLY_MAX);
    node_write(body, &b);
    buf_append_char(&b, '\n');
    exchange_answer(request->exchange, status, JSON, buf_str(&b), b.len);
    buf_fini(&b);
}

void api_reply_text(const struct request *request, int status, const char *content_type, const char *text)
{
    exchange_answer(request->exchange, status, content_type, text, strlen(text));
}

void api_reply_failure(const struct request *request, const struct failure *f)
{
    struct doc *status = failure_status(f);
    api_reply(request, f->code, doc_root(status));
    doc_free(status);
}

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

/* Groups of custom kinds only are served by somebody else in a real server, who knows no path but those of its kinds. */
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
        (in_namespace && !request->kind->is_namespaced)) {
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

static bool wants_watch(const struct request *request)
{
    char *watch = exchange_param(request->exchange, "watch");
    bool wants = watch != NULL && !str_equal(watch, "false") && !str_equal(watch, "0");
    mem_free(watch);
    return wants;
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

static void serve_collection(struct request *request)
{
    const char *method = request->exchange->method;
    if (str_equal(method, "GET") && wants_watch(request)) {
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
    if (!accepts_json(request->exchange->header(request->exchange, "Accept"))) {
        reply_plainly(request, 406, "NotAcceptable",
                      "406: Not Acceptable\n\nAvailable representations: application/json, application/yaml, "
                      "application/vnd.kubernetes.protobuf");
        return;
    }
    if (request->name == NULL) {
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
    struct doc *pod = objects_get(request->api->objects, request->kind->storage, request->namespace, request->name);
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
    struct request request = {.api = ctx, .exchange = exchange};
    request.form = form_of(exchange->header(exchange, "Accept"));
    split_path(&request);
    bool served =
        serve_health(&request) || discovery_serve(&request) || openapi_serve(&request) || serve_resource(&request);
    if (!served) {
        api_reply_text(&request, 404, "text/plain; charset=utf-8", "404 page not found\n");
    }
    str_list_fini(&request.segments);
}

/* --- without a wire --- */

struct doc *api_create(struct api *api, const struct kind *kind, const struct node *object, struct err *err)
{
    struct failure f = {0};
    struct write write = {
        .kind = kind, .manager = api->self, .namespace = kind->is_namespaced ? meta_str(object, "namespace") : NULL};
    struct doc *decoded = write_decode(&write, object, &f);
    struct doc *stored = decoded != NULL ? write_create(api, &write, decoded, &f) : NULL;
    if (stored == NULL) {
        failure_to_err(&f, err);
    }
    failure_fini(&f);
    write_fini(&write);
    return stored;
}

struct doc *api_update(struct api *api, const struct kind *kind, const char *subresource, const struct node *object,
                       struct err *err)
{
    struct failure f = {0};
    struct write write = {.kind = kind,
                          .namespace = kind->is_namespaced ? meta_str(object, "namespace") : NULL,
                          .subresource = subresource,
                          .manager = api->self};
    struct doc *existing = objects_get(api->objects, kind->storage, write.namespace, meta_str(object, "name"));
    struct doc *decoded = existing != NULL ? write_decode(&write, object, &f) : NULL;
    if (existing == NULL) {
        fail_not_found(&f, kind, meta_str(object, "name"));
    }
    struct doc *stored = decoded != NULL ? write_update(api, &write, doc_root(existing), decoded, &f) : NULL;
    if (stored == NULL) {
        failure_to_err(&f, err);
    }
    doc_free(existing);
    failure_fini(&f);
    write_fini(&write);
    return stored;
}

bool api_delete(struct api *api, const struct kind *kind, const char *namespace, const char *name, struct err *err)
{
    struct failure f = {0};
    struct doc *left = NULL;
    bool deleted = api_delete_object(api, kind, namespace, name, &(struct delete_options){.grace_s = -1}, &left, &f);
    if (!deleted) {
        failure_to_err(&f, err);
    }
    doc_free(left);
    failure_fini(&f);
    return deleted;
}
