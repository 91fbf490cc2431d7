#include "lab/keeper.h"

#include "base/str.h"

enum { RESTART_MS = 10000 }; /* a kubelet's first pause */

static void on_change(void *ctx);

static void start(struct keeper *k)
{
    char *identity = k->engines == 0 ? str_dup("sluice") : str_format("sluice-%d", k->engines + 1);
    k->engines++;
    stage_start_engine(k->stage, identity, on_change, k);
    str_free(&identity);
}

static void on_restart(struct timer *timer, void *ctx)
{
    struct keeper *k = ctx;
    k->told(k->ctx, "the engine starts again");
    start(k);
}

static void note_death(struct keeper *k)
{
    if (k->is_down) {
        return;
    }
    k->told(k->ctx, "the engine could not renew its Lease and has ended");
    timer_start(cluster_clock(k->stage->cluster), &k->restart, RESTART_MS, on_restart, k);
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct keeper *k = ctx;
    if (k->stage->state == STAGE_READY && !k->was_ready) {
        k->was_ready = true;
        k->ready(k->ctx);
    } else if (k->stage->state == STAGE_EMPTY || (k->stage->state == STAGE_DEAD && k->is_closing)) {
        k->closed(k->ctx);
    } else if (k->stage->state == STAGE_DEAD) {
        note_death(k);
    }
}

/* From inside of the engine. */
static void on_change(void *ctx)
{
    struct keeper *k = ctx;
    timer_start(cluster_clock(k->stage->cluster), &k->turn, 0, on_turn, k);
}

void keeper_start(struct keeper *k)
{
    start(k);
}

void keeper_kill(struct keeper *k)
{
    k->is_down = true;
    timer_cancel(&k->restart);
    stage_kill_engine(k->stage, false);
}

void keeper_restart(struct keeper *k)
{
    if (k->is_down && !k->is_closing) {
        k->is_down = false;
        start(k);
    }
}

void keeper_close(struct keeper *k)
{
    bool is_dead = k->stage->state == STAGE_DEAD || k->stage->state == STAGE_EMPTY;
    timer_cancel(&k->restart);
    if (is_dead) {
        on_change(k);
    } else if (k->is_closing) {
        stage_kill_engine(k->stage, false);
    } else {
        stage_close_engine(k->stage);
    }
    k->is_closing = true;
}
