/* What the engine lends to everything that works for a Canary: the two doors, the clients, the stores, the settings.
 *
 * The engine makes one and owns what is in it. A context knows its stores by the resource that they hold, so that a
 * further workload kind or mesh adds a store and changes nothing here. It names neither the engine nor an actor. */
#pragma once

#include "canary/reading.h"
#include "kube/client.h"
#include "kube/event.h"
#include "kube/stores.h"
#include "mesh/router.h"
#include "notify/alerter.h"
#include "notify/gauges.h"
#include "notify/notify.h"
#include "workload/tracked_config.h"
#include "workload/workload.h"

struct adapters;
struct strategist;
struct library;

struct context {
    struct clock *clock;
    struct http *http;                    /* hooks and queries */
    struct kube_client *kube, *mesh_kube; /* the same client when one cluster has both */
    struct strategist *strategist;
    struct adapters *adapters; /* io/adapters.h */
    /* Adds to an ask, as `ambient`, what the engine's surroundings have of credentials for a metric provider of that
     * type. NULL: they have none. */
    void (*ambient)(struct doc *ask, const char *type);
    struct notify notify;
    struct alerter *alerter; /* NULL: nobody gets alerts */
    struct gauges gauges;
    struct stores stores;
    struct router router;
    struct library *library;        /* rollout/library.h */
    struct canary_reading *reading; /* the Canary of this turn; owned, NULL: none is remembered */
    struct canary_defaults defaults;
    struct str_list selector_labels, label_prefixes;
    char *identity; /* of this process: holder of leases and releases */
    bool config_tracking;
    int64_t scale_down_delay_ms; /* how long a canary keeps its Pods after its last share */
};

struct store *context_store(const struct context *context, const struct kube_resource *resource);

struct config_stores context_configs(const struct context *context);
/* The store of the workloads of the kind that a Canary names; NULL when this version knows no such kind. */
struct store *context_workloads(const struct context *context, const struct canary_names *names);
/* The pruned target and primary of a Canary (workload/facts.h); NULL: not there. Like what store_find gives. */
struct doc *context_target(const struct context *context, const struct canary_names *names);
struct doc *context_primary(const struct context *context, const struct canary_names *names);

/* The Canary as the store has it (see canary_find), read once per turn: whoever asks for it again gets the same. */
bool context_canary(const struct context *context, const char *namespace, const char *name, struct canary *canary,
                    struct err *err);
/* The same for a release, which has its scripts: neither what became of them since is looked at, nor what a Canary may
 * name by the flags of today. */
bool context_canary_of_release(const struct context *context, const char *namespace, const char *name,
                               struct canary *canary, struct err *err);

/* Fills context->notify, once clock, http, kube, the defaults and the Canaries' store are there. */
void context_connect_notify(struct context *context, const char *event_webhook);

/* Frees the stores and the texts that the context owns. The defaults are borrowed. */
void context_fini(struct context *context);
