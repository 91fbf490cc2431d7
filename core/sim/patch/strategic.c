/* Strategic merge patch, as k8s.io/apimachinery/pkg/util/strategicpatch does it, without its habit of changing what it
 * was given. */
#include "sim/patch/strategic.h"

#include <stdarg.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"
#include "sim/patch/patch.h"
#include "sim/patch/refuse.h"

#define DIRECTIVE "$patch"
#define RETAIN "$retainKeys"
#define ORDER_PREFIX "$setElementOrder/"
#define DELETE_PREFIX "$deleteFromPrimitiveList/"

static bool is_directive_key(const char *key)
{
    return str_equal(key, DIRECTIVE) || str_equal(key, RETAIN) || str_has_prefix(key, ORDER_PREFIX) ||
           str_has_prefix(key, DELETE_PREFIX);
}

struct node *patch_strategic_plain(struct doc *doc, const struct node *patch)
{
    enum node_type type = node_type(patch);
    if (type == NODE_OBJECT && node_get(patch, DIRECTIVE) != NULL) {
        return NULL;
    }
    if (type != NODE_OBJECT && type != NODE_ARRAY) {
        return node_copy(doc, patch);
    }
    struct node *made = type == NODE_OBJECT ? node_new_object(doc) : node_new_array(doc);
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        if (type == NODE_ARRAY) {
            node_push(made, patch_strategic_plain(doc, it.value));
        } else if (node_type(it.value) != NODE_NULL && !is_directive_key(it.key)) {
            node_set(doc, made, it.key, patch_strategic_plain(doc, it.value));
        }
    }
    return made;
}

/* --- what a patch says about the object as a whole --- */

/* The members of `object` that stay; NULL: err. */
static struct node *retained(struct doc *doc, const struct node *object, const struct node *patch, struct err *err)
{
    const struct node *keys = node_get(patch, RETAIN);
    struct node *made = node_new_object(doc);
    if (keys != NULL && node_type(keys) != NODE_ARRAY) {
        patch_refuse_strategic(err, 400, "invalid patch format of retainKeys");
        return NULL;
    }
    struct node_iter it = node_iterate(object);
    while (node_next(&it)) {
        bool stays = keys == NULL;
        struct node_iter key = node_iterate(keys);
        while (!stays && node_next(&key)) {
            stays = node_is(key.value, it.key);
        }
        if (stays) {
            node_set(doc, made, it.key, node_copy(doc, it.value));
        }
    }
    return made;
}

/* What the patch sets must be in its own list of keys. */
static bool check_retained(const struct node *patch, struct err *err)
{
    const struct node *keys = node_get(patch, RETAIN);
    struct node_iter it = node_iterate(patch);
    while (keys != NULL && node_next(&it)) {
        bool is_listed = node_type(it.value) == NODE_NULL || is_directive_key(it.key);
        struct node_iter key = node_iterate(keys);
        while (!is_listed && node_next(&key)) {
            is_listed = node_is(key.value, it.key);
        }
        if (!is_listed) {
            return patch_refuse_strategic(err, 400, "invalid patch format of retainKeys");
        }
    }
    return true;
}

static struct node *directed(struct doc *doc, const struct node *patch, struct err *err)
{
    const struct node *directive = node_get(patch, DIRECTIVE);
    if (node_is(directive, "delete")) {
        return node_new_object(doc);
    }
    if (node_is(directive, "replace")) {
        struct node *made = node_copy(doc, patch);
        node_remove(made, DIRECTIVE);
        return made;
    }
    char *shown = patch_refuse_shown(patch), *what = patch_refuse_shown(directive);
    patch_refuse_strategic(err, 500, "unknown patch type: %s in map: %s", what, shown);
    mem_free(shown);
    mem_free(what);
    return NULL;
}

/* --- its members --- */

static bool wrong_type(struct err *err, const struct node *got)
{
    static const char *const names[] = {
        [NODE_ABSENT] = "%!s(<nil>)",
        [NODE_NULL] = "%!s(<nil>)",
        [NODE_BOOL] = "bool",
        [NODE_INT] = "int64",
        [NODE_REAL] = "float64",
        [NODE_STRING] = "string",
        [NODE_ARRAY] = "[]interface {}",
        [NODE_OBJECT] = "map[string]interface {}",
    };
    return patch_refuse_strategic(err, 500, "expected a []interface {}, but received a %s", names[node_type(got)]);
}

/* The list under `key`, with the order the patch asks for. */
static bool set_ordered(struct doc *doc, struct node *made, const struct shape *shape, const struct node *patch,
                        const char *key, const struct node *order, struct err *err)
{
    const struct node *old = node_get(made, key), *new = node_get(patch, key);
    if (node_type(order) != NODE_ARRAY) {
        return wrong_type(err, order);
    }
    if (old != NULL && node_type(old) != NODE_ARRAY) {
        return wrong_type(err, old);
    }
    if (new != NULL && node_type(new) != NODE_ARRAY) {
        return wrong_type(err, new);
    }
    if (old == NULL && new == NULL) {
        return true;
    }
    struct shape member = shape_member(shape, key);
    struct node *list = patch_strategic_list(doc, &member, old, new, order, err);
    node_set(doc, made, key, list);
    return list != NULL;
}

static bool set_member(struct doc *doc, struct node *made, const struct shape *shape, const char *key,
                       const struct node *patch, struct err *err)
{
    const struct node *old = node_get(made, key);
    enum node_type type = node_type(patch);
    struct shape member = shape_member(shape, key);
    struct node *value = NULL;
    if (type == NODE_NULL ||
        (old != NULL && type == NODE_OBJECT && node_type(old) != type && node_get(patch, DIRECTIVE) != NULL)) {
        node_remove(made, key);
        return true;
    }
    if (type == NODE_OBJECT && node_type(old) == NODE_OBJECT && !(member.strategy & SHAPE_REPLACE)) {
        value = patch_strategic_object(doc, &member, old, patch, err);
    } else if (type == NODE_ARRAY && node_type(old) == NODE_ARRAY) {
        value = patch_strategic_list(doc, &member, old, patch, NULL, err);
    } else {
        node_set(doc, made, key, patch_strategic_plain(doc, patch));
        return true;
    }
    node_set(doc, made, key, value);
    return value != NULL;
}

static bool set_without(struct doc *doc, struct node *made, const char *key, const struct node *gone, struct err *err)
{
    const struct node *list = node_get(made, key);
    if (node_type(list) == NODE_ARRAY && node_type(gone) == NODE_ARRAY) {
        node_set(doc, made, key, patch_strategic_without(doc, list, gone));
    }
    return true;
}

static bool has_order(const struct node *patch, const char *key)
{
    char *name = str_format("%s%s", ORDER_PREFIX, key);
    bool has = node_get(patch, name) != NULL;
    mem_free(name);
    return has;
}

static bool merge_members(struct doc *doc, struct node *made, const struct shape *shape, const struct node *patch,
                          struct err *err)
{
    struct node_iter it = node_iterate(patch);
    while (node_next(&it)) {
        if (str_has_prefix(it.key, ORDER_PREFIX) &&
            !set_ordered(doc, made, shape, patch, it.key + strlen(ORDER_PREFIX), it.value, err)) {
            return false;
        }
    }
    it = node_iterate(patch);
    while (node_next(&it)) {
        bool ok = true;
        if (str_has_prefix(it.key, DELETE_PREFIX)) {
            ok = set_without(doc, made, it.key + strlen(DELETE_PREFIX), it.value, err);
        } else if (!is_directive_key(it.key) && !has_order(patch, it.key)) {
            ok = set_member(doc, made, shape, it.key, it.value, err);
        }
        if (!ok) {
            return false;
        }
    }
    return true;
}

struct node *patch_strategic_object(struct doc *doc, const struct shape *shape, const struct node *object,
                                    const struct node *patch, struct err *err)
{
    if (node_get(patch, DIRECTIVE) != NULL) {
        return directed(doc, patch, err);
    }
    if (!check_retained(patch, err)) {
        return NULL;
    }
    struct node *made = retained(doc, object, patch, err);
    if (made == NULL || !merge_members(doc, made, shape, patch, err)) {
        return NULL;
    }
    return made;
}

struct doc *patch_strategic(const struct kind *kind, const struct node *object, const struct node *patch,
                            struct err *err)
{
    if (kind->is_custom) {
        patch_refuse(err, ERR_REJECTED, 415,
                     "the body of the request was in an unknown format - accepted media types include: "
                     "application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml");
        return NULL;
    }
    if (node_type(patch) != NODE_OBJECT) {
        patch_refuse(err, ERR_INVALID, 400, "json: cannot unmarshal %s into Go value of type map[string]interface {}",
                     patch_refuse_type(patch));
        return NULL;
    }
    struct doc *doc = doc_new();
    struct shape shape = shape_of_kind(kind);
    struct node *made = patch_strategic_object(doc, &shape, object, patch, err);
    if (made == NULL) {
        doc_free(doc);
        return NULL;
    }
    doc_set_root(doc, made);
    return doc;
}
