/* The scale subresource: a view of a workload with its replicas only. */
#include "sim/api/scale.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/body.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/json_path.h"
#include "sim/api/object.h"
#include "sim/api/patch.h"
#include "sim/api/reply.h"
#include "sim/api/write.h"

/* --- where things are --- */

static const char *path_of(const struct kind *kind, const char *key, const char *builtin)
{
    return kind->scale != NULL ? node_str_or(node_get(doc_root(kind->scale), key), "") : builtin;
}

/* "app=x,tier in (a,b)", sorted by key. */
static char *selector_text(const struct node *selector)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    char *sorted = NULL;
    struct err err;
    struct buf copy;
    buf_init(&copy, 64 * 1024);
    node_write_sorted(node_get(selector, "matchLabels"), &copy);
    struct doc *labels = copy.len > 0 ? doc_parse(copy.data, copy.len, &err) : NULL;
    struct node_iter it = node_iterate(doc_root(labels));
    while (node_next(&it)) {
        buf_printf(&b, "%s%s=%s", b.len > 0 ? "," : "", it.key, node_str_or(it.value, ""));
    }
    doc_free(labels);
    buf_fini(&copy);
    sorted = buf_take(&b);
    return sorted;
}

static void set_selector(const struct kind *kind, struct doc *doc, struct node *status, const struct node *object)
{
    if (kind->scale != NULL) {
        const char *path = path_of(kind, "labelSelectorPath", "");
        const char *text = path[0] != '\0' ? node_str(json_path_find(object, path)) : NULL;
        node_set_str(doc, status, "selector", text);
        return;
    }
    char *text = selector_text(node_at(object, "spec", "selector"));
    if (text[0] != '\0') {
        node_set_str(doc, status, "selector", text);
    }
    mem_free(text);
}

static struct doc *scale_of(const struct kind *kind, const struct node *object)
{
    static const char *const kept[] = {"name", "namespace", "uid", "resourceVersion", "creationTimestamp"};
    struct doc *doc = doc_new();
    struct node *scale = node_new_object(doc);
    doc_set_root(doc, scale);
    node_set_str(doc, scale, "kind", "Scale");
    node_set_str(doc, scale, "apiVersion", "autoscaling/v1");
    struct node *metadata = node_ensure_object(doc, scale, "metadata");
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        node_set(doc, metadata, kept[i], node_copy(doc, node_at(object, "metadata", kept[i])));
    }
    int64_t wanted = node_int_or(json_path_find(object, path_of(kind, "specReplicasPath", ".spec.replicas")), 0);
    int64_t live = node_int_or(json_path_find(object, path_of(kind, "statusReplicasPath", ".status.replicas")), 0);
    struct node *spec = node_ensure_object(doc, scale, "spec");
    if (wanted != 0) {
        node_set_int(doc, spec, "replicas", wanted);
    }
    struct node *status = node_ensure_object(doc, scale, "status");
    node_set_int(doc, status, "replicas", live);
    set_selector(kind, doc, status, object);
    return doc;
}

/* Paths of specReplicasPath are names with dots between. */
static void set_replicas(const struct kind *kind, struct doc *doc, int64_t replicas)
{
    struct str_list names = {0};
    str_list_split(&names, path_of(kind, "specReplicasPath", ".spec.replicas"), '.');
    struct node *at = doc_root(doc);
    for (size_t i = 1; i + 1 < names.count; i++) {
        at = node_ensure_object(doc, at, names.items[i]);
    }
    node_set_int(doc, at, names.items[names.count - 1], replicas);
    str_list_fini(&names);
}

/* --- verbs --- */

static struct doc *find(const struct request *request, struct failure *f)
{
    struct doc *object = objects_get(request->api->objects, request->kind->storage, request->namespace, request->name);
    if (object == NULL) {
        fail_not_found(f, request->kind, request->name);
    }
    return object;
}

static void reply_scale(const struct request *request, const struct node *object)
{
    struct doc *scale = scale_of(request->kind, object);
    api_reply(request, 200, doc_root(scale));
    doc_free(scale);
}

void scale_get(const struct request *request)
{
    struct failure f = {0};
    struct doc *object = find(request, &f);
    if (object != NULL) {
        reply_scale(request, doc_root(object));
    } else {
        api_reply_failure(request, &f);
    }
    doc_free(object);
    failure_fini(&f);
}

static bool check_scale(const struct node *scale, struct failure *f)
{
    const struct node *replicas = node_at(scale, "spec", "replicas");
    if (node_int_or(replicas, 0) >= 0) {
        return true;
    }
    struct doc *causes = causes_new();
    cause_invalid(causes, "spec.replicas", replicas, "must be greater than or equal to 0");
    fail_invalid(f, "autoscaling", "Scale", meta_str(scale, "name"), doc_root(causes));
    doc_free(causes);
    return false;
}

/* The workload as the scale wants it; a version that the scale names is checked. */
static struct doc *write_scale(struct request *request, const struct node *object, const struct node *scale,
                               struct failure *f)
{
    struct write write = {.kind = request->kind,
                          .namespace = request->namespace,
                          .dry_run = request->dry_run,
                          .is_patch = true,
                          .is_scale = true};
    struct doc *changed = doc_copy(object);
    struct node *metadata = node_get(doc_root(changed), "metadata");
    node_set_str(changed, metadata, "resourceVersion", meta_str(scale, "resourceVersion"));
    set_replicas(request->kind, changed, node_int_or(node_at(scale, "spec", "replicas"), 0));
    char *manager = manager_of(request);
    write.manager = manager;
    struct doc *stored = write_update(request->api, &write, object, changed, f);
    mem_free(manager);
    write_fini(&write);
    return stored;
}

static void finish(struct request *request, const struct doc *object, struct doc *scale, struct failure *f)
{
    struct doc *stored = NULL;
    if (object != NULL && scale != NULL && check_scale(doc_root(scale), f)) {
        stored = write_scale(request, doc_root(object), doc_root(scale), f);
    }
    if (stored != NULL) {
        reply_scale(request, doc_root(stored));
    } else {
        api_reply_failure(request, f);
    }
    doc_free(stored);
    doc_free(scale);
    failure_fini(f);
}

void scale_put(struct request *request)
{
    struct failure f = {0};
    struct doc *object = options_read(request, "UpdateOptions", &f) ? find(request, &f) : NULL;
    finish(request, object, object != NULL ? body_parse(request, &f) : NULL, &f);
    doc_free(object);
}

void scale_patch(struct request *request)
{
    struct failure f = {0};
    struct doc *object = options_read(request, "PatchOptions", &f) ? find(request, &f) : NULL;
    struct doc *scale = object != NULL ? scale_of(request->kind, doc_root(object)) : NULL;
    struct doc *patched = scale != NULL ? patch_of_body(request, doc_root(scale), &f) : NULL;
    finish(request, object, patched, &f);
    doc_free(scale);
    doc_free(object);
}
