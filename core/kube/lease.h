/* A Lease that is held or waited for (coordination.k8s.io), as client-go's leader election does it. */
#pragma once

#include "kube/client.h"

struct lease;

struct lease_options {
    const char *namespace, *name;
    const char *identity;     /* "<hostname>_<uuid>" */
    int64_t duration_ms;      /* 60,000 */
    int64_t renew_deadline_ms; /* 15,000: not renewed for so long means lost */
    int64_t retry_ms;         /* 5,000 */
};

/* `held` comes once when the Lease is ours, `lost` at most once after it (the engine must stop at once). */
typedef void lease_held_fn(void *ctx);
typedef void lease_lost_fn(void *ctx, const struct err *err);
struct lease *lease_open(struct kube_client *client, struct clock *clock, const struct lease_options *options, lease_held_fn *held,
                         lease_lost_fn *lost, void *ctx);
/* Gives it back (holderIdentity "", one last request) and then calls `closed`, also when that fails; NULL: no request, freed at once. */
typedef void lease_closed_fn(void *ctx);
void lease_close(struct lease *lease, lease_closed_fn *closed, void *ctx);
