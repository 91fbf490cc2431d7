#include "sim/api/present.h"

#include "base/mem.h"
#include "sim/api/custom.h"
#include "sim/api/object.h"

/* Another version of a custom kind: converted as strategy None does, that is, renamed, and read through its own
 * schema. */
static struct node *in_version(struct doc *doc, const struct kind *kind, const struct node *stored, const char *version)
{
    struct doc *copy = doc_copy(stored);
    node_set_str(copy, doc_root(copy), "apiVersion", version);
    custom_prune(kind, copy, NULL);
    struct node *object = node_copy(doc, doc_root(copy));
    doc_free(copy);
    return object;
}

bool api_present_changes(const struct kind *kind, const struct node *stored)
{
    char *version = kind->is_custom ? api_version_of(kind) : NULL;
    bool changes = version != NULL && !node_is(node_get(stored, "apiVersion"), version);
    mem_free(version);
    return changes;
}

struct node *api_present(struct doc *doc, const struct kind *kind, const struct node *stored, bool in_list)
{
    if (api_present_changes(kind, stored)) {
        char *version = api_version_of(kind);
        struct node *object = in_version(doc, kind, stored, version);
        mem_free(version);
        return object;
    }
    struct node *object = node_copy(doc, stored);
    if (in_list && !kind->is_custom) {
        node_remove(object, "kind");
        node_remove(object, "apiVersion");
    }
    return object;
}

struct node *api_present_partial(struct doc *doc, const struct node *object)
{
    struct node *partial = node_new_object(doc);
    node_set_str(doc, partial, "kind", "PartialObjectMetadata");
    node_set_str(doc, partial, "apiVersion", "meta.k8s.io/v1");
    node_set(doc, partial, "metadata", node_copy(doc, node_get(object, "metadata")));
    return partial;
}
