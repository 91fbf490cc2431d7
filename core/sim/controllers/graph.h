/* Which object depends on which, so that a change wakes those that it concerns and no others, and nothing has to be
 * searched.
 *
 * An item stands for an object, under its uid, or for something that is only named: an owner that has gone or was never
 * there, a name that an autoscaler scales ("scale:…"), a namespace that has objects ("namespace:…"), Pods and
 * ReplicaSets that nobody owns ("free:…"). */
#pragma once

#include "io/clock.h"

enum item_kind {
    ITEM_OTHER,
    ITEM_DEPLOYMENT,
    ITEM_REPLICA_SET,
    ITEM_DAEMON_SET,
    ITEM_POD,
    ITEM_AUTOSCALER,
    ITEM_NAMESPACE,
    ITEM_COUNT
};

struct controllers;

/* In two lists: of the owner's dependents, in the order in which they came, and of the dependent's owners. */
struct edge {
    struct item *owner, *dependent;
    struct edge *next_dependent, *previous_dependent, *next_owner;
    bool is_reference; /* of metadata.ownerReferences; else only a wish to be woken */
    bool blocks;       /* blockOwnerDeletion */
};

struct item {
    char *key;
    char *storage, *namespace, *name; /* storage NULL: no object, only spoken of; namespace NULL: the kind has none */
    enum item_kind kind;
    struct edge *owners, *dependents, *last_dependent;
    struct item *next_in_bucket;

    size_t population;                           /* of "namespace:…": objects in it */
    bool is_ending, is_foreground, is_orphaning; /* it ends; and its dependents go first, or are let go */
    bool has_begun, is_stopping, is_over;        /* of a Pod: its containers; has_begun of an autoscaler: it was seen */
    int64_t begun_ms;                            /* monotonic */
    int64_t due_ms; /* when a Pod is ready (negative: never) or gone; when an autoscaler may look again */
    bool is_queued;
    uint64_t turn; /* when it was queued */
    struct item *next_queued, *previous_queued;
    struct timer timer;
    struct controllers *controllers; /* for the timer */
};

struct graph {
    struct item **buckets;
    size_t bucket_count, count;
};

void graph_init(struct graph *graph);
/* Timers and queues were emptied before. */
void graph_fini(struct graph *graph);
struct item *graph_find(const struct graph *graph, const char *key);
struct item *graph_ensure(struct graph *graph, const char *key);
/* Forgets an item that stands for no object and that no other item depends on. */
void graph_release(struct graph *graph, struct item *item);

struct edge *graph_link(struct item *dependent, struct item *owner, bool is_reference);
/* Cuts the edges to its owners, of one sort; owners that stand for nothing are forgotten. */
void graph_unlink(struct graph *graph, struct item *dependent, bool is_reference);

typedef void graph_each_fn(void *ctx, struct item *item);
/* In no order that means anything; for rare things only. The graph must not change meanwhile. */
void graph_each(const struct graph *graph, graph_each_fn *each, void *ctx);
