#include "workload/promotion.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "kube/object.h"
#include "workload/facts.h"
#include "workload/revision.h"
#include "workload/tracked_config.h"
#include "workload/tracked_revision.h"

enum { PRIMARY_TRIES = 5, READS_MAX = 256 };

struct promotion {
    struct promotion_options options; /* borrows from the fields below what the caller's options do not keep alive */
    struct doc *canary, *target, *checksums;
    struct doc *pruned; /* the target as the store would keep it */
    int reads;
    struct store *reading; /* a config is read for it */
    struct doc *wanted;    /* checksums of the wanted configs; without a root: any */
    char *revision, *promotion_id;
    struct canary_names names;
    const struct workload_kind *kind;
    struct str_list keys; /* "configmap/x" of the tracked configs */
    size_t next_key;
    int tries;
    struct kube_call *call;
    struct kube_write write; /* the one under way */
    struct timer turn;       /* ends the operation without a request */
    struct err err;
    promotion_done_fn *done;
    void *ctx;
};

static void promotion_free(struct promotion *p)
{
    timer_cancel(&p->turn);
    if (p->call != NULL) {
        kube_cancel(p->call);
    }
    kube_write_fini(&p->write);
    str_list_fini(&p->keys);
    canary_names_fini(&p->names);
    doc_free(p->canary);
    doc_free(p->target);
    doc_free(p->pruned);
    doc_free(p->checksums);
    doc_free(p->wanted);
    str_free(&p->revision);
    str_free(&p->promotion_id);
    mem_free(p);
}

static void finish(struct promotion *p, const struct err *err)
{
    promotion_done_fn *done = p->done;
    void *ctx = p->ctx;
    struct err copy = *err;
    promotion_free(p);
    done(ctx, &copy);
}

static bool primary_exists(const struct promotion *p)
{
    return store_has(p->options.workloads, p->names.namespace, p->names.target_primary);
}

static void fail(struct promotion *p, const struct err *err)
{
    struct err copy = *err;
    if (primary_exists(p)) {
        err_wrap(&copy, "updating %s %s.%s template spec failed", p->kind->word, p->names.target_primary,
                 p->names.namespace);
    } else {
        err_wrap(&copy, "createPrimary%s failed", p->kind->store.resource->kind);
    }
    finish(p, &copy);
}

static void get(struct promotion *p, const struct kube_resource *resource, const char *name, kube_done_fn *done)
{
    struct kube_request request = {
        .verb = KUBE_GET, .resource = resource, .namespace = p->names.namespace, .name = name};
    p->call = kube_start(p->options.client, &request, done, p);
}

static void send(struct promotion *p, kube_done_fn *done)
{
    struct kube_request request = {
        .verb = p->write.verb,
        .resource = p->write.resource,
        .namespace = p->write.namespace,
        .name = p->write.name,
        .body = doc_root(p->write.body),
    };
    p->call = kube_start(p->options.client, &request, done, p);
}

/* --- 1: the target --- */

static bool collect_checksums(struct promotion *p, const struct node *pruned, struct err *err)
{
    if (!p->options.config_tracking) {
        return true;
    }
    struct node *map = tracked_config_checksums(p->checksums, pruned, doc_root(p->wanted), &p->options.config_stores,
                                                p->names.namespace, err);
    if (map == NULL) {
        return err_wrap(err, "GetTargetConfigs failed");
    }
    doc_set_root(p->checksums, map);
    struct node_iter it = node_iterate(map);
    while (node_next(&it)) {
        str_list_push(&p->keys, it.key);
    }
    return true;
}

/* True when the status proves that the template is the wanted one. Its digest may differ all the same, after the API
 * server has learnt a new default. */
static bool is_proven(const struct promotion *p, const struct node *pruned)
{
    const struct node *status = node_get(doc_root(p->canary), "status");
    return node_is(node_get(status, "lastAppliedSpec"), p->revision) &&
           tracked_revision_proves(node_str(node_get(status, "lastTrackedRevision")), pruned);
}

static bool is_wanted_revision(const struct promotion *p, const struct node *pruned, struct err *err)
{
    const char *revision = facts_revision(pruned);
    if (p->revision != NULL && strcmp(revision, p->revision) != 0 && !is_proven(p, pruned)) {
        return err_set(err, ERR_CONFLICT, "target %s.%s is at revision %s, wanted %s", p->names.target,
                       p->names.namespace, revision, p->revision);
    }
    return true;
}

static bool configs_are_wanted(const struct promotion *p, struct err *err)
{
    const struct node *wanted = doc_root(p->wanted), *live = doc_root(p->checksums);
    if (wanted == NULL || (node_count(wanted) == 0 && node_count(live) == 0) || node_equal(wanted, live)) {
        return true;
    }
    char *is = node_to_text(live), *was = node_to_text(wanted);
    err_set(err, ERR_CONFLICT, "the configs of target %s.%s are %s, wanted %s", p->names.target, p->names.namespace, is,
            was);
    str_free(&is);
    str_free(&was);
    return false;
}

static void next_config(struct promotion *p);
static void read_configs(struct promotion *p);
static void on_body(void *ctx, const struct doc *answer, const struct err *err);

static void on_target(void *ctx, const struct doc *answer, const struct err *err)
{
    struct promotion *p = ctx;
    struct err why = *err;
    p->call = NULL;
    if (why.code != ERR_NONE) {
        err_wrap(&why, "%s %s.%s get query error", p->kind->word, p->names.target, p->names.namespace);
        fail(p, &why);
        return;
    }
    p->target = doc_copy(doc_root(answer));
    if (p->options.made != NULL) {
        revision_of_template(node_at(doc_root(answer), "spec", "template"), p->options.made);
    }
    /* Checks the whole target as the store's copy was checked: this is the one that is promoted. */
    p->pruned = doc_copy(doc_root(answer));
    p->kind->store.prune(p->pruned, NULL);
    if (is_wanted_revision(p, doc_root(p->pruned), &why)) {
        read_configs(p);
    } else {
        finish(p, &why);
    }
}

/* The target's configs are known once every config that it names was read at the version that the store knows. */
static void read_configs(struct promotion *p)
{
    struct err why = {0};
    struct tracked_config_name unread;
    if (p->options.config_tracking && p->reads < READS_MAX &&
        tracked_config_unread(doc_root(p->pruned), false, &p->options.config_stores, p->names.namespace, &unread)) {
        const struct config_stores *stores = &p->options.config_stores;
        p->reads++;
        p->reading = unread.resource == &KUBE_SECRETS ? stores->secrets : stores->config_maps;
        get(p, unread.resource, unread.name, on_body);
        str_free(&unread.name);
    } else if (!collect_checksums(p, doc_root(p->pruned), &why)) {
        fail(p, &why);
    } else if (!configs_are_wanted(p, &why)) {
        finish(p, &why);
    } else {
        if (p->options.made_configs != NULL) {
            doc_set_root(p->options.made_configs, node_copy(p->options.made_configs, doc_root(p->checksums)));
        }
        next_config(p);
    }
}

static void on_body(void *ctx, const struct doc *answer, const struct err *err)
{
    struct promotion *p = ctx;
    struct err why = *err;
    p->call = NULL;
    if (why.code != ERR_NONE) {
        err_wrap(&why, "GetTargetConfigs failed");
        fail(p, &why);
        return;
    }
    store_complete(p->reading, answer);
    read_configs(p);
}

/* --- 2: the configs, one after the other --- */

static const char *config_kind(const struct promotion *p, const char **name)
{
    const char *key = p->keys.items[p->next_key];
    *name = strchr(key, '/') + 1;
    return str_has_prefix(key, "secret/") ? "secret" : "configmap";
}

static struct store *config_store(const struct promotion *p)
{
    const char *name;
    return config_store_of(&p->options.config_stores, config_kind(p, &name));
}

static void config_done(struct promotion *p)
{
    p->tries = 0;
    p->next_key++;
    next_config(p);
}

/* The copy has changed since the store learnt of it, so its write is planned again. */
static void on_copy_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct promotion *p = ctx;
    struct err why = *err;
    p->call = NULL;
    if (why.code != ERR_NONE) {
        err_wrap(&why, "CreatePrimaryConfigs failed: %s", p->write.context);
        fail(p, &why);
        return;
    }
    store_put(config_store(p), answer);
    kube_write_fini(&p->write);
    next_config(p);
}

static void on_config_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct promotion *p = ctx;
    struct err why = *err;
    p->call = NULL;
    if (why.code == ERR_CONFLICT && p->write.verb == KUBE_UPDATE && ++p->tries < PRIMARY_TRIES) {
        get(p, p->write.resource, p->write.name, on_copy_read);
        return;
    }
    if (why.code != ERR_NONE) {
        err_wrap(&why, "CreatePrimaryConfigs failed: %s", p->write.context);
        fail(p, &why);
        return;
    }
    store_put(config_store(p), answer);
    kube_write_fini(&p->write);
    config_done(p);
}

/* Compares the answer, which is what will be copied: the store may be behind. */
static bool is_wanted_config(const struct promotion *p, const struct doc *answer, struct err *err)
{
    const char *name, *kind = config_kind(p, &name);
    const char *wanted = node_str(node_get(doc_root(p->wanted), p->keys.items[p->next_key]));
    struct doc *pruned = doc_copy(doc_root(answer));
    tracked_config_prune(pruned, NULL);
    const char *live = tracked_config_checksum(doc_root(pruned));
    bool same = wanted == NULL || tracked_config_matches(doc_root(pruned), wanted);
    if (!same) {
        err_set(err, ERR_CONFLICT, "%s %s.%s has checksum %s, wanted %s", kind, name, p->names.namespace, live, wanted);
    }
    doc_free(pruned);
    return same;
}

static void note_copied(struct promotion *p, const struct doc *answer)
{
    struct doc *made = p->options.made_configs;
    struct doc *pruned = doc_copy(doc_root(answer));
    tracked_config_prune(pruned, NULL);
    if (made != NULL) {
        node_set_str(made, doc_root(made), p->keys.items[p->next_key], tracked_config_checksum(doc_root(pruned)));
    }
    doc_free(pruned);
}

static void on_config(void *ctx, const struct doc *answer, const struct err *err)
{
    struct promotion *p = ctx;
    struct err why = *err;
    const char *name, *kind = config_kind(p, &name);
    p->call = NULL;
    if (why.code != ERR_NONE) {
        err_wrap(&why, "CreatePrimaryConfigs failed: %s %s.%s get query failed ", kind, name, p->names.namespace);
        fail(p, &why);
        return;
    }
    if (!is_wanted_config(p, answer, &why)) {
        finish(p, &why);
        return;
    }
    note_copied(p, answer);
    char *copy_name = str_format("%s-primary", name);
    struct doc *existing = store_find(config_store(p), p->names.namespace, copy_name);
    enum plan plan = tracked_config_copy(&p->names, doc_root(answer), doc_root(existing), p->options.label_prefixes,
                                         &p->write, &why);
    doc_free(existing);
    str_free(&copy_name);
    if (plan == PLAN_WRITE) {
        send(p, on_config_written);
    } else if (plan == PLAN_DONE) {
        config_done(p);
    } else {
        err_wrap(&why, "CreatePrimaryConfigs failed");
        fail(p, &why);
    }
}

static void write_primary(struct promotion *p);

static void next_config(struct promotion *p)
{
    if (p->next_key == p->keys.count) {
        write_primary(p);
        return;
    }
    const char *name, *kind = config_kind(p, &name);
    get(p, store_resource(config_store_of(&p->options.config_stores, kind)), name, on_config);
}

/* --- 3: the primary --- */

static void on_turn(struct timer *timer, void *ctx)
{
    struct promotion *p = ctx;
    if (p->err.code == ERR_NONE) {
        finish(p, &p->err);
    } else {
        fail(p, &p->err);
    }
}

static void on_primary_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct promotion *p = ctx;
    struct err why = *err;
    p->call = NULL;
    if (why.code == ERR_NONE) {
        store_put(p->options.workloads, answer);
        write_primary(p);
    } else {
        err_wrap(&why, "%s %s.%s get query error", p->kind->word, p->names.target_primary, p->names.namespace);
        fail(p, &why);
    }
}

static void on_primary_written(void *ctx, const struct doc *answer, const struct err *err)
{
    struct promotion *p = ctx;
    struct err why = *err;
    p->call = NULL;
    if (why.code == ERR_NONE) {
        store_put(p->options.workloads, answer);
        finish(p, &why);
        return;
    }
    bool again = (why.code == ERR_CONFLICT || why.code == ERR_EXISTS) && ++p->tries < PRIMARY_TRIES;
    if (again) {
        kube_write_fini(&p->write);
        get(p, p->kind->store.resource, p->names.target_primary, on_primary_read);
        return;
    }
    if (p->write.verb == KUBE_CREATE) {
        err_wrap(&why, "creating %s %s.%s failed", p->kind->word, p->names.target_primary, p->names.namespace);
    }
    fail(p, &why);
}

static bool plan_creation(struct promotion *p, const struct primary_options *options, struct err *err)
{
    struct doc *body = primary_new(&p->names, doc_root(p->target), options, err);
    if (body == NULL) {
        return false;
    }
    kube_write_create(&p->write, p->kind->store.resource, body, "creating %s %s.%s failed", p->kind->word,
                      p->names.target_primary, p->names.namespace);
    return true;
}

static bool plan_promotion(struct promotion *p, const struct node *live, const struct primary_options *options,
                           struct err *err)
{
    if (workload_check_primary(live, &p->names, err) != PLAN_DONE) {
        return false;
    }
    bool has_autoscaler = node_type(node_at(doc_root(p->canary), "spec", "autoscalerRef")) == NODE_OBJECT;
    struct doc *body = primary_promotion(&p->names, doc_root(p->target), live, has_autoscaler, options, err);
    if (body == NULL) {
        return false;
    }
    p->write = (struct kube_write){
        .verb = KUBE_PATCH_JSON,
        .resource = p->kind->store.resource,
        .namespace = str_dup(p->names.namespace),
        .name = str_dup(p->names.target_primary),
        .body = body,
    };
    return true;
}

static void write_primary(struct promotion *p)
{
    struct primary_options options = {
        .selector_labels = p->options.selector_labels,
        .label_prefixes = p->options.label_prefixes,
        .checksums = doc_root(p->checksums),
        .promotion_id = p->promotion_id,
    };
    struct doc *live = store_find(p->options.workloads, p->names.namespace, p->names.target_primary);
    if (live != NULL && p->revision == NULL) {
        /* Somebody has made the primary meanwhile. It stays as it is: its template changes by promotion alone. */
        doc_free(live);
        timer_start(p->options.clock, &p->turn, 0, on_turn, p);
        return;
    }
    bool planned =
        live == NULL ? plan_creation(p, &options, &p->err) : plan_promotion(p, doc_root(live), &options, &p->err);
    doc_free(live);
    if (planned) {
        send(p, on_primary_written);
    } else {
        timer_start(p->options.clock, &p->turn, 0, on_turn, p);
    }
}

struct promotion *promotion_start(const struct promotion_options *options, promotion_done_fn *done, void *ctx)
{
    struct promotion *p = mem_new(struct promotion);
    p->options = *options;
    p->canary = doc_copy(options->canary);
    p->checksums = doc_new();
    p->wanted = doc_copy(options->configs);
    p->revision = str_dup(options->revision);
    p->promotion_id = str_dup(options->promotion_id);
    p->options.canary = p->options.configs = NULL;
    p->options.revision = p->options.promotion_id = NULL;
    canary_names_init(&p->names, doc_root(p->canary));
    p->kind = workload_of(&p->names);
    p->done = done;
    p->ctx = ctx;
    get(p, p->kind->store.resource, p->names.target, on_target);
    return p;
}

void promotion_cancel(struct promotion *promotion)
{
    promotion_free(promotion);
}
