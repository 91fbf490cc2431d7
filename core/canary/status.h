/* What is written to Canary.status: Flagger's three ways of writing it, and the conditions of ours, as merge patches.
 *
 * Each patch keeps the conditions that it is not about (canary/condition.h). */
#pragma once

#include "canary/condition.h"

/* "Set phase": phase, the counters it resets, lastPromotedSpec for Initialized and Succeeded, the Promoted condition. */
struct doc *status_set_phase(const struct canary *canary, const char *phase, int64_t now_wall_ms);

struct status_sync {
    const char *phase;
    int64_t weight, iterations, failed_checks;
    const char
        *revision; /* becomes lastAppliedSpec, and lastPromotedSpec too when phase is Initialized; NULL: left alone */
    const struct node *checksums; /* becomes trackedConfigs; NULL: none */
};
struct doc *status_sync(const struct canary *canary, const struct status_sync *sync, int64_t now_wall_ms);

/* Sets `key` in a merge patch so that the map `live` becomes `map` (NULL: none): a patch keeps what it does not name, so keys that go are named with null. */
void status_patch_map(struct doc *doc, struct node *patch, const char *key, const struct node *live,
                      const struct node *map);

/* Single counters; a negative sentinel INT64_MIN leaves one alone. */
struct doc *status_counters(const struct canary *canary, int64_t weight, int64_t iterations, int64_t failed_checks,
                            int64_t now_wall_ms);

/* A condition of ours, all else kept; NULL when the live status says so already. */
struct doc *status_condition(const struct canary *canary, const struct canary_condition *condition,
                             int64_t now_wall_ms);
/* Takes a condition of ours away; NULL when there is none. */
struct doc *status_without(const struct canary *canary, const char *type, int64_t now_wall_ms);
/* Accepted=False with the reason text; NULL when it says so already. */
struct doc *status_refused(const struct canary *canary, const char *message, int64_t now_wall_ms);
/* Takes the condition Accepted away again; NULL when there is none. */
struct doc *status_accepted(const struct canary *canary, int64_t now_wall_ms);

/* Adds to `patch` what the live status lacks: once there is a status, phase, counters, time and conditions are all there, because clients read them
 * without a check. The phase is then Initializing without Flagger's condition Promoted, which canary_init takes for no phase at all. */
void status_complete(struct doc *patch, const struct canary *canary, int64_t now_wall_ms);

/* True when `patch` would change nothing of the live status but times. */
bool status_is_same(const struct canary *canary, const struct doc *patch);
