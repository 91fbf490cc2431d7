/* The copies of tracked configs that the primary uses. */
#include <string.h>

#include "canary/ownership.h"
#include "kube/object.h"
#include "workload/config_reference.h"
#include "workload/metadata.h"
#include "workload/tracked_config_inner.h"

struct rename {
    struct doc *doc;
    const struct node *checksums;
};

static void on_rename(void *ctx, const struct config_reference *reference)
{
    struct rename *rename = ctx;
    char *key = str_format("%s/%s", reference->kind, reference->name);
    if (node_get(rename->checksums, key) != NULL) {
        char *name = str_format("%s-primary", reference->name);
        node_set_str(rename->doc, reference->holder, reference->key, name);
        str_free(&name);
    }
    str_free(&key);
}

void tracked_config_rename(struct doc *doc, struct node *pod_spec, const struct node *checksums)
{
    struct rename rename = {.doc = doc, .checksums = checksums};
    config_reference_each(pod_spec, on_rename, &rename);
}

/* Makes this Canary the controller. Other owners stay as plain owners, because several Canaries may share the copy. */
static struct node *owners_of_copy(struct doc *doc, const struct canary_names *names, const struct node *existing)
{
    struct node *owners = node_new_array(doc);
    node_push(owners, canary_owner_reference(doc, names));
    struct node_iter it = node_iterate(node_at(existing, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (!tracked_config_is_owner(it.value, names)) {
            struct node *owner = node_copy(doc, it.value);
            node_set_bool(doc, owner, "controller", false);
            node_push(owners, owner);
        }
    }
    return owners;
}

static bool copy_is_current(const struct node *source, const struct node *existing, const struct node *want)
{
    const struct node *live_labels = node_at(existing, "metadata", "labels");
    const struct node *labels = node_at(want, "metadata", "labels");
    return tracked_config_has_content_of(existing, source) &&
           (node_equal(live_labels, labels) || (node_count(live_labels) == 0 && node_count(labels) == 0)) &&
           node_count(node_at(existing, "metadata", "annotations")) == 0 &&
           node_equal(node_at(existing, "metadata", "ownerReferences"), node_at(want, "metadata", "ownerReferences"));
}

/* Canaries may share a copy, so a copy of any Canary's may be written. */
static enum plan check_copy(const struct canary_names *names, const struct node *copy,
                            const struct kube_resource *resource, struct err *err)
{
    if (copy == NULL || ownership_is_a_canarys(copy) || ownership_is_ours(copy, names)) {
        return PLAN_DONE;
    }
    return ownership_refuse(resource, copy, names, "it was there before, and is no primary's copy", err);
}

enum plan tracked_config_check_copies(const struct canary_names *names, const struct node *target,
                                      const struct config_stores *stores, struct err *err)
{
    enum plan plan = PLAN_DONE;
    struct node_iter it = node_iterate(node_at(target, "sluice", "configs"));
    while (plan == PLAN_DONE && node_next(&it)) {
        const char *kind = node_str_or(node_get(it.value, "kind"), "");
        const char *name = node_str_or(node_get(it.value, "name"), "");
        const struct store *store = config_store_of(stores, kind);
        char *copy_name = str_format("%s-primary", name);
        struct doc *copy = store_find(store, names->namespace, copy_name);
        struct doc *source = copy != NULL ? store_find(store, names->namespace, name) : NULL;
        if (source != NULL && tracked_config_is_tracked(kind, doc_root(source))) {
            plan = check_copy(names, doc_root(copy), store_resource(store), err);
        }
        doc_free(source);
        doc_free(copy);
        str_free(&copy_name);
    }
    return plan;
}

enum plan tracked_config_copy(const struct canary_names *names, const struct node *source, const struct node *existing,
                              const struct str_list *label_prefixes, struct kube_write *write, struct err *err)
{
    bool secret = node_is(node_get(source, "kind"), "Secret");
    const struct kube_resource *resource = secret ? &KUBE_SECRETS : &KUBE_CONFIG_MAPS;
    if (check_copy(names, existing, resource, err) != PLAN_DONE) {
        return PLAN_FOREIGN;
    }
    char *name = str_format("%s-primary", object_name(source));
    struct doc *body = object_new(resource, names->namespace, name);
    struct node *root = doc_root(body), *metadata = node_get(root, "metadata");
    node_set(body, metadata, "labels", metadata_included(body, node_at(source, "metadata", "labels"), label_prefixes));
    node_set(body, metadata, "ownerReferences", owners_of_copy(body, names, existing));
    node_set(body, root, "type", node_copy(body, node_get(source, "type")));
    node_set(body, root, "data", node_copy(body, node_get(source, "data")));
    node_set(body, root, "binaryData", node_copy(body, node_get(source, "binaryData")));
    enum plan plan = PLAN_DONE;
    if (existing != NULL && copy_is_current(source, existing, root)) {
        doc_free(body);
    } else {
        plan =
            kube_write_create(write, resource, body, "%s %s %s.%s failed", existing != NULL ? "updating" : "creating",
                              secret ? "secret" : "configmap", name, names->namespace);
        if (existing != NULL) { /* only this version: another Canary that shares the copy may have become an owner */
            write->verb = KUBE_UPDATE;
            write->name = str_dup(name);
            node_set_str(body, metadata, "resourceVersion", object_version(existing));
        }
    }
    str_free(&name);
    return plan;
}
