/* A running release: one Release object, its journal, its strategy, and the one thing it is waiting for.
 *
 *   claim ──> restart? ──> strategy ──────────────> ending ──> ended
 *               (C word)     │  ▲                     (C)
 *                            ▼  │ answer
 *                          operation ── rollout/operation.h
 *
 * The strategy asks for one operation at a time; the run asks the journal first, then does it and answers. Taking a release back, and everything that must
 * work without a VM, is a list of effects that C writes into the record and finishes (state RollingBack). */
#pragma once

#include "effect/effect.h"
#include "notify/trouble.h"
#include "notify/waiting.h"
#include "release/release.h"

struct run;
struct operation;

enum run_end {
    RUN_ENDED,      /* succeeded or failed: its record is closed */
    RUN_SUPERSEDED, /* as asked for by run_supersede */
    RUN_DROPPED,    /* it is not ours any more, or its Canary is gone: nothing was written */
    RUN_HALTED,     /* its record is full */
    RUN_UNREADABLE, /* its record and its script do not agree, its words are of another version, or it breaks a rule: start again from weight 0 */
};
struct run_events {
    /* Comes once, on a later turn than run_start; the run must be freed after it, on a later turn again. */
    void (*ended)(void *ctx, enum run_end end);
    /* An operation is finished: others may write the Canary's objects again. Must only take note. */
    void (*settled)(void *ctx);
};

/* Takes `release`. */
struct run *run_start(struct context *context, struct announcer *announcer, struct waiting *waiting,
                      struct release *release, const struct run_events *events, void *ctx);
void run_free(struct run *run);

/* Something that belongs to the Canary changed: a wait may be over. */
void run_poke(struct run *run);
/* A frozen run starts nothing and learns nothing; effects on record are finished. */
void run_freeze(struct run *run, bool frozen);
/* While its objects cannot be brought in line no round begins: Flagger's tick ends there, too. NULL: nothing to block. */
void run_block(struct run *run, bool blocked);
/* Closes the record as Superseded, for this reason, and ends. Not while it is ending by itself. */
void run_supersede(struct run *run, const char *reason);

/* Its Release is gone, the watch says: it ends without another write. */
void run_drop(struct run *run);

/* Nothing else may write the objects of this Canary now. So it is while a record is replayed, which takes many turns when it is long: an intent may be at its end. */
bool run_is_acting(const struct run *run);
/* What it waits for is known: its record was replayed, and nothing is under way that writes the Canary. */
bool run_is_settled(const struct run *run);
/* Its script decides what comes next: another strategy could. */
bool run_is_scripted(const struct run *run);
/* The revision is fixed and nothing was promoted or taken back yet: another revision of the target replaces this release. */
bool run_is_replaceable(const struct run *run);
const struct release *run_release(const struct run *run);
/* It is between two rounds, or waits for Pods before it does anything in the next one. */
bool run_is_waiting(const struct run *run);
/* From now on it goes by this spec. Not while it is acting. */
void run_accept(struct run *run, const struct canary *canary);

/* --- for rollout/operation.c --- */

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

struct prom_query;
struct hook_run;

struct run {
    struct context *context;
    struct announcer *announcer;
    struct waiting *waiting; /* of the Canary */
    struct release *release;
    struct strategy *strategy;
    enum run_state state;
    enum run_verdict verdict;
    struct timer turn; /* to act on the verdict, outside of the script */

    /* The operation under way; NULL: none. */
    const struct operation *operation;
    struct doc *args, *intent;
    struct timer timer; /* tick, a deadline, a retry */
    struct prom_query *query;
    struct hook_run *hooks;
    struct effects *effects;

    bool frozen, blocked;
    bool held;               /* the operation waits for the end of the freeze */
    struct doc *held_answer; /* so does this answer */
    struct trouble trouble;
    bool delay_told;               /* that the script had spent its CPU time */
    int failures;                  /* of the script */
    char *word;                    /* of the script that was entered last */
    char *wait_word, *wait_reason; /* which of its words said that it waits, and for what */
    char *not_ready; /* what the last `ready` said of a side that never will be; NULL: it is, or will be */
    int64_t rounds;  /* that the script began, from its first line */
    char *failure;   /* what the script said when it failed for the last time */
    void (*flushed)(struct run *run);
    int64_t round_started_ms;
    int64_t tick_began_ms; /* monotonic: the start of the interval that is waited for */
    int64_t retry_ms;      /* of the ending, or the restart */
    size_t
        effects_first; /* where a retry of either goes on, so that nothing is told or delivered twice by one engine */

    struct run_events events;
    void *ctx;
};

/* The operation under way is answered (takes `answer`). */
void run_answer(struct run *run, struct doc *answer);
/* Ends the script after this turn. */
void run_decide(struct run *run, enum run_verdict verdict);
/* It cannot go on for this reason, which was told. */
void run_wait(struct run *run, const char *reason, const char *message);
/* Writes the record; `done` comes with the fence intact, otherwise the run ends by itself. */
void run_flush(struct run *run, void (*done)(struct run *run));
/* The Canary as the release goes by it; false (canary must be finished all the same) when it is gone, or nothing is known that was accepted. */
bool run_canary(struct run *run, struct canary *canary);
/* Fixes the revision and the tracked configs to what the target is now. */
bool run_pin(struct run *run, struct err *err);
/* Prepares and keeps the list that ends this release; run_decide(VERDICT_ROLLBACK) then does it. */
bool run_set_ending(struct run *run, const struct node *list);

/* Between rollout/run.c and rollout/run_end.c. */
/* From the first line, over what is on record. */
void run_begin(struct run *run);
void run_stop_script(struct run *run);
/* It breaks a rule: it is closed as Stalled, with this reason. */
void run_stall(struct run *run, const struct err *err);
void run_halt_when_full(struct run *run);
void run_resume_ending(struct run *run);
void run_carry_out(struct run *run);
void run_retry_later(struct run *run, timer_fn *retry);

/* rollout/run_account.c: what is noted for people, in release->account and release->reason; each rides with the next flush. */
/* The revision is fixed now: its images, and the counters that it begins with. */
void run_note_revision(struct run *run);
/* A list of effects goes on record. */
void run_note_orders(struct run *run, const struct node *list);
/* What an operation answered, now or on record. */
void run_note_answer(struct run *run, const char *operation, const struct node *answer);
/* With the time, the canary's share and the round. */
void run_note_evidence(struct run *run, const struct node *evidence, const char *where);
/* A word whose result says what it waits for: a gate is closed, the steps do not rise. It is over when the word comes back without that. */
void run_note_wait(struct run *run, const char *word, const struct node *result);
/* The script has spent its CPU time of this minute, and waits that long; 0: it goes on. */
void run_note_delay(struct run *run, int64_t wait_ms);
void run_set_reason(struct run *run, const char *text);
/* Why it ends, and the summary: "<how> at weight 10, …: <reason>". */
void run_explain(struct run *run, const char *how, const char *reason);
void run_explain_rollback(struct run *run, const struct node *events);
void run_explain_promotion(struct run *run, const char *error);
void run_explain_failure(struct run *run);
