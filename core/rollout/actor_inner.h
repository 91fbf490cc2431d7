/* The actor's own parts. Each calls those below it, and none above:
 *
 *   actor.c                                       wakes up, and says which look it is; birth and death
 *   actor_refusal.c                               a Canary that is refused
 *   actor_request.c · actor_verdict.c             what people ask, and whether it makes sense
 *   actor_pause.c                                 what holds the Canary still, on record
 *   actor_unread.c                                annotations that nobody reads
 *   actor_look.c                                  the look by one spec
 *   actor_release.c                               begins releases and looks after the one that runs
 *   actor_spec.c                                  which spec a running release goes by
 *   actor_objects.c · actor_warning.c             bring the objects; say what defeats the weights
 *   actor_status.c                                writes the Canary's status
 *   actor_step.c                                  the one step that is under way, and its failure */
#pragma once

#include "canary/asked.h"
#include "notify/trouble.h"
#include "notify/waiting.h"
#include "rollout/actor.h"
#include "rollout/detect.h"
#include "rollout/patience.h"
#include "rollout/run.h"

struct difference;
struct history_call;
struct likeness;
struct promotion;
struct providers;
struct writer;

/* An object that a step is about. */
struct step_subject {
    const struct kube_resource *resource; /* NULL: none */
    char *name;
};

/* The writes of the Canary's status. */
struct status_write {
    struct timer retry; /* after a failure; until then nothing is written into the status */
    int64_t retry_ms;
    int conflicts; /* in a row */
    struct trouble trouble;
};

struct actor {
    struct context *context;
    struct actor_events events;
    void *ctx;
    char *namespace, *name, *id;
    char *uid; /* of the Canary; NULL before the first look */
    struct announcer *announcer;
    timer_fn *on_wake;   /* of actor.c, at the top of all parts */
    struct timer wake;   /* on a later turn */
    struct timer retry;  /* after a failure that no change may ever cure */
    struct timer repair; /* when a repair that was withheld may be sent */
    int64_t retry_ms;
    int conflicts; /* of steps, in a row */

    /* At most one of these is under way. */
    struct writer *writer;
    struct promotion *promotion;
    struct providers *providers;
    struct history_call *creating;
    struct kube_call *reading; /* a Release or a config */
    bool reading_secret;
    struct step_subject step;   /* subject of the step under way, or of the last one */
    struct step_subject failed; /* of the last step that failed, until it succeeds or is not needed any more */
    bool shows_only;            /* woken to show what it waits for, and for nothing else */
    struct difference *difference;
    struct likeness *likeness;
    bool initialising_done; /* the write under way is the status Initialized */

    bool moves_users;              /* the write under way changes a Service, or routes, that were there before */
    bool looked_for_users;         /* before the first initialisation */
    int64_t target_stays_until_ms; /* monotonic: an initialisation does not scale it down before that */

    struct patience patience;
    struct promoted_memory promoted;

    /* An edit of the Canary whose objects are not there yet. */
    bool trying;            /* they are being brought about: nobody else brings objects */
    char *unfit;            /* why that cannot be, as it was told; NULL: it can, or there is none */
    struct doc *unfit_spec; /* the share was given back for this one in vain; NULL: for none */
    struct timer edit;      /* when it is tried again */
    bool gives_back;        /* the write under way takes the canary's share, and the run is frozen for it */

    struct run *run;
    struct run *ended_run; /* to be freed on the next turn */
    int64_t release_number;
    int64_t fenced_until_ms; /* monotonic: no Release is claimed before that */
    struct gauges_shown shown;
    struct trouble trouble;
    struct waiting waiting;
    struct status_write status_write;
    char *refusal;                   /* of the Canary, as it was told; NULL: none */
    char *specless;                  /* the Release that no spec is known for, which waits; NULL: none */
    char *cleared;                   /* the Release whose share was looked at under the spec of before; NULL: none */
    struct trouble creating_trouble; /* with the next Release */
    int64_t creating_retry_ms, creating_after_ms; /* monotonic: no Release is created before that */
    char *warning;                                /* what was last said of the weights; NULL: nothing yet */
    int warning_writes;
    char *unread;            /* annotations that nobody reads, as they were told; NULL: none */
    char *held;              /* that it stands still, as it was told; NULL: it does not */
    bool paused;             /* by an annotation; told */
    bool end_told;           /* the answer to a request has told that it is not paused any more */
    struct asked asked;      /* what a person asks of it */
    char *answered;          /* the request whose answer was told last; NULL: none */
    bool edit_told;          /* what became of the Canary's last edit */
    bool refused;            /* the Canary was refused at the last look: a new release must wait */
    bool providers_checked;  /* before the first initialisation */
    bool restart_unreadable; /* the last release could not be replayed: the next one begins anew */
};

/* --- actor_step.c --- */

/* The next delay of a retry: twice as long, within bounds. */
int64_t actor_longer(int64_t retry_ms);
void actor_say(struct actor *actor, const char *type, const char *text);
/* A timer_fn: look again. */
void actor_on_retry(struct timer *timer, void *ctx);
/* Look again after the next delay. */
void actor_retry_later(struct actor *actor);
/* Notes the subject of the step that begins now. For a write `name` is NULL, and the name in the body counts. */
void actor_begin_step(struct actor *actor, const struct kube_resource *resource, const char *name);
void actor_begin_write(struct actor *actor, const struct kube_write *write);
/* The step that failed is not needed any more. */
void actor_forget_failed(struct actor *actor);
/* A conflict, which the next look at the object solves. The count is of those in a row: what answers each write with
 * one (an admission webhook, a broken proxy) is trouble, or the engine would write without a pause. */
bool actor_is_passing(int *conflicts, const struct err *err);
/* Whatever was under way has ended: look again, at once after success and conflicts, later after trouble. */
void actor_step_done(struct actor *actor, const struct err *err);
/* Notes that the Canary cannot go on for this reason, which has been told already. */
void actor_wait(struct actor *actor, const char *reason, const char *message);
/* Something is under way, and wakes us when it ends. */
bool actor_is_busy(const struct actor *actor);
/* Takes `write`. */
void actor_send(struct actor *actor, struct kube_write *write);

/* --- actor_status.c --- */

/* Writes what the next look needs; the write wakes the actor, or its retry does. Takes `patch`. */
void actor_send_status(struct actor *actor, const struct canary *canary, struct doc *patch);
/* Writes what only people read. False: there is nothing to write (NULL), or it must wait after a failure, and the look
 * goes on without it. Takes `patch`. */
bool actor_note_status(struct actor *actor, const struct canary *canary, struct doc *patch);
/* A write of the status failed a moment ago: none is sent now. */
bool actor_status_must_wait(const struct actor *actor);
/* Writes the condition Waiting when it has changed. */
void actor_note_waiting(struct actor *actor, const struct canary *canary);
/* The same before a step that failed is tried again. True: the write is under way. */
bool actor_show_failed(struct actor *actor, const struct canary *canary);

/* --- actor_objects.c --- */

/* True when the objects are as they should be, or what keeps one of them from it has been told. */
bool actor_bring_objects(struct actor *actor, struct canary *canary);
/* Can the objects of this edit be brought about, as far as is known before it is tried? False: err says what keeps one
 * of them from it that was no hindrance under the spec of `before`; another look follows. */
bool actor_can_bring(struct actor *actor, struct canary *before, struct canary *canary, struct err *err);

/* Compares target and primary, and remembers the result (rollout/promoted.h). */
void actor_compare(struct actor *actor, const struct canary *canary, const struct target_now *now);

/* --- actor_warning.c --- */

/* True when a write of the status is under way that sets or clears the condition WeightsEffective. */
bool actor_tell_warnings(struct actor *actor, const struct canary *canary);
/* The names whose change may end a cause. */
void actor_watch_warnings(struct actor *actor, const struct canary *canary, struct str_list *objects);

/* --- actor_spec.c --- */

enum take {
    TAKE_NOW,   /* the running release goes by what its Canary says now */
    TAKE_LATER, /* the running release goes by the spec of before the edit */
    TAKE_BUSY,  /* something must be done first; it wakes the actor when it ends */
};
enum take actor_take_spec(struct actor *actor, struct canary *canary);
/* Closes the release if its script is of another strategy than the Canary's: that script must not take one more
 * step. True: it is being closed, and wakes the actor. */
bool actor_change_strategy(struct actor *actor, const struct canary *canary);
/* There is no edit any more that does not count yet. */
void actor_forget_edit(struct actor *actor);
/* Sends all traffic to the primary, under the routing of this Canary. False: the write is under way, and the run is
 * frozen. */
bool actor_give_back(struct actor *actor, const struct canary *canary);
bool actor_is_primary_ready(const struct actor *actor, const struct canary *canary);

/* --- actor_release.c --- */

/* Goes on with the open Release that the store has. */
void actor_resume(struct actor *actor, const struct doc *release);
/* No spec is known that this open Release could go on by: it is taken up once its Canary is accepted. */
bool actor_is_specless(const struct actor *actor, const struct doc *release);
/* No release is open. When the phase is one of mid-run all the same, the release was Flagger's, lost or superseded: the
 * next one starts at weight 0, goes on where another strategy left off, or finishes what is promoted already. */
void actor_look_for_revision(struct actor *actor, const struct canary *canary, const struct target_now *now,
                             const struct doc *latest);
/* `known`: the current target could be read. */
void actor_look_at_run(struct actor *actor, struct canary *canary, const struct target_now *now, bool known);

/* --- actor_request.c --- */

/* Acts on what the annotations of the Canary ask, and answers in its status. True: something is under way, and wakes
 * the actor. `accepted`: the Canary is not refused. */
bool actor_take_request(struct actor *actor, const struct canary *canary, bool accepted);

/* --- actor_verdict.c --- */

/* What a request is about. */
struct request_subject {
    const struct canary *canary;
    const struct request *request;
    struct doc *latest;        /* the last Release as the store has it; NULL: none */
    const char *release;       /* its name; NULL: none */
    bool open;                 /* it is under way */
    const struct node *record; /* its status.requests, or those of the run */
    struct doc *earlier;       /* another Release that has the request on record; NULL: none, or the last one has it */
    const struct node *entry;  /* as which it is on record; NULL: it is not */
    const char *recorded;      /* the name of the Release that has it */
    bool accepted;             /* the Canary is not refused */
    int64_t generation;        /* of the target; 0: not known */
};
void request_subject_init(struct request_subject *subject, struct actor *actor, const struct canary *canary,
                          const struct request *request, bool accepted);
void request_subject_fini(struct request_subject *subject);

/* Why the request makes no sense now (str_free); NULL: it does. Those but retry need the run. */
char *verdict_on_rollback(const struct actor *actor, const struct request_subject *subject);
char *verdict_on_promote(const struct actor *actor, const struct request_subject *subject);
/* *gate becomes the one that is approved (str_free). */
char *verdict_on_approve(const struct actor *actor, const struct request_subject *subject, char **gate);
char *verdict_on_retry(struct actor *actor, const struct request_subject *subject);
/* Of a request that needs a release under way, before that was resumed. */
char *verdict_on_any(const struct request_subject *subject);

/* --- actor_pause.c --- */

/* Puts on record what holds the Canary still, or that nothing does any more, where that is not there yet. True: it is
 * under way, and wakes the actor. */
bool actor_note_pause(struct actor *actor, const struct canary *canary);
/* True while the release under way has not yet on record what the Canary says of a pause. */
bool actor_lacks_pause(struct actor *actor, const struct canary *canary);
/* Freezes the run, and tells why once it has. */
void actor_suspend(struct actor *actor, const struct canary *canary);
void actor_end_pause(struct actor *actor);

/* --- actor_unread.c --- */

/* One event for each text: an engine that starts tells it once more. */
void actor_tell_unread(struct actor *actor, const struct canary *canary);

/* --- actor_look.c --- */

/* Looks at what the target is now, and at all that follows, by this spec. */
void actor_look_by(struct actor *actor, struct canary *canary);
/* The look, by the spec that the running release goes by. */
void actor_look_by_record(struct actor *actor);

/* --- actor_refusal.c --- */

/* Tells the refusal, and goes on with a running release by the spec that was accepted last. */
void actor_refuse(struct actor *actor, const struct canary *canary);
