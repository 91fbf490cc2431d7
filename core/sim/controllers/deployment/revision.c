/* Which ReplicaSet is that of the template as it is now, and what number its revision has. */
#include "sim/controllers/deployment/revision.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/condition.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/deployment/deployment.h"
#include "sim/controllers/deployment/progress.h"
#include "sim/controllers/deployment/scale.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/kinds/type_equal.h"

/* --- templates --- */

static struct doc *without_hash(const struct node *template)
{
    struct doc *doc = doc_copy(template);
    struct node *metadata = node_get(doc_root(doc), "metadata"), *labels = node_get(metadata, "labels");
    node_remove(labels, TEMPLATE_HASH);
    return doc;
}

static bool is_same_template(const struct node *of_set, const struct node *of_deployment)
{
    struct doc *left = without_hash(of_set), *right = without_hash(of_deployment);
    bool same = type_equal(type_find("PodTemplateSpec"), doc_root(left), doc_root(right));
    doc_free(left);
    doc_free(right);
    return same;
}

/* Collisions give another hash, as in a real cluster; the hashes themselves are others, for a real one hashes Go's
 * memory. */
static char *hash_of(const struct deployment *d)
{
    struct buf b;
    char hash[16];
    buf_init(&b, 8 * 1024 * 1024);
    node_write_sorted(node_at(doc_root(d->doc), "spec", "template"), &b);
    int64_t collisions = node_int_or(node_at(doc_root(d->doc), "status", "collisionCount"), -1);
    if (collisions >= 0) {
        buf_printf(&b, "%lld", (long long)collisions);
    }
    hash_safe_encode(hash_fnv32(buf_str(&b), b.len), hash);
    buf_fini(&b);
    return str_dup(hash);
}

static void find_newest(struct deployment *d)
{
    const struct node *template = node_at(doc_root(d->doc), "spec", "template");
    d->newest = NULL;
    for (size_t i = 0; i < d->count && d->newest == NULL; i++) {
        if (is_same_template(node_at(doc_root(d->sets[i]->doc), "spec", "template"), template)) {
            d->newest = d->sets[i];
        }
    }
}

/* --- annotations --- */

static bool is_own_annotation(const char *key)
{
    static const char *const own[] = {
        "kubectl.kubernetes.io/last-applied-configuration",
        REVISION,
        REVISION_HISTORY,
        DESIRED,
        "deprecated.deployment.rollback.to",
        MAX_REPLICAS,
    };
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        if (str_equal(key, own[i])) {
            return true;
        }
    }
    return false;
}

static bool copy_annotations(const struct deployment *d, struct doc **set)
{
    bool changed = false;
    struct node_iter it = node_iterate(node_at(doc_root(d->doc), "metadata", "annotations"));
    while (node_next(&it)) {
        const char *value = node_str_or(it.value, "");
        if (is_own_annotation(it.key) || str_equal(item_annotation(doc_root(*set), it.key), value)) {
            continue;
        }
        doc_own(set);
        item_annotate(*set, it.key, value);
        changed = true;
    }
    return changed;
}

/* A set that is the newest again keeps the numbers it had before. */
static void remember_revision(struct doc *set, const char *before)
{
    const char *history = item_annotation(doc_root(set), REVISION_HISTORY);
    char *longer = str_empty(history) ? str_dup(before) : str_format("%s,%s", history, before);
    item_annotate(set, REVISION_HISTORY, longer);
    mem_free(longer);
}

static bool raise_revision(struct doc **set, int64_t revision)
{
    const char *before = item_annotation(doc_root(*set), REVISION);
    if (before != NULL && strtol(before, NULL, 10) >= revision) {
        return false;
    }
    char *had = str_dup(before), *text = str_format("%lld", (long long)revision);
    doc_own(set);
    item_annotate(*set, REVISION, text);
    if (had != NULL) {
        remember_revision(*set, had);
    }
    mem_free(had);
    mem_free(text);
    return true;
}

static int64_t next_revision(const struct deployment *d)
{
    int64_t highest = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (d->sets[i] != d->newest && d->sets[i]->revision > highest) {
            highest = d->sets[i]->revision;
        }
    }
    return highest + 1;
}

/* The Deployment has the revision of its newest set. True: it had another one. */
static bool take_revision(struct deployment *d)
{
    const char *revision = item_annotation(doc_root(d->newest->doc), REVISION);
    if (revision == NULL || str_equal(item_annotation(doc_root(d->doc), REVISION), revision)) {
        return false;
    }
    doc_own(&d->doc);
    item_annotate(d->doc, REVISION, revision);
    return true;
}

/* --- the newest set --- */

static bool copy_min_ready(const struct deployment *d, struct doc **set)
{
    int64_t wanted = node_int_or(node_at(doc_root(d->doc), "spec", "minReadySeconds"), 0);
    if (node_int_or(node_at(doc_root(*set), "spec", "minReadySeconds"), 0) == wanted) {
        return false;
    }
    doc_own(set);
    node_set_int(*set, node_get(doc_root(*set), "spec"), "minReadySeconds", wanted);
    return true;
}

static bool has_progressing(const struct deployment *d)
{
    return condition_find(node_get(doc_root(d->doc), "status"), "Progressing") != NULL;
}

static void sync_found(struct deployment *d)
{
    struct replica_set *set = d->newest;
    bool changed = copy_annotations(d, &set->doc);
    changed = raise_revision(&set->doc, next_revision(d)) || changed;
    changed = copy_min_ready(d, &set->doc) || changed;
    if (changed) {
        item_save(d->c, &set->doc, NULL);
        replica_set_reread(set);
    }
    bool told = take_revision(d);
    if (d->has_deadline && !has_progressing(d)) {
        char *message = str_format("Found new replica set \"%s\"", set->name);
        told = progress_tell(d, "True", "FoundNewReplicaSet", message) || told;
        mem_free(message);
    }
    if (told) {
        item_save(d->c, &d->doc, "status");
    }
}

static void set_metadata(const struct deployment *d, struct doc *doc, const char *hash)
{
    const struct node *deployment = doc_root(d->doc);
    struct node *metadata = node_ensure_object(doc, doc_root(doc), "metadata");
    char *name = str_format("%s-%s", item_name(deployment), hash);
    node_set_str(doc, metadata, "name", name);
    node_set_str(doc, metadata, "namespace", d->item->namespace);
    node_set(doc, metadata, "labels", node_copy(doc, node_at(deployment, "spec", "template", "metadata", "labels")));
    node_set_str(doc, node_ensure_object(doc, metadata, "labels"), TEMPLATE_HASH, hash);
    mem_free(name);
}

static void set_spec(const struct deployment *d, struct doc *doc, const char *hash)
{
    const struct node *from = node_get(doc_root(d->doc), "spec");
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    node_set_int(doc, spec, "replicas", scale_of_newest(d, NULL));
    node_set(doc, spec, "minReadySeconds", node_copy(doc, node_get(from, "minReadySeconds")));
    node_set(doc, spec, "selector", node_copy(doc, node_get(from, "selector")));
    node_set(doc, spec, "template", node_copy(doc, node_get(from, "template")));
    struct node *selector = node_ensure_object(doc, spec, "selector");
    node_set_str(doc, node_ensure_object(doc, selector, "matchLabels"), TEMPLATE_HASH, hash);
    struct node *metadata = node_ensure_object(doc, node_ensure_object(doc, spec, "template"), "metadata");
    node_set_str(doc, node_ensure_object(doc, metadata, "labels"), TEMPLATE_HASH, hash);
}

static struct doc *set_new(const struct deployment *d)
{
    char *hash = hash_of(d);
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_object(doc));
    node_set_str(doc, doc_root(doc), "apiVersion", "apps/v1");
    node_set_str(doc, doc_root(doc), "kind", "ReplicaSet");
    set_metadata(d, doc, hash);
    item_own(doc, doc_root(d->doc));
    set_spec(d, doc, hash);
    copy_annotations(d, &doc);
    raise_revision(&doc, next_revision(d));
    scale_annotate(d, doc);
    mem_free(hash);
    return doc;
}

static void add_newest(struct deployment *d, struct doc *stored)
{
    struct replica_set *set = mem_new(struct replica_set);
    *set = (struct replica_set){.doc = stored, .name = str_dup(item_name(doc_root(stored)))};
    replica_set_reread(set);
    d->sets = mem_resize(d->sets, (d->count + 1) * sizeof(d->sets[0]));
    d->sets[d->count++] = d->newest = set;
    take_revision(d);
    char *message = str_format("Created new replica set \"%s\"", set->name);
    if (d->has_deadline) {
        progress_tell(d, "True", "NewReplicaSetCreated", message);
    }
    mem_free(message);
    item_save(d->c, &d->doc, "status");
}

/* The name is taken by a set of another template: the next look hashes anew. */
static void note_collision(struct deployment *d)
{
    doc_own(&d->doc);
    struct node *status = node_ensure_object(d->doc, doc_root(d->doc), "status");
    int64_t collisions = node_int_or(node_get(status, "collisionCount"), 0);
    node_set_int(d->doc, status, "collisionCount", collisions + 1);
    item_save(d->c, &d->doc, "status");
}

static void make_newest(struct deployment *d)
{
    struct err err;
    struct doc *doc = set_new(d), *stored = api_create(d->c->api, d->c->kinds[ITEM_REPLICA_SET], doc_root(doc), &err);
    if (stored != NULL) {
        add_newest(d, stored);
    } else if (err.code == ERR_EXISTS) {
        note_collision(d);
    } else {
        char *message = str_format("Failed to create new replica set \"%s\": %s", item_name(doc_root(doc)), err.text);
        if (d->has_deadline && progress_tell(d, "False", "ReplicaSetCreateError", message)) {
            item_save(d->c, &d->doc, "status");
        }
        mem_free(message);
    }
    doc_free(doc);
}

void revision_sync(struct deployment *d, bool make)
{
    if (d->newest == NULL) {
        find_newest(d);
    }
    if (d->newest == NULL && make) {
        make_newest(d);
    } else if (d->newest != NULL && !make) {
        sync_found(d);
    }
}

/* --- cleaning --- */

static int by_revision(const void *left, const void *right)
{
    const struct replica_set *a = *(struct replica_set *const *)left, *b = *(struct replica_set *const *)right;
    return a->revision < b->revision ? -1 : a->revision > b->revision;
}

static bool is_done_with(const struct replica_set *set)
{
    const struct node *root = doc_root(set->doc);
    int64_t seen = node_int_or(node_at(root, "status", "observedGeneration"), 0);
    return set->actual == 0 && set->replicas == 0 && node_int_or(node_at(root, "metadata", "generation"), 0) <= seen;
}

void revision_clean(struct deployment *d)
{
    struct err ignored; /* it went meanwhile */
    int64_t limit = node_int_or(node_at(doc_root(d->doc), "spec", "revisionHistoryLimit"), INT32_MAX);
    struct replica_set **old = mem_alloc_array(d->count + 1, sizeof(old[0]));
    size_t count = 0;
    for (size_t i = 0; i < d->count; i++) {
        if (d->sets[i] != d->newest && !item_is_ending(doc_root(d->sets[i]->doc))) {
            old[count++] = d->sets[i];
        }
    }
    qsort(old, count, sizeof(old[0]), by_revision);
    for (size_t i = 0; (int64_t)i < (int64_t)count - limit; i++) {
        if (is_done_with(old[i])) {
            api_delete(d->c->api, d->c->kinds[ITEM_REPLICA_SET], d->item->namespace, old[i]->name, &ignored);
        }
    }
    mem_free(old);
}
