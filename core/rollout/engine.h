/* The engine: everything that all canaries share, and the map of their actors.
 *
 * `app` assembles it from the two doors (HTTP and clock), the clients and a strategist. It opens the stores' watches at
 * once, holds a Lease, and when both are there gives every Canary an actor. From then on a change of any object wakes
 * the actors that named it as theirs; nothing polls. */
#pragma once

#include "canary/canary.h"
#include "io/clock.h"
#include "io/http.h"
#include "kube/client.h"
#include "kube/store.h"
#include "notify/alerter.h"
#include "prom/metrics.h"

struct adapters;
struct engine;
struct strategist;

/* istiod pushes a change 0.1 s after it, in a busy mesh up to 10 s; nearly all are with the proxies within a second. */
#define ENGINE_SCALE_DOWN_DELAY "5s"
enum { ENGINE_SCALE_DOWN_DELAY_MS = 5000 };

struct engine_options {
    struct clock *clock;
    struct http *http; /* hooks and queries */
    struct kube_client *kube;
    struct kube_client *mesh_kube; /* the same as `kube`, or the mesh control plane's */
    struct strategist *strategist;
    struct adapters *adapters;
    void (*ambient)(struct doc *ask, const char *type); /* context.h; NULL: none */
    struct metrics *metrics;
    const char *namespace; /* NULL: all */
    struct canary_defaults defaults;
    const char *selector_labels; /* comma-separated, as the flag has them */
    const char *include_label_prefix;
    const char *event_webhook; /* NULL: none */
    struct alerter_chat chat;  /* of canaries without alerts of their own */
    const char *cluster;       /* what alerts call it; NULL: nothing */
    const char *lease_namespace, *lease_name;
    const char *identity;                  /* of this process: holder of leases and releases */
    bool (*is_dead)(const char *identity); /* see kube/lease.h */
    int lease_factor;                      /* by which the times of the Lease are longer than usual; 0: as usual */
    bool config_tracking, no_cross_namespace_refs;
    const char *scripts;         /* a folder of scripts (rollout/script_folder.h); NULL: none */
    int64_t scale_down_delay_ms; /* between the end of a canary's share and that of its Pods */
    /* The Lease was lost: the process must end. */
    void (*on_lost)(void *ctx, const struct err *err);
    /* The Lease is ours and every store is synced. */
    void (*on_ready)(void *ctx);
    void *ctx;
};

struct engine *engine_new(const struct engine_options *options);
/* Drops every task where it stands (their journals go on elsewhere), closes the watches and gives the Lease back; then
 * calls `closed` and is gone. */
void engine_close(struct engine *engine, void (*closed)(void *ctx), void *ctx);

/* True when the engine works, or would work at once if it got the Lease: every store is synced, and the holder of
 * the Lease is known. Otherwise `lacking` says what is waited for. */
bool engine_is_prepared(const struct engine *engine, struct buf *lacking);
/* One of its stores, for who reads what it has; it lives until engine_close. */
struct store *engine_store(const struct engine *engine, const struct kube_resource *resource);
size_t engine_canaries(const struct engine *engine);
