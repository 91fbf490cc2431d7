/* A running release: one Release object, its journal, its strategy, and the one thing it is waiting for.
 *
 *   claim ──> restart? ──> strategy ──────────────> ending ──> ended
 *               (C word)     │  ▲                     (C)
 *                            ▼  │ answer
 *                          operation ── rollout/operation/operation.h
 *
 * The strategy asks for one operation at a time; the run asks the journal first, then does it and answers. Taking a release back, and everything that must
 * work without a VM, is a list of effects that C writes into the record and finishes (state RollingBack). */
#pragma once

#include "effect/effect.h"
#include "notify/trouble.h"
#include "notify/waiting.h"
#include "release/release.h"

struct run;

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

/* Takes `release`. The run is frozen: it replays its record, and goes on once the actor has looked at what changed while
 * nobody held it. */
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
/* Its script is about to ask for something, or has not come to the end of its record yet: where it stands is not known.
 * Frozen, it wakes the actor when it is. */
bool run_is_beginning(const struct run *run);
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
/* Puts that on record, and what was done before it; it is acting until then. Only while it is frozen and not acting. */
void run_save(struct run *run);
