/* Who owns what after an update, as k8s.io/apimachinery/pkg/util/managedfields has it. */
#include "sim/patch/own.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"
#include "sim/patch/patch.h"

/* --- objects as ownership sees them --- */

/* What Go's structs of a built-in kind always have, so that nobody ever adds it: objects, and lists that are null. */
static const struct {
    const char *kind;
    const char *objects; /* paths, with spaces between */
    const char *nulls;
} always[] = {
    {"Deployment", "spec.strategy spec.template.metadata spec.template.spec status", "spec.template.spec.containers"},
    {"ReplicaSet", "spec.template.metadata spec.template.spec status", "spec.template.spec.containers"},
    {"DaemonSet", "spec.updateStrategy spec.template.metadata spec.template.spec status",
     "spec.template.spec.containers"},
    {"StatefulSet", "spec.updateStrategy spec.template.metadata spec.template.spec status",
     "spec.template.spec.containers"},
    {"Pod", "spec status", "spec.containers"},
    {"Service", "spec status.loadBalancer", ""},
    {"HorizontalPodAutoscaler", "spec.scaleTargetRef status", ""},
    {"Ingress", "spec status.loadBalancer", ""},
    {"PodDisruptionBudget", "spec status", ""},
    {"Namespace", "spec status", ""},
    {"Lease", "spec", ""},
    {"Event", "involvedObject source", ""},
    {"CustomResourceDefinition", "spec.names status.acceptedNames", "spec.versions status.conditions"},
};

static void fill(struct doc *doc, struct node *at, char *path, bool with_null)
{
    for (char *dot; (dot = strchr(path, '.')) != NULL; path = dot + 1) {
        *dot = '\0';
        at = node_ensure_object(doc, at, path);
    }
    if (!with_null) {
        node_ensure_object(doc, at, path);
    } else if (node_get(at, path) == NULL) {
        node_set(doc, at, path, node_new_null(doc));
    }
}

static void fill_all(struct doc *doc, const char *paths, bool with_null)
{
    struct str_list list = {0};
    str_list_split(&list, paths, ' ');
    for (size_t i = 0; i < list.count; i++) {
        if (*list.items[i] != '\0') {
            fill(doc, doc_root(doc), list.items[i], with_null);
        }
    }
    str_list_fini(&list);
}

struct doc *patch_own_object(const struct kind *kind, const struct node *object)
{
    struct doc *doc = object == NULL ? doc_new() : doc_copy(object);
    if (object == NULL) {
        doc_set_root(doc, node_new_object(doc));
    }
    node_remove(node_get(doc_root(doc), "metadata"), "managedFields");
    if (kind->is_custom) {
        return doc;
    }
    node_ensure_object(doc, doc_root(doc), "metadata");
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        if (str_equal(always[i].kind, kind->name)) {
            fill_all(doc, always[i].objects, false);
            fill_all(doc, always[i].nulls, true);
        }
    }
    return doc;
}

void patch_own_drop_reset(struct field_set *set, const struct kind *kind, const char *subresource)
{
    if (str_equal(subresource, "status")) {
        field_set_drop(set, "f:spec");
        if (kind->is_custom) {
            field_set_drop(set, "f:metadata");
        }
    } else if (kind->has_status && subresource == NULL) {
        field_set_drop(set, "f:status");
    }
}

void patch_own_compare(struct field_difference *difference, const struct kind *kind, const char *subresource,
                       const struct node *before, const struct node *after)
{
    struct shape shape = shape_of_kind(kind);
    field_walk_compare(difference, &shape, before, after);
    patch_own_drop_reset(&difference->removed, kind, subresource);
    patch_own_drop_reset(&difference->modified, kind, subresource);
    patch_own_drop_reset(&difference->added, kind, subresource);
}

void patch_own_strip(struct field_set *set)
{
    static const char *const names[] = {"name",        "namespace",  "creationTimestamp", "selfLink",       "uid",
                                        "clusterName", "generation", "managedFields",     "resourceVersion"};
    struct field_set gone = {0};
    const struct field_path root = {NULL, NULL}, metadata = {&root, "f:metadata"};
    field_set_insert(&gone, &(struct field_path){&root, "f:apiVersion"});
    field_set_insert(&gone, &(struct field_path){&root, "f:kind"});
    field_set_insert(&gone, &metadata);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *element = field_set_element(names[i]);
        field_set_insert(&gone, &(struct field_path){&metadata, element});
        mem_free(element);
    }
    field_set_subtract(set, &gone);
    field_set_fini(&gone);
}

char *patch_own_version(const struct kind *kind)
{
    return str_empty(kind->group) ? str_dup(kind->version) : str_format("%s/%s", kind->group, kind->version);
}

const char *patch_own_name(const char *manager)
{
    return str_empty(manager) ? "unknown" : manager;
}

void patch_own_set_entries(struct doc *object, struct managers *managers)
{
    struct node *metadata = node_ensure_object(object, doc_root(object), "metadata");
    node_remove(metadata, "managedFields");
    node_set(object, metadata, "managedFields", managers_write(managers, object));
}

void patch_own_set_time(struct manager *manager, const char *time)
{
    mem_free(manager->time);
    manager->time = str_dup(time);
}

/* --- updates --- */

void patch_own_changes(struct managers *managers, const struct kind *kind, const struct node *before,
                       const struct node *after, const char *name, const char *subresource, const char *time)
{
    struct field_difference difference;
    struct err ignored;
    char *version = patch_own_version(kind);
    patch_own_compare(&difference, kind, subresource, before, after);
    managers_settle(managers, NULL, &difference, true, &ignored);
    struct field_set fields = {0};
    field_set_add(&fields, &difference.modified);
    field_set_add(&fields, &difference.added);
    patch_own_drop_reset(&fields, kind, subresource);
    patch_own_strip(&fields);
    if (!field_set_empty(&fields)) {
        struct manager *self = managers_ensure(managers, patch_own_name(name), false, version, subresource);
        field_set_add(&self->fields, &fields);
        patch_own_set_time(self, time);
    }
    managers_drop_empty(managers, NULL);
    field_set_fini(&fields);
    field_difference_fini(&difference);
    mem_free(version);
}

/* An empty list, or a list of an empty entry, asks for forgetting all. */
static bool is_reset(const struct node *entries)
{
    return node_type(entries) == NODE_ARRAY &&
           (node_count(entries) == 0 || (node_count(entries) == 1 && node_count(node_item(entries, 0)) == 0));
}

/* The entries the writer sent, when it may and they make sense, or those of before. */
static void choose_entries(struct managers *managers, const struct node *before, const struct node *object,
                           const char *subresource)
{
    const struct node *sent = node_at(object, "metadata", "managedFields");
    *managers = (struct managers){0};
    if (subresource == NULL && is_reset(sent)) {
        return;
    }
    if (subresource != NULL || !managers_read(managers, sent) || managers->count == 0) {
        managers_read(managers, node_at(before, "metadata", "managedFields"));
    }
}

void patch_own_keep_times(const struct node *before, struct doc *object)
{
    const struct node *old = node_at(before, "metadata", "managedFields");
    struct node *metadata = node_get(doc_root(object), "metadata");
    struct doc *copy = doc_copy(doc_root(object)), *other = doc_copy(before);
    struct doc *docs[] = {copy, other};
    for (size_t i = 0; i < 2; i++) {
        struct node_iter it = node_iterate(node_at(doc_root(docs[i]), "metadata", "managedFields"));
        while (node_next(&it)) {
            node_remove(it.value, "time");
        }
    }
    if (old != NULL && node_equal(doc_root(copy), doc_root(other))) {
        node_set(object, metadata, "managedFields", node_copy(object, old));
    }
    doc_free(copy);
    doc_free(other);
}

void patch_own(const struct kind *kind, const struct node *before, struct doc *object, const char *manager,
               const char *subresource, const char *time)
{
    struct managers managers;
    choose_entries(&managers, before, doc_root(object), subresource);
    /* What nobody tracked so far is not tracked from an update on. */
    if (managers.count > 0 || before == NULL) {
        struct doc *left = patch_own_object(kind, before), *right = patch_own_object(kind, doc_root(object));
        patch_own_changes(&managers, kind, doc_root(left), doc_root(right), manager, subresource, time);
        managers_cap(&managers);
        doc_free(left);
        doc_free(right);
    }
    patch_own_set_entries(object, &managers);
    if (before != NULL) {
        patch_own_keep_times(before, object);
    }
    managers_fini(&managers);
}
