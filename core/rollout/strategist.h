/* The strategist port: who decides the steps of a release. Implemented by the script room, plugged in by app.
 *
 * A running strategy asks through `strategy_host`: everything it wants from the world is one call with a name and a
 * JSON argument, answered with one JSON value. So the journal, the fence and the safety rules stand in one place
 * below it, and the script room knows nothing of Kubernetes. */
#pragma once

#include "base/doc.h"
#include "base/str.h"
#include "canary/limits.h"

struct strategist;
struct strategy; /* one running strategy */

enum strategy_end {
    STRATEGY_RETURNED, /* the run function came back without having finished the release */
    STRATEGY_FAILED,   /* the script raised; err->text has file:line and the message */
    STRATEGY_KILLED,   /* the script broke a bound (time, memory); err->text says which and where */
    STRATEGY_LOST,     /* by another one's end, and no fault of this one: to be started again */
};

/* What a release has in each minute. */
enum strategy_budget { STRATEGY_CPU_TIME, STRATEGY_QUERIES, STRATEGY_MESSAGES };

struct strategy_host {
    void *ctx;
    /* An operation. True: answered at once, *answer is a new document (the strategist frees it). False: the answer
     * comes through strategist_answer on a later turn, or never, when the operation ends the release; or err is set,
     * because there is no such operation or it takes no such arguments, and the script raises that. */
    bool (*call)(void *ctx, const char *operation, const struct node *args, struct doc **answer, struct err *err);
    /* A word begins. True: the word is on record and *result is a new document; its body must not run. `started_ms`
     * (wall clock): when the word first began. */
    bool (*enter)(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms);
    /* The word that was entered last is finished. */
    void (*leave)(void *ctx, const struct node *result);
    /* Asked for each line of log. True: the script has said it before, and it is dropped. NULL: it never has. */
    bool (*is_line_known)(void *ctx);
    /* Evidence for a verdict: kept with the release. `where`: "file:line" of the strategy. */
    void (*evidence)(void *ctx, const struct node *evidence, const char *where);
    void (*log)(void *ctx, const char *message);
    /* The script has used up its `lack` of this minute, so it waits this long at `where` ("scripts/ring.lua:12", ""
     * when that is not known); 0: it goes on. Must only take note. */
    void (*delayed)(void *ctx, int64_t wait_ms, enum strategy_budget lack, const char *where);
    /* The last callback; comes on a later turn than strategist_start. strategist_stop must follow. */
    void (*ended)(void *ctx, enum strategy_end end, const struct err *err);
};

struct strategy_start {
    const char *module; /* "strategies.canary", "scripts.weekday-ring" */
    /* {"strategies.canary": "text", …}: what the Release pinned; a module not named is the binary's own */
    const struct node *sources;
    const struct node *params; /* the values of its parameters, an object; NULL: none */
    /* What its scripts may use, as far as the engine's own limits allow it. NULL: they are the engine's own, and ask
     * as many questions as the Canary says. */
    const struct limits *limits;
    const char *label; /* "podinfo.test", for logs */
    int64_t words;     /* the version of the words that it speaks (release/release.h); 0: the latest */
    /* It ran before, and rests: it goes on with what it has left of this minute, and its lines of log while it loads
     * are dropped. Taken, whatever comes of it. NULL: it begins. */
    struct strategy *before;
    uint32_t seed; /* of the script's random numbers */
    struct strategy_host host;
};

struct strategist_ops {
    /* NULL and err when there is no such strategy or it does not compile. Nothing is called back before it returns. */
    struct strategy *(*start)(struct strategist *strategist, const struct strategy_start *start, struct err *err);
    void (*answer)(struct strategy *strategy, const struct node *answer);
    /* Drops it, running, resting or not; no Lua runs and nothing is called back. */
    void (*stop)(struct strategy *strategy);
    /* Drops its script alone; not from inside a callback. `start` takes its place, or `stop` follows. */
    void (*rest)(struct strategy *strategy);
    /* "scripts/ring.lua:12": the line at which it stands, also from inside a callback; "" when that is not known. */
    void (*where)(const struct strategy *strategy, char *out, size_t size);
    /* True when it has memory to itself, which resting frees. */
    bool (*is_apart)(const struct strategy *strategy);
    /* Loads a script as `start` would, and runs nothing of it. NULL and err (file, line and message) when it does not
     * load, ERR_NOT_FOUND when there is no such module; otherwise what it declares: {"kind": "strategy", "name": …,
     * "params": {…}} (canary/params.h). */
    struct doc *(*inspect)(struct strategist *strategist, const char *module, const struct node *sources,
                           const struct limits *limits, struct err *err);
    /* The most that a script may use. */
    struct limits (*limits)(const struct strategist *strategist);
    /* The sources a new Release pins, as an object in `doc`: {"strategies.canary": "text"}. */
    struct node *(*sources)(struct strategist *strategist, const char *name, struct doc *doc);
    /* Appends the names of the checks that the engine brings. */
    void (*list_checks)(const struct strategist *strategist, struct str_list *names);
};

/* First member of an implementation. */
struct strategist {
    const struct strategist_ops *ops;
};
