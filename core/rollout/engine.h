/* The engine: everything that all canaries share, and the map of their actors.
 *
 * `app` assembles it from the two doors (HTTP and clock), the clients and a strategist. It opens the stores' watches at once, holds a Lease, and when
 * both are there gives every Canary an actor. From then on a change of any object wakes the actors that named it as theirs; nothing polls. */
#pragma once

#include "io/clock.h"
#include "io/http.h"
#include "kube/client.h"
#include "kube/event.h"
#include "kube/store.h"
#include "mesh/router.h"
#include "prom/metrics.h"
#include "rollout/canary.h"
#include "rollout/gauges.h"
#include "rollout/strategist.h"

struct engine;
struct actor;

struct engine_options {
    struct clock *clock;
    struct http *http; /* hooks and queries */
    struct kube_client *kube;
    struct kube_client *mesh_kube; /* the same as `kube`, or the mesh control plane's */
    struct strategist *strategist;
    struct metrics *metrics;
    const char *namespace; /* NULL: all */
    struct canary_defaults defaults;
    const char *selector_labels; /* comma-separated, as the flag has them */
    const char *include_label_prefix;
    const char *event_webhook; /* NULL: none */
    const char *lease_namespace, *lease_name;
    const char *identity;                  /* of this process: holder of leases and releases */
    bool (*is_dead)(const char *identity); /* see kube/lease.h */
    bool config_tracking;
    int64_t scale_down_delay_ms; /* between the end of a canary's share and that of its Pods */
    /* The Lease was lost: the process must end. */
    void (*on_lost)(void *ctx, const struct err *err);
    /* The Lease is ours and every store is synced. */
    void (*on_ready)(void *ctx);
    void *ctx;
};

struct engine *engine_new(const struct engine_options *options);
/* Drops every task where it stands (their journals go on elsewhere), closes the watches and gives the Lease back; then calls `closed` and is gone. */
void engine_close(struct engine *engine, void (*closed)(void *ctx), void *ctx);

bool engine_is_ready(const struct engine *engine);
/* True when it works, or could at once if the Lease were its own: every store is synced, and the Lease's holder is known. Else `lacking` says
 * what there is to wait for. */
bool engine_is_prepared(const struct engine *engine, struct buf *lacking);
size_t engine_canaries(const struct engine *engine);

/* --- for the files of this room --- */

enum engine_store {
    STORE_CANARIES,
    STORE_RELEASES,
    STORE_DEPLOYMENTS,
    STORE_SERVICES,
    STORE_CONFIG_MAPS,
    STORE_SECRETS,
    STORE_AUTOSCALERS,
    STORE_VIRTUAL_SERVICES,
    STORE_DESTINATION_RULES,
    STORE_COUNT
};

/* What an actor and its release may use of the engine. */
struct house {
    struct engine *engine;
    struct clock *clock;
    struct http *http;
    struct kube_client *kube, *mesh_kube;
    struct event_recorder *recorder;
    struct strategist *strategist;
    struct gauges gauges;
    struct store *stores[STORE_COUNT];
    struct router router;
    struct canary_defaults defaults;
    struct str_list selector_labels, label_prefixes;
    char *event_webhook, *identity;
    bool config_tracking;
    int64_t scale_down_delay_ms;
};

/* The store and the client of a kind. */
struct store *house_store(struct house *house, const struct kube_resource *resource);
struct kube_client *house_client(struct house *house, const struct kube_resource *resource);
/* The Canary as the store has it. False when it is gone (canary is zeroed) or refused (canary is filled, err says why). */
bool house_canary(struct house *house, const char *namespace, const char *name, struct canary *canary, struct err *err);

/* From now on changes of "namespace/object" wake this actor too; `objects` replaces what it watched before. */
void engine_watch_names(struct engine *engine, struct actor *actor, const char *namespace,
                        const struct str_list *objects);
/* The actor's Canary is gone: whatever it has under way is dropped. Another Canary that has its name by now gets an actor of its own. */
void engine_forget(struct engine *engine, struct actor *actor);
