/* Plays a scenario (sim/story/scenario.h) on an embedded cluster: its acts one after the other, its faults when they
 * are due, on the cluster's clock. It knows nothing of engines: whatever works on the cluster is what the story is
 * about, and is killed through the listener.
 *
 *     play_new ── play_set: versions, traffic, hooks ── play_create: objects ── play_start: time zero
 *              ──acts──► ended ── play_check
 *
 * All but the first may be left out. */
#pragma once

#include "sim/cluster.h"
#include "sim/story/scenario.h"

struct play;

/* Who tells the story; each may be NULL. Called from timers; `ended` may stop a clock, none may free the play. */
struct play_listener {
    void (*people)(void *ctx, const char *text); /* somebody does something */
    void (*world)(void *ctx, const char *text);  /* something happens */
    void (*engine)(void *ctx, bool up);          /* whatever works on the cluster is killed, or started again */
    /* Once, when every fault has been lifted: all of it was played and the end has come, or err says what could not be
     * done or never came. */
    void (*ended)(void *ctx, const struct err *err);
    void *ctx;
};

/* `seed`: of the dice that say which requests a fault strikes. The play owns the network's fates (network_fates) until
 * it is freed. */
struct play *play_new(const struct scenario *scenario, struct cluster *cluster, uint64_t seed,
                      const struct play_listener *listener);
void play_free(struct play *play);

/* The world as it is at first, without its objects. */
void play_set(struct play *play);
/* Servers of hooks that are more than an answer: asked before the scenario's hooks of the same host. False: it has not
 * answered. */
typedef bool play_serve_fn(void *ctx, struct exchange *exchange);
void play_serve_hooks(struct play *play, play_serve_fn *first, void *ctx);
/* The objects that are there at first. False: err says which one could not be made. */
bool play_create(struct play *play, struct err *err);
void play_start(struct play *play);
/* What is not as expected, a line each: "FILE:LINE:COLUMN: field: what came, what was wanted". `met`: NULL, or where a
 * sentence about each that is goes. */
void play_check(const struct play *play, struct str_list *wrong, struct str_list *met);
