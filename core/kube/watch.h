/* List-and-watch of one kind into its store, for as long as it is open. No polling: after the list, one request that
 * lasts. */
#pragma once

#include "kube/client.h"
#include "kube/store.h"

struct watch;

struct watch_options {
    const char *namespace;      /* NULL: all */
    const char *label_selector; /* NULL: all */
    const char *field_selector; /* NULL: all */
    bool metadata_only;         /* kube/client.h */
};

/* Never fails: trouble is logged with the kind's name and retried with a growing, jittered pause (0.5 s to 30 s). */
struct watch *watch_open(struct kube_client *client, struct clock *clock, struct store *store,
                         const struct watch_options *options);
void watch_close(struct watch *watch);
/* The last failure, "" while all is well: for /healthz and messages. */
const char *watch_trouble(const struct watch *watch);
/* True while the list or the watch is answered with 404: the kind is not registered with the API server. */
bool watch_is_unknown_kind(const struct watch *watch);
