/* Who owns what after an update, as k8s.io/apimachinery/pkg/util/managedfields has it. */
#include "sim/patch/own.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"
#include "sim/patch/field_written.h"
#include "sim/patch/own_values.h"
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
    {"SelfSubjectAccessReview", "spec status", ""},
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

enum { PATH_MAX_LEN = 64 };

/* Takes the part before the separator off a list. */
static const char *take_part(char part[static PATH_MAX_LEN], const char *list, char separator)
{
    const char *end = strchr(list, separator);
    size_t len = end != NULL ? (size_t)(end - list) : strlen(list);
    assert(len < PATH_MAX_LEN);
    memcpy(part, list, len);
    part[len] = '\0';
    return end != NULL ? end + 1 : list + len;
}

static bool has_path(const struct node *at, const char *path, bool with_null)
{
    char key[PATH_MAX_LEN];
    while (*path != '\0') {
        path = take_part(key, path, '.');
        at = node_get(at, key);
    }
    return with_null ? at != NULL : node_type(at) == NODE_OBJECT;
}

static bool has_all(const struct node *object, const char *paths, bool with_null)
{
    bool has = true;
    while (has && *paths != '\0') {
        char path[PATH_MAX_LEN];
        paths = take_part(path, paths, ' ');
        has = has_path(object, path, with_null);
    }
    return has;
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

/* patch_own_object would add nothing. */
static bool has_always(const struct kind *kind, const struct node *object)
{
    bool has = kind->is_custom || node_type(node_get(object, "metadata")) == NODE_OBJECT;
    for (size_t i = 0; has && !kind->is_custom && i < sizeof always / sizeof *always; i++) {
        if (str_equal(always[i].kind, kind->name)) {
            has = has_all(object, always[i].objects, false) && has_all(object, always[i].nulls, true);
        }
    }
    return has;
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

/* Nobody owns managedFields, and no manager loses them. */
static void drop_own_record(struct field_set *set)
{
    const struct field_path root = {NULL, NULL}, metadata = {&root, "f:metadata"};
    if (field_set_has(field_set_child(set, "f:metadata"), "f:managedFields")) {
        struct field_set gone = {0};
        field_set_insert(&gone, &(struct field_path){&metadata, "f:managedFields"});
        field_set_subtract(set, &gone);
        field_set_fini(&gone);
    }
}

void patch_own_compare(struct field_difference *difference, const struct kind *kind, const char *subresource,
                       const struct node *before, const struct node *after)
{
    struct shape shape = shape_of_kind(kind);
    field_walk_compare(difference, &shape, before, after);
    drop_own_record(&difference->removed);
    drop_own_record(&difference->modified);
    drop_own_record(&difference->added);
    patch_own_drop_reset(&difference->removed, kind, subresource);
    patch_own_drop_reset(&difference->modified, kind, subresource);
    patch_own_drop_reset(&difference->added, kind, subresource);
}

/* What patch_own_strip takes away; made once, and kept as it is constant. */
static const struct field_set *nobodys(void)
{
    static const char *const names[] = {"name",        "namespace",  "creationTimestamp", "selfLink",       "uid",
                                        "clusterName", "generation", "managedFields",     "resourceVersion"};
    static struct field_set set;
    const struct field_path root = {NULL, NULL}, metadata = {&root, "f:metadata"};
    if (!field_set_empty(&set)) {
        return &set;
    }
    field_set_insert(&set, &(struct field_path){&root, "f:apiVersion"});
    field_set_insert(&set, &(struct field_path){&root, "f:kind"});
    field_set_insert(&set, &metadata);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *element = field_set_element(names[i]);
        field_set_insert(&set, &(struct field_path){&metadata, element});
        mem_free(element);
    }
    return &set;
}

void patch_own_strip(struct field_set *set)
{
    field_set_subtract(set, nobodys());
}

char *patch_own_version(const struct kind *kind)
{
    return str_empty(kind->group) ? str_dup(kind->version) : str_format("%s/%s", kind->group, kind->version);
}

const char *patch_own_name(const struct patch_writer *writer)
{
    return str_empty(writer->manager) ? "unknown" : writer->manager;
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

/* The writer's entry when it stays as it is but for its time: it has what the writer changed, and keeps all. */
static struct manager *unless_changed(struct manager *self, const struct field_difference *difference,
                                      const struct field_set *fields)
{
    bool stays = self != NULL && self->written != NULL && field_written_has_all(self->written, fields) &&
                 !field_written_has_any(self->written, &difference->removed) &&
                 !field_written_has_any(self->written, nobodys());
    return stays ? self : NULL;
}

void patch_own_changes(struct managers *managers, const struct kind *kind, const struct node *before,
                       const struct node *after, const struct patch_writer *writer)
{
    struct field_difference difference;
    struct err ignored;
    char *version = patch_own_version(kind);
    patch_own_compare(&difference, kind, writer->subresource, before, after);
    struct field_set fields = {0};
    field_set_add(&fields, &difference.modified);
    field_set_add(&fields, &difference.added);
    patch_own_drop_reset(&fields, kind, writer->subresource);
    patch_own_strip(&fields);
    struct manager *self = managers_find(managers, patch_own_name(writer), false, version, writer->subresource);
    struct manager *unchanged = unless_changed(self, &difference, &fields);
    managers_settle(managers, unchanged, &difference, true, &ignored);
    if (!field_set_empty(&fields)) {
        self = managers_ensure(managers, patch_own_name(writer), false, version, writer->subresource);
        if (unchanged == NULL) {
            field_set_add(manager_fields(self), &fields);
        }
        patch_own_set_time(self, writer->time);
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

static bool are_same_but_times(const struct node *entries, const struct node *others)
{
    bool same = node_type(others) == NODE_ARRAY && node_count(entries) == node_count(others);
    struct node_iter it = node_iterate(entries), other = node_iterate(others);
    while (same && node_next(&it) && node_next(&other)) {
        same = node_equal_but(it.value, other.value, "time");
    }
    return same;
}

void patch_own_keep_times(const struct node *before, struct doc *object)
{
    const struct node *old = node_at(before, "metadata", "managedFields");
    struct node *metadata = node_get(doc_root(object), "metadata");
    if (old != NULL && are_same_but_times(old, node_get(metadata, "managedFields")) &&
        node_equal_but(doc_root(object), before, "metadata") &&
        node_equal_but(metadata, node_get(before, "metadata"), "managedFields")) {
        node_set(object, metadata, "managedFields", node_copy(object, old));
    }
}

/* The object itself, unless something that is always there is missing in it; then *made is a copy that has it. */
static const struct node *with_always(const struct kind *kind, const struct node *object, struct doc **made)
{
    *made = object != NULL && has_always(kind, object) ? NULL : patch_own_object(kind, object);
    return *made != NULL ? doc_root(*made) : object;
}

/* Only the writer's time is another, if any. False: look closer. */
static bool take_values(struct managers *managers, const struct kind *kind, const struct node *before,
                        const struct node *after, const struct patch_writer *writer)
{
    struct shape shape = shape_of_kind(kind);
    char *version = patch_own_version(kind);
    struct manager *self = managers_find(managers, patch_own_name(writer), false, version, writer->subresource);
    bool is_plain =
        before != NULL && self != NULL && self->written != NULL && !field_written_has_any(self->written, nobodys());
    enum own_values values = is_plain ? own_values_compare(managers, self, &shape, before, after) : OWN_VALUES_UNKNOWN;
    if (values == OWN_VALUES_CHANGED) {
        patch_own_set_time(self, writer->time);
    }
    mem_free(version);
    return values != OWN_VALUES_UNKNOWN;
}

static void take_changes(struct managers *managers, const struct kind *kind, const struct node *before,
                         const struct node *after, const struct patch_writer *writer)
{
    struct doc *left, *right;
    const struct node *old = with_always(kind, before, &left), *new = with_always(kind, after, &right);
    patch_own_changes(managers, kind, old, new, writer);
    doc_free(left);
    doc_free(right);
}

void patch_own(const struct kind *kind, const struct node *before, struct doc *object,
               const struct patch_writer *writer)
{
    struct managers managers;
    choose_entries(&managers, before, doc_root(object), writer->subresource);
    /* What nobody tracked so far is not tracked from an update on. */
    if (managers.count > 0 || before == NULL) {
        if (!take_values(&managers, kind, before, doc_root(object), writer)) {
            take_changes(&managers, kind, before, doc_root(object), writer);
        }
        managers_cap(&managers);
    }
    patch_own_set_entries(object, &managers);
    managers_fini(&managers);
}
