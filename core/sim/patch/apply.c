/* Server-side apply, as structured-merge-diff does it. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"
#include "sim/patch/field_check.h"
#include "sim/patch/own.h"
#include "sim/patch/patch.h"
#include "sim/patch/refuse.h"

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
                              struct managers *managers)
{
    struct field_set gone = {0}, kept = {0};
    mentioned(&gone, shape, merged);
    field_walk_mentioned(&kept, shape, pruned);
    subtract_named(&gone, &kept, shape);
    for (size_t i = 0; i < managers->count; i++) {
        subtract_named(&gone, manager_fields(&managers->items[i]), shape);
    }
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
static struct doc *prune(const struct shape *shape, struct doc *merged, struct managers *managers,
                         const struct field_set *last)
{
    if (field_set_empty(last)) {
        return merged;
    }
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
    char *version = patch_own_version(kind);
    const char *sent = node_str_or(node_get(patch, "apiVersion"), ""), *name = node_str_or(node_get(patch, "kind"), "");
    bool ok = true;
    if (node_type(patch) != NODE_OBJECT) {
        ok = patch_refuse(
            err, ERR_INVALID, 400,
            "error decoding YAML: error unmarshaling JSON: while decoding JSON: json: cannot unmarshal %s into Go "
            "value of type map[string]interface {}",
            patch_refuse_type(patch));
    } else if (!str_equal(sent, version) || !str_equal(name, kind->name)) {
        ok = patch_refuse(err, ERR_INVALID, 400, "invalid object type: %s%s, Kind=%s",
                          strchr(sent, '/') != NULL ? "" : "/", sent, name);
    } else if (node_at(patch, "metadata", "managedFields") != NULL) {
        ok = patch_refuse(err, ERR_INVALID, 400, "metadata.managedFields must be nil");
    }
    mem_free(version);
    return ok;
}

static bool check_lists(const struct kind *kind, const struct shape *shape, const struct node *patch, struct err *err)
{
    if (field_check(shape, patch, err)) {
        return true;
    }
    struct err inner = *err;
    return patch_refuse(err, ERR_SERVER, 500, "failed to create typed patch object (%s/%s; %s, Kind=%s): %s",
                        node_str_or(node_at(patch, "metadata", "namespace"), ""),
                        node_str_or(node_at(patch, "metadata", "name"), ""),
                        node_str_or(node_get(patch, "apiVersion"), ""), kind->name, inner.text);
}

/* The new object; NULL: err. `managers` change with it. */
static struct doc *apply(const struct kind *kind, const struct node *live, const struct node *patch,
                         struct managers *managers, const struct patch_writer *writer, struct err *err)
{
    struct shape shape = shape_of_kind(kind);
    char *version = patch_own_version(kind);
    struct manager *self = managers_ensure(managers, patch_own_name(writer), true, version, writer->subresource);
    struct field_set last = *manager_fields(self);
    self->fields = (struct field_set){0};
    field_walk_mentioned(&self->fields, &shape, patch);
    patch_own_drop_reset(&self->fields, kind, writer->subresource);
    mem_free(self->api_version);
    self->api_version = version;
    struct doc *doc = doc_new();
    doc_set_root(doc, field_walk_merge(doc, &shape, live, patch));
    struct doc *merged = doc_copy(doc_root(doc));
    doc = prune(&shape, doc, managers, &last);
    field_set_fini(&last);
    struct field_difference difference;
    patch_own_compare(&difference, kind, writer->subresource, live, doc_root(doc));
    bool ok = managers_settle(managers, self, &difference, writer->force, err);
    field_difference_fini(&difference);
    field_walk_drop_emptied(doc_root(doc), &shape, doc_root(merged));
    doc_free(merged);
    if (!ok) {
        doc_free(doc);
        return NULL;
    }
    patch_own_strip(&self->fields);
    if (!node_equal(live, doc_root(doc)) || self->time == NULL) {
        patch_own_set_time(self, writer->time);
    }
    managers_drop_empty(managers, NULL);
    return doc;
}

struct doc *patch_apply(const struct kind *kind, const struct node *object, const struct node *patch,
                        const struct patch_writer *writer, struct err *err)
{
    struct shape shape = shape_of_kind(kind);
    if (!check_patch(kind, patch, err) || !check_lists(kind, &shape, patch, err)) {
        return NULL;
    }
    struct managers managers;
    managers_read(&managers, node_at(object, "metadata", "managedFields"));
    struct doc *live = object == NULL ? doc_new() : doc_copy(object);
    if (object == NULL) {
        doc_set_root(live, node_new_object(live));
    }
    node_remove(node_get(doc_root(live), "metadata"), "managedFields");
    if (managers.count == 0 && object != NULL) {
        struct doc *nothing = patch_own_object(kind, NULL), *all = patch_own_object(kind, object);
        struct patch_writer first = *writer;
        first.manager = "before-first-apply";
        patch_own_changes(&managers, kind, doc_root(nothing), doc_root(all), &first);
        doc_free(nothing);
        doc_free(all);
    }
    struct doc *made = apply(kind, doc_root(live), patch, &managers, writer, err);
    doc_free(live);
    if (made != NULL) {
        patch_own_set_entries(made, &managers);
        if (object != NULL) {
            patch_own_keep_times(object, made);
        }
    }
    managers_fini(&managers);
    return made;
}
