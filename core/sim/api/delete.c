#include "sim/api/delete.h"

#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/api/body.h"
#include "sim/api/crd.h"
#include "sim/api/failure.h"
#include "sim/api/filter.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/present.h"
#include "sim/api/reply.h"
#include "sim/api/write.h"
#include "sim/kinds/protobuf.h"

/* --- one object --- */

static bool check_preconditions(const struct kind *kind, const struct node *object,
                                const struct delete_options *options, struct failure *f)
{
    const char *uid = meta_str(object, "uid"), *version = meta_str(object, "resourceVersion");
    struct kind told = *kind; /* these two name the kind where others name the resource */
    told.plural = kind->name;
    told.group = "";
    const char *name = meta_str(object, "name");
    if (options->uid != NULL && !str_equal(options->uid, uid)) {
        return fail_conflict(f, &told, name,
                             "the UID in the precondition (%s) does not match the UID in record (%s). The object might "
                             "have been deleted and then recreated",
                             options->uid, uid);
    }
    if (options->version != NULL && !str_equal(options->version, version)) {
        return fail_conflict(
            f, &told, name,
            "the ResourceVersion in the precondition (%s) does not match the ResourceVersion in record "
            "(%s). The object might have been modified",
            options->version, version);
    }
    return true;
}

static bool check_allowed(const struct kind *kind, const char *name, struct failure *f)
{
    if (!str_equal(kind->storage, "/namespaces") ||
        (!str_equal(name, "default") && !str_equal(name, "kube-system") && !str_equal(name, "kube-public"))) {
        return true;
    }
    fail_with(f, 403, "Forbidden", "namespaces \"%s\" is forbidden: this namespace may not be deleted", name);
    f->details = doc_new();
    doc_set_root(f->details, node_new_object(f->details));
    node_set_str(f->details, doc_root(f->details), "name", name);
    node_set_str(f->details, doc_root(f->details), "kind", "namespaces");
    return false;
}

static void add_finalizer(struct doc *doc, const char *finalizer)
{
    struct node *metadata = node_get(doc_root(doc), "metadata");
    if (node_get(metadata, "finalizers") == NULL) {
        node_set(doc, metadata, "finalizers", node_new_array(doc));
    }
    struct node_iter it = node_iterate(node_get(metadata, "finalizers"));
    while (node_next(&it)) {
        if (node_is(it.value, finalizer)) {
            return;
        }
    }
    node_push_str(doc, node_get(metadata, "finalizers"), finalizer);
}

/* A pod on a node is ended by its kubelet, and then deleted once more with no grace. */
static int64_t grace_of(const struct kind *kind, const struct node *object, const struct delete_options *options)
{
    if (!str_equal(kind->storage, "/pods") || str_empty(node_str(node_at(object, "spec", "nodeName")))) {
        return 0;
    }
    const char *phase = node_str_or(node_at(object, "status", "phase"), "");
    if (str_equal(phase, "Succeeded") || str_equal(phase, "Failed")) {
        return 0;
    }
    if (options->grace_s >= 0) {
        return options->grace_s;
    }
    return node_int_or(node_at(object, "spec", "terminationGracePeriodSeconds"), 30);
}

static void mark_deleted(struct api *api, const struct kind *kind, struct doc *doc, int64_t grace_s)
{
    struct node *metadata = node_get(doc_root(doc), "metadata");
    char when[32];
    if (node_get(metadata, "deletionTimestamp") != NULL &&
        meta_int(doc_root(doc), "deletionGracePeriodSeconds") <= grace_s) {
        return;
    }
    time_write(clock_wall_ms(api->clock) + grace_s * 1000, when);
    node_set_str(doc, metadata, "deletionTimestamp", when);
    node_set_int(doc, metadata, "deletionGracePeriodSeconds", grace_s);
    if (node_get(metadata, "generation") != NULL) {
        node_set_int(doc, metadata, "generation", meta_int(doc_root(doc), "generation") + 1);
    }
}

/* Kinds whose deletion is answered with the object instead of a Status. */
static bool tells_object(const struct kind *kind)
{
    static const char *const storages[] = {"/pods", "/services", "/serviceaccounts", "/namespaces"};
    for (size_t i = 0; i < sizeof storages / sizeof storages[0]; i++) {
        if (str_equal(kind->storage, storages[i])) {
            return true;
        }
    }
    return false;
}

/* Its controller empties it; it has no grace. */
static void end_namespace(struct doc *doc)
{
    node_remove(node_get(doc_root(doc), "metadata"), "deletionGracePeriodSeconds");
    node_set_str(doc, node_ensure_object(doc, doc_root(doc), "status"), "phase", "Terminating");
}

static bool stays(const struct kind *kind, const struct node *object, int64_t grace_s)
{
    bool has_finalizers = node_count(node_at(object, "metadata", "finalizers")) > 0;
    bool is_namespace =
        str_equal(kind->storage, "/namespaces") && node_count(node_at(object, "spec", "finalizers")) > 0;
    return has_finalizers || is_namespace || grace_s > 0;
}

/* Marked and left to whoever removes its finalizers. */
static struct doc *leave(struct api *api, const struct kind *kind, const struct node *before, struct doc *doc,
                         int64_t grace_s, bool dry_run)
{
    mark_deleted(api, kind, doc, grace_s);
    if (str_equal(kind->storage, "/namespaces")) {
        end_namespace(doc);
    }
    doc = write_normalise(kind, doc);
    if (!dry_run && !node_equal(before, doc_root(doc))) {
        objects_put(api->objects, kind->storage, doc);
    }
    return doc;
}

static struct doc *remove_now(struct api *api, const struct kind *kind, struct doc *doc, bool dry_run)
{
    const char *namespace = kind->is_namespaced ? meta_str(doc_root(doc), "namespace") : NULL;
    if (!dry_run) {
        objects_remove(api->objects, kind->storage, namespace, meta_str(doc_root(doc), "name"));
        if (str_equal(kind->name, "CustomResourceDefinition")) {
            crd_removed(api, doc_root(doc));
        }
    }
    if (!tells_object(kind)) {
        doc_free(doc);
        return NULL;
    }
    char *version = str_format("%lld", (long long)objects_version(api->objects));
    if (str_equal(kind->storage, "/pods")) {
        mark_deleted(api, kind, doc, 0);
    }
    node_set_str(doc, node_get(doc_root(doc), "metadata"), "resourceVersion", version);
    mem_free(version);
    return doc;
}

bool api_delete_object(struct api *api, const struct kind *kind, const char *namespace, const char *name,
                       const struct delete_options *options, struct doc **left, struct failure *f)
{
    struct doc *before = objects_read(api->objects, kind->storage, namespace, name);
    *left = NULL;
    if (before == NULL) {
        return fail_not_found(f, kind, name);
    }
    if (!check_allowed(kind, name, f) || !check_preconditions(kind, doc_root(before), options, f)) {
        doc_free(before);
        return false;
    }
    struct doc *doc = doc_copy(doc_root(before));
    if (str_equal(options->propagation, "Foreground")) {
        add_finalizer(doc, "foregroundDeletion");
    } else if (str_equal(options->propagation, "Orphan")) {
        add_finalizer(doc, "orphan");
    }
    int64_t grace_s = grace_of(kind, doc_root(doc), options);
    *left = stays(kind, doc_root(doc), grace_s) ? leave(api, kind, doc_root(before), doc, grace_s, options->dry_run)
                                                : remove_now(api, kind, doc, options->dry_run);
    doc_free(before);
    return true;
}

/* --- DELETE --- */

struct asked {
    struct delete_options options;
    struct doc *body;
    char *propagation, *grace;
};

static void asked_fini(struct asked *asked)
{
    doc_free(asked->body);
    mem_free(asked->propagation);
    mem_free(asked->grace);
}

static bool check_propagation(const char *policy, struct failure *f)
{
    if (str_empty(policy) || str_equal(policy, "Foreground") || str_equal(policy, "Background") ||
        str_equal(policy, "Orphan")) {
        return true;
    }
    struct doc *causes = causes_new();
    char *shown = str_format("\"%s\"", policy);
    cause_unsupported(causes, "propagationPolicy", shown, "\"Foreground\", \"Background\", \"Orphan\", \"nil\"");
    mem_free(shown);
    fail_invalid(f, "meta.k8s.io", "DeleteOptions", "", doc_root(causes));
    doc_free(causes);
    return false;
}

static bool body_read(const struct request *request, struct asked *asked, struct failure *f)
{
    struct err err;
    if (request->exchange->body_len == 0) {
        return true;
    }
    const char *type = request->exchange->header(request->exchange, "Content-Type");
    bool is_protobuf = type != NULL && str_has_prefix(type, "application/vnd.kubernetes.protobuf");
    asked->body = is_protobuf ? protobuf_read(request->exchange->body, request->exchange->body_len, &err)
                              : doc_parse(request->exchange->body, request->exchange->body_len, &err);
    const struct node *root = doc_root(asked->body);
    enum node_type kind = node_type(node_get(root, "kind"));
    if (asked->body == NULL) {
        return fail_bad_request(f, "couldn't get version/kind; json parse error: %s", err.text);
    }
    if (kind != NODE_ABSENT && kind != NODE_STRING) {
        return fail_bad_request(f, "couldn't get version/kind; json parse error: json: cannot unmarshal number into Go "
                                   "struct field .kind of type string");
    }
    asked->options.uid = node_str(node_at(root, "preconditions", "uid"));
    asked->options.version = node_str(node_at(root, "preconditions", "resourceVersion"));
    asked->options.propagation = node_str(node_get(root, "propagationPolicy"));
    asked->options.grace_s = node_int_or(node_get(root, "gracePeriodSeconds"), -1);
    if (node_is(node_item(node_get(root, "dryRun"), 0), "All")) {
        asked->options.dry_run = true;
    }
    return true;
}

static bool asked_read(struct request *request, struct asked *asked, struct failure *f)
{
    *asked = (struct asked){.options.grace_s = -1};
    if (!options_read(request, "DeleteOptions", f)) {
        return false;
    }
    asked->options.dry_run = request->dry_run;
    asked->propagation = exchange_param(request->exchange, "propagationPolicy");
    asked->grace = exchange_param(request->exchange, "gracePeriodSeconds");
    if (!body_read(request, asked, f)) {
        return false;
    }
    if (!str_empty(asked->propagation)) {
        asked->options.propagation = asked->propagation;
    }
    if (!str_empty(asked->grace)) {
        asked->options.grace_s = strtoll(asked->grace, NULL, 10);
    }
    return check_propagation(asked->options.propagation, f);
}

static void reply_success(const struct request *request, const char *uid)
{
    struct doc *doc = doc_new();
    struct node *status = node_new_object(doc);
    node_set_str(doc, status, "kind", "Status");
    node_set_str(doc, status, "apiVersion", "v1");
    node_ensure_object(doc, status, "metadata");
    node_set_str(doc, status, "status", "Success");
    struct node *details = node_ensure_object(doc, status, "details");
    node_set_str(doc, details, "name", request->name);
    if (request->kind->group[0] != '\0') {
        node_set_str(doc, details, "group", request->kind->group);
    }
    node_set_str(doc, details, "kind", request->kind->plural);
    node_set_str(doc, details, "uid", uid);
    api_reply(request, 200, status);
    doc_free(doc);
}

void verb_delete(struct request *request)
{
    struct failure f = {0};
    struct asked asked;
    struct doc *left = NULL;
    const struct kind *kind = request->kind;
    struct doc *before = objects_read(request->api->objects, kind->storage, request->namespace, request->name);
    bool ok = asked_read(request, &asked, &f) &&
              api_delete_object(request->api, kind, request->namespace, request->name, &asked.options, &left, &f);
    if (!ok) {
        api_reply_failure(request, &f);
    } else if (left != NULL) {
        api_reply_object(request, 200, doc_root(left));
    } else {
        reply_success(request, meta_str(doc_root(before), "uid"));
    }
    doc_free(before);
    doc_free(left);
    asked_fini(&asked);
    failure_fini(&f);
}

/* --- deletecollection --- */

struct sweep {
    const struct request *request;
    struct filter filter;
    struct doc *doc;
    struct node *items;
};

static bool on_each(void *ctx, const struct node *object)
{
    struct sweep *sweep = ctx;
    if (filter_matches(&sweep->filter, object)) {
        node_push(sweep->items, api_present(sweep->doc, sweep->request->kind, object, true));
    }
    return true;
}

static void sweep_all(struct sweep *sweep, const struct delete_options *options)
{
    const struct request *request = sweep->request;
    struct node_iter it = node_iterate(sweep->items);
    while (node_next(&it)) {
        struct failure ignored = {0}; /* it went meanwhile */
        struct doc *left;
        const char *namespace = request->kind->is_namespaced ? meta_str(it.value, "namespace") : NULL;
        api_delete_object(request->api, request->kind, namespace, meta_str(it.value, "name"), options, &left, &ignored);
        doc_free(left);
        failure_fini(&ignored);
    }
}

static void reply_swept(struct sweep *sweep)
{
    struct node *list = node_new_object(sweep->doc);
    char *version = api_version_of(sweep->request->kind);
    char *at = str_format("%lld", (long long)objects_version(sweep->request->api->objects));
    node_set_str(sweep->doc, list, "kind", sweep->request->kind->list_name);
    node_set_str(sweep->doc, list, "apiVersion", version);
    struct node *metadata = node_ensure_object(sweep->doc, list, "metadata");
    node_set_str(sweep->doc, metadata, "resourceVersion", at);
    if (sweep->request->kind->is_custom) {
        node_set_str(sweep->doc, metadata, "continue", "");
    }
    node_set(sweep->doc, list, "items", sweep->items);
    mem_free(version);
    mem_free(at);
    api_reply(sweep->request, 200, list);
}

void verb_delete_collection(struct request *request)
{
    struct failure f = {0};
    struct asked asked;
    struct sweep sweep = {.request = request, .doc = doc_new()};
    sweep.items = node_new_array(sweep.doc);
    if (asked_read(request, &asked, &f) && filter_read(request, &sweep.filter, &f)) {
        objects_each(request->api->objects, request->kind->storage, request->namespace, on_each, &sweep);
        sweep_all(&sweep, &asked.options);
        reply_swept(&sweep);
    } else {
        api_reply_failure(request, &f);
    }
    filter_fini(&sweep.filter);
    doc_free(sweep.doc);
    asked_fini(&asked);
    failure_fini(&f);
}
