/* What the controllers share, and nobody else includes.
 *
 *   controllers.c   life, what a change wakes           queue.c       what is to be looked at
 *   graph.c         who depends on whom                 item.c        reading and writing objects
 *   condition.c     conditions and times                adoption.c    Pods and ReplicaSets that nobody controls
 *   deployment/     look.c one look at a Deployment, rollout.c its strategies, revision.c its ReplicaSets and their
 *                   revisions, scale.c its size, progress.c its status
 *   replica_set.c daemon_set.c pod.c autoscaler.c garbage.c namespace.c
 *
 * A look reads the object as it is, does what is to be done next, and writes the status. What it waits for wakes it
 * again. */
#pragma once

#include "base/str.h"
#include "sim/controllers/controllers.h"
#include "sim/controllers/graph.h"

struct controllers {
    struct api *api;
    struct objects *objects;
    struct clock *clock;
    const struct behaviours *behaviours;
    const struct kind *kinds[ITEM_COUNT]; /* of the built-in ones; NULL for ITEM_OTHER */
    struct graph graph;
    void (*look)(struct controllers *c, struct item *item); /* from the queue */
    struct item *first, *last;                              /* the queue */
    uint64_t turn;
    struct timer timer;
    uint32_t addresses_given;
    bool is_full; /* the node takes no more Pods */
};
