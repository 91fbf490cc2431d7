/* An embedded cluster with the kinds of deploy/crds and the mesh's, and engines on it, one after another: the same engine that runs in clusters, behind two other
 * doors and on a machine that can be killed, or stopped until it wakes beside its successor. What else is in the cluster, and what happens there, a scenario says (sim/story/play.h). */
#pragma once

#include "rollout/engine.h"
#include "sim/cluster.h"
#include "sim/ground/machine.h"

enum stage_engine {
    STAGE_EMPTY, /* none was started, or the last one was closed */
    STAGE_STARTING,
    STAGE_READY,
    STAGE_CLOSING,
    STAGE_DEAD,   /* killed, or it has lost its Lease, which ends it */
    STAGE_ASLEEP, /* stopped: another one can be started */
};

struct stage_life;

struct stage {
    struct cluster *cluster;
    /* Engines run far from each other: a successor cannot see that the holder of the Lease is dead and waits until it has expired. Set before one is started. */
    bool is_apart;
    enum stage_engine state;
    void (*changed)(
        void *ctx); /* it became ready, empty, dead or asleep; from inside of what the engine does: only to take note */
    void *ctx;

    struct stage_life *life;    /* of the last engine; NULL: none was started, or it was laid to rest */
    struct stage_life *sleeper; /* of one that was stopped, or woke up again beside the last one; NULL: there is none */
    struct machine **graves;    /* of the dead; what they had sent may still arrive */
    size_t grave_count;
    int requests;     /* of those who are gone */
    int last_request; /* the engine of that time dies at this one; 0: nobody does */
    enum machine_moment last_moment;
};

/* False: err says which object could not be made; stage_fini all the same. */
bool stage_init(struct stage *stage, struct clock *clock, uint64_t seed, struct err *err);
/* No engine may be running. */
void stage_start_engine(struct stage *stage, const char *identity, void (*changed)(void *ctx), void *ctx);
/* Nothing happens when none is running. */
void stage_close_engine(struct stage *stage);
/* `sent_arrives`: see machine_kill. */
void stage_kill_engine(struct stage *stage, bool sent_arrives);
/* Stops the engine that runs, if one does and no other sleeps already: machine_pause. */
void stage_pause_engine(struct stage *stage);
/* The sleeper goes on, whoever else runs by now: machine_resume. It ends when it finds that it has lost the Lease. */
void stage_wake_sleeper(struct stage *stage, bool answers_first);
/* It lives, asleep or awake. */
bool stage_has_sleeper(const struct stage *stage);
/* So many has it sent; 0 without one. */
int stage_sleeper_requests(const struct stage *stage);
/* The requests of all its engines, streams not counted. */
int stage_requests(const struct stage *stage);
/* Kills the engine that sends the `request`-th of them. */
void stage_kill_engine_at(struct stage *stage, int request, enum machine_moment moment);
/* No engine may be running; one that sleeps is killed. */
void stage_fini(struct stage *stage);
