/* One Release object: the claim, the fence and the flush.
 *
 * A release belongs to whoever wrote the highest epoch into its status. Claiming is a PATCH guarded by
 * resourceVersion that sets epoch + 1 and our name; every flush is one guarded PATCH with serial + 1. When the
 * answer to a flush is a conflict or does not come, the object is read: a higher epoch, or no object, means that the
 * release is not ours any more (FENCED: drop the task and touch nothing); our serial means it was written; anything
 * else means to try again on the new resourceVersion. So a process that was paused and resumed learns at its next
 * flush that another engine went on with the release.
 *
 * A flush that the API server refuses is sent again without what only people read. When that is refused too, again and
 * again, the release goes on without a record, as it is still ours: unjudged, it would leave its share where it is.
 * What it has done since is repeated after a crash. Its end is sent, later and later, until the API server takes it.
 *
 * So it is with a claim that is refused for a minute, of a release that may have given a share: the engine holds the
 * Lease, or none of its writes would be sent, and nobody else has written to the record in that time. The first flush
 * that is taken claims it. An engine that holds another Lease, and whose record is refused, too, would not be seen. */
#pragma once

#include "canary/limits.h"
#include "context/context.h"
#include "release/accepted.h"
#include "release/account.h"
#include "release/check.h"
#include "release/counters.h"
#include "release/journal.h"
#include "release/requests.h"

/* The version of the words (lua/stdlib) that a new release begins with. This engine speaks and replays those before,
 * too, as lua/stdlib/start.lua has them; what a version has changed:
 *   2  waits are looks that stand on record one by one (stdlib/script_waits.lua); before, one operation sleep each
 *   3  check gives a kind of cause, with the text beside it (stdlib/outcome.lua); before, the text was the cause */
enum { RELEASE_WORDS = 3, RELEASE_KEPT = 10, RELEASE_ENDED_SIZE_MAX = 32 * 1024 };

#define RELEASE_NEVER_DRAINED INT64_MIN

#define RELEASE_RUNNING "Running"          /* its strategy decides */
#define RELEASE_ROLLING_BACK "RollingBack" /* C takes it back: status.ending is being done */
#define RELEASE_SUCCEEDED "Succeeded"
#define RELEASE_FAILED "Failed"
#define RELEASE_SUPERSEDED "Superseded" /* another revision took its place in mid-run */
#define RELEASE_STALLED "Stalled"       /* what it says breaks a rule: nothing of it was done */
#define RELEASE_HALTED "Halted"         /* its record is full: traffic stays as it is */

/* What a release begins with. */
enum release_origin {
    RELEASE_FROM_REST, /* a new revision of a Canary at rest: gate, scale-up */
    RELEASE_RESTARTED, /* another revision took the place of the one under analysis: weight 0, all counters 0 */
    RELEASE_CONTINUED, /* another strategy goes on with the same revision: weights and counters as they are */
    RELEASE_FINISHING, /* the primary was promoted by Flagger, or by a release that was lost: what comes after that */
};

struct release {
    struct context *context;
    char *namespace, *name, *uid, *version; /* resourceVersion of the last answer */
    char *canary, *strategy;
    struct doc *sources;  /* what the Release pinned, {module: text} */
    struct doc *params;   /* of its strategy, {name: value}; pinned too */
    struct doc *checks;   /* the Checks that it pinned; see canary/check_ref.h */
    struct limits limits; /* what its scripts may use since it began; an older engine has recorded none */
    enum release_origin origin;
    int64_t words, epoch, serial, generation; /* generation: of the object's metadata */
    /* the release was created while its Canary was refused: the script begins once the Canary is accepted */
    bool waiting;

    /* The status besides the journal. A change of one of these fields must be followed by a flush. */
    char *state, *revision; /* revision: pinned once the gate is open, before that what was detected */
    bool pinned;
    struct accepted accepted;
    struct doc *checksums;      /* tracked configs of the pinned revision; root absent: none */
    struct doc *live_checksums; /* the same as the object has them */
    struct doc *ending;         /* effects that C must finish in state RollingBack; NULL: none */
    char *reason;               /* one sentence for people; NULL: none */
    struct account account;     /* what else people read */
    struct requests requests;   /* what people asked of it */
    struct counters counters;   /* those that the Canary's status did not take */
    bool counters_recorded;     /* the object has some */
    int64_t started_ms, ended_ms;
    /* monotonic: when the canary's share was last made smaller, or RELEASE_NEVER_DRAINED */
    int64_t drained_ms;
    struct journal *journal;
    char *unreadable; /* which rule the object or its record breaks; the journal is empty then. NULL: none */

    struct kube_call *call;
    struct timer retry;
    int64_t retry_ms;
    void (*done)(void *ctx, const struct err *err);
    void *ctx;
    bool claiming, unclaimed; /* unclaimed: it goes on although every claim was refused */
    int64_t claim_began_ms;   /* monotonic */
    int refusals;             /* of its record, one after the other */
    char *refusal;            /* the last one, as it was told; NULL: none */
    /* Called with each new refusal, with the ctx of the flush or claim under way. NULL: nobody is told. */
    void (*refused)(void *ctx, const char *text);
};

typedef void release_done_fn(void *ctx, const struct err *err);

/* Opens a Release from the whole object. */
struct release *release_open(struct context *context, const struct node *object);
/* Drops a flush under way. */
void release_free(struct release *release);
/* Notes that the release breaks a rule that the object alone does not show. It counts as one of `canary`, and can
 * only be ended. */
void release_refuse(struct release *release, const char *canary, const char *reason);

/* True for states in which something is left to do. */
bool release_state_is_open(const char *state);
/* True when not all of its scripts are the engine's own. */
bool release_has_own_scripts(const struct release *release);
/* "<canary>-<n>", the Canary's name cut to what fits (mem_free). */
char *release_name(const char *canary, int64_t number);
/* The number in such a name; 0 for another name, or a number above RELEASE_COUNT_MAX. */
int64_t release_number(const char *name, const char *canary);
/* True when the name is so long that it may have been cut. */
bool release_name_may_be_cut(const char *name);

/* Writes epoch + 1 and our identity, before anything of the record is replayed. Retries until the answer is known;
 * FENCED when the object is gone, another one claimed it first, or its last holder wrote to it after it was read: it
 * must be read again. */
void release_claim(struct release *release, release_done_fn *done, void *ctx);
/* Writes the whole status. err: FENCED only; everything else is retried until it is known. Not while another flush is
 * under way. */
void release_flush(struct release *release, release_done_fn *done, void *ctx);
bool release_is_flushing(const struct release *release);

/* The Canary as this release goes by it (release/accepted.h); once a person has promoted the release, it has no
 * analysis any more. Only this function decides which spec counts while a release is under way. */
bool release_canary(const struct release *release, struct canary *canary, struct err *err);

/* Puts what the release's strategy says over a Canary that was read without it (accepted_apply). */
bool release_override(const struct release *release, struct canary *canary, struct err *err);

/* From now on the release goes by what this Canary says; the next flush records it. */
void release_accept(struct release *release, const struct canary *canary);

/* What a new Release says. */
struct release_plan {
    int64_t number;
    const char *revision;
    int64_t generation; /* of the target; 0: not known */
    enum release_origin origin;
    bool waiting;
    struct doc *sources;  /* of its strategy, {module: text} */
    struct doc *params;   /* the values of its parameters; NULL: none */
    struct doc *checks;   /* the Checks whose sources are among them; NULL: none */
    struct limits limits; /* of scripts of a team's own */
    struct doc *request;  /* of a person, that it begins by (release/requests.h); NULL: none */
};
/* The object to create: open, unclaimed. Takes nothing. */
struct doc *release_new_object(struct context *context, const struct canary *canary, const struct release_plan *plan);
