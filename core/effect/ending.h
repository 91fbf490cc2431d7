/* How C takes a release back: lists of effects (effect/effect.h) that need no VM. */
#pragma once

#include "canary/canary.h"

/* A rollback (docs/flagger.md, "Rollback"): `events` ([{type, message}]) and `alerts` ([{severity, message}]), each may
 * be NULL, weights 100/0, "Canary failed! …", target to zero, status Failed, post-rollout hooks. */
struct doc *ending_rollback(const struct canary *canary, const struct node *events, const struct node *alerts);
/* The primary will never be ready while the release promotes (docs/flagger.md, "Failed promotion"): an event, an
 * alert if somebody wants alerts, weights 0/100, status Failed with weight 100, post-rollout hooks. */
struct doc *ending_failed_promotion(const struct canary *canary, const char *error, bool alerts);
/* A new revision replaces the one under analysis: an event, weights 100/0, target scaled up, status Progressing with
 * all counters 0. */
struct doc *ending_restart(const struct canary *canary);
