#include "rollout/engine.h"

#include <assert.h>
#include <string.h>
#include <uthash.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/lease.h"
#include "kube/object.h"
#include "kube/watch.h"
#include "mesh/host_index.h"
#include "rollout/accepted.h"
#include "rollout/actor.h"
#include "rollout/history.h"
#include "rollout/release.h"
#include "workload/deployment.h"
#include "workload/service.h"
#include "workload/tracked_config.h"

/* As client-go's defaults: a crash of the holder's machine costs a quarter of a minute, an engine at rest sends one request in five seconds. */
enum {
    LEASE_DURATION_MS = 15 * 1000,
    LEASE_RENEW_MS = 5 * 1000,
    LEASE_RENEW_DEADLINE_MS = 10 * 1000,
    LEASE_RETRY_MS = 2 * 1000,
    TIDY_AFTER_MS = 2 * 1000
};

/* "namespace/name" of a Canary and its actor. */
struct seat {
    UT_hash_handle hh;
    struct actor *actor;
    struct str_list watched; /* the names this actor watches, as keys of `interests` */
    char key[];
};

/* "namespace/name" of any object and who wants to be woken by it. */
struct interest {
    UT_hash_handle hh;
    struct actor **actors;
    size_t count;
    char key[];
};

/* Canaries of one namespace, for the gauge. */
struct population {
    UT_hash_handle hh;
    size_t count;
    char namespace[];
};

struct engine {
    struct house house;
    struct watch *watches[STORE_COUNT];
    struct lease *lease;
    bool leading, ready;
    struct timer tidy; /* after the last change */
    struct seat *seats;
    struct interest *interests;
    struct population *populations;
    char *namespace;
    void (*on_lost)(void *ctx, const struct err *err);
    void (*on_ready)(void *ctx);
    void *ctx;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* What each store holds, and whether its objects live in the mesh's cluster. */
static const struct store_plan {
    const struct kube_resource *resource;
    store_prune_fn *prune;
    bool mesh, metadata_only;
} store_plans[STORE_COUNT] = {
    [STORE_CANARIES] = {&KUBE_CANARIES, canary_prune, false},
    [STORE_RELEASES] = {&KUBE_RELEASES, history_prune, false},
    [STORE_DEPLOYMENTS] = {&KUBE_DEPLOYMENTS, deployment_prune, false},
    [STORE_SERVICES] = {&KUBE_SERVICES, service_prune, false},
    [STORE_CONFIG_MAPS] = {&KUBE_CONFIG_MAPS, tracked_config_prune, false, true},
    [STORE_SECRETS] = {&KUBE_SECRETS, tracked_config_prune, false, true},
    [STORE_AUTOSCALERS] = {&KUBE_AUTOSCALERS, NULL, false},
    [STORE_VIRTUAL_SERVICES] = {&KUBE_VIRTUAL_SERVICES, NULL, true},
    [STORE_DESTINATION_RULES] = {&KUBE_DESTINATION_RULES, NULL, true},
};

/* --- the house --- */

static size_t store_index(const struct kube_resource *resource)
{
    for (size_t i = 0; i < STORE_COUNT; i++) {
        if (store_plans[i].resource == resource) {
            return i;
        }
    }
    assert(!"a kind without a store");
    return 0;
}

struct store *house_store(struct house *house, const struct kube_resource *resource)
{
    return house->stores[store_index(resource)];
}

struct kube_client *house_client(struct house *house, const struct kube_resource *resource)
{
    return store_plans[store_index(resource)].mesh ? house->mesh_kube : house->kube;
}

bool house_canary(struct house *house, const char *namespace, const char *name, struct canary *canary, struct err *err)
{
    return accepted_canary(NULL, house, namespace, name, canary, err);
}

/* --- who is woken by what --- */

static char *key_of(const char *namespace, const char *name)
{
    return str_format("%s/%s", namespace, name);
}

static struct interest *interest_find(struct engine *engine, const char *key)
{
    struct interest *interest;
    HASH_FIND_STR(engine->interests, key, interest);
    return interest;
}

static void interest_add(struct engine *engine, const char *key, struct actor *actor)
{
    struct interest *interest = interest_find(engine, key);
    if (interest == NULL) {
        interest = mem_alloc(sizeof *interest + strlen(key) + 1);
        memcpy(interest->key, key, strlen(key) + 1);
        HASH_ADD_STR(engine->interests, key, interest);
    }
    interest->actors = mem_resize(interest->actors, (interest->count + 1) * sizeof(struct actor *));
    interest->actors[interest->count++] = actor;
}

static void interest_drop(struct engine *engine, const char *key, const struct actor *actor)
{
    struct interest *interest = interest_find(engine, key);
    for (size_t i = 0; interest != NULL && i < interest->count; i++) {
        if (interest->actors[i] == actor) {
            interest->actors[i] = interest->actors[--interest->count];
            break;
        }
    }
    if (interest != NULL && interest->count == 0) {
        HASH_DEL(engine->interests, interest);
        mem_free(interest->actors);
        mem_free(interest);
    }
}

static struct seat *seat_find(struct engine *engine, const char *namespace, const char *name)
{
    char *key = key_of(namespace, name);
    struct seat *seat;
    HASH_FIND_STR(engine->seats, key, seat);
    str_free(&key);
    return seat;
}

static bool is_same_list(const struct str_list *a, const struct str_list *b)
{
    if (a->count != b->count) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (strcmp(a->items[i], b->items[i]) != 0) {
            return false;
        }
    }
    return true;
}

void engine_watch_names(struct engine *engine, struct actor *actor, const char *namespace,
                        const struct str_list *objects)
{
    struct seat *seat = seat_find(engine, actor_namespace(actor), actor_name(actor));
    struct str_list keys = {0};
    for (size_t i = 0; i < objects->count; i++) {
        char *key = key_of(namespace, objects->items[i]);
        if (!str_list_has(&keys, key)) {
            str_list_push(&keys, key);
        }
        str_free(&key);
    }
    if (is_same_list(&keys, &seat->watched)) {
        str_list_fini(&keys);
        return;
    }
    for (size_t i = 0; i < seat->watched.count; i++) {
        interest_drop(engine, seat->watched.items[i], actor);
    }
    for (size_t i = 0; i < keys.count; i++) {
        interest_add(engine, keys.items[i], actor);
    }
    str_list_fini(&seat->watched);
    seat->watched = keys;
}

/* --- actors come and go --- */

static void count_canary(struct engine *engine, const char *namespace, int delta)
{
    struct population *population;
    HASH_FIND_STR(engine->populations, namespace, population);
    if (population == NULL) {
        population = mem_alloc(sizeof *population + strlen(namespace) + 1);
        memcpy(population->namespace, namespace, strlen(namespace) + 1);
        HASH_ADD_STR(engine->populations, namespace, population);
    }
    population->count += (size_t)delta;
    gauges_total(&engine->house.gauges, namespace, population->count);
}

static struct seat *seat_add(struct engine *engine, const char *namespace, const char *name)
{
    char *key = key_of(namespace, name);
    struct seat *seat = mem_alloc(sizeof *seat + strlen(key) + 1);
    memcpy(seat->key, key, strlen(key) + 1);
    HASH_ADD_STR(engine->seats, key, seat);
    str_free(&key);
    seat->actor = actor_new(&engine->house, namespace, name);
    count_canary(engine, namespace, 1);
    return seat;
}

static void seat_free(struct engine *engine, struct seat *seat)
{
    for (size_t i = 0; i < seat->watched.count; i++) {
        interest_drop(engine, seat->watched.items[i], seat->actor);
    }
    str_list_fini(&seat->watched);
    HASH_DEL(engine->seats, seat);
    actor_free(seat->actor);
    mem_free(seat);
}

void engine_forget(struct engine *engine, struct actor *actor)
{
    char *namespace = str_dup(actor_namespace(actor)), *name = str_dup(actor_name(actor));
    count_canary(engine, namespace, -1);
    seat_free(engine, seat_find(engine, namespace, name));
    if (store_has(engine->house.stores[STORE_CANARIES], namespace, name)) {
        seat_add(engine, namespace, name);
    }
    str_free(&namespace);
    str_free(&name);
}

/* Of the Canary whose Release has this name, "<canary>-<n>". A name that was cut does not say whose it is, so every Canary is asked; there are few such. */
static struct seat *seat_of_release(struct engine *engine, const char *namespace, const char *name)
{
    const char *dash = strrchr(name, '-');
    char *canary = str_dup_n(name, dash != NULL ? (size_t)(dash - name) : 0);
    struct seat *found = seat_find(engine, namespace, canary);
    str_free(&canary);
    if (found != NULL || !release_name_may_be_cut(name)) {
        return found;
    }
    for (struct seat *seat = engine->seats; found == NULL && seat != NULL; seat = seat->hh.next) {
        bool fits =
            strcmp(actor_namespace(seat->actor), namespace) == 0 && release_number(name, actor_name(seat->actor)) > 0;
        found = fits ? seat : NULL;
    }
    return found;
}

static void note_release(struct engine *engine, const char *namespace, const char *name)
{
    struct seat *seat = seat_of_release(engine, namespace, name);
    int64_t number = seat != NULL ? release_number(name, actor_name(seat->actor)) : 0;
    if (number > 0) {
        actor_note_release(seat->actor, number);
        actor_wake(seat->actor);
    }
}

static void wake_interested(struct engine *engine, const char *namespace, const char *name)
{
    char *key = key_of(namespace, name);
    struct interest *interest = interest_find(engine, key);
    for (size_t i = 0; interest != NULL && i < interest->count; i++) {
        actor_wake(interest->actors[i]);
    }
    str_free(&key);
}

static void begin_work(struct engine *engine);

static void on_tidy(struct timer *timer, void *ctx)
{
    mem_trim();
}

static void on_change(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct engine *engine = ctx;
    timer_start(engine->house.clock, &engine->tidy, TIDY_AFTER_MS, on_tidy, engine);
    if (!engine->ready) {
        begin_work(engine);
        return;
    }
    if (name == NULL) {
        return; /* only says that the first list is complete */
    }
    if (store == engine->house.stores[STORE_CANARIES]) {
        struct seat *seat = seat_find(engine, namespace, name);
        if (seat == NULL) {
            seat_add(engine, namespace, name);
        } else {
            actor_wake(seat->actor);
        }
    } else if (store == engine->house.stores[STORE_RELEASES]) {
        note_release(engine, namespace, name);
    } else {
        wake_interested(engine, namespace, name);
    }
}

/* --- start --- */

static bool add_canary(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    seat_add(ctx, namespace, name);
    return true;
}

static bool add_release(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    note_release(ctx, namespace, name);
    return true;
}

/* Nobody acts before the Lease is held and every store knows the world. */
static void begin_work(struct engine *engine)
{
    bool synced = engine->leading && !engine->ready;
    for (size_t i = 0; synced && i < STORE_COUNT; i++) {
        synced = store_is_synced(engine->house.stores[i]);
    }
    if (!synced) {
        return;
    }
    engine->ready = true;
    store_each(engine->house.stores[STORE_CANARIES], NULL, add_canary, engine);
    store_each(engine->house.stores[STORE_RELEASES], NULL, add_release, engine);
    log_info(NULL, "every store is synced; %zu canaries", engine_canaries(engine));
    engine->on_ready(engine->ctx);
}

static void on_held(void *ctx)
{
    struct engine *engine = ctx;
    engine->leading = true;
    begin_work(engine);
}

static void on_lost(void *ctx, const struct err *err)
{
    struct engine *engine = ctx;
    engine->on_lost(engine->ctx, err);
}

static bool leads(void *ctx)
{
    return lease_is_sure(((struct engine *)ctx)->lease);
}

/* A process that was stopped wakes in the middle of what it did, and learns of the loss of its Lease a turn later. */
static void fence(struct engine *engine, bool (*may_write)(void *ctx))
{
    kube_client_fence(engine->house.kube, may_write, engine);
    kube_client_fence(engine->house.mesh_kube, may_write, engine);
}

static void open_stores(struct engine *engine)
{
    struct watch_options options = {.namespace = engine->namespace};
    for (size_t i = 0; i < STORE_COUNT; i++) {
        const struct store_plan *plan = &store_plans[i];
        struct store *store = store_new(plan->resource, plan->prune);
        options.metadata_only = plan->metadata_only;
        engine->house.stores[i] = store;
        store_subscribe(store, on_change, engine);
        engine->watches[i] =
            watch_open(plan->mesh ? engine->house.mesh_kube : engine->house.kube, engine->house.clock, store, &options);
    }
    engine->house.router = (struct router){
        .ops = &istio_router,
        .virtual_services = engine->house.stores[STORE_VIRTUAL_SERVICES],
        .destination_rules = engine->house.stores[STORE_DESTINATION_RULES],
        .owned = engine->house.mesh_kube == engine->house.kube,
        .services = engine->house.stores[STORE_SERVICES],
        .hosts = host_index_new(engine->house.stores[STORE_VIRTUAL_SERVICES]),
    };
}

static void fill_house(struct engine *engine, const struct engine_options *options)
{
    struct house *house = &engine->house;
    house->engine = engine;
    house->clock = options->clock;
    house->http = options->http;
    house->kube = options->kube;
    house->mesh_kube = options->mesh_kube;
    house->strategist = options->strategist;
    house->recorder = event_recorder_new(options->kube, options->clock, "flagger");
    house->defaults.provider = str_dup(options->defaults.provider);
    house->defaults.metrics_server = str_dup(options->defaults.metrics_server);
    str_list_split(&house->selector_labels, options->selector_labels, ',');
    str_list_split(&house->label_prefixes, options->include_label_prefix, ',');
    house->event_webhook = str_dup(options->event_webhook);
    house->identity = str_dup(options->identity);
    house->config_tracking = options->config_tracking;
    house->scale_down_delay_ms = options->scale_down_delay_ms;
    gauges_declare(&house->gauges, options->metrics, SLUICE_VERSION, options->defaults.provider);
}

struct engine *engine_new(const struct engine_options *options)
{
    struct engine *engine = mem_new(struct engine);
    fill_house(engine, options);
    engine->namespace = str_dup(options->namespace);
    engine->on_lost = options->on_lost;
    engine->on_ready = options->on_ready;
    engine->ctx = options->ctx;
    open_stores(engine);
    struct lease_options lease = {
        .namespace = options->lease_namespace,
        .name = options->lease_name,
        .identity = engine->house.identity,
        .duration_ms = LEASE_DURATION_MS,
        .renew_ms = LEASE_RENEW_MS,
        .renew_deadline_ms = LEASE_RENEW_DEADLINE_MS,
        .is_dead = options->is_dead,
        .retry_ms = LEASE_RETRY_MS,
    };
    engine->lease = lease_open(options->kube, options->clock, &lease, on_held, on_lost, engine);
    fence(engine, leads);
    return engine;
}

/* --- end --- */

static void house_fini(struct house *house)
{
    event_recorder_free(house->recorder);
    host_index_free(house->router.hosts);
    for (size_t i = 0; i < STORE_COUNT; i++) {
        store_free(house->stores[i]);
    }
    str_free((char **)&house->defaults.provider);
    str_free((char **)&house->defaults.metrics_server);
    str_list_fini(&house->selector_labels);
    str_list_fini(&house->label_prefixes);
    str_free(&house->event_webhook);
    str_free(&house->identity);
}

static void on_lease_closed(void *ctx)
{
    struct engine *engine = ctx;
    void (*closed)(void *) = engine->closed;
    void *closed_ctx = engine->closed_ctx;
    fence(engine, NULL);
    house_fini(&engine->house);
    str_free(&engine->namespace);
    mem_free(engine);
    closed(closed_ctx);
}

void engine_close(struct engine *engine, void (*closed)(void *ctx), void *ctx)
{
    struct seat *seat, *next_seat;
    struct population *population, *next_population;
    engine->closed = closed;
    engine->closed_ctx = ctx;
    HASH_ITER(hh, engine->seats, seat, next_seat)
    {
        seat_free(engine, seat);
    }
    HASH_ITER(hh, engine->populations, population, next_population)
    {
        HASH_DEL(engine->populations, population);
        mem_free(population);
    }
    for (size_t i = 0; i < STORE_COUNT; i++) {
        watch_close(engine->watches[i]);
    }
    timer_cancel(&engine->tidy);
    lease_close(engine->lease, on_lease_closed, engine);
}

bool engine_is_prepared(const struct engine *engine, struct buf *lacking)
{
    for (size_t i = 0; i < STORE_COUNT; i++) {
        if (!store_is_synced(engine->house.stores[i])) {
            return buf_printf(lacking, "the %s have not been read yet", store_plans[i].resource->plural) && false;
        }
    }
    return lease_is_known(engine->lease) || (buf_append_str(lacking, "the Lease has not been read yet") && false);
}

bool engine_is_ready(const struct engine *engine)
{
    return engine->ready;
}

size_t engine_canaries(const struct engine *engine)
{
    return HASH_COUNT(engine->seats);
}
