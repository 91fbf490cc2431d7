#include "base/mem.h"
#include "base/str.h"
#include "sim/patch/patch.h"
#include "sim/patch/refuse.h"

static bool has_null(const struct node *n)
{
    bool has = node_type(n) == NODE_NULL;
    struct node_iter it = node_iterate(n);
    while (!has && node_next(&it)) {
        has = has_null(it.value);
    }
    return has;
}

/* A copy of what a patch brings: members that are null are none. */
static struct node *without_nulls(struct doc *doc, const struct node *n)
{
    if (node_type(n) != NODE_OBJECT && node_type(n) != NODE_ARRAY) {
        return node_copy(doc, n);
    }
    bool is_object = node_type(n) == NODE_OBJECT;
    struct node *made = is_object ? node_new_object(doc) : node_new_array(doc);
    struct node_iter it = node_iterate(n);
    while (node_next(&it)) {
        if (!is_object) {
            node_push(made, without_nulls(doc, it.value));
        } else if (node_type(it.value) != NODE_NULL) {
            node_set(doc, made, it.key, without_nulls(doc, it.value));
        }
    }
    return made;
}

static void merge(struct doc *doc, struct node *target, const struct node *patch)
{
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        struct node *old = node_get(target, it.key);
        if (node_type(it.value) == NODE_NULL) {
            node_remove(target, it.key);
        } else if (node_type(it.value) == NODE_OBJECT && node_type(old) == NODE_OBJECT) {
            merge(doc, old, it.value);
        } else {
            node_set(doc, target, it.key, has_null(it.value) ? without_nulls(doc, it.value) : node_copy(doc, it.value));
        }
    }
}

struct doc *patch_merge(const struct node *object, const struct node *patch, struct err *err)
{
    if (node_type(patch) == NODE_NULL) {
        patch_refuse(err, ERR_INVALID, 400, "Invalid JSON Patch");
        return NULL;
    }
    if (node_type(patch) != NODE_OBJECT) {
        patch_refuse(err, ERR_INVALID, 400,
                     "error decoding patch: json: cannot unmarshal %s into Go value of type map[string]interface {}",
                     patch_refuse_type(patch));
        return NULL;
    }
    struct doc *doc = doc_copy(object);
    merge(doc, doc_root(doc), patch);
    return doc;
}
