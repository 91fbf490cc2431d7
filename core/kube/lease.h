/* A Lease that is held or waited for (coordination.k8s.io), as client-go's leader election does it. */
#pragma once

#include "kube/client.h"

struct lease;

struct lease_options {
    const char *namespace, *name;
    const char *identity;      /* different for every process */
    int64_t duration_ms;       /* what others wait without seeing a renewal before they take it */
    int64_t renew_ms;          /* how often it is renewed */
    int64_t renew_deadline_ms; /* not renewed for so long means lost; below duration_ms */
    int64_t retry_ms;
    /* True when that holder is known to be dead, so that its Lease need not expire first; NULL: never known. */
    bool (*is_dead)(const char *identity);
};

/* `held` comes once when the Lease is ours, `lost` at most once after it (the engine must stop at once). */
typedef void lease_held_fn(void *ctx);
typedef void lease_lost_fn(void *ctx, const struct err *err);
struct lease *lease_open(struct kube_client *client, struct clock *clock, const struct lease_options *options,
                         lease_held_fn *held, lease_lost_fn *lost, void *ctx);
/* True while the Lease is held and nobody else can have taken it. False from the deadline on, even before `lost` was
 * called. */
bool lease_is_sure(const struct lease *lease);
/* True once the holder is known: this engine, or another one that is waited for. */
bool lease_is_known(const struct lease *lease);
/* Gives the Lease back (holderIdentity "", one last request) and then calls `closed`, also when that fails. `closed`
 * NULL: no request, and the Lease is freed at once. */
typedef void lease_closed_fn(void *ctx);
void lease_close(struct lease *lease, lease_closed_fn *closed, void *ctx);
