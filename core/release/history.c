#include "release/history.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "canary/phase.h"
#include "kube/object.h"

enum { DELETES_MAX = 8 };

struct history_call {
    struct context *context;
    struct canary canary;     /* a copy of its own */
    struct release_plan plan; /* its revision, its sources, params, checks and request are copies */
    char *revision;
    struct doc *sources, *params, *checks, *request;
    struct doc *created; /* NULL: not yet */
    struct kube_call *call;
    struct str_list old; /* to be deleted after the new one is there */
    history_done_fn *done;
    void *ctx;
};

/* --- looking --- */

static bool is_owned_by(const struct node *object, const char *uid)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "uid"), uid)) {
            return true;
        }
    }
    return false;
}

/* Of this Canary, and with this request unless `id` is NULL. */
static struct doc *find_highest(struct context *context, const struct canary *canary, int64_t highest, const char *id)
{
    struct doc *found = NULL;
    for (int64_t n = highest; found == NULL && n > 0 && n > highest - RELEASE_KEPT; n--) {
        char *name = release_name(canary->names.name, n);
        found = store_find(context_store(context, &KUBE_RELEASES), canary->names.namespace, name);
        const struct node *root = doc_root(found);
        if (found != NULL && (!is_owned_by(root, canary->names.uid) || (id != NULL && !requests_find(root, id)))) {
            doc_free(found);
            found = NULL;
        }
        str_free(&name);
    }
    return found;
}

struct doc *history_latest(struct context *context, const struct canary *canary, int64_t highest)
{
    return find_highest(context, canary, highest, NULL);
}

struct doc *history_with_request(struct context *context, const struct canary *canary, int64_t highest, const char *id)
{
    return find_highest(context, canary, highest, id);
}

bool history_owns(const struct context *context, const char *namespace, const char *canary, const char *release)
{
    struct doc *owner = store_find(context_store(context, &KUBE_CANARIES), namespace, canary);
    struct doc *found = store_find(context_store(context, &KUBE_RELEASES), namespace, release);
    const char *uid = object_uid(doc_root(owner));
    bool owns = !str_empty(uid) && is_owned_by(doc_root(found), uid);
    doc_free(found);
    doc_free(owner);
    return owns;
}

struct search {
    const char *canary_uid, *release_uid;
    char *revision;
};

static bool search_release(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct search *search = ctx;
    const struct node *root = doc_root(object);
    if (str_equal(object_uid(root), search->release_uid) && is_owned_by(root, search->canary_uid)) {
        search->revision = str_dup(node_str(node_at(root, "status", "revision")));
        return false;
    }
    return true;
}

char *history_revision_of(struct context *context, const struct canary *canary, const char *release_uid)
{
    struct search search = {.canary_uid = canary->names.uid, .release_uid = release_uid};
    if (!str_empty(release_uid)) {
        store_each(context_store(context, &KUBE_RELEASES), canary->names.namespace, search_release, &search);
    }
    return search.revision;
}

bool history_has(struct context *context, const struct release *release)
{
    struct doc *found = store_find(context_store(context, &KUBE_RELEASES), release->namespace, release->name);
    bool has = found != NULL && str_equal(object_uid(doc_root(found)), release->uid);
    doc_free(found);
    return has;
}

bool history_is_halted(const struct doc *latest, const char *revision)
{
    const struct node *status = node_get(doc_root(latest), "status");
    return node_is(node_get(status, "state"), RELEASE_HALTED) && node_is(node_get(status, "revision"), revision);
}

static int64_t accepted_generation(const struct node *release)
{
    const struct node *begun = node_at(release, "spec", "accepted", "generation");
    return node_int_or(node_at(release, "status", "accepted", "generation"), node_int_or(begun, 0));
}

bool history_went_by(const struct doc *latest, const struct canary *canary)
{
    const struct node *pruned = node_at(doc_root(latest), "status", "goesBy");
    int64_t generation = node_int_or(pruned, accepted_generation(doc_root(latest)));
    return generation == object_generation(canary->root);
}

void history_prune(struct doc *object, const struct node *managers)
{
    struct node *root = doc_root(object);
    int64_t goes_by = accepted_generation(root);
    node_remove(node_get(root, "spec"), "sources");
    node_remove(node_get(root, "spec"), "params");
    node_remove(node_get(root, "spec"), "checks");
    node_remove(node_get(root, "spec"), "accepted");
    const char *state = node_str(node_at(root, "status", "state"));
    struct node *status = NULL;
    if (state != NULL) {
        status = node_new_object(object);
        node_set_str(object, status, "state", state);
        node_set_str(object, status, "revision", node_str(node_at(root, "status", "revision")));
        node_set_int(object, status, "goesBy", goes_by);
        node_set(object, status, "weight", node_copy(object, node_at(root, "status", "weight")));
        node_set(object, status, "requests", node_copy(object, node_at(root, "status", "requests")));
    }
    node_remove(root, "status");
    node_set(object, root, "status", status);
}

int64_t history_share(const struct node *canary, const struct node *release)
{
    const struct node *status = node_get(canary, "status"), *record = node_get(release, "status");
    int64_t shown = node_int_or(node_get(status, "canaryWeight"), 0);
    bool is_hidden = node_is(node_get(status, "phase"), PHASE_WAITING_PROMOTION) &&
                     release_state_is_open(node_str(node_get(record, "state")));
    return is_hidden ? node_int_or(node_get(record, "weight"), shown) : shown;
}

/* --- creating --- */

static void history_free(struct history_call *h)
{
    if (h->call != NULL) {
        kube_cancel(h->call);
    }
    canary_fini(&h->canary);
    str_list_fini(&h->old);
    str_free(&h->revision);
    doc_free(h->sources);
    doc_free(h->params);
    doc_free(h->checks);
    doc_free(h->request);
    doc_free(h->created);
    mem_free(h);
}

static void finish(struct history_call *h, const struct err *err)
{
    history_done_fn *done = h->done;
    void *ctx = h->ctx;
    struct err copy = *err;
    struct doc *created = h->created;
    h->created = NULL;
    history_free(h);
    done(ctx, created, &copy);
    doc_free(created);
}

static void delete_next(struct history_call *h);

static void on_deleted(void *ctx, const struct doc *answer, const struct err *err)
{
    struct history_call *h = ctx;
    h->call = NULL;
    if (err->code != ERR_NONE && err->code != ERR_NOT_FOUND) {
        log_warn(h->canary.names.id, "an old release stays: %s", err->text);
    }
    delete_next(h);
}

static void delete_next(struct history_call *h)
{
    if (h->old.count == 0) {
        struct err ok = {0};
        finish(h, &ok);
        return;
    }
    struct kube_request request = {.verb = KUBE_DELETE,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = h->canary.names.namespace,
                                   .name = h->old.items[h->old.count - 1]};
    h->call = kube_start(h->context->kube, &request, on_deleted, h);
    mem_free(h->old.items[--h->old.count]);
}

static void collect_old(struct history_call *h)
{
    for (int64_t n = h->plan.number - RELEASE_KEPT; n > 0 && n > h->plan.number - RELEASE_KEPT - DELETES_MAX; n--) {
        char *name = release_name(h->canary.names.name, n);
        if (store_has(context_store(h->context, &KUBE_RELEASES), h->canary.names.namespace, name)) {
            str_list_push(&h->old, name);
        }
        str_free(&name);
    }
}

static void create(struct history_call *h);

static void take_created(struct history_call *h, const struct doc *release)
{
    store_put(context_store(h->context, &KUBE_RELEASES), release);
    h->created = doc_copy(doc_root(release));
    collect_old(h);
    delete_next(h);
}

static void fail(struct history_call *h, const struct err *err)
{
    struct err failure = *err;
    err_wrap(&failure, "creating the release of %s failed", h->canary.names.id);
    finish(h, &failure);
}

/* An open Release of this very Canary is the one whose creation was not answered. A second one beside it would wait
 * for ever, and run once the newer ones are deleted. */
static void on_taken_read(void *ctx, const struct doc *answer, const struct err *err)
{
    struct history_call *h = ctx;
    const struct node *root = doc_root(answer);
    h->call = NULL;
    if (answer == NULL && err->code != ERR_NOT_FOUND) {
        fail(h, err);
    } else if (is_owned_by(root, h->canary.names.uid) &&
               release_state_is_open(node_str(node_at(root, "status", "state")))) {
        take_created(h, answer);
    } else {
        h->plan.number++;
        create(h);
    }
}

static void look_at_taken(struct history_call *h)
{
    char *name = release_name(h->canary.names.name, h->plan.number);
    struct kube_request request = {
        .verb = KUBE_GET, .resource = &KUBE_RELEASES, .namespace = h->canary.names.namespace, .name = name};
    h->call = kube_start(h->context->kube, &request, on_taken_read, h);
    str_free(&name);
}

static void on_created(void *ctx, const struct doc *answer, const struct err *err)
{
    struct history_call *h = ctx;
    h->call = NULL;
    if (answer != NULL) {
        take_created(h, answer);
    } else if (err->code == ERR_EXISTS) {
        look_at_taken(h);
    } else {
        fail(h, err);
    }
}

static void create(struct history_call *h)
{
    struct doc *object = release_new_object(h->context, &h->canary, &h->plan);
    struct kube_request request = {.verb = KUBE_CREATE,
                                   .resource = &KUBE_RELEASES,
                                   .namespace = h->canary.names.namespace,
                                   .body = doc_root(object)};
    h->call = kube_start(h->context->kube, &request, on_created, h);
    doc_free(object);
}

struct history_call *history_create(struct context *context, const struct canary *canary,
                                    const struct release_plan *plan, history_done_fn *done, void *ctx)
{
    struct history_call *h = mem_new(struct history_call);
    h->context = context;
    canary_copy(&h->canary, canary);
    h->revision = str_dup(plan->revision);
    h->plan = *plan;
    h->plan.revision = h->revision;
    h->plan.sources = h->sources = doc_copy(doc_root(plan->sources));
    h->plan.params = h->params = doc_copy(doc_root(plan->params));
    h->plan.checks = h->checks = doc_copy(doc_root(plan->checks));
    h->plan.request = h->request = doc_copy(doc_root(plan->request));
    h->done = done;
    h->ctx = ctx;
    create(h);
    return h;
}

void history_cancel(struct history_call *h)
{
    history_free(h);
}
