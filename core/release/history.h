/* The Releases of one Canary as the store has them, and the next one. */
#pragma once

#include "release/release.h"

/* The store keeps what a Release is about, its state and its share. The record is read when the release is resumed. */
void history_prune(struct doc *object, const struct node *managers);

/* The canary's share in percent. While a release waits at gate confirm-promotion the Canary's status has 0, as
 * Flagger's, and the route is as the Release of `release` says, whole or from a store; NULL: there is none. */
int64_t history_share(const struct node *canary, const struct node *release);

/* The Release with the highest number up to `highest` whose owner is this very Canary (by uid); NULL without one
 * (doc_free). Only this Release is ever run: older ones that were left open belong to the past. */
struct doc *history_latest(struct context *context, const struct canary *canary, int64_t highest);

/* The same of those that have the request with this id on record (release/requests.h). */
struct doc *history_with_request(struct context *context, const struct canary *canary, int64_t highest, const char *id);

/* True when the Release of this name is owned by the Canary that the store has. Others may have such names too, made
 * by hand or left by an earlier Canary of the name; these do not count. */
bool history_owns(const struct context *context, const char *namespace, const char *canary, const char *release);

/* The revision that the Release with this uid promoted, or was about to; NULL: no such Release of this Canary is kept.
 * The caller frees it (str_free). */
char *history_revision_of(struct context *context, const struct canary *canary, const char *release_uid);

/* True while the watch still has this very object. */
bool history_has(struct context *context, const struct release *release);

/* True when the record of this revision grew too large, so that the revision is not tried again. */
bool history_is_halted(const struct doc *latest, const char *revision);

/* True when the Release went, at its end, by the spec that the Canary has now. */
bool history_went_by(const struct doc *latest, const struct canary *canary);

struct history_call;
/* `err` NONE: the new Release is in the store, and `release` is all of it. */
typedef void history_done_fn(void *ctx, const struct doc *release, const struct err *err);
/* Creates Release `number` and deletes those older than the last RELEASE_KEPT. If the name is taken by an open
 * Release of this very Canary, that one counts as created; otherwise the next number is tried. */
struct history_call *history_create(struct context *context, const struct canary *canary,
                                    const struct release_plan *plan, history_done_fn *done, void *ctx);
void history_cancel(struct history_call *call);
