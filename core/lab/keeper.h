/* Keeps an engine running on a stage, as a kubelet does: one that has ended (its Lease was lost) is started again after ten seconds. A scenario may hold it down. */
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
/* kill -9; no other one comes before keeper_raise. */
void keeper_kill(struct keeper *keeper);
void keeper_raise(struct keeper *keeper);
/* `closed` comes once it has closed; one that is asked a second time is killed, for it may wait for an answer that never comes. */
void keeper_close(struct keeper *keeper);
