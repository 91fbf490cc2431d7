#include "kube/object.h"

#include <stddef.h>

const char *object_name(const struct node *object)
{
    return node_str(node_at(object, "metadata", "name"));
}

const char *object_namespace(const struct node *object)
{
    return node_str(node_at(object, "metadata", "namespace"));
}

const char *object_uid(const struct node *object)
{
    return node_str(node_at(object, "metadata", "uid"));
}

const char *object_version(const struct node *object)
{
    return node_str(node_at(object, "metadata", "resourceVersion"));
}

int64_t object_generation(const struct node *object)
{
    return node_int_or(node_at(object, "metadata", "generation"), 0);
}

const char *object_label(const struct node *object, const char *key)
{
    return node_str(node_at(object, "metadata", "labels", key));
}

const char *object_annotation(const struct node *object, const char *key)
{
    return node_str(node_at(object, "metadata", "annotations", key));
}

bool object_is_deleted(const struct node *object)
{
    return node_str(node_at(object, "metadata", "deletionTimestamp")) != NULL;
}

bool object_is_controlled_by(const struct node *object, const char *kind, const char *name)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (node_bool_or(node_get(it.value, "controller"), false)) {
            return node_is(node_get(it.value, "kind"), kind) && node_is(node_get(it.value, "name"), name);
        }
    }
    return false;
}

struct doc *object_new(const struct kube_resource *resource, const char *namespace, const char *name)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    char api_version[128];
    doc_set_root(doc, root);
    kube_api_version(resource, api_version);
    node_set_str(doc, root, "apiVersion", api_version);
    node_set_str(doc, root, "kind", resource->kind);
    struct node *metadata = node_ensure_object(doc, root, "metadata");
    node_set_str(doc, metadata, "name", name);
    node_set_str(doc, metadata, "namespace", namespace);
    return doc;
}

const struct node *object_condition(const struct node *object, const char *type)
{
    struct node_iter it = node_iterate(node_at(object, "status", "conditions"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "type"), type)) {
            return it.value;
        }
    }
    return NULL;
}
