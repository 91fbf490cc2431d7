/* A running release: one Release object, its journal, its strategy, and the one thing it is waiting for.
 *
 *   claim ──> restart? ──> strategy ──────────────> ending ──> ended
 *               (C word)     │  ▲                     (C)
 *                            ▼  │ answer
 *                          operation ── rollout/operation/operation.h
 *
 * The strategy asks for one operation at a time; the run asks the journal first, then does it and answers. Taking a
 * release back, and everything that must work without a VM, is a list of effects that C writes into the record and
 * finishes (state RollingBack). */
#pragma once

#include "canary/pause.h"
#include "canary/request.h"
#include "effect/effect.h"
#include "notify/trouble.h"
#include "notify/waiting.h"
#include "release/release.h"

struct run;

enum run_end {
    RUN_ENDED,      /* succeeded or failed: its record is closed */
    RUN_SUPERSEDED, /* as asked for by run_supersede */
    RUN_DROPPED,    /* the release is not ours any more, or its Canary is gone: nothing was written */
    RUN_HALTED,     /* its record is full */
    /* record and script do not agree, the words are of another version, or the record breaks a rule: the next
     * release starts from weight 0 */
    RUN_UNREADABLE,
};
struct run_events {
    /* Comes once, on a later turn than run_start; the run must be freed after it, on a later turn again. */
    void (*ended)(void *ctx, enum run_end end);
    /* An operation has finished, so the Canary's objects may be written by others again. Must only take note. */
    void (*settled)(void *ctx);
};

/* Takes `release`. The run starts frozen: it replays its record, and goes on once the actor has looked at what has
 * changed while nobody held the release. */
struct run *run_start(struct context *context, struct announcer *announcer, struct waiting *waiting,
                      struct release *release, const struct run_events *events, void *ctx);
void run_free(struct run *run);

/* To be called when an object of the Canary has changed: a wait may be over. */
void run_poke(struct run *run);
/* Adds the names of other Canaries of the namespace, of which a change is such a one, too. When there are others, the
 * run says that it is settled. */
void run_list_watched(const struct run *run, struct str_list *canaries);
/* A frozen run starts nothing and learns nothing, but it finishes recorded effects. */
void run_freeze(struct run *run, bool frozen);
/* Closes the record as Superseded, for this reason, and ends the run. Must not be called while the run is ending by
 * itself. */
void run_supersede(struct run *run, const char *reason);

/* What people ask of a release; none of it while the run is acting.
 *
 * Takes the release back, as the request says, whatever its script waits for. False: its Canary cannot be read now. */
bool run_take_back(struct run *run, const struct request *request);
/* Puts on record that this was asked, and goes by it from then on (release/requests.h). The run must be frozen; it is
 * acting until that is on record. `gate`: that is approved; NULL: none. */
void run_ask(struct run *run, const struct request *request, const char *gate);
/* The same of a pause, and of its end. `request`: that came with it; NULL: none. */
void run_note_pause(struct run *run, const struct pause *pause, const struct request *request);
void run_note_resume(struct run *run, const struct request *request);
/* True until its end is decided: a frozen run stands still in all that it does. */
bool run_goes_on(const struct run *run);
/* True while the release can still be taken back: its script, or the step that comes before it, has neither promoted
 * anything nor come to an end. */
bool run_can_go_back(const struct run *run);
/* Adds the names of the gates that the script waits at. */
void run_list_gates(const struct run *run, struct str_list *gates);

/* The watch says that the Release is gone: the run ends without another write. */
void run_drop(struct run *run);

/* True while nothing else may write the Canary's objects. That includes the replay of a record, which takes many
 * turns when it is long: an intent may stand at its end. */
bool run_is_acting(const struct run *run);
/* True once the list that ends the release is on record. */
bool run_is_ending(const struct run *run);
/* True while the script's position is not known: it replays its record, or is about to ask for something. A frozen
 * run wakes the actor once the position is known. */
bool run_is_beginning(const struct run *run);
/* True once it is known what the run waits for: the record was replayed, and nothing is under way that writes the
 * Canary. */
bool run_is_settled(const struct run *run);
/* True while the script decides the next step, so that another strategy could take over. */
bool run_is_in_script(const struct run *run);
/* True while the revision is fixed and nothing was promoted or taken back yet: a new revision of the target replaces
 * this release. */
bool run_is_replaceable(const struct run *run);
const struct release *run_release(const struct run *run);
/* True between two rounds, and while a round waits for Pods before it does anything. */
bool run_is_waiting(const struct run *run);
/* From now on the release goes by this spec. Must not be called while the run is acting. */
void run_accept(struct run *run, const struct canary *canary);
/* True while run_save, or what calls it, is under way. */
bool run_is_saving(const struct run *run);
/* Records that spec, and what was done before. The run is acting until then. May be called only while the run is
 * frozen and not acting. */
void run_save(struct run *run);
