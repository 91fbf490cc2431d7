/* Rules about metadata that hold for every kind. */
#include "sim/api/meta.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/failure.h"
#include "sim/api/object.h"
#include "sim/kinds/naming.h"

typedef char *naming_fn(const char *s);

static naming_fn *name_rule(const struct kind *kind)
{
    if (str_equal(kind->storage, "/namespaces")) {
        return naming_label;
    }
    if (str_equal(kind->storage, "/services")) {
        return naming_service;
    }
    if (str_equal(kind->group, "rbac.authorization.k8s.io")) {
        return naming_path_segment;
    }
    return naming_subdomain;
}

static void check_str(struct doc *causes, const char *field, const char *value, char *why)
{
    if (why != NULL) {
        cause_invalid_str(causes, field, value, "%s", why);
    }
    mem_free(why);
}

static void check_name(const struct kind *kind, const struct node *object, struct doc *causes)
{
    const char *name = meta_str(object, "name");
    if (name[0] == '\0') {
        cause_required(causes, "metadata.name", "name or generateName is required");
    } else {
        check_str(causes, "metadata.name", name, name_rule(kind)(name));
    }
}

static void check_labels(const struct node *object, struct doc *causes)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "labels"));
    while (node_next(&it)) {
        check_str(causes, "metadata.labels", it.key, naming_qualified(it.key));
        check_str(causes, "metadata.labels", node_str_or(it.value, ""), naming_label_value(node_str_or(it.value, "")));
    }
}

static void check_annotations(const struct node *object, struct doc *causes)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "annotations"));
    while (node_next(&it)) {
        char *lower = str_dup(it.key);
        for (char *c = lower; *c != '\0'; c++) {
            if (*c >= 'A' && *c <= 'Z') {
                *c += 'a' - 'A';
            }
        }
        check_str(causes, "metadata.annotations", it.key, naming_qualified(lower));
        mem_free(lower);
    }
}

/* --- owners --- */

static void check_owner(const struct node *owner, struct doc *causes)
{
    static const char *const required[] = {"kind", "name", "uid"};
    const char *version = node_str_or(node_get(owner, "apiVersion"), ""), *slash = strchr(version, '/');
    if (version[0] == '\0' || (slash != NULL && strchr(slash + 1, '/') != NULL)) {
        cause_invalid_str(causes, "metadata.ownerReferences.apiVersion", version, "version must not be empty");
    }
    for (size_t i = 0; i < 3; i++) {
        char *field = str_format("metadata.ownerReferences.%s", required[i]);
        if (str_empty(node_str(node_get(owner, required[i])))) {
            cause_invalid_str(causes, field, "", "must not be empty");
        }
        mem_free(field);
    }
    if (str_equal(version, "v1") && node_is(node_get(owner, "kind"), "Event")) {
        cause_invalid(causes, "metadata.ownerReferences", owner, "/v1, Kind=Event is disallowed from being an owner");
    }
}

static void check_owners(const struct node *object, struct doc *causes)
{
    const struct node *owners = node_at(object, "metadata", "ownerReferences"), *controller = NULL;
    struct node_iter it = node_iterate(owners);
    while (node_next(&it)) {
        check_owner(it.value, causes);
        if (!node_bool_or(node_get(it.value, "controller"), false)) {
            continue;
        }
        if (controller != NULL) {
            cause_invalid(causes, "metadata.ownerReferences", owners,
                          "Only one reference can have Controller set to true. Found \"true\" in references for %s/%s "
                          "and %s/%s",
                          node_str_or(node_get(controller, "kind"), ""), node_str_or(node_get(controller, "name"), ""),
                          node_str_or(node_get(it.value, "kind"), ""), node_str_or(node_get(it.value, "name"), ""));
        }
        controller = it.value;
    }
}

/* --- finalizers --- */

static void check_finalizers(const struct node *object, struct doc *causes)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "finalizers"));
    while (node_next(&it)) {
        const char *finalizer = node_str_or(it.value, "");
        char *field = str_format("metadata.finalizers[%zu]", it.index), *why = naming_qualified(finalizer);
        bool is_standard = str_equal(finalizer, "orphan") || str_equal(finalizer, "foregroundDeletion") ||
                           str_equal(finalizer, "kubernetes");
        if (why != NULL) {
            cause_invalid_str(causes, field, finalizer, "%s", why);
        } else if (strchr(finalizer, '/') == NULL && !is_standard) {
            cause_invalid_str(causes, field, finalizer,
                              "name is neither a standard finalizer name nor is it fully qualified");
        }
        mem_free(field);
        mem_free(why);
    }
}

void meta_validate(const struct kind *kind, const struct node *object, struct doc *causes)
{
    check_name(kind, object, causes);
    check_labels(object, causes);
    check_annotations(object, causes);
    check_owners(object, causes);
    check_finalizers(object, causes);
}

/* --- updates --- */

static bool has(const struct node *array, const char *text)
{
    struct node_iter it = node_iterate(array);
    while (node_next(&it)) {
        if (node_is(it.value, text)) {
            return true;
        }
    }
    return false;
}

static void check_new_finalizers(const struct node *object, const struct node *existing, struct doc *causes)
{
    if (meta_str(existing, "deletionTimestamp")[0] == '\0') {
        return;
    }
    const struct node *before = node_at(existing, "metadata", "finalizers");
    struct buf added;
    buf_init(&added, 64 * 1024);
    struct node_iter it = node_iterate(node_at(object, "metadata", "finalizers"));
    while (node_next(&it)) {
        if (!has(before, node_str_or(it.value, ""))) {
            buf_printf(&added, "%s\"%s\"", added.len > 0 ? ", " : "", node_str_or(it.value, ""));
        }
    }
    if (added.len > 0) {
        cause_forbidden(causes, "metadata.finalizers",
                        "no new finalizers can be added if the object is being deleted, found new finalizers "
                        "[]string{%s}",
                        buf_str(&added));
    }
    buf_fini(&added);
}

void meta_validate_update(const struct node *object, const struct node *existing, struct doc *causes)
{
    const char *uid = meta_str(object, "uid");
    check_new_finalizers(object, existing, causes);
    if (!str_equal(uid, meta_str(existing, "uid"))) {
        cause_invalid_str(causes, "metadata.uid", uid, "field is immutable");
    }
}
