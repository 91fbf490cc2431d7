#include "workload/tracked_config.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "workload/config_reference.h"
#include "workload/metadata.h"

#define BOTH "b1-" /* of data and binaryData */
enum { CHECKSUM_LEN = 16, CHECKSUM_SIZE = sizeof BOTH + CHECKSUM_LEN };

/* --- checksums --- */

/* Turns our JSON text into what Go's encoder writes: < > & and the two line separators escaped, hex digits in lower
 * case. These characters occur in strings only, so the text needs no parser. */
static void write_as_go(const char *text, struct buf *out)
{
    for (const char *p = text; *p != '\0'; p++) {
        if (*p == '<' || *p == '>' || *p == '&') {
            buf_printf(out, "\\u%04x", (unsigned)*p);
        } else if (strncmp(p, "\xe2\x80\xa8", 3) == 0 || strncmp(p, "\xe2\x80\xa9", 3) == 0) {
            buf_printf(out, "\\u20%02x", (unsigned)(unsigned char)p[2] - 0x80);
            p += 2;
        } else if (*p == '\\' && p[1] == 'u') {
            buf_printf(out, "\\u%c%c%c%c", tolower(p[2]), tolower(p[3]), tolower(p[4]), tolower(p[5]));
            p += 5;
        } else if (*p == '\\') {
            buf_printf(out, "\\%c", p[1]);
            p++;
        } else {
            buf_append(out, p, 1);
        }
    }
}

/* The first 8 bytes, in hex, of SHA-256 over a value as Go encodes it. */
static void checksum_of(const struct node *value, char out[static CHECKSUM_LEN + 1])
{
    struct buf text, go;
    buf_init(&text, SIZE_MAX);
    buf_init(&go, SIZE_MAX);
    if (node_type(value) == NODE_OBJECT) {
        node_write_sorted(value, &text);
    } else {
        buf_append_str(&text, "null");
    }
    write_as_go(buf_str(&text), &go);
    char digest[65];
    hash_sha256(buf_str(&go), go.len, digest);
    memcpy(out, digest, CHECKSUM_LEN);
    out[CHECKSUM_LEN] = '\0';
    buf_fini(&text);
    buf_fini(&go);
}

/* Of an object that was read whole. `plain`: by Flagger's recipe, of `data` alone. */
static void checksums_of(const struct node *object, char out[static CHECKSUM_SIZE], char plain[static CHECKSUM_LEN + 1])
{
    const struct node *binary = node_get(object, "binaryData");
    checksum_of(node_get(object, "data"), plain);
    if (node_count(binary) == 0) {
        memcpy(out, plain, CHECKSUM_LEN + 1);
        return;
    }
    struct doc *doc = doc_new();
    struct node *both = node_new_object(doc);
    char digits[CHECKSUM_LEN + 1];
    node_set(doc, both, "binaryData", node_copy(doc, binary));
    node_set(doc, both, "data", node_copy(doc, node_get(object, "data")));
    checksum_of(both, digits);
    snprintf(out, CHECKSUM_SIZE, BOTH "%s", digits);
    doc_free(doc);
}

/* kubectl's annotation repeats the whole object. */
static void drop_bulky_annotations(struct node *root)
{
    node_remove(node_at(root, "metadata", "annotations"), "kubectl.kubernetes.io/last-applied-configuration");
}

/* True for a whole object. Metadata alone has the kind PartialObjectMetadata, or, as an item of a list, no kind and
 * no other field. */
static bool is_whole(const struct node *root)
{
    const struct node *kind = node_get(root, "kind");
    if (kind != NULL) {
        return !node_is(kind, "PartialObjectMetadata");
    }
    struct node_iter it = node_iterate(root);
    while (node_next(&it)) {
        if (strcmp(it.key, "metadata") != 0 && strcmp(it.key, "apiVersion") != 0) {
            return true;
        }
    }
    return false;
}

void tracked_config_prune(struct doc *object, const struct node *managers)
{
    struct node *root = doc_root(object);
    drop_bulky_annotations(root);
    if (is_whole(root)) {
        char checksum[CHECKSUM_SIZE], plain[CHECKSUM_LEN + 1];
        checksums_of(root, checksum, plain);
        struct node *sluice = node_ensure_object(object, root, "sluice");
        node_set_str(object, sluice, "checksum", checksum);
        if (strcmp(checksum, plain) != 0) {
            node_set_str(object, sluice, "plain", plain);
        }
    }
    node_remove(root, "data");
    node_remove(root, "binaryData");
    node_remove(root, "immutable");
}

const char *tracked_config_checksum(const struct node *object)
{
    return node_str(node_at(object, "sluice", "checksum"));
}

static bool is_digits(const char *text)
{
    return strlen(text) == CHECKSUM_LEN && strspn(text, "0123456789abcdef") == CHECKSUM_LEN;
}

bool tracked_config_matches(const struct node *object, const char *recorded)
{
    const char *checksum = tracked_config_checksum(object);
    if (checksum == NULL || recorded == NULL) {
        return false;
    }
    bool known = is_digits(recorded) || (str_has_prefix(recorded, BOTH) && is_digits(recorded + strlen(BOTH)));
    return !known || strcmp(recorded, checksum) == 0 || node_is(node_at(object, "sluice", "plain"), recorded);
}

/* --- which --- */

struct references {
    struct doc *doc;
    struct node *list;
};

static struct node *find_reference(const struct node *list, const char *kind, const char *name)
{
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "kind"), kind) && node_is(node_get(it.value, "name"), name)) {
            return it.value;
        }
    }
    return NULL;
}

static void on_reference(void *ctx, const struct config_reference *reference)
{
    struct references *references = ctx;
    struct node *entry = find_reference(references->list, reference->kind, reference->name);
    if (entry == NULL) {
        entry = node_new_object(references->doc);
        node_set_str(references->doc, entry, "kind", reference->kind);
        node_set_str(references->doc, entry, "name", reference->name);
        node_push(references->list, entry);
    }
    node_set_bool(references->doc, entry, "optional", reference->optional);
}

struct node *tracked_config_references(struct doc *doc, const struct node *pod_spec)
{
    struct references references = {.doc = doc, .list = node_new_array(doc)};
    config_reference_each(pod_spec, on_reference, &references);
    return references.list;
}

static bool is_secret(const char *kind)
{
    return strcmp(kind, "secret") == 0;
}

/* True for the types of Secrets that people write themselves; tokens and the like belong to controllers. */
static bool secret_is_tracked(const struct node *secret)
{
    static const char *const types[] = {"Opaque", "kubernetes.io/basic-auth", "kubernetes.io/ssh-auth",
                                        "kubernetes.io/tls"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (node_is(node_get(secret, "type"), types[i])) {
            return true;
        }
    }
    return false;
}

static bool is_switched_off(const struct node *object)
{
    const char *wish = object_annotation(object, "flagger.app/config-tracking");
    return wish != NULL && str_has_prefix(wish, "disable");
}

static bool is_tracked(const char *kind, const struct node *object)
{
    return !is_switched_off(object) && (!is_secret(kind) || secret_is_tracked(object));
}

bool tracked_config_unread(const struct node *deployment, bool is_primary, const struct store *config_maps,
                           const struct store *secrets, const char *namespace, struct tracked_config_name *unread)
{
    bool found = false;
    struct node_iter it = node_iterate(node_at(deployment, "sluice", "configs"));
    while (!found && node_next(&it)) {
        bool secret = is_secret(node_str_or(node_get(it.value, "kind"), ""));
        const char *name = node_str_or(node_get(it.value, "name"), "");
        struct doc *object = store_find(secret ? secrets : config_maps, namespace, name);
        found = object != NULL && tracked_config_checksum(doc_root(object)) == NULL &&
                (is_primary ? str_has_suffix(name, "-primary") : !is_switched_off(doc_root(object)));
        if (found) {
            unread->resource = secret ? &KUBE_SECRETS : &KUBE_CONFIG_MAPS;
            unread->name = str_dup(name);
        }
        doc_free(object);
    }
    return found;
}

/* Adds the checksum of a config, in the recorded text if that still matches. A copy that was not read yet counts as
 * "unread". */
static void add_checksum(struct doc *doc, struct node *checksums, const char *kind, const char *name,
                         const struct node *object, const struct node *recorded)
{
    char *key = str_format("%s/%s", kind, name);
    const char *was = node_str(node_get(recorded, key)), *checksum = tracked_config_checksum(object);
    bool same = was != NULL && tracked_config_matches(object, was);
    node_set_str(doc, checksums, key, same ? was : checksum != NULL ? checksum : "unread");
    str_free(&key);
}

static bool add_reference(struct doc *doc, struct node *checksums, const struct node *reference,
                          const struct node *recorded, const struct store *store, const char *namespace,
                          struct err *err)
{
    const char *kind = node_str_or(node_get(reference, "kind"), "");
    const char *name = node_str_or(node_get(reference, "name"), "");
    struct doc *object = store_find(store, namespace, name);
    bool ok = true;
    if (object == NULL && !node_bool_or(node_get(reference, "optional"), false)) {
        err_set(err, ERR_NOT_FOUND, "%s %s.%s get query error: %ss \"%s\" not found", kind, name, namespace, kind,
                name);
        ok = err_wrap(err, "%s %s.%s get query error", kind, name, namespace); /* Flagger says it twice */
    } else if (object != NULL && !is_switched_off(doc_root(object)) &&
               tracked_config_checksum(doc_root(object)) == NULL) {
        ok = err_set(err, ERR_NO_DATA, "%s %s.%s is being read", kind, name, namespace);
    } else if (object != NULL && is_tracked(kind, doc_root(object))) {
        add_checksum(doc, checksums, kind, name, doc_root(object), recorded);
    }
    doc_free(object);
    return ok;
}

bool tracked_config_checksums(struct doc *doc, const struct node *deployment, const struct node *recorded,
                              const struct store *config_maps, const struct store *secrets, const char *namespace,
                              struct node **checksums, struct err *err)
{
    *checksums = node_new_object(doc);
    bool ok = true;
    struct node_iter it = node_iterate(node_at(deployment, "sluice", "configs"));
    while (ok && node_next(&it)) {
        const struct store *store = is_secret(node_str_or(node_get(it.value, "kind"), "")) ? secrets : config_maps;
        ok = add_reference(doc, *checksums, it.value, recorded, store, namespace, err);
    }
    return ok;
}

static bool is_ours(const struct node *owner, const struct canary_names *names)
{
    return node_is(node_get(owner, "kind"), "Canary") && node_is(node_get(owner, "name"), names->name);
}

/* True when `copy` is this Canary's. Canaries may share a copy, and Flagger, which writes copies unguarded, may have
 * dropped one of them from its owners; so for a tracked config any Canary counts as the owner. */
static bool is_copy(const struct node *copy, const struct canary_names *names, bool tracked)
{
    struct node_iter it = node_iterate(node_at(copy, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (is_ours(it.value, names) || (tracked && node_is(node_get(it.value, "kind"), "Canary"))) {
            return true;
        }
    }
    return false;
}

/* Adds the checksum of a copy, if the object of that name is one: a config that is not tracked may have such a name
 * too. */
static void add_copy(struct doc *doc, struct node *checksums, const struct canary_names *names,
                     const struct node *tracked, const char *kind, const char *name, const struct store *store)
{
    struct doc *copy = store_find(store, names->namespace, name);
    char *source = str_dup_n(name, strlen(name) - strlen("-primary"));
    char *key = str_format("%s/%s", kind, source);
    if (is_copy(doc_root(copy), names, node_get(tracked, key) != NULL)) {
        add_checksum(doc, checksums, kind, source, doc_root(copy), NULL);
    }
    str_free(&key);
    str_free(&source);
    doc_free(copy);
}

struct node *tracked_config_promoted(struct doc *doc, const struct canary_names *names, const struct node *primary,
                                     const struct node *tracked, const struct store *config_maps,
                                     const struct store *secrets)
{
    struct node *checksums = node_new_object(doc);
    struct node_iter it = node_iterate(node_at(primary, "sluice", "configs"));
    while (node_next(&it)) {
        const char *kind = node_str_or(node_get(it.value, "kind"), "");
        const char *name = node_str_or(node_get(it.value, "name"), "");
        if (str_has_suffix(name, "-primary")) {
            add_copy(doc, checksums, names, tracked, kind, name, is_secret(kind) ? secrets : config_maps);
        }
    }
    return checksums;
}

/* --- the primary's copies --- */

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
        if (!is_ours(it.value, names)) {
            struct node *owner = node_copy(doc, it.value);
            node_set_bool(doc, owner, "controller", false);
            node_push(owners, owner);
        }
    }
    return owners;
}

static bool copy_is_current(const struct node *source, const struct node *existing, const struct node *want)
{
    char checksum[CHECKSUM_SIZE], plain[CHECKSUM_LEN + 1];
    checksums_of(source, checksum, plain);
    const struct node *live_labels = node_at(existing, "metadata", "labels");
    const struct node *labels = node_at(want, "metadata", "labels");
    return str_equal(tracked_config_checksum(existing), checksum) &&
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

enum plan tracked_config_check_copies(const struct canary_names *names, const struct node *deployment,
                                      const struct store *config_maps, const struct store *secrets, struct err *err)
{
    enum plan plan = PLAN_DONE;
    struct node_iter it = node_iterate(node_at(deployment, "sluice", "configs"));
    while (plan == PLAN_DONE && node_next(&it)) {
        const char *kind = node_str_or(node_get(it.value, "kind"), "");
        const char *name = node_str_or(node_get(it.value, "name"), "");
        const struct store *store = is_secret(kind) ? secrets : config_maps;
        char *copy_name = str_format("%s-primary", name);
        struct doc *copy = store_find(store, names->namespace, copy_name);
        struct doc *source = copy != NULL ? store_find(store, names->namespace, name) : NULL;
        if (source != NULL && is_tracked(kind, doc_root(source))) {
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
