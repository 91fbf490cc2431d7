/* A running release inside, for the files that share it, each of which uses only those above it:
 *
 *   turn.c      what the others share: the record is flushed, an end is decided, something is tried again later
 *   attempt.c   one life of the script: its calls, the operation under way, freezing, what a failure means
 *   restart.c   what a release begins with that took the place of another one
 *   closing.c   how it comes to its end
 *   run.c       from the claim to the end, and what the actor asks for */
#pragma once

#include "rollout/operation/operation.h"
#include "rollout/run.h"

enum run_state { RUN_CLAIMING, RUN_RESTARTING, RUN_SCRIPT, RUN_STOPPING, RUN_ENDING, RUN_OVER };

/* How the release will end once the current turn is over. */
enum run_verdict {
    VERDICT_NONE,
    VERDICT_ROLLBACK,
    VERDICT_SUCCEEDED,
    VERDICT_SKIPPED,
    VERDICT_REPLAY,
    VERDICT_UNREADABLE,
    VERDICT_SUPERSEDED,
    VERDICT_STALLED,
    VERDICT_HALTED,
    VERDICT_FENCED
};

struct strategy;

/* One life of the script; attempt.c. */
struct attempt {
    struct strategy *strategy;
    struct operation_call call; /* call.operation NULL: none is under way */
    void (*recorded)(struct operation_call *call);
    bool held;               /* the operation waits for the end of the freeze */
    struct doc *held_answer; /* so does this answer */
    char *word;              /* that was entered last */
    int64_t rounds;          /* that were begun, from the first line */
    int64_t round_started_ms;
    bool deferred; /* the record is too long to be replayed in one turn: the rest comes on a later one */
};

struct run {
    struct context *context;
    struct announcer *announcer;
    struct waiting *waiting; /* of the Canary */
    struct release *release;
    enum run_state state;
    enum run_verdict verdict;
    struct timer turn;  /* to act on the verdict, outside of the script */
    struct timer retry; /* of the ending, or the restart */
    void (*carry_out)(struct run *run, enum run_verdict verdict);
    void (*flushed)(struct run *run);
    bool frozen, blocked;
    struct trouble trouble;

    struct attempt attempt;
    int failures;    /* of the script */
    char *failure;   /* what it said when it failed for the last time */
    char *not_ready; /* what the last `ready` said of a side that never will be; NULL: it is, or will be */
    char *wait_word, *wait_reason; /* which word said that it waits, and for what */
    bool delay_told;               /* that the script had spent its CPU time */

    /* The list of effects that C carries out: at a restart, or at the end. */
    struct effects *effects;
    struct doc *restart; /* that list, at a restart */
    int64_t retry_ms;
    size_t effects_first; /* where a retry goes on, so that nothing is told or delivered twice by one engine */

    struct run_events events;
    void *ctx;
};

/* --- turn.c --- */

/* Ends the script after this turn. The first verdict counts. */
void run_decide(struct run *run, enum run_verdict verdict);
/* Writes the record; `done` comes with the fence intact, otherwise the run ends by itself. */
void run_flush(struct run *run, void (*done)(struct run *run));
void run_retry_later(struct run *run, timer_fn *retry);
/* For release_claim and release_flush. */
void run_on_flushed(void *ctx, const struct err *err);
/* It cannot go on for this reason, which was told. */
void run_wait(struct run *run, const char *reason, const char *message);
/* The Canary as the release goes by it; false (canary must be finished all the same) when it is gone, or nothing is known
 * that was accepted. */
bool run_canary(struct run *run, struct canary *canary);
/* It breaks a rule: it is closed as Stalled, with this reason. */
void run_stall(struct run *run, const struct err *err);
/* The record and the script, or the engine's words, do not agree. */
void run_diverge(struct run *run, const struct err *err);

/* --- attempt.c --- */

/* From the first line, over what is on record. */
void attempt_start(struct run *run);
/* Drops it where it stands. */
void attempt_stop(struct run *run);
/* See run_poke, run_freeze. */
void attempt_poke(struct run *run);
void attempt_thaw(struct run *run);
/* Its script is over the record, and nothing that it asked for is under way. */
bool attempt_replays(const struct run *run);
/* It may write the Canary's objects now, or is about to. */
bool attempt_is_acting(const struct run *run);

/* --- restart.c --- */

/* Traffic at 100/0 and all counters at 0, then the script. */
void restart_begin(struct run *run);
/* Another strategy goes on with the revision that was analysed so far. */
void restart_take_over(struct run *run);

/* --- closing.c --- */

/* As the script asked for. */
void closing_prepare(struct run *run, enum operation_ending ending, const struct node *args);
/* The list of effects on record is carried out, some of which may have happened. */
void closing_resume(struct run *run);
void closing_roll_back(struct run *run);
void closing_succeed(struct run *run, bool skipped);
void closing_unreadable(struct run *run);
void closing_supersede(struct run *run);
void closing_stall(struct run *run);
void closing_halt(struct run *run);
/* It is not ours any more: nothing is written. */
void closing_drop(struct run *run);
