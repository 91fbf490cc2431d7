/* What the play_*.c files share, and nobody else includes.
 *
 *   play.c          the acts in their order, moments, the end    play_hooks.c    what answers at the hooks' URLs
 *   play_world.c    versions, traffic                            play_faults.c   faults that come and go
 *   play_orders.c   what people tell the API server              fault_text.c    the same in words
 *   play_check.c    what is expected                             tell.c          what a play tells, and how
 */
#pragma once

#include "sim/api/caller.h"
#include "sim/story/play.h"

struct play_hooks;
struct play_faults;
struct play_tally;

struct play {
    const struct scenario *scenario;
    struct cluster *cluster;
    struct clock *clock;
    struct play_listener listener;
    struct play_hooks *hooks;
    struct play_faults *faults;
    struct play_tally *tally;
    int64_t began_ms;
    size_t act;      /* the next one; act_count: the end */
    bool is_waiting; /* for a Canary to become as the next act wants it */
    bool has_ended;
    struct timer next, limit;
};

void __attribute__((format(printf, 2, 3))) play_tell_world(struct play *play, const char *format, ...);
/* "1m30s"; mem_free. */
char *play_duration(int64_t ms);

/* `silent`: it is not told, as the act has its own words for it. */
void play_world_change(struct play *play, const struct scenario_world *world, bool silent);

struct play_hooks *play_hooks_new(struct cluster *cluster);
void play_hooks_free(struct play_hooks *hooks);
void play_hooks_set(struct play_hooks *hooks, const struct scenario_hook *hook);
void play_hooks_serve(struct play_hooks *hooks, play_serve_fn *first, void *ctx);

/* What is told when it comes, or goes; mem_free. */
char *play_fault_text(const struct scenario_fault *fault, bool begins);
struct play_faults *play_faults_new(struct play *play, uint64_t seed);
void play_faults_free(struct play_faults *faults);
/* None is there any more, and none comes; nobody is told. */
void play_faults_lift(struct play_faults *faults);
/* Its times count from now. */
void play_faults_add(struct play_faults *faults, const struct scenario_fault *fault);

/* Every object of an array, as with kubectl apply. */
bool play_apply(struct play *play, const struct node *objects, struct err *err);
bool play_order(struct play *play, const struct scenario_order *order, struct err *err);
/* The same as a command of kubectl's; mem_free. */
char *play_order_text(struct play *play, const struct scenario_order *order);

struct play_tally *play_tally_new(const struct scenario *scenario);
void play_tally_free(struct play_tally *tally);
/* An Event was written. */
void play_tally_note(struct play_tally *tally, const struct node *event);

/* Whether the Canary is the one meant; `canary` "namespace/name" or NULL. */
bool play_is_canary(const struct node *object, const char *canary);
