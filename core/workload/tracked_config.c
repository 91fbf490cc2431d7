#include "workload/tracked_config.h"

#include <string.h>

#include "kube/object.h"
#include "workload/config_reference.h"
#include "workload/tracked_config_inner.h"

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

bool config_is_secret(const char *kind)
{
    return strcmp(kind, "secret") == 0;
}

struct store *config_store_of(const struct config_stores *stores, const char *kind)
{
    return config_is_secret(kind) ? stores->secrets : stores->config_maps;
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

bool tracked_config_is_tracked(const char *kind, const struct node *object)
{
    return !is_switched_off(object) && (!config_is_secret(kind) || secret_is_tracked(object));
}

static const char *kind_of(const struct node *reference)
{
    return node_str_or(node_get(reference, "kind"), "");
}

static const char *name_of(const struct node *reference)
{
    return node_str_or(node_get(reference, "name"), "");
}

bool tracked_config_unread(const struct node *workload, bool is_primary, const struct config_stores *stores,
                           const char *namespace, struct tracked_config_name *unread)
{
    bool found = false;
    struct node_iter it = node_iterate(node_at(workload, "sluice", "configs"));
    while (!found && node_next(&it)) {
        const char *name = name_of(it.value);
        const struct store *store = config_store_of(stores, kind_of(it.value));
        struct doc *object = store_find(store, namespace, name);
        found = object != NULL && tracked_config_checksum(doc_root(object)) == NULL &&
                (is_primary ? str_has_suffix(name, "-primary") : !is_switched_off(doc_root(object)));
        if (found) {
            *unread = (struct tracked_config_name){store_resource(store), str_dup(name)};
        }
        doc_free(object);
    }
    return found;
}

/* --- their checksums --- */

/* A map of checksums that is being made. */
struct map {
    struct doc *doc;
    struct node *checksums;
    const struct node *recorded; /* an earlier one, or NULL */
    const struct config_stores *stores;
};

/* Adds the checksum of a config, in the recorded text if that still matches. A copy that was not read yet counts as
 * "unread". */
static void add_checksum(const struct map *map, const char *kind, const char *name, const struct node *object)
{
    char *key = str_format("%s/%s", kind, name);
    const char *was = node_str(node_get(map->recorded, key)), *checksum = tracked_config_checksum(object);
    bool same = was != NULL && tracked_config_matches(object, was);
    node_set_str(map->doc, map->checksums, key, same ? was : checksum != NULL ? checksum : "unread");
    str_free(&key);
}

static bool add_reference(const struct map *map, const struct node *reference, const char *namespace, struct err *err)
{
    const char *kind = kind_of(reference), *name = name_of(reference);
    struct doc *object = store_find(config_store_of(map->stores, kind), namespace, name);
    bool ok = true;
    if (object == NULL && !node_bool_or(node_get(reference, "optional"), false)) {
        err_set(err, ERR_NOT_FOUND, "%s %s.%s get query error: %ss \"%s\" not found", kind, name, namespace, kind,
                name);
        ok = err_wrap(err, "%s %s.%s get query error", kind, name, namespace); /* Flagger says it twice */
    } else if (object != NULL && !is_switched_off(doc_root(object)) &&
               tracked_config_checksum(doc_root(object)) == NULL) {
        ok = err_set(err, ERR_NO_DATA, "%s %s.%s is being read", kind, name, namespace);
    } else if (object != NULL && tracked_config_is_tracked(kind, doc_root(object))) {
        add_checksum(map, kind, name, doc_root(object));
    }
    doc_free(object);
    return ok;
}

struct node *tracked_config_checksums(struct doc *doc, const struct node *target, const struct node *recorded,
                                      const struct config_stores *stores, const char *namespace, struct err *err)
{
    struct map map = {doc, node_new_object(doc), recorded, stores};
    struct node_iter it = node_iterate(node_at(target, "sluice", "configs"));
    while (node_next(&it)) {
        if (!add_reference(&map, it.value, namespace, err)) {
            return NULL;
        }
    }
    return map.checksums;
}

bool tracked_config_is_owner(const struct node *owner, const struct canary_names *names)
{
    return node_is(node_get(owner, "kind"), "Canary") && node_is(node_get(owner, "name"), names->name);
}

/* True when `copy` is this Canary's. Canaries may share a copy, and Flagger, which writes copies unguarded, may have
 * dropped one of them from its owners; so for a tracked config any Canary counts as the owner. */
static bool is_copy(const struct node *copy, const struct canary_names *names, bool tracked)
{
    struct node_iter it = node_iterate(node_at(copy, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (tracked_config_is_owner(it.value, names) || (tracked && node_is(node_get(it.value, "kind"), "Canary"))) {
            return true;
        }
    }
    return false;
}

/* Adds the checksum of a copy, if the object of that name is one: a config that is not tracked may have such a name
 * too. */
static void add_copy(const struct map *map, const struct canary_names *names, const struct node *tracked,
                     const struct node *reference)
{
    const char *kind = kind_of(reference), *name = name_of(reference);
    struct doc *copy = store_find(config_store_of(map->stores, kind), names->namespace, name);
    char *source = str_dup_n(name, strlen(name) - strlen("-primary"));
    char *key = str_format("%s/%s", kind, source);
    if (is_copy(doc_root(copy), names, node_get(tracked, key) != NULL)) {
        add_checksum(map, kind, source, doc_root(copy));
    }
    str_free(&key);
    str_free(&source);
    doc_free(copy);
}

struct node *tracked_config_promoted(struct doc *doc, const struct canary_names *names, const struct node *primary,
                                     const struct node *tracked, const struct config_stores *stores)
{
    struct map map = {doc, node_new_object(doc), NULL, stores};
    struct node_iter it = node_iterate(node_at(primary, "sluice", "configs"));
    while (node_next(&it)) {
        if (str_has_suffix(name_of(it.value), "-primary")) {
            add_copy(&map, names, tracked, it.value);
        }
    }
    return map.checksums;
}
