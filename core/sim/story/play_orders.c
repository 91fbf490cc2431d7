/* What people tell the API server. It is told as kubectl would send it, and shown as the command a person would
 * type. */
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/story/play_inner.h"

enum { BODY_MAX = 1024 * 1024, TEXT_MAX = 4096 };

#define APPLY_TYPE "application/apply-patch+yaml"
#define MERGE_TYPE "application/merge-patch+json"
#define STRATEGIC_TYPE "application/strategic-merge-patch+json"
#define MANAGER "fieldManager=kubectl"
/* A field that the kind does not know is a slip of the pen, and the server would drop it without a word. */
#define STRICT MANAGER "&fieldValidation=Strict"

/* --- apply --- */

static bool apply_one(struct cluster *cluster, const struct node *object, struct err *err)
{
    const char *name = node_str_or(node_at(object, "metadata", "name"), "");
    const struct kind *kind = cluster_kind(cluster, object, err);
    if (kind == NULL) {
        return false;
    }
    char *path = caller_path(kind, node_str(node_at(object, "metadata", "namespace")), name);
    char *body = node_to_text(object);
    struct caller_request request = {"PATCH", path, STRICT "&force=true", APPLY_TYPE, body};
    bool ok = caller_send(cluster_api(cluster), &request, err) || err_wrap(err, "%s %s", kind->name, name);
    mem_free(path);
    mem_free(body);
    return ok;
}

bool play_apply(struct play *play, const struct node *objects, struct err *err)
{
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        if (!apply_one(play->cluster, it.value, err)) {
            char *place = scenario_object_place(play->scenario, it.value, err->text);
            if (place != NULL) {
                err_wrap(err, "%s", place);
            }
            mem_free(place);
            return false;
        }
    }
    return true;
}

/* --- the other verbs --- */

/* The request, with the path of the order's object and `suffix` in it. */
static bool send(struct play *play, const struct scenario_order *order, const char *suffix,
                 struct caller_request request, struct err *err)
{
    struct api *api = cluster_api(play->cluster);
    const struct kind *kind = caller_kind(api, order->object_kind);
    if (kind == NULL) {
        return err_set(err, ERR_INVALID, "%s %s: the cluster has no kind %s", order->object_kind, order->name,
                       order->object_kind);
    }
    char *path = caller_path(kind, order->namespace, order->name);
    char *whole = str_format("%s%s", path, suffix);
    request.path = whole;
    bool ok = caller_send(api, &request, err);
    mem_free(path);
    mem_free(whole);
    return ok || err_wrap(err, "%s %s", order->object_kind, order->name);
}

/* kubectl sets the image of a container that is there; a patch alone would add one. */
static bool has_container(struct play *play, const struct scenario_order *order)
{
    struct api *api = cluster_api(play->cluster);
    const struct kind *kind = caller_kind(api, order->object_kind);
    if (kind == NULL) {
        return true; /* it is said by who sends */
    }
    const char *namespace = order->namespace != NULL ? order->namespace : "default";
    struct doc *object = objects_get(api_objects(api), kind->storage, namespace, order->name);
    struct node_iter it = node_iterate(node_at(doc_root(object), "spec", "template", "spec", "containers"));
    bool found = object == NULL; /* the same */
    while (!found && node_next(&it)) {
        found = str_equal(node_str(node_get(it.value, "name")), order->container);
    }
    doc_free(object);
    return found;
}

static bool set_image(struct play *play, const struct scenario_order *order, struct err *err)
{
    if (!has_container(play, order)) {
        return err_set(err, ERR_INVALID, "%s %s: it has no container %s", order->object_kind, order->name,
                       order->container);
    }
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *containers = node_new_array(doc), *container = node_new_object(doc);
    doc_set_root(doc, root);
    node_set_str(doc, container, "name", order->container);
    node_set_str(doc, container, "image", order->image);
    node_push(containers, container);
    struct node *template = node_ensure_object(doc, node_ensure_object(doc, root, "spec"), "template");
    node_set(doc, node_ensure_object(doc, template, "spec"), "containers", containers);
    char *body = node_to_text(root);
    bool ok = send(play, order, "", (struct caller_request){"PATCH", "", STRICT, STRATEGIC_TYPE, body}, err);
    mem_free(body);
    doc_free(doc);
    return ok;
}

static bool patch(struct play *play, const struct scenario_order *order, struct err *err)
{
    char *body = node_to_text(order->patch);
    bool ok = send(play, order, "", (struct caller_request){"PATCH", "", STRICT, MERGE_TYPE, body}, err);
    mem_free(body);
    return ok;
}

static bool scale(struct play *play, const struct scenario_order *order, struct err *err)
{
    char *body = str_format("{\"spec\":{\"replicas\":%lld}}", (long long)order->replicas);
    bool ok = send(play, order, "/scale", (struct caller_request){"PATCH", "", MANAGER, MERGE_TYPE, body}, err);
    mem_free(body);
    return ok;
}

bool play_order(struct play *play, const struct scenario_order *order, struct err *err)
{
    bool ok = false;
    switch (order->kind) {
    case ORDER_APPLY:
        ok = play_apply(play, doc_root(order->objects), err);
        break;
    case ORDER_SET_IMAGE:
        ok = set_image(play, order, err);
        break;
    case ORDER_PATCH:
        ok = patch(play, order, err);
        break;
    case ORDER_SCALE:
        ok = scale(play, order, err);
        break;
    case ORDER_DELETE:
        ok = send(play, order, "", (struct caller_request){"DELETE", "", "", NULL, ""}, err);
        break;
    }
    if (ok) {
        return true;
    }
    char *place = form_place(&play->scenario->form, order->node);
    err_wrap(err, "%s", place);
    mem_free(place);
    return false;
}

/* --- as commands --- */

static void write_files(const struct scenario_order *order, struct buf *text)
{
    struct node_iter it = node_iterate(order->node);
    buf_append_str(text, "$ kubectl apply");
    while (node_next(&it)) {
        const char *file = node_str(node_get(it.value, "file"));
        if (file != NULL) {
            buf_printf(text, " -f %s", file);
        }
    }
    struct node_iter inner = node_iterate(order->node);
    bool is_first = true;
    while (node_next(&inner)) {
        const struct node *object = inner.value;
        if (node_str(node_get(object, "file")) != NULL) {
            continue;
        }
        buf_printf(text, "%s%s %s", is_first ? " -f -    # " : ", ", node_str_or(node_get(object, "kind"), ""),
                   node_str_or(node_at(object, "metadata", "name"), ""));
        is_first = false;
    }
}

/* kubectl takes the singular in small letters. */
static void write_verb(struct play *play, const struct scenario_order *order, const char *verb, char separator,
                       struct buf *text)
{
    const struct kind *kind = caller_kind(cluster_api(play->cluster), order->object_kind);
    buf_append_str(text, "$ kubectl");
    if (order->namespace != NULL) {
        buf_printf(text, " -n %s", order->namespace);
    }
    buf_printf(text, " %s %s%c%s", verb, kind != NULL ? kind->singular : order->object_kind, separator, order->name);
}

char *play_order_text(struct play *play, const struct scenario_order *order)
{
    struct buf text;
    char *json = NULL;
    buf_init(&text, TEXT_MAX);
    switch (order->kind) {
    case ORDER_APPLY:
        write_files(order, &text);
        break;
    case ORDER_SET_IMAGE:
        write_verb(play, order, "set image", '/', &text);
        buf_printf(&text, " %s=%s", order->container, order->image);
        break;
    case ORDER_PATCH:
        json = node_to_text(order->patch);
        write_verb(play, order, "patch", ' ', &text);
        buf_printf(&text, " --type merge -p '%s'", json);
        break;
    case ORDER_SCALE:
        write_verb(play, order, "scale", '/', &text);
        buf_printf(&text, " --replicas %lld", (long long)order->replicas);
        break;
    case ORDER_DELETE:
        write_verb(play, order, "delete", ' ', &text);
        break;
    }
    mem_free(json);
    return buf_take(&text);
}
