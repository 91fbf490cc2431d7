/* What must hold of every Canary on an embedded cluster, whatever happens there:
 *
 *   once       The holder of the Lease makes a delivery once, never before it is on record, and never again once its
 *              end is on record. A release's record only grows. No two releases of a Canary are open. Of a release
 *              that was deleted its last record counts: an engine whose watch is cut goes on until its next write.
 *   writes     A release scales its target up once and to zero once, promotes once, and loses no failed check.
 *   weights    Each weight is a share of 100, and those of a route sum to 100.
 *   growth     Only an open release gives the canary a share, and within a release the shares only grow.
 *   readiness  No side without a ready Pod gets requests.
 *   rest       At the end (checkers_expect_rest) every release is closed, the canary has neither share nor mirror, the
 *              target is scaled down, and the primary is the target unless the release has failed.
 *
 * One library for random worlds, specs and scenarios. Each takes the checks that can hold in it: who lets people change
 * routes by hand cannot hold the engine to their growth. Deliveries are heard on the cluster's network, but where
 * engines are paused: there somebody else must tell which of them sends one. */
#pragma once

#include "base/str.h"
#include "sim/cluster.h"

enum {
    CHECK_ONCE = 1 << 0,
    CHECK_WEIGHTS = 1 << 1,
    CHECK_GROWTH = 1 << 2,
    CHECK_READINESS = 1 << 3,
    CHECK_WRITES = 1 << 4,
    CHECK_ALL = (1 << 5) - 1,
};

/* A release: what its object says, and what was seen of it. */
struct checked_release {
    char *uid;               /* NULL: there is none */
    struct doc *status;      /* as it was written last */
    struct str_list pending; /* keys of effects whose list is on record without an answer */
    struct str_list settled; /* the same with one, of all releases of the Canary */
    int peak;                /* the highest share it has given the canary; -1: none yet */
    int ups, downs;          /* of the target's replicas, from zero and to zero */
    int promotions;          /* of a Pod template */
    bool has_counted;        /* a failed check */
};

/* The routes of one name that the Canary's service has, or had. */
struct checked_service {
    char *name;
    int share; /* the highest that a route gives the canary */
    int least; /* the smallest */
    bool is_mirrored;
};

/* A Canary as the checkers have seen it. */
struct checked {
    char *namespace, *name, *target;
    struct checked_service *services;
    size_t service_count;
    char phase[32];        /* "" without a Canary */
    bool is_gone;          /* what its engine makes before it hears of that has no owner, and is collected */
    bool is_skipping;      /* its analysis was skipped, now or before: as in Flagger, little can be expected then */
    int64_t failed_checks; /* of the Canary's status */
    bool is_about_others;  /* its service or requests were edited, or its routes deleted: the steps may begin again */
    int retries;           /* the most of its hooks */
    int share, least;      /* of all services, the highest and the smallest */
    bool is_mirrored;
    bool has_ready, primary_ready; /* a Pod of the target, of the primary */
    int64_t replicas;              /* of the target */
    char *template;                /* of the primary; NULL without one */
    struct checked_release release;
    struct checked_release of_paused; /* as the engine that was paused last has written it */
    struct checked_release deleted;   /* the last one that was, as it was then: an engine may not have heard of it */
};

struct checkers;
/* Something must not be. Called from inside of a change or a request: only to take note. */
typedef void checkers_broken_fn(void *ctx, const char *what);

struct checkers_options {
    struct cluster *cluster;
    unsigned checks; /* CHECK_ONCE | … */
    /* No Pod gets unready but by what the engine does. Otherwise a side must be ready only as its share grows. */
    bool pods_stay;
    bool hears; /* every delivery on the network is one of the Lease's holder; nobody else listens there */
    checkers_broken_fn *broken;
    void *ctx;
};

/* To be made before the first engine. */
struct checkers *checkers_new(const struct checkers_options *options);
void checkers_free(struct checkers *checkers);

/* While objects of another world are put in, what the checkers see is noted and not judged. */
void checkers_learn(struct checkers *checkers, bool is_learning);

/* A delivery with this key (header Sluice-Key) is sent by the holder of the Lease. */
void checkers_note_delivery(struct checkers *checkers, const char *key);
/* The engine of this identity was paused. What it sends once it has lost the Lease is judged by what it has put on
 * record itself: one delivery may be on its way. */
void checkers_note_pause(struct checkers *checkers, const char *identity);
void checkers_note_stale_delivery(struct checkers *checkers, const char *key);

/* NULL when there never was such a Canary. */
const struct checked *checkers_find(const struct checkers *checkers, const char *namespace, const char *name);
bool checked_has_release(const struct checked *canary); /* an open one */

/* Nothing is under way any more. */
void checkers_expect_rest(struct checkers *checkers);
