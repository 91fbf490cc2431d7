/* A running release inside, for the files that share it, each of which uses only those above it:
 *
 *   turn.c      what the others share: the record is flushed, an end is decided, something is tried again later
 *   closing.c   how it comes to its end
 *   attempt.c   one life of the script: its calls, the operation under way, freezing, what a failure means
 *   restart.c   what a release begins with that took the place of another one
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
    struct strategy *strategy;  /* NULL: none has begun; between two lives it rests */
    struct operation_call call; /* call.operation NULL: none is under way */
    void (*recorded)(struct operation_call *call);
    bool starts;             /* the operation is in its start */
    struct timer rest;       /* when the script that waits for the operation is dropped */
    bool rests;              /* it is: the answer starts it again */
    bool known;              /* what it does was done before it rested */
    bool held;               /* the operation starts when the freeze ends */
    struct doc *held_answer; /* so does this answer */
    char *word;              /* that was entered last, and what it was asked for */
    struct doc *gates;       /* {word: names} of the gates that each found closed when it was said last; NULL: none */
    bool committed;          /* a promotion has begun that cannot be taken back */
    int64_t rounds;          /* rounds begun since the script's first line */
    int64_t lines;           /* of log, since then */
    int64_t round_started_ms;
};

struct run {
    struct context *context;
    struct announcer *announcer;
    struct waiting *waiting; /* of the Canary */
    struct release *release;
    enum run_state state;
    enum run_verdict verdict;
    struct timer turn;  /* carries out the verdict, outside of the script */
    struct timer retry; /* of the ending, or the restart */
    void (*carry_out)(struct run *run, enum run_verdict verdict);
    void (*flushed)(struct run *run);
    bool frozen;
    bool saves;              /* run_save is under way */
    int64_t paused_since_ms; /* wall clock; 0: it is not paused, or was when this run began */
    struct trouble trouble;

    struct attempt attempt;
    int64_t lines_logged; /* by the attempts before this one, at most */
    int failures;         /* of the script */
    char *failure;        /* the script's last error */
    /* why the last `ready` found a side that will never be ready; NULL: it is ready, or may become so */
    char *not_ready;
    bool delay_told; /* it was told that the script has spent its CPU time */

    /* The list of effects that C carries out: at a restart, or at the end. */
    struct effects *effects;
    struct doc *restart; /* that list, at a restart */
    int64_t retry_ms;
    /* the effect with which a retry goes on, so that one engine tells and delivers nothing twice */
    size_t effects_first;

    struct run_events events;
    void *ctx;
};

/* --- turn.c --- */

/* Ends the script after this turn. The first verdict counts. */
void run_decide(struct run *run, enum run_verdict verdict);
/* Frozen, or saves: the script's calls wait. */
bool run_holds_still(const struct run *run);
/* Writes the record. `done` comes if the release is still ours; otherwise the run ends by itself. */
void run_flush(struct run *run, void (*done)(struct run *run));
void run_retry_later(struct run *run, timer_fn *retry);
/* The effect number `failed` of the engine's own list failed: told, shown, and tried again later. */
void run_retry_effects(struct run *run, size_t failed, const struct err *err, timer_fn *retry);
/* For release_claim and release_flush. */
void run_on_flushed(void *ctx, const struct err *err);
/* The record is refused; for release->refused. */
void run_on_refused(void *ctx, const char *text);
/* Notes that the release cannot go on for this reason, which has been told already. */
void run_wait(struct run *run, const char *reason, const char *message);
/* The Canary as the release goes by it. False when it is gone, or when no accepted spec is known; `canary` must be
 * finished in either case. */
bool run_canary(struct run *run, struct canary *canary);
/* Closes a release that breaks a rule as Stalled, with this reason. */
void run_stall(struct run *run, const struct err *err);
/* To be called when the record does not agree with the script or with the engine's words. */
void run_diverge(struct run *run, const struct err *err);

/* --- attempt.c --- */

/* Starts the script at its first line; it replays the record. A script of a team's that has waited for a while is
 * dropped, because its VM takes more memory than all else of the release, and started again by what it waited for. */
void attempt_start(struct run *run);
/* Drops the script where it stands; attempt_start may follow. */
void attempt_stop(struct run *run);
/* After that: there is no next one. */
void attempt_end(struct run *run);
/* See run_poke, run_list_watched, run_freeze. */
void attempt_poke(struct run *run);
void attempt_list_watched(const struct run *run, struct str_list *canaries);
void attempt_thaw(struct run *run);
/* True while the script is over its record: what it asks for is answered from there. */
bool attempt_replays(const struct run *run);
/* True while the script may write the Canary's objects, or is about to. */
bool attempt_is_acting(const struct run *run);
/* A promotion has begun, or may have, that cannot be taken back. */
bool attempt_is_committed(const struct run *run);

/* --- restart.c --- */

/* Sets the weights to 100/0 and all counters to 0, then starts the script. */
void restart_begin(struct run *run);
/* Goes on with the revision on record in the status: another strategy has analysed it so far, or it is promoted. */
void restart_take_over(struct run *run);

/* --- closing.c --- */

/* Prepares the ending that the script asks for. */
void closing_prepare(struct run *run, enum operation_ending ending, const struct node *args);
/* Carries out the recorded list of effects, some of which may have happened already. */
void closing_resume(struct run *run);
void closing_roll_back(struct run *run);
/* Notes that a person takes the release back, and why: closing_roll_back follows. False: its Canary cannot be read. */
bool closing_ask_back(struct run *run, const struct request *request);
void closing_succeed(struct run *run, bool skipped);
void closing_unreadable(struct run *run);
void closing_supersede(struct run *run);
void closing_stall(struct run *run);
void closing_halt(struct run *run);
/* Ends the run of a release that is not ours any more. Writes nothing. */
void closing_drop(struct run *run);
