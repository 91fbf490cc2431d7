/* How C takes a release back: lists of effects (effect/effect.h) that need no VM. */
#pragma once

#include "canary/canary.h"

/* Section 2.7: `events` ([{type, message}], may be NULL), routes 100/0, "Canary failed! …", scale to zero, status Failed, post-rollout hooks. */
struct doc *ending_rollback(const struct canary *canary, const struct node *events);
/* Section 2.8: the primary never became ready while promoting. The event, routes 0/100, status Failed with weight 100, post-rollout hooks. */
struct doc *ending_failed_promotion(const struct canary *canary, const char *error);
/* A new revision took the place of the one under analysis: the event, routes 100/0, target scaled up, status Progressing with all counters 0. */
struct doc *ending_restart(const struct canary *canary);
