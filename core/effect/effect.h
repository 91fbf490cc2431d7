/* What a release does to the world, as data: a list of effects that is on record before the first one starts.
 *
 *   { kind: route, primary, canary, mirrored, from: {primary, canary, mirrored} }
 *   { kind: phase, phase }
 *   { kind: sync, phase, weight, iterations, failed_checks }
 *   { kind: status, weight, iterations, failed_checks }
 *   { kind: event, type, message, phase, key }
 *   { kind: hooks, type, phase, event_phase, key }
 *   { kind: scale, to: up|zero }
 *   { kind: promote, id, copies }
 *   { kind: autoscaler }
 *   { kind: gauge, name, value }
 *
 * They are done in order; the first failure ends the list. Repeating a list after a crash does nothing twice:
 *
 *   route       live = to: done; live = from: write; else the mesh wins: left as it is
 *   scale       up: replicas > 0 is done; zero: replicas = 0 is done, else the wait below begins anew
 *   promote     the primary carries the id: done; without an answer it is asked for again, until one comes
 *   phase, sync, status, autoscaler     compared, only what differs is written
 *   event, hooks                        sent again under the same key
 *   gauge                               nothing to repeat
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
/* Checks a list, and completes it with what the record needs: from, keys, ids. */
bool effects_prepare(struct context *context, const struct release *release, const struct node *list,
                     enum effects_of of, struct doc *prepared, struct err *err);

/* err->code NONE: all done. Otherwise `failed` is the index of the one that failed; `begun`: a part of that one
 * happened, and cannot be taken back. */
typedef void effects_done_fn(void *ctx, size_t failed, bool begun, const struct err *err);
struct effects *effects_start(const struct effects_options *options, effects_done_fn *done, void *ctx);
void effects_cancel(struct effects *effects);
