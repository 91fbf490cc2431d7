#include "kube/write.h"

#include <stdarg.h>

#include "base/str.h"
#include "kube/object.h"

void kube_write_fini(struct kube_write *write)
{
    str_free(&write->namespace);
    str_free(&write->name);
    str_free(&write->context);
    doc_free(write->body);
    *write = (struct kube_write){0};
}

enum plan kube_write_create(struct kube_write *write, const struct kube_resource *resource, struct doc *body,
                            const char *context_format, ...)
{
    va_list args;
    va_start(args, context_format);
    *write = (struct kube_write){
        .verb = KUBE_CREATE,
        .resource = resource,
        .namespace = str_dup(object_namespace(doc_root(body))),
        .body = body,
        .context = str_format_v(context_format, args),
    };
    va_end(args);
    return PLAN_WRITE;
}

enum plan kube_write_patch(struct kube_write *write, const struct kube_resource *resource, const struct node *live,
                           struct doc *patch, const char *context_format, ...)
{
    va_list args;
    va_start(args, context_format);
    struct node *metadata = node_ensure_object(patch, doc_root(patch), "metadata");
    node_set_str(patch, metadata, "resourceVersion", object_version(live));
    *write = (struct kube_write){
        .verb = KUBE_PATCH_MERGE,
        .resource = resource,
        .namespace = str_dup(object_namespace(live)),
        .name = str_dup(object_name(live)),
        .body = patch,
        .context = str_format_v(context_format, args),
    };
    va_end(args);
    return PLAN_WRITE;
}

static struct node *diff_objects(struct doc *doc, const struct node *live, const struct node *want)
{
    struct node *patch = node_new_object(doc);
    struct node_iter it = node_iterate(want);
    while (node_next(&it)) {
        node_set(doc, patch, it.key, kube_merge_diff(doc, node_get(live, it.key), it.value));
    }
    it = node_iterate(live);
    while (node_next(&it)) {
        if (node_get(want, it.key) == NULL) {
            node_set(doc, patch, it.key, node_new_null(doc));
        }
    }
    return patch;
}

struct node *kube_merge_diff(struct doc *doc, const struct node *live, const struct node *want)
{
    if (node_equal(live, want)) {
        return NULL;
    }
    if (node_type(live) == NODE_OBJECT && node_type(want) == NODE_OBJECT) {
        return diff_objects(doc, live, want);
    }
    return want != NULL ? node_copy(doc, want) : node_new_null(doc);
}
