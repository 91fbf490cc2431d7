/* What is written to Canary.status: Flagger's three ways of writing it (section 2.6 of the behaviour reference), as merge patches. */
#pragma once

#include "rollout/canary.h"

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
struct doc *status_counters(int64_t weight, int64_t iterations, int64_t failed_checks, int64_t now_wall_ms);

/* The condition Accepted=False with the reason text, all other conditions kept; NULL when it says so already. */
struct doc *status_refused(const struct canary *canary, const char *message, int64_t now_wall_ms);
/* Takes the condition Accepted away again; NULL when there is none. */
struct doc *status_accepted(const struct canary *canary);

/* True when `patch` would change nothing of the live status but times. */
bool status_is_same(const struct canary *canary, const struct doc *patch);
