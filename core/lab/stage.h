/* An embedded cluster with the kinds of deploy/crds and the mesh's, and engines on it, one after another. An engine
 * is the one that runs in real clusters, behind two other doors, on a machine that can be killed, or paused and
 * resumed beside its successor. A scenario says what else is in the cluster and what happens there
 * (sim/story/play.h). */
#pragma once

#include "lab/witness.h"
#include "rollout/engine.h"
#include "script/embedded.h"
#include "sim/cluster.h"
#include "sim/ground/machine.h"

enum stage_engine {
    STAGE_EMPTY, /* none was started, or the last one was closed */
    STAGE_STARTING,
    STAGE_READY,
    STAGE_CLOSING,
    STAGE_DEAD,   /* killed, or it has lost its Lease, which ends it */
    STAGE_PAUSED, /* another one can be started */
};

struct stage_life;

struct stage {
    struct cluster *cluster;
    /* Engines run far from each other: a successor cannot see that the holder of the Lease is dead, and waits until the
     * Lease has expired. Set before an engine is started. */
    bool is_apart;
    /* The Lua modules of its engines; the binary's own unless others are set before an engine is started. */
    const struct embedded_module *modules;
    size_t module_count;
    /* Of one step of a script (script/task.h); 0: as usual. Set before an engine is started. */
    int64_t replay_words; /* of a replay */
    bool awake;           /* scripts never rest */
    int lease_factor;     /* see rollout/engine.h */
    int64_t step_ms;      /* CPU time before each of the two stages of a kill: some story may meet the limit then */
    /* Told what scripts say to the engines that are started from now on; NULL: nobody is. */
    witness_fn *witness;
    void *witness_ctx;
    enum stage_engine state;
    /* The stage became ready, empty, dead or paused. Called from inside of the engine: only to take note. */
    void (*changed)(void *ctx);
    void *ctx;

    struct stage_life *life;        /* of the last engine; NULL: none was started, or it was discarded */
    struct stage_life *predecessor; /* of an engine that was paused, or resumed beside the last one; NULL: none */
    struct machine **discarded;     /* machines of discarded engines; what these had sent may still arrive */
    size_t discarded_count;
    int requests;       /* of all discarded engines */
    int struck_request; /* of all engines' requests, the one at which something strikes; 0: none */
    enum machine_stroke stroke;
    struct timer news; /* of the stroke */
    void (*struck)(void *ctx);
    void *struck_ctx;
};

/* False: err says which object could not be made; stage_fini all the same. */
bool stage_init(struct stage *stage, struct clock *clock, uint64_t seed, struct err *err);
/* No engine may be running. */
void stage_start_engine(struct stage *stage, const char *identity, void (*changed)(void *ctx), void *ctx);
/* Nothing happens when none is running. */
void stage_close_engine(struct stage *stage);
/* `sent_arrives`: see machine_kill. */
void stage_kill_engine(struct stage *stage, bool sent_arrives);
/* Pauses the engine (machine_pause) if one runs and no other is paused already. */
void stage_pause_engine(struct stage *stage);
/* Resumes the paused engine (machine_resume), also beside its successor. It ends when it finds that it has lost the
 * Lease. */
void stage_resume_engine(struct stage *stage, bool answers_first);
/* True while the paused or resumed engine is alive. */
bool stage_has_predecessor(const struct stage *stage);
/* How many requests that engine has sent; 0 without one. */
int stage_predecessor_requests(const struct stage *stage);
/* The requests of all engines; streams do not count. */
int stage_requests(const struct stage *stage);
/* What the last engine says at /metrics, added to `out`; nothing without one. */
void stage_write_metrics(const struct stage *stage, struct buf *out);
/* Strikes the engine that sends the `request`-th of them (machine_strike_at). `struck` is called on a turn of its own,
 * right after it happened; NULL: nobody is told. */
void stage_strike_at(struct stage *stage, int request, enum machine_stroke stroke, void (*struck)(void *ctx),
                     void *ctx);
/* No engine may be running; a paused one is killed. */
void stage_fini(struct stage *stage);
