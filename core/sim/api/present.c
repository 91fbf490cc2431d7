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

struct node *api_present(struct doc *doc, const struct kind *kind, const struct node *stored, bool in_list)
{
    if (kind->is_custom) {
        char *version = api_version_of(kind);
        bool is_same = node_is(node_get(stored, "apiVersion"), version);
        struct node *object = is_same ? node_copy(doc, stored) : in_version(doc, kind, stored, version);
        mem_free(version);
        return object;
    }
    struct node *object = node_copy(doc, stored);
    if (in_list) {
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
