/* What a Canary waits for: told when the wait begins and again when the Canary's progress deadline has passed since,
 * and visible meanwhile.
 *
 * A lasting wait becomes the condition Waiting of the status (what for, since when), which is removed when the wait
 * ends. A momentary wait costs no write. Of several waits the condition shows the latest; when that one ends, it
 * shows the wait before it, with the `since` of that one. The `since` that is shown outlives the engine. */
#pragma once

#include "io/clock.h"
#include "notify/announcer.h"

#define WAIT_PODS "PodsNotReady"
#define WAIT_FOREIGN "ForeignObject" /* an object under a name of ours is somebody else's */
#define WAIT_OBJECTS "ObjectsFailed" /* an object of the Canary is missing, refused or cannot be planned */
#define WAIT_WRITE "WriteFailed"     /* a write of the engine, tried again later and later */
#define WAIT_EDIT "EditFailed"     /* the objects of an edit cannot be brought about: the release goes on without it */
#define WAIT_EFFECT "OrderFailed"  /* an order of a release, tried again */
#define WAIT_BUDGET "CPUTimeSpent" /* a script's, of this minute */
#define WAIT_RATE "RateLimited"    /* its queries or messages of this minute */
#define WAIT_REVISION "RevisionUnknown" /* the target or one of its configs cannot be read */
#define WAIT_RELEASE "ReleaseNotCreated"
#define WAIT_RECORD "RecordRefused" /* the record of a release is refused: it goes on without */
#define WAIT_HALTED "ReleaseHalted"
#define WAIT_STRATEGY "StrategyWaits" /* its script says so */
#define WAIT_SPEC "SpecRefused"       /* a release, for a spec that is accepted */

enum { WAITS_MAX = 12 }; /* more than the things that can be waited for at a time */

/* One thing that is waited for. */
struct waiting_for {
    char *key; /* who waits */
    char *reason, *message;
    int64_t since_wall_ms, began_ms, overdue_ms, deadline_ms;
    bool overdue; /* told for the second time */
    bool unshown;
};

struct waiting {
    const struct notify *notify;
    struct announcer *announcer;
    char *namespace, *name; /* of the Canary */
    void (*wake)(void *ctx);
    void *ctx;

    struct waiting_for list[WAITS_MAX]; /* the latest is the last */
    size_t count;
    int64_t updated_ms; /* when the condition was last written */
    bool written;       /* there is a condition */
    bool inherited;     /* the live condition may be of an engine before this one */
    struct timer timer;
};

/* `wake`: waiting_patch may have something to write. */
void waiting_init(struct waiting *waiting, const struct notify *notify, struct announcer *announcer,
                  const char *namespace, const char *name, void (*wake)(void *ctx), void *ctx);
void waiting_fini(struct waiting *waiting);

struct wait {
    const char *key;    /* tells waits with the same reason apart; NULL: the reason */
    const char *reason; /* CamelCase, as in conditions */
    const char *message;
    bool told;    /* something else told the beginning of this wait */
    bool unshown; /* the condition does not show it */
};
/* A wait with the same key and reason as one before continues it; its message may change. */
void waiting_begin(struct waiting *waiting, const struct wait *wait);
/* Ends the wait of this key (see struct wait), if there is one; NULL: ends all waits. */
void waiting_end(struct waiting *waiting, const char *key);
/* True when one of the waits has this message. */
bool waiting_says(const struct waiting *waiting, const char *message);
/* The reason that the condition shows; NULL: the Canary waits for nothing. */
const char *waiting_reason(const struct waiting *waiting);

/* The patch that brings the condition up to date; NULL when it is, or when it is too early to write. */
struct doc *waiting_patch(struct waiting *waiting, const struct canary *canary);
