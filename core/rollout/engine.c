#include "rollout/engine.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/lease.h"
#include "kube/watch.h"
#include "release/history.h"
#include "rollout/library.h"
#include "rollout/registry.h"
#include "rollout/script_folder.h"
#include "workload/stores.h"

/* As client-go's defaults: a crash of the holder's machine costs a quarter of a minute, an engine at rest sends one
 * request in five seconds. */
enum {
    LEASE_DURATION_MS = 15 * 1000,
    LEASE_RENEW_MS = 5 * 1000,
    LEASE_RENEW_DEADLINE_MS = 10 * 1000,
    LEASE_RETRY_MS = 2 * 1000,
    TIDY_AFTER_MS = 2 * 1000,
    TIDY_IN_RELEASES_MS = 75 * 1000 /* longer than most intervals */
};

struct engine {
    struct context context;
    struct registry registry;
    struct canary_scripts scripts;
    struct script_folder *folder;      /* NULL: none */
    struct watch *watches[STORES_MAX]; /* NULL: of a store that is not followed */
    struct lease *lease;
    bool leading, ready;
    struct timer tidy;  /* after the last change */
    int64_t changed_ms; /* monotonic: the last change */
    char *namespace, *provider, *metrics_server;
    void (*on_lost)(void *ctx, const struct err *err);
    void (*on_ready)(void *ctx);
    void *ctx;
    void (*closed)(void *ctx);
    void *closed_ctx;
};

/* The engine's own; workload and mesh say what they watch. */
static const struct store_plan own_stores[] = {
    {&KUBE_CANARIES, canary_prune, false}, {&KUBE_RELEASES, history_prune, false}, {&KUBE_STRATEGIES, NULL, false},
    {&KUBE_CHECKS, NULL, false},           {&KUBE_METRIC_TEMPLATES, NULL, false},  {&KUBE_ALERT_PROVIDERS, NULL, false},
};

static void begin_work(struct engine *engine);

static void on_tidy(struct timer *timer, void *ctx)
{
    struct engine *engine = ctx;
    int64_t quiet_ms = clock_mono_ms(engine->context.clock) - engine->changed_ms;
    /* Between two rounds of a release it is quiet, too, and the next one reads the same objects again. The end of a
     * release is a change. */
    if (quiet_ms < TIDY_IN_RELEASES_MS && registry_has_releases(&engine->registry)) {
        timer_start(engine->context.clock, &engine->tidy, TIDY_IN_RELEASES_MS - quiet_ms, on_tidy, engine);
        return;
    }
    for (size_t i = 0; i < engine->context.stores.count; i++) {
        store_cool(engine->context.stores.entries[i].store);
    }
    canary_reading_fini(engine->context.reading);
    mem_trim();
}

static bool is_of_scripts(const struct store *store)
{
    const struct kube_resource *resource = store_resource(store);
    return resource == &KUBE_STRATEGIES || resource == &KUBE_CHECKS;
}

static bool is_read_when_used(const struct store *store)
{
    const struct kube_resource *resource = store_resource(store);
    return resource == &KUBE_METRIC_TEMPLATES || resource == &KUBE_ALERT_PROVIDERS;
}

static void on_change(void *ctx, const struct store *store, const char *namespace, const char *name)
{
    struct engine *engine = ctx;
    engine->changed_ms = clock_mono_ms(engine->context.clock);
    timer_start(engine->context.clock, &engine->tidy, TIDY_AFTER_MS, on_tidy, engine);
    if (!engine->ready) {
        begin_work(engine);
        return;
    }
    if (name == NULL) {
        return; /* only says that the first list is complete */
    }
    if (store == context_store(&engine->context, &KUBE_CANARIES)) {
        registry_canary_changed(&engine->registry, namespace, name);
        registry_object_changed(&engine->registry, namespace, name); /* a release may wait for it */
    } else if (store == context_store(&engine->context, &KUBE_RELEASES)) {
        registry_release_changed(&engine->registry, namespace, name);
    } else if (is_of_scripts(store)) {
        library_note_changed(engine->context.library, store_resource(store), namespace, name);
    } else if (!is_read_when_used(store)) {
        registry_object_changed(&engine->registry, namespace, name);
    }
}

/* --- start --- */

static bool add_canary(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    registry_canary_changed(ctx, namespace, name);
    return true;
}

static bool add_release(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    registry_release_changed(ctx, namespace, name);
    return true;
}

static bool add_strategy(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    library_note_changed(ctx, &KUBE_STRATEGIES, namespace, name);
    return true;
}

static bool add_check(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    library_note_changed(ctx, &KUBE_CHECKS, namespace, name);
    return true;
}

static void on_script_changed(void *ctx, const char *namespace, const char *name)
{
    struct engine *engine = ctx;
    if (engine->ready) { /* files are read before, too */
        registry_canary_changed(&engine->registry, namespace, name);
    }
}

/* Actors start once the Lease is held and every store is synced. */
static void begin_work(struct engine *engine)
{
    bool synced = engine->leading && !engine->ready;
    for (size_t i = 0; synced && i < engine->context.stores.count; i++) {
        synced = store_is_synced(engine->context.stores.entries[i].store);
    }
    if (!synced) {
        return;
    }
    engine->ready = true;
    store_each(context_store(&engine->context, &KUBE_STRATEGIES), NULL, add_strategy, engine->context.library);
    store_each(context_store(&engine->context, &KUBE_CHECKS), NULL, add_check, engine->context.library);
    store_each(context_store(&engine->context, &KUBE_CANARIES), NULL, add_canary, &engine->registry);
    store_each(context_store(&engine->context, &KUBE_RELEASES), NULL, add_release, &engine->registry);
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

/* Refuses writes while the Lease may be lost: a process that was paused resumes in the middle of its work, and
 * learns only a turn later that it has lost the Lease. */
static void fence(struct engine *engine, bool (*may_write)(void *ctx))
{
    kube_client_fence(engine->context.kube, may_write, engine);
    kube_client_fence(engine->context.mesh_kube, may_write, engine);
}

/* Without config tracking nobody asks for ConfigMaps and Secrets, and the engine's role may lack them. */
static bool is_followed(const struct engine *engine, const struct kube_resource *resource)
{
    return engine->context.config_tracking || (resource != &KUBE_CONFIG_MAPS && resource != &KUBE_SECRETS);
}

/* A store that stays empty, and is complete. */
static void leave_empty(struct store *store)
{
    store_list_begin(store);
    store_list_end(store, NULL);
}

static void open_stores(struct engine *engine, struct kube_client *client, const struct store_plan *plans, size_t count)
{
    struct context *context = &engine->context;
    for (size_t i = 0; i < count; i++) {
        struct watch_options options = {.namespace = engine->namespace, .metadata_only = plans[i].metadata_only};
        struct store *store = store_new(plans[i].resource, plans[i].prune);
        if (is_followed(engine, plans[i].resource)) {
            store_subscribe(store, on_change, engine);
            engine->watches[context->stores.count] = watch_open(client, context->clock, store, &options);
        } else {
            leave_empty(store);
        }
        stores_add(&context->stores, store, client);
    }
}

static void open_all_stores(struct engine *engine)
{
    struct context *context = &engine->context;
    open_stores(engine, context->kube, own_stores, sizeof own_stores / sizeof own_stores[0]);
    struct store_plan workload[STORES_MAX];
    open_stores(engine, context->kube, workload, workload_stores(workload));
    const struct router_ops *router = router_of(context->defaults.provider);
    open_stores(engine, context->mesh_kube, router->stores, router->store_count);
    context->router =
        (struct router){.ops = router, .stores = &context->stores, .owned = context->mesh_kube == context->kube};
    context->router.ops->open(&context->router);
}

static void fill_context(struct engine *engine, const struct engine_options *options)
{
    struct context *context = &engine->context;
    context->clock = options->clock;
    context->http = options->http;
    context->kube = options->kube;
    context->mesh_kube = options->mesh_kube;
    context->strategist = options->strategist;
    context->adapters = options->adapters;
    context->ambient = options->ambient;
    context->reading = mem_new(struct canary_reading);
    engine->provider = str_dup(options->defaults.provider);
    engine->metrics_server = str_dup(options->defaults.metrics_server);
    context->defaults = (struct canary_defaults){
        .provider = engine->provider,
        .metrics_server = engine->metrics_server,
        .no_cross_namespace_refs = options->no_cross_namespace_refs,
    };
    str_list_split(&context->selector_labels, options->selector_labels, ',');
    str_list_split(&context->label_prefixes, options->include_label_prefix, ',');
    context->identity = str_dup(options->identity);
    context->config_tracking = options->config_tracking;
    context->scale_down_delay_ms = options->scale_down_delay_ms;
    gauges_declare(&context->gauges, options->metrics, SLUICE_VERSION, options->defaults.provider);
}

static void open_alerter(struct context *context, const struct engine_options *options)
{
    struct alerter_options alerter = {
        .clock = context->clock,
        .kube = context->kube,
        .adapters = context->adapters,
        .providers = context_store(context, &KUBE_ALERT_PROVIDERS),
        .cluster = options->cluster,
        .chat = options->chat,
    };
    context->alerter = alerter_new(&alerter);
}

struct engine *engine_new(const struct engine_options *options)
{
    struct engine *engine = mem_new(struct engine);
    fill_context(engine, options);
    engine->namespace = str_dup(options->namespace);
    engine->on_lost = options->on_lost;
    engine->on_ready = options->on_ready;
    engine->ctx = options->ctx;
    open_all_stores(engine);
    context_connect_notify(&engine->context, options->event_webhook);
    open_alerter(&engine->context, options);
    registry_init(&engine->registry, &engine->context);
    engine->context.library = library_new(&engine->context, on_script_changed, engine);
    engine->folder = options->scripts != NULL ? script_folder_open(&engine->context, options->scripts) : NULL;
    engine->scripts = (struct canary_scripts){.ctx = engine->context.library, .check = library_check};
    engine->context.defaults.scripts = &engine->scripts;
    int64_t factor = options->lease_factor > 0 ? options->lease_factor : 1;
    struct lease_options lease = {
        .namespace = options->lease_namespace,
        .name = options->lease_name,
        .identity = engine->context.identity,
        .duration_ms = LEASE_DURATION_MS * factor,
        .renew_ms = LEASE_RENEW_MS * factor,
        .renew_deadline_ms = LEASE_RENEW_DEADLINE_MS * factor,
        .is_dead = options->is_dead,
        .retry_ms = LEASE_RETRY_MS,
    };
    engine->lease = lease_open(options->kube, options->clock, &lease, on_held, on_lost, engine);
    fence(engine, leads);
    return engine;
}

/* --- end --- */

static void on_lease_closed(void *ctx)
{
    struct engine *engine = ctx;
    void (*closed)(void *) = engine->closed;
    void *closed_ctx = engine->closed_ctx;
    fence(engine, NULL);
    engine->context.router.ops->close(&engine->context.router);
    context_fini(&engine->context);
    str_free(&engine->provider);
    str_free(&engine->metrics_server);
    str_free(&engine->namespace);
    mem_free(engine);
    closed(closed_ctx);
}

void engine_close(struct engine *engine, void (*closed)(void *ctx), void *ctx)
{
    engine->closed = closed;
    engine->closed_ctx = ctx;
    registry_fini(&engine->registry);
    script_folder_close(engine->folder);
    library_free(engine->context.library);
    for (size_t i = 0; i < engine->context.stores.count; i++) {
        if (engine->watches[i] != NULL) {
            watch_close(engine->watches[i]);
        }
    }
    timer_cancel(&engine->tidy);
    lease_close(engine->lease, on_lease_closed, engine);
}

bool engine_is_prepared(const struct engine *engine, struct buf *lacking)
{
    for (size_t i = 0; i < engine->context.stores.count; i++) {
        if (!store_is_synced(engine->context.stores.entries[i].store)) {
            return buf_printf(lacking, "the %s have not been read yet",
                              store_resource(engine->context.stores.entries[i].store)->plural) &&
                   false;
        }
    }
    return lease_is_known(engine->lease) || (buf_append_str(lacking, "the Lease has not been read yet") && false);
}

struct store *engine_store(const struct engine *engine, const struct kube_resource *resource)
{
    return context_store(&engine->context, resource);
}

size_t engine_canaries(const struct engine *engine)
{
    return registry_canaries(&engine->registry);
}
