/* The Releases of one Canary as the store has them, and the next one. */
#pragma once

#include "release/release.h"

/* The store keeps what a Release is about and its state; the record itself is read when it is resumed. */
void history_prune(struct doc *object);

/* The one with the highest number up to `highest` whose owner is this very Canary (by uid); NULL without one (doc_free). Only that one is ever run: older ones that
 * were left open belong to the past. */
struct doc *history_latest(struct context *context, const struct canary *canary, int64_t highest);

/* Is there a Release of this name that is owned by the Canary as the store has it? Others have names of the same form: made by hand, left over by a Canary of
 * before. What they say about the last release is nothing. */
bool history_owns(const struct context *context, const char *namespace, const char *canary, const char *release);

/* The revision that the Release with this uid promoted, or was about to; NULL: no such Release of this Canary is kept. The
 * caller frees it (str_free). */
char *history_revision_of(struct context *context, const struct canary *canary, const char *release_uid);

/* Is this very object still there, as far as the watch knows? */
bool history_has(struct context *context, const struct release *release);

/* The record of this revision grew too large: it is not tried again. `latest` may be NULL. */
bool history_is_halted(const struct doc *latest, const char *revision);

struct history_call;
/* `err` NONE: the new Release is in the store. */
typedef void history_done_fn(void *ctx, const struct err *err);
/* Creates Release `number` and deletes what is older than the last RELEASE_KEPT. A name that is taken means the next number, unless it is an open one of
 * this very Canary: then it is there already. */
struct history_call *history_create(struct context *context, const struct canary *canary,
                                    const struct release_plan *plan, history_done_fn *done, void *ctx);
void history_cancel(struct history_call *call);
