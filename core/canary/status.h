/* The writes of Canary.status as merge patches: Flagger's three (docs/flagger.md, "Status writes"), and our
 * conditions.
 *
 * Each patch keeps the conditions that it does not change (canary/condition.h). */
#pragma once

#include "canary/condition.h"
#include "canary/request.h"

/* "Set phase": phase, the counters it resets, lastPromotedSpec for Initialized and Succeeded, the Promoted
 * condition. */
struct doc *status_set_phase(const struct canary *canary, const char *phase, int64_t now_wall_ms);

struct status_sync {
    const char *phase;
    int64_t weight, iterations, failed_checks;
    /* becomes lastAppliedSpec, and with the phase Initialized lastPromotedSpec too; NULL: both stay */
    const char *revision;
    const struct node *checksums; /* becomes trackedConfigs; NULL: none */
};
struct doc *status_sync(const struct canary *canary, const struct status_sync *sync, int64_t now_wall_ms);

/* Sets `key` in a merge patch so that the map `live` becomes `map` (NULL: none): a patch keeps the keys that it does
 * not name, so removed keys are set to null. */
void status_patch_map(struct doc *doc, struct node *patch, const char *key, const struct node *live,
                      const struct node *map);

/* Single counters; a negative sentinel INT64_MIN leaves one alone. */
struct doc *status_counters(const struct canary *canary, int64_t weight, int64_t iterations, int64_t failed_checks,
                            int64_t now_wall_ms);

/* A condition of ours, all else kept; NULL when the live status says so already. */
struct doc *status_condition(const struct canary *canary, const struct canary_condition *condition,
                             int64_t now_wall_ms);
/* Removes one of our conditions; NULL when there is none. */
struct doc *status_without(const struct canary *canary, const char *type, int64_t now_wall_ms);
/* Accepted=False with the reason text; NULL when it says so already. */
struct doc *status_refused(const struct canary *canary, const char *message, int64_t now_wall_ms);
/* Removes the condition Accepted; NULL when there is none. */
struct doc *status_accepted(const struct canary *canary, int64_t now_wall_ms);

/* The answer to a request of a person (canary/request.h), and its outcome. */
#define STATUS_DONE "Done"
#define STATUS_REFUSED "Refused"
struct status_answer {
    const struct request *request;
    bool is_bad;         /* it could not be read: only its id is known */
    const char *release; /* that it was about; NULL: none */
    const char *gate;    /* that was approved; NULL: none */
    bool done;           /* false: refused */
    const char *message;
};
struct doc *status_answer(const struct canary *canary, const struct status_answer *answer, int64_t now_wall_ms);

/* True when `patch` would change nothing but times. */
bool status_is_same(const struct canary *canary, const struct doc *patch);
