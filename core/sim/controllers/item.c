/* Objects as controllers read and write them, and the conditions in them. */
#include "sim/controllers/item.h"

#include "base/duration.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"

/* --- reading and writing --- */

struct doc *item_read(struct controllers *c, const struct item *item)
{
    return item->storage != NULL ? objects_get(c->objects, item->storage, item->namespace, item->name) : NULL;
}

struct doc *item_view(struct controllers *c, const struct item *item)
{
    return item->storage != NULL ? objects_read(c->objects, item->storage, item->namespace, item->name) : NULL;
}

const struct kind *item_kind_of(struct controllers *c, const struct node *object)
{
    return kinds_of(api_kinds(c->api), object);
}

bool item_save(struct controllers *c, struct doc **doc, const char *subresource)
{
    struct err ignored; /* the next look sees what there is */
    const struct kind *kind = item_kind_of(c, doc_root(*doc));
    return kind != NULL && api_write_back(c->api, kind, subresource, doc, &ignored);
}

struct doc *item_status(const struct node *object)
{
    const struct node *status = node_get(object, "status");
    struct doc *doc = node_type(status) == NODE_OBJECT ? doc_copy(status) : doc_new();
    if (doc_root(doc) == NULL) {
        doc_set_root(doc, node_new_object(doc));
    }
    return doc;
}

void item_save_status(struct controllers *c, struct doc **doc, const struct node *status)
{
    struct err ignored;
    const struct kind *kind = item_kind_of(c, doc_root(*doc));
    if (kind == NULL || node_equal(node_get(doc_root(*doc), "status"), status)) {
        return;
    }
    if (doc_is_shared(*doc)) {
        api_write_status(c->api, kind, doc, status, &ignored);
        return;
    }
    node_set(*doc, doc_root(*doc), "status", node_copy(*doc, status));
    item_save(c, doc, "status");
}

void item_set_count(struct doc *doc, struct node *status, const char *key, int64_t value)
{
    if (value != 0) {
        node_set_int(doc, status, key, value);
    } else {
        node_remove(status, key);
    }
}

/* --- metadata --- */

const char *item_name(const struct node *object)
{
    return node_str_or(node_at(object, "metadata", "name"), "");
}

const char *item_uid(const struct node *object)
{
    return node_str_or(node_at(object, "metadata", "uid"), "");
}

bool item_is_ending(const struct node *object)
{
    return node_at(object, "metadata", "deletionTimestamp") != NULL;
}

const char *item_annotation(const struct node *object, const char *key)
{
    return node_str(node_at(object, "metadata", "annotations", key));
}

void item_annotate(struct doc *doc, const char *key, const char *value)
{
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    node_set_str(doc, node_ensure_object(doc, metadata, "annotations"), key, value);
}

const char *item_controller(const struct node *object)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (node_bool_or(node_get(it.value, "controller"), false)) {
            return node_str(node_get(it.value, "uid"));
        }
    }
    return NULL;
}

void item_own(struct doc *doc, const struct node *owner)
{
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    if (node_get(metadata, "ownerReferences") == NULL) {
        node_set(doc, metadata, "ownerReferences", node_new_array(doc));
    }
    struct node *reference = node_new_object(doc);
    node_set_str(doc, reference, "apiVersion", node_str(node_get(owner, "apiVersion")));
    node_set_str(doc, reference, "kind", node_str(node_get(owner, "kind")));
    node_set_str(doc, reference, "name", item_name(owner));
    node_set_str(doc, reference, "uid", item_uid(owner));
    node_set_bool(doc, reference, "controller", true);
    node_set_bool(doc, reference, "blockOwnerDeletion", true);
    node_push(node_get(metadata, "ownerReferences"), reference);
}

void item_disown(struct doc *doc, const char *uid)
{
    struct node *references = node_at(doc_root(doc), "metadata", "ownerReferences");
    for (size_t i = node_count(references); i-- > 0;) {
        if (node_is(node_get(node_item(references, i), "uid"), uid)) {
            node_remove_item(references, i);
        }
    }
}

bool item_has_finalizer(const struct node *object, const char *finalizer)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "finalizers"));
    while (node_next(&it)) {
        if (node_is(it.value, finalizer)) {
            return true;
        }
    }
    return false;
}

void item_remove_finalizer(struct doc *doc, const char *finalizer)
{
    struct node *finalizers = node_at(doc_root(doc), "metadata", "finalizers");
    for (size_t i = node_count(finalizers); i-- > 0;) {
        if (node_is(node_item(finalizers, i), finalizer)) {
            node_remove_item(finalizers, i);
        }
    }
}
