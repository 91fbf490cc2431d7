/* Who depends on whom, so that a change wakes those it concerns and nobody else, and nothing has to be searched.
 *
 * A vertex stands for an object, under its uid, or for something that is only spoken of: an owner that is gone or was never there, a name that an autoscaler scales
 * ("scale:…"), a namespace that has objects ("namespace:…"), what nobody owns ("free:…"). */
#pragma once

#include "io/clock.h"

enum species {
    SPECIES_OTHER,
    SPECIES_DEPLOYMENT,
    SPECIES_REPLICA_SET,
    SPECIES_DAEMON_SET,
    SPECIES_POD,
    SPECIES_AUTOSCALER,
    SPECIES_NAMESPACE,
    SPECIES_COUNT
};

struct controllers;

/* In two lists: of the owner's dependents, in the order in which they came, and of the dependent's owners. */
struct edge {
    struct vertex *owner, *dependent;
    struct edge *next_dependent, *previous_dependent, *next_owner;
    bool is_reference; /* of metadata.ownerReferences; else only a wish to be woken */
    bool blocks;       /* blockOwnerDeletion */
};

struct vertex {
    char *key;
    char *storage, *namespace, *name; /* storage NULL: no object, only spoken of; namespace NULL: the kind has none */
    enum species species;
    struct edge *owners, *dependents, *last_dependent;
    struct vertex *next_in_bucket;

    size_t population;                           /* of "namespace:…": objects in it */
    bool is_ending, is_foreground, is_orphaning; /* it ends; and its dependents go first, or are let go */
    bool has_begun, is_stopping, is_over;        /* of a Pod: its containers; has_begun of an autoscaler: it was seen */
    int64_t begun_ms;                            /* monotonic */
    int64_t due_ms; /* when a Pod is ready (negative: never) or gone; when an autoscaler may look again */
    bool is_queued;
    uint64_t turn; /* when it was queued */
    struct vertex *next_queued, *previous_queued;
    struct timer timer;
    struct controllers *controllers; /* for the timer */
};

struct graph {
    struct vertex **buckets;
    size_t bucket_count, count;
};

void graph_init(struct graph *graph);
/* Timers and queues were emptied before. */
void graph_fini(struct graph *graph);
struct vertex *graph_find(const struct graph *graph, const char *key);
struct vertex *graph_ensure(struct graph *graph, const char *key);
/* Forgets a vertex that stands for nothing and that nobody speaks of. */
void graph_release(struct graph *graph, struct vertex *vertex);

struct edge *graph_link(struct vertex *dependent, struct vertex *owner, bool is_reference);
/* Cuts the edges to its owners, of one sort; owners that stand for nothing are forgotten. */
void graph_unlink(struct graph *graph, struct vertex *dependent, bool is_reference);

typedef void graph_each_fn(void *ctx, struct vertex *vertex);
/* In no order that means anything; for rare things only. The graph must not change meanwhile. */
void graph_each(const struct graph *graph, graph_each_fn *each, void *ctx);
