/* Keeps an engine running on a stage, as a kubelet does: an engine that has ended because it lost its Lease is
 * followed by another one after ten seconds. A scenario may keep the stage without an engine. */
#pragma once

#include "lab/stage.h"

struct keeper {
    struct stage *stage;
    /* The first engine is ready; the last one is closed. On turns of their own. */
    void (*ready)(void *ctx);
    void (*closed)(void *ctx);
    void (*told)(void *ctx, const char *text); /* what becomes of engines after the first */
    void *ctx;

    struct timer turn, restart;
    int engines;
    bool was_ready, is_down, is_closing;
};

/* The fields above are set, the others zero. */
void keeper_start(struct keeper *keeper);
/* kill -9. No other engine starts before keeper_restart. */
void keeper_kill(struct keeper *keeper);
void keeper_restart(struct keeper *keeper);
/* `closed` comes once the engine has closed. A second call kills the engine, which may be waiting for an answer that
 * never comes. */
void keeper_close(struct keeper *keeper);
