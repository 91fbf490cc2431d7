/* Create and update, in the order of a real API server: what the object is, what it may say about itself, defaults,
 * rules, the database. */
#include "sim/api/write.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/api/builtin/default.h"
#include "sim/api/builtin/service.h"
#include "sim/api/builtin/validate.h"
#include "sim/api/crd.h"
#include "sim/api/custom.h"
#include "sim/api/failure.h"
#include "sim/api/ids.h"
#include "sim/api/inner.h"
#include "sim/api/meta.h"
#include "sim/api/object.h"
#include "sim/kinds/type.h"
#include "sim/kinds/type_equal.h"
#include "sim/patch/patch.h"

void write_fini(struct write *write)
{
    str_list_fini(&write->unknown);
}

/* --- decoding --- */

/* Objects of a CRD have Go's type for their metadata only. */
static bool decode_custom(struct write *write, struct doc *doc, struct err *err)
{
    const struct node *metadata = node_get(doc_root(doc), "metadata");
    if (metadata != NULL && node_type(metadata) != NODE_OBJECT && node_type(metadata) != NODE_NULL) {
        return err_set(err, ERR_INVALID,
                       "json: cannot unmarshal %s into Go struct field ObjectMeta.metadata of type v1.ObjectMeta",
                       type_json_word(metadata));
    }
    custom_prune(write->kind, doc, &write->unknown);
    metadata = node_get(doc_root(doc), "metadata");
    struct node *converted = type_convert_into(doc, type_find("ObjectMeta"), metadata, NULL, err);
    node_set(doc, doc_root(doc), "metadata", converted);
    return converted != NULL;
}

/* Takes the body of an object of a CRD, leaves any other. NULL: f. */
static struct doc *decode(struct write *write, struct doc *own, const struct node *body, struct failure *f)
{
    const struct kind *kind = write->kind;
    struct err err;
    if (node_type(body) != NODE_OBJECT) {
        fail_bad_request(f, "%s in version \"%s\" cannot be handled as a %s: it is no object", kind->name,
                         kind->version, kind->name);
        return NULL;
    }
    struct doc *doc = own;
    bool ok = true;
    if (kind->is_custom) {
        ok = decode_custom(write, doc, &err);
    } else {
        doc = type_convert(type_find(kind->name), body, &write->unknown, &err);
        ok = doc != NULL;
    }
    if (!ok && write->is_patch) {
        fail_patched(f, body, err.text);
        return NULL;
    }
    if (!ok) {
        fail_bad_request(f, "%s in version \"%s\" cannot be handled as a %s: %s", kind->name, kind->version, kind->name,
                         err.text);
        return NULL;
    }
    char *version = api_version_of(kind);
    node_set_str(doc, doc_root(doc), "apiVersion", version);
    node_set_str(doc, doc_root(doc), "kind", kind->name);
    mem_free(version);
    return doc;
}

struct doc *write_decode_own(struct write *write, struct doc *body, struct failure *f)
{
    struct doc *decoded = decode(write, body, doc_root(body), f);
    if (decoded != body) {
        doc_free(body);
    }
    return decoded;
}

struct doc *write_decode(struct write *write, const struct node *body, struct failure *f)
{
    return write->kind->is_custom ? write_decode_own(write, doc_copy(body), f) : decode(write, NULL, body, f);
}

struct doc *write_normalise(const struct kind *kind, struct doc *doc)
{
    struct err err;
    if (kind->is_custom) {
        return doc;
    }
    struct doc *converted = type_convert(type_find(kind->name), doc_root(doc), NULL, &err);
    doc_free(doc);
    return converted;
}

/* --- metadata --- */

static struct node *metadata_of(struct doc *doc)
{
    return node_ensure_object(doc, doc_root(doc), "metadata");
}

static void generate_name(struct api *api, struct doc *doc)
{
    static const char alphabet[] = "bcdfghjklmnpqrstvwxz2456789";
    struct node *metadata = metadata_of(doc);
    const char *prefix = node_str_or(node_get(metadata, "generateName"), "");
    if (!str_empty(node_str(node_get(metadata, "name"))) || str_empty(prefix)) {
        return;
    }
    char seed[37], suffix[6];
    api_uid_next(api, seed);
    uint32_t hash = hash_fnv32(seed, strlen(seed));
    for (size_t i = 0; i < 5; i++, hash /= 27) {
        suffix[i] = alphabet[hash % 27];
    }
    suffix[5] = '\0';
    char *name = str_format("%.58s%s", prefix, suffix);
    node_set_str(doc, metadata, "name", name);
    mem_free(name);
}

static bool has_generation(const struct kind *kind)
{
    return kind->is_custom || builtin_has_generation(kind);
}

static void stamp_new(struct api *api, const struct write *write, struct doc *doc)
{
    struct node *metadata = metadata_of(doc);
    char uid[37], now[32];
    api_uid_next(api, uid);
    api_time_now(api, now);
    if (write->namespace != NULL) {
        node_set_str(doc, metadata, "namespace", write->namespace);
    } else {
        node_remove(metadata, "namespace");
    }
    node_set_str(doc, metadata, "uid", uid);
    node_set_str(doc, metadata, "creationTimestamp", now);
    node_remove(metadata, "deletionTimestamp");
    node_remove(metadata, "deletionGracePeriodSeconds");
    node_remove(metadata, "selfLink");
    if (has_generation(write->kind)) {
        node_set_int(doc, metadata, "generation", 1);
    }
}

static bool check_namespace(struct api *api, const struct write *write, struct doc *doc, struct failure *f)
{
    if (write->namespace == NULL) {
        return true;
    }
    const char *said = meta_str(doc_root(doc), "namespace");
    if (said[0] != '\0' && !str_equal(said, write->namespace)) {
        return fail_bad_request(f, "the namespace of the provided object does not match the namespace sent on the "
                                   "request");
    }
    struct doc *namespace = objects_read(api->objects, "/namespaces", NULL, write->namespace);
    const struct kind *kind = kinds_find(api->kinds, "", "v1", "namespaces");
    bool is_ending = meta_str(doc_root(namespace), "deletionTimestamp")[0] != '\0';
    bool is_there = namespace != NULL;
    doc_free(namespace);
    if (!is_there) {
        return fail_not_found(f, kind, write->namespace);
    }
    if (!is_ending) {
        return true;
    }
    char *resource = qualified_resource(write->kind);
    fail_with(f, 403, "Forbidden",
              "%s \"%s\" is forbidden: unable to create new content in namespace %s because it is being terminated",
              resource, meta_str(doc_root(doc), "name"), write->namespace);
    mem_free(resource);
    return false;
}

static bool is_zero(const struct node *value)
{
    return node_type(value) == NODE_NULL || node_is(value, "");
}

/* Zero values at the root of a new object (the times of an Event) are nobody's. NULL: there are none. */
static struct doc *without_zeros(const struct node *object)
{
    struct doc *copy = NULL;
    struct node_iter it = node_iterate(object);
    while (node_next(&it)) {
        if (is_zero(it.value)) {
            copy = copy != NULL ? copy : doc_copy(object);
            node_remove(doc_root(copy), it.key);
        }
    }
    return copy;
}

/* An apply has said already who owns what. `before` NULL: it is new. */
static void own(struct api *api, const struct write *write, const struct node *before, struct doc *doc)
{
    char now[32];
    if (write->manager == NULL || write->is_apply) {
        return;
    }
    api_time_now(api, now);
    struct doc *owned = without_zeros(doc_root(doc));
    struct patch_writer writer = {
        .manager = write->manager, .subresource = write->is_scale ? "scale" : write->subresource, .time = now};
    patch_own(write->kind, before, owned != NULL ? owned : doc, &writer);
    if (owned != NULL) {
        node_remove(metadata_of(doc), "managedFields");
        node_set(doc, metadata_of(doc), "managedFields",
                 node_copy(doc, node_at(doc_root(owned), "metadata", "managedFields")));
    }
    doc_free(owned);
}

/* --- create --- */

static bool invalid(struct failure *f, const struct write *write, const struct node *object, struct doc *causes)
{
    bool is_valid = causes_count(causes) == 0;
    if (!is_valid) {
        fail_invalid(f, write->kind->group, write->kind->name, meta_str(object, "name"), doc_root(causes));
    }
    doc_free(causes);
    return !is_valid;
}

static bool check_new(const struct write *write, const struct node *object, struct failure *f)
{
    struct doc *causes = causes_new();
    meta_validate(write->kind, object, causes);
    if (write->kind->is_custom) {
        custom_validate(write->kind, NULL, object, NULL, causes);
    } else {
        builtin_validate(write->kind, object, causes);
    }
    return !invalid(f, write, object, causes);
}

static void store(struct api *api, const struct write *write, struct doc *doc)
{
    if (write->dry_run) {
        return;
    }
    objects_put(api->objects, write->kind->storage, doc);
    if (str_equal(write->kind->name, "CustomResourceDefinition")) {
        crd_stored(api, doc_root(doc));
    }
}

static void default_all(struct api *api, const struct write *write, struct doc *doc, bool is_new)
{
    if (write->kind->is_custom) {
        if (is_new && write->kind->has_status) {
            node_remove(doc_root(doc), "status");
            custom_default(write->kind, doc); /* a status may have a default, which is there in every answer */
        }
    } else {
        builtin_default(write->kind, doc, is_new);
    }
}

/* The database sets it where it stands. */
static void reserve_version(const struct write *write, struct doc *doc)
{
    if (!write->dry_run && !write->kind->is_custom) {
        node_set_str(doc, metadata_of(doc), "resourceVersion", "0");
    }
}

struct doc *write_create(struct api *api, struct write *write, struct doc *doc, struct failure *f)
{
    bool ok = check_namespace(api, write, doc, f), has_version = meta_str(doc_root(doc), "resourceVersion")[0] != '\0';
    if (ok) {
        generate_name(api, doc);
        stamp_new(api, write, doc);
        default_all(api, write, doc, true);
        doc = write_normalise(write->kind, doc);
        own(api, write, NULL, doc);
        builtin_allocate(api, write->kind, doc, true);
        reserve_version(write, doc);
        doc = write_normalise(write->kind, doc);
        ok = check_new(write, doc_root(doc), f);
    }
    const char *name = meta_str(doc_root(doc), "name");
    if (ok && has_version) {
        ok = fail_with(f, 500, NULL, "resourceVersion should not be set on objects to be created");
    }
    struct doc *existing = ok ? objects_read(api->objects, write->kind->storage, write->namespace, name) : NULL;
    if (existing != NULL) {
        ok = fail_exists(f, write->kind, name);
    }
    doc_free(existing);
    if (!ok) {
        doc_free(doc);
        return NULL;
    }
    store(api, write, doc);
    return doc;
}

/* --- update --- */

static void keep(struct doc *doc, const struct node *existing, const char *key)
{
    struct node *metadata = metadata_of(doc);
    const struct node *value = node_at(existing, "metadata", key);
    node_remove(metadata, key);
    node_set(doc, metadata, key, node_copy(doc, value));
}

static void take_over(const struct write *write, const struct node *existing, struct doc *doc)
{
    static const char *const kept[] = {"creationTimestamp", "deletionTimestamp", "deletionGracePeriodSeconds",
                                       "generation", "resourceVersion"};
    for (size_t i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        keep(doc, existing, kept[i]);
    }
    if (meta_str(doc_root(doc), "uid")[0] == '\0') {
        keep(doc, existing, "uid");
    }
    if (write->namespace != NULL) {
        node_set_str(doc, metadata_of(doc), "namespace", write->namespace);
    }
    node_remove(metadata_of(doc), "selfLink");
}

/* A status is written without the rest, and the rest without the status. */
static struct doc *only_status(const struct write *write, const struct node *existing, struct doc *doc)
{
    struct doc *mixed = doc_copy(existing);
    const struct node *status = node_get(doc_root(doc), "status");
    node_remove(doc_root(mixed), "status");
    node_set(mixed, doc_root(mixed), "status", node_copy(mixed, status));
    if (!write->kind->is_custom) {
        static const char *const taken[] = {"labels", "annotations", "finalizers", "ownerReferences"};
        for (size_t i = 0; i < sizeof taken / sizeof taken[0]; i++) {
            keep(mixed, doc_root(doc), taken[i]);
        }
        if (str_equal(write->kind->group, "apps")) {
            keep(mixed, existing, "labels");
        }
    }
    if (write->is_apply) {
        keep(mixed, doc_root(doc), "managedFields");
    }
    struct node *metadata = metadata_of(mixed);
    node_set_str(mixed, metadata, "uid", meta_str(doc_root(doc), "uid"));
    doc_free(doc);
    return mixed;
}

static void without_status(const struct write *write, const struct node *existing, struct doc *doc)
{
    if (!write->kind->has_status) {
        return;
    }
    const struct node *status = node_get(existing, "status");
    node_remove(doc_root(doc), "status");
    node_set(doc, doc_root(doc), "status", node_copy(doc, status));
}

/* What a generation counts: everything but metadata and status, or the spec of a built-in kind. */
static bool is_same_spec(const struct kind *kind, const struct node *a, const struct node *b)
{
    bool counts_annotations = str_equal(kind->storage, "apps/deployments");
    if (counts_annotations &&
        !node_equal(node_at(a, "metadata", "annotations"), node_at(b, "metadata", "annotations"))) {
        return false;
    }
    if (!kind->is_custom) {
        const struct type *type = type_of_field(type_find(kind->name), "spec");
        return type_equal(type, node_get(a, "spec"), node_get(b, "spec"));
    }
    static const char *const keys[] = {"metadata", "apiVersion", "status"};
    size_t ignored = kind->has_status ? 3 : 2, count = node_count(a), other = node_count(b);
    for (size_t i = 0; i < ignored; i++) {
        count -= node_get(a, keys[i]) != NULL;
        other -= node_get(b, keys[i]) != NULL;
    }
    bool same = count == other;
    struct node_iter it = node_iterate(a);
    while (same && node_next(&it)) {
        bool counts = true;
        for (size_t i = 0; i < ignored; i++) {
            counts = counts && !str_equal(it.key, keys[i]);
        }
        same = !counts || node_equal(it.value, node_get(b, it.key));
    }
    return same;
}

bool write_check_version(const struct write *write, const struct node *existing, const struct node *object,
                         struct failure *f)
{
    const char *wanted = meta_str(object, "resourceVersion"), *name = meta_str(existing, "name");
    const char *uid = meta_str(object, "uid"), *live = meta_str(existing, "uid");
    if (wanted[0] == '\0' && write->kind->is_custom && !write->is_patch) {
        struct doc *causes = causes_new();
        struct node *zero = node_new_int(causes, 0);
        cause_invalid(causes, "metadata.resourceVersion", zero, "must be specified for an update");
        fail_invalid(f, write->kind->group, write->kind->plural, name, doc_root(causes));
        doc_free(causes);
        return false;
    }
    for (const char *c = wanted; *c != '\0'; c++) {
        if (*c < '0' || *c > '9') {
            return fail_with(f, 500, NULL, "strconv.ParseUint: parsing \"%s\": invalid syntax", wanted);
        }
    }
    if (uid[0] != '\0' && !str_equal(uid, live) && !write->is_patch) {
        return fail_conflict(f, write->kind, name,
                             "StorageError: invalid object, Code: 4, Key: /registry/%s/%s/%s, ResourceVersion: 0, "
                             "AdditionalErrorMsg: Precondition failed: UID in precondition: %s, UID in object meta: %s",
                             write->kind->plural, meta_str(existing, "namespace"), name, uid, live);
    }
    if (wanted[0] != '\0' && !str_equal(wanted, meta_str(existing, "resourceVersion"))) {
        return fail_conflict(f, write->kind, name,
                             "the object has been modified; please apply your changes to the latest version and try "
                             "again");
    }
    return true;
}

static bool check_update(const struct write *write, const struct node *object, const struct node *existing,
                         struct failure *f)
{
    struct doc *causes = causes_new();
    bool is_status = str_equal(write->subresource, "status");
    meta_validate_update(object, existing, causes);
    if (!write->kind->is_custom) {
        meta_validate_update(object, existing, causes); /* a real one checks twice, and counts both */
    }
    if (causes_count(causes) == 0) {
        meta_validate(write->kind, object, causes);
    }
    if (write->kind->is_custom) {
        custom_validate(write->kind, write->subresource, object, existing, causes);
    } else if (!is_status) {
        builtin_validate(write->kind, object, causes);
    }
    if (!write->kind->is_custom) {
        builtin_validate_update(write->kind, write->subresource, object, existing, causes);
    }
    return !invalid(f, write, object, causes);
}

/* A pod that still has its grace goes when its kubelet says so, a namespace when its controller does. */
static bool is_released(const struct kind *kind, const struct node *object, const struct node *existing)
{
    bool is_held = str_equal(kind->storage, "/namespaces") && node_count(node_at(object, "spec", "finalizers")) > 0;
    return meta_str(object, "deletionTimestamp")[0] != '\0' && meta_int(existing, "deletionGracePeriodSeconds") == 0 &&
           node_count(node_at(object, "metadata", "finalizers")) == 0 && !is_held;
}

/* The last finalizer went: the object goes with it. */
static void remove_released(struct api *api, const struct write *write, const struct node *object)
{
    if (write->dry_run) {
        return;
    }
    if (str_equal(write->kind->name, "CustomResourceDefinition")) {
        crd_removed(api, object);
    }
    objects_remove(api->objects, write->kind->storage, write->namespace, meta_str(object, "name"));
}

static struct doc *prepare_update(struct api *api, struct write *write, const struct node *existing, struct doc *doc)
{
    bool is_status = str_equal(write->subresource, "status");
    take_over(write, existing, doc);
    if (is_status) {
        doc = only_status(write, existing, doc);
    } else {
        without_status(write, existing, doc);
    }
    if (str_equal(write->kind->storage, "/services")) {
        service_keep(doc, existing);
    }
    default_all(api, write, doc, false);
    builtin_allocate(api, write->kind, doc, false);
    doc = write_normalise(write->kind, doc);
    int64_t generation = meta_int(existing, "generation");
    bool counts = has_generation(write->kind) && !is_status && !is_same_spec(write->kind, doc_root(doc), existing);
    if (counts) {
        node_set_int(doc, metadata_of(doc), "generation", generation + 1);
    }
    return doc;
}

/* Who owns what counts in an apply only. */
static bool is_changed(const struct node *object, const struct node *existing, bool is_apply)
{
    if (is_apply) {
        return !node_equal(object, existing);
    }
    return !node_equal_but(object, existing, "metadata") ||
           !node_equal_but(node_get(object, "metadata"), node_get(existing, "metadata"), "managedFields");
}

/* Takes what the object is to be; NULL, and f, when a rule forbids it. */
static struct doc *commit(struct api *api, struct write *write, const struct node *existing, struct doc *doc,
                          struct failure *f)
{
    bool ok = check_update(write, doc_root(doc), existing, f);
    bool changes = ok && is_changed(doc_root(doc), existing, write->is_apply);
    if (changes) {
        own(api, write, existing, doc);
    }
    if (changes && str_equal(write->kind->storage, "/services")) {
        service_drop(doc, existing);
    }
    if (ok && is_released(write->kind, doc_root(doc), existing)) {
        remove_released(api, write, doc_root(doc));
    } else if (changes) {
        store(api, write, doc);
    }
    if (changes) {
        return doc;
    }
    doc_free(doc);
    return ok ? doc_copy(existing) : NULL;
}

struct doc *write_update(struct api *api, struct write *write, const struct node *existing, struct doc *doc,
                         struct failure *f)
{
    if (write_check_version(write, existing, doc_root(doc), f)) {
        return commit(api, write, existing, prepare_update(api, write, existing, doc), f);
    }
    doc_free(doc);
    return NULL;
}

struct doc *write_status(struct api *api, struct write *write, const struct node *existing, const struct node *status,
                         struct failure *f)
{
    struct err err;
    const struct type *type = type_of_field(type_find(write->kind->name), "status");
    struct doc *doc = doc_copy(existing);
    struct node *converted = type_convert_into(doc, type, status, NULL, &err);
    assert(converted != NULL && "a controller's status has the right types");
    node_set(doc, doc_root(doc), "status", converted);
    return commit(api, write, existing, doc, f);
}
