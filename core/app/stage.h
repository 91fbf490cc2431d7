/* An embedded cluster set up for the tutorial, and the engine on it: the same engine that runs in clusters, behind two other doors.
 *
 * The cluster has the kinds of deploy/crds and the mesh's, a load tester that is content with everything, podinfo 3.1.0 and 3.1.1, which are well, and 3.1.2,
 * which answers every ninth request with 500. Requests come to app.example.com, a hundred per second. */
#pragma once

#include "rollout/engine.h"
#include "sim/cluster.h"

struct stage {
    struct cluster *cluster;
    struct kube_client *kube;
    struct metrics *metrics;
    struct strategist *strategist;
    struct engine *engine;      /* NULL: not started, or closed */
    void (*changed)(void *ctx); /* the engine is ready, or closed */
    void *ctx;
};

/* False: err says which object could not be made; stage_fini all the same. */
bool stage_init(struct stage *stage, struct clock *clock, uint64_t seed, struct err *err);
/* Creates the objects of one of the binary's texts ("tutorial/canary.yaml"). */
bool stage_create(struct stage *stage, const char *text, struct err *err);
/* `changed` comes when the engine is ready. */
void stage_start_engine(struct stage *stage, void (*changed)(void *ctx), void *ctx);
/* `changed` comes when it is closed. Nothing happens when it was not started. */
void stage_close_engine(struct stage *stage);
/* The engine must be closed. */
void stage_fini(struct stage *stage);
