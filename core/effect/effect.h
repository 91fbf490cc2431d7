/* What a release does to the world, as data: a list of effects that is on record before the first one starts.
 *
 *   { kind: route, primary: 80, canary: 20 }, { kind: status, weight: 20 }, { kind: event, message: … }
 *
 * They are done in order; the first failure ends the list. Repeating a list after a crash does nothing twice. What each
 * kind has as members, and what repeating it does, stands in its file of this folder; lua/stdlib/_meta/operations.lua
 * shows all of them.
 *
 * Whatever a script says, weights are whole, not negative and sum to 100, and no list increases the share of a side
 * that is not ready; only the engine's own ending of a release (`trusted`) may do that. And a target goes to zero only
 * when its share has been smaller for context.scale_down_delay_ms: proxies learn of new routes later than the API
 * server, and until then they send requests to Pods that would be gone. */
#pragma once

#include "notify/announcer.h"
#include "release/release.h"

struct effects;

struct effects_options {
    struct context *context;
    struct release *release; /* outlives the effects */
    struct announcer *announcer;
    const struct node *list; /* prepared by effects_prepare; borrowed until effects_start returns */
    bool redo;               /* some of it may have happened already */
    bool trusted;
    size_t first; /* of the list; those before it are done */
    /* Puts the list on record as it is now: the next effect may be done once only. effects_recorded goes on, on a
     * later turn. It gets the ctx of effects_start. NULL: the list has no such effect. */
    void (*record)(void *ctx, const struct node *list);
};

/* The origin of a list decides what the list may contain. */
enum effects_of {
    EFFECTS_OF_SCRIPT,
    EFFECTS_OF_ENDING,  /* of an ending, which takes a release back */
    EFFECTS_OF_RESTART, /* of the start of a release that replaces another one in mid-run */
};

/* False: err names the effect and the field ("effects[1].primary: 130 is not a share"); `field` is what the list is
 * called. A list from a record is checked like a list from a script. */
bool effects_check(const struct node *list, enum effects_of of, const char *field, struct err *err);
/* The same for a list that a script orders now: it has no member that its kind does not take. A list from a record has
 * what effects_prepare has added. */
bool effects_accept(const struct node *list, const char *field, struct err *err);
/* Checks a list, and completes it with what the record needs: from, keys, ids. */
bool effects_prepare(struct context *context, const struct release *release, const struct node *list,
                     enum effects_of of, struct doc *prepared, struct err *err);

/* err->code NONE: all done. Otherwise `failed` is the index of the one that failed; `begun`: a part of that one
 * happened, and cannot be taken back. */
typedef void effects_done_fn(void *ctx, size_t failed, bool begun, const struct err *err);
struct effects *effects_start(const struct effects_options *options, effects_done_fn *done, void *ctx);
/* What options.record was asked for is on record. */
void effects_recorded(struct effects *effects);
void effects_cancel(struct effects *effects);
