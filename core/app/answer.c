#include "app/answer.h"

#include <string.h>

#include "app/shown.h"
#include "base/str.h"
#include "kube/object.h"

static bool is_named(const struct kube_request *request, const struct node *object)
{
    return !str_empty(object_name(object)) &&
           (request->namespace == NULL || node_is(node_at(object, "metadata", "namespace"), request->namespace));
}

static bool is_object(const struct kube_request *request, const struct node *object)
{
    char api_version[128];
    kube_api_version(request->resource, api_version);
    return node_is(node_get(object, "apiVersion"), api_version) &&
           node_is(node_get(object, "kind"), request->resource->kind);
}

/* A server that cannot send metadata alone sends whole objects. */
static bool is_partial(const struct kube_request *request, const struct node *object)
{
    return request->metadata_only && node_is(node_get(object, "apiVersion"), "meta.k8s.io/v1") &&
           node_is(node_get(object, "kind"), "PartialObjectMetadata");
}

/* Without items a list has an empty array or null there. Items may leave out what the list says of them. */
static bool is_list(const struct node *list)
{
    const char *kind = node_str(node_get(list, "kind"));
    enum node_type type = node_type(node_get(list, "items"));
    return kind != NULL && str_has_suffix(kind, "List") && (type == NODE_ARRAY || type == NODE_NULL);
}

static bool are_items(const struct kube_request *request, const struct node *list)
{
    struct node_iter it = node_iterate(node_get(list, "items"));
    while (node_next(&it)) {
        bool says_kind = node_get(it.value, "kind") != NULL || node_get(it.value, "apiVersion") != NULL;
        bool is_kind = !says_kind || is_object(request, it.value) || is_partial(request, it.value);
        if (!is_kind || !is_named(request, it.value) || str_empty(object_namespace(it.value))) {
            return false;
        }
    }
    return true;
}

bool answer_check(const struct kube_client *kube, const struct kube_request *request, const struct node *answer,
                  struct err *err)
{
    bool is_wanted_list = request->verb == KUBE_LIST;
    bool ok = is_wanted_list ? is_list(answer) && are_items(request, answer)
                             : is_object(request, answer) && (request->name == NULL || is_named(request, answer));
    return ok || err_set(err, ERR_PARSE, "the server at %s answered with something that is no %s%s",
                         kube_client_server(kube), is_wanted_list ? "list of " : "", request->resource->kind);
}

void answer_show_err(struct err *err)
{
    char line[SHOWN_SIZE];
    shown_line(line, sizeof line, err->text);
    memcpy(err->text, line, sizeof line);
}
