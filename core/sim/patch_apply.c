/* Server-side apply and the ownership of fields, as k8s.io/apimachinery/pkg/util/managedfields has it over structured-merge-diff. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/field_check.h"
#include "sim/kinds.h"
#include "sim/managers.h"
#include "sim/patch.h"
#include "sim/patch_refuse.h"

#define BEFORE_FIRST_APPLY "before-first-apply"

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
    if (!with_null)
        node_ensure_object(doc, at, path);
    else if (node_get(at, path) == NULL)
        node_set(doc, at, path, node_new_null(doc));
}

static void fill_all(struct doc *doc, const char *paths, bool with_null)
{
    struct str_list list = {0};
    str_list_split(&list, paths, ' ');
    for (size_t i = 0; i < list.count; i++) {
        if (*list.items[i] != '\0')
            fill(doc, doc_root(doc), list.items[i], with_null);
    }
    str_list_fini(&list);
}

/* A copy without managedFields and with what is always there; `object` NULL: one that has nothing else. */
static struct doc *plain_object(const struct kind *kind, const struct node *object)
{
    struct doc *doc = object == NULL ? doc_new() : doc_copy(object);
    if (object == NULL)
        doc_set_root(doc, node_new_object(doc));
    node_remove(node_get(doc_root(doc), "metadata"), "managedFields");
    if (kind->is_custom)
        return doc;
    node_ensure_object(doc, doc_root(doc), "metadata");
    for (size_t i = 0; i < sizeof always / sizeof *always; i++) {
        if (str_equal(always[i].kind, kind->name)) {
            fill_all(doc, always[i].objects, false);
            fill_all(doc, always[i].nulls, true);
        }
    }
    return doc;
}

/* Fields that a write through this door cannot set. */
static void drop_reset(struct field_set *set, const struct kind *kind, const char *subresource)
{
    if (str_equal(subresource, "status")) {
        field_set_drop(set, "f:spec");
        if (kind->is_custom)
            field_set_drop(set, "f:metadata");
    } else if (kind->has_status && subresource == NULL) {
        field_set_drop(set, "f:status");
    }
}

static void compare(struct field_difference *difference, const struct kind *kind, const char *subresource,
                    const struct node *before, const struct node *after)
{
    struct shape shape = shape_of_kind(kind);
    field_walk_compare(difference, &shape, before, after);
    drop_reset(&difference->removed, kind, subresource);
    drop_reset(&difference->modified, kind, subresource);
    drop_reset(&difference->added, kind, subresource);
}

/* Nobody owns what the server sets, and what says which object it is. */
static void strip(struct field_set *set)
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

static char *version_of(const struct kind *kind)
{
    return str_empty(kind->group) ? str_dup(kind->version) : str_format("%s/%s", kind->group, kind->version);
}

static const char *name_of(const char *manager)
{
    return str_empty(manager) ? "unknown" : manager;
}

static void set_entries(struct doc *object, struct managers *managers)
{
    struct node *metadata = node_ensure_object(object, doc_root(object), "metadata");
    node_remove(metadata, "managedFields");
    node_set(object, metadata, "managedFields", managers_write(managers, object));
}

static void set_time(struct manager *manager, const char *time)
{
    mem_free(manager->time);
    manager->time = str_dup(time);
}

/* --- updates --- */

/* What changed between the two becomes the writer's; without a change its entry stays as it is. */
static void own_changes(struct managers *managers, const struct kind *kind, const struct node *before,
                        const struct node *after, const char *name, const char *subresource, const char *time)
{
    struct field_difference difference;
    struct err ignored;
    char *version = version_of(kind);
    compare(&difference, kind, subresource, before, after);
    managers_settle(managers, NULL, &difference, true, &ignored);
    struct field_set fields = {0};
    field_set_add(&fields, &difference.modified);
    field_set_add(&fields, &difference.added);
    drop_reset(&fields, kind, subresource);
    strip(&fields);
    if (!field_set_empty(&fields)) {
        struct manager *self = managers_ensure(managers, name_of(name), false, version, subresource);
        field_set_add(&self->fields, &fields);
        set_time(self, time);
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
    if (subresource == NULL && is_reset(sent))
        return;
    if (subresource != NULL || !managers_read(managers, sent) || managers->count == 0)
        managers_read(managers, node_at(before, "metadata", "managedFields"));
}

/* The same but for times: then the times are those of before too, and the object is not written. */
static void keep_times(const struct node *before, struct doc *object)
{
    const struct node *old = node_at(before, "metadata", "managedFields");
    struct node *metadata = node_get(doc_root(object), "metadata");
    struct doc *copy = doc_copy(doc_root(object)), *other = doc_copy(before);
    struct doc *docs[] = {copy, other};
    for (size_t i = 0; i < 2; i++) {
        struct node_iter it = node_iterate(node_at(doc_root(docs[i]), "metadata", "managedFields"));
        while (node_next(&it))
            node_remove(it.value, "time");
    }
    if (old != NULL && node_equal(doc_root(copy), doc_root(other)))
        node_set(object, metadata, "managedFields", node_copy(object, old));
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
        struct doc *left = plain_object(kind, before), *right = plain_object(kind, doc_root(object));
        own_changes(&managers, kind, doc_root(left), doc_root(right), manager, subresource, time);
        managers_cap(&managers);
        doc_free(left);
        doc_free(right);
    }
    set_entries(object, &managers);
    if (before != NULL)
        keep_times(before, object);
    managers_fini(&managers);
}

/* --- apply --- */

static void subtract_named(struct field_set *set, const struct field_set *other, const struct shape *shape)
{
    struct field_set copy;
    field_set_copy(&copy, other);
    field_walk_name_parents(&copy, shape);
    field_set_subtract(set, &copy);
    field_set_fini(&copy);
}

/* All that an object mentions, with the fields that lead there. */
static void mentioned(struct field_set *set, const struct shape *shape, const struct node *object)
{
    field_walk_mentioned(set, shape, object);
    field_walk_name_parents(set, shape);
}

static struct doc *without(const struct shape *shape, const struct node *object, const struct field_set *set)
{
    struct doc *doc = doc_new();
    struct node *made = field_walk_without(doc, shape, object, set);
    doc_set_root(doc, made == NULL ? node_new_object(doc) : made);
    return doc;
}

/* What would go with what is not applied any more, but belongs to somebody. */
static struct doc *with_owned(const struct shape *shape, const struct node *merged, const struct node *pruned,
                              const struct managers *managers)
{
    struct field_set gone = {0}, kept = {0};
    mentioned(&gone, shape, merged);
    field_walk_mentioned(&kept, shape, pruned);
    subtract_named(&gone, &kept, shape);
    for (size_t i = 0; i < managers->count; i++)
        subtract_named(&gone, &managers->items[i].fields, shape);
    struct doc *made = without(shape, merged, &gone);
    field_set_fini(&gone);
    field_set_fini(&kept);
    return made;
}

/* Nothing goes that was not the manager's own. */
static struct doc *with_foreign(const struct shape *shape, const struct node *merged, const struct node *pruned,
                                const struct field_set *last)
{
    struct field_set gone = {0}, kept = {0}, owned;
    mentioned(&gone, shape, merged);
    field_walk_mentioned(&kept, shape, pruned);
    subtract_named(&gone, &kept, shape);
    field_set_copy(&owned, last);
    field_walk_name_parents(&owned, shape);
    field_set_intersect(&gone, &owned);
    struct doc *made = without(shape, merged, &gone);
    field_set_fini(&gone);
    field_set_fini(&kept);
    field_set_fini(&owned);
    return made;
}

/* `merged` without what the manager applied last time, does not apply now, and nobody else owns. */
static struct doc *prune(const struct shape *shape, struct doc *merged, const struct managers *managers,
                         const struct field_set *last)
{
    if (field_set_empty(last))
        return merged;
    struct field_set named;
    field_set_copy(&named, last);
    field_walk_name_parents(&named, shape);
    struct doc *pruned = without(shape, doc_root(merged), &named);
    struct doc *owned = with_owned(shape, doc_root(merged), doc_root(pruned), managers);
    struct doc *made = with_foreign(shape, doc_root(merged), doc_root(owned), last);
    field_set_fini(&named);
    doc_free(pruned);
    doc_free(owned);
    doc_free(merged);
    return made;
}

static bool check_patch(const struct kind *kind, const struct node *patch, struct err *err)
{
    char *version = version_of(kind);
    const char *sent = node_str_or(node_get(patch, "apiVersion"), ""), *name = node_str_or(node_get(patch, "kind"), "");
    bool ok = true;
    if (node_type(patch) != NODE_OBJECT)
        ok = patch_refuse(
            err, ERR_INVALID, 400,
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal %s into Go "
            "value of type map[string]interface {}",
            patch_refuse_type(patch));
    else if (!str_equal(sent, version) || !str_equal(name, kind->name))
        ok = patch_refuse(err, ERR_INVALID, 400, "invalid object type: %s%s, Kind=%s", strchr(sent, '/') ? "" : "/",
                          sent, name);
    else if (node_at(patch, "metadata", "managedFields") != NULL)
        ok = patch_refuse(err, ERR_INVALID, 400, "metadata.managedFields must be nil");
    mem_free(version);
    return ok;
}

static bool check_lists(const struct kind *kind, const struct shape *shape, const struct node *patch, struct err *err)
{
    if (field_check(shape, patch, err))
        return true;
    struct err inner = *err;
    return patch_refuse(err, ERR_SERVER, 500, "failed to create typed patch object (%s/%s; %s, Kind=%s): %s",
                        node_str_or(node_at(patch, "metadata", "namespace"), ""),
                        node_str_or(node_at(patch, "metadata", "name"), ""),
                        node_str_or(node_get(patch, "apiVersion"), ""), kind->name, inner.text);
}

/* The new object; NULL: err. `managers` change with it. */
static struct doc *apply(const struct kind *kind, const struct node *live, const struct node *patch,
                         struct managers *managers, const char *name, const char *subresource, bool force,
                         const char *time, struct err *err)
{
    struct shape shape = shape_of_kind(kind);
    char *version = version_of(kind);
    struct manager *self = managers_ensure(managers, name_of(name), true, version, subresource);
    struct field_set last = self->fields;
    self->fields = (struct field_set){0};
    field_walk_mentioned(&self->fields, &shape, patch);
    drop_reset(&self->fields, kind, subresource);
    mem_free(self->api_version);
    self->api_version = version;
    struct doc *doc = doc_new();
    doc_set_root(doc, field_walk_merge(doc, &shape, live, patch));
    struct doc *merged = doc_copy(doc_root(doc));
    doc = prune(&shape, doc, managers, &last);
    field_set_fini(&last);
    struct field_difference difference;
    compare(&difference, kind, subresource, live, doc_root(doc));
    bool ok = managers_settle(managers, self, &difference, force, err);
    field_difference_fini(&difference);
    field_walk_drop_emptied(doc_root(doc), &shape, doc_root(merged));
    doc_free(merged);
    if (!ok) {
        doc_free(doc);
        return NULL;
    }
    strip(&self->fields);
    if (!node_equal(live, doc_root(doc)) || self->time == NULL)
        set_time(self, time);
    managers_drop_empty(managers, NULL);
    return doc;
}

struct doc *patch_apply(const struct kind *kind, const struct node *object, const struct node *patch,
                        const char *manager, const char *subresource, bool force, const char *time, struct err *err)
{
    struct shape shape = shape_of_kind(kind);
    if (!check_patch(kind, patch, err) || !check_lists(kind, &shape, patch, err))
        return NULL;
    struct managers managers;
    managers_read(&managers, node_at(object, "metadata", "managedFields"));
    struct doc *live = object == NULL ? doc_new() : doc_copy(object);
    if (object == NULL)
        doc_set_root(live, node_new_object(live));
    node_remove(node_get(doc_root(live), "metadata"), "managedFields");
    if (managers.count == 0 && object != NULL) {
        struct doc *nothing = plain_object(kind, NULL), *all = plain_object(kind, object);
        own_changes(&managers, kind, doc_root(nothing), doc_root(all), BEFORE_FIRST_APPLY, subresource, time);
        doc_free(nothing);
        doc_free(all);
    }
    struct doc *made = apply(kind, doc_root(live), patch, &managers, manager, subresource, force, time, err);
    doc_free(live);
    if (made != NULL) {
        set_entries(made, &managers);
        if (object != NULL)
            keep_times(object, made);
    }
    managers_fini(&managers);
    return made;
}
