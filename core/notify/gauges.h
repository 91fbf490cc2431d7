/* The metrics about canaries that Flagger exports, under the same names (docs/flagger.md, "Exported metrics"), and
 * ours (docs/metrics.md).
 *
 * Gauges follow from objects, so they are there again once an engine has looked at these. Counters begin at 0 with each
 * engine; those whose labels are known are there with 0 before they count, so that a rate sees the first one.
 * `target` is the name of a Canary's target, which is Flagger's label `name`; in ours, but for the bounds of a check,
 * that label is the Canary's name. */
#pragma once

#include "canary/canary.h"
#include "prom/metrics.h"

enum { GAUGES_SERIES_MAX = 200 }; /* of one family for one Canary; what comes then is counted as "other" */

struct gauges {
    struct metric_family *info, *total, *status, *weight, *analysis, *duration, *successes, *failures;
    struct metric_family *canary, *phase, *waiting, *refused, *status_refused;
    struct metric_family *ended, *stalled, *rollback, *limits;
    struct metric_family *bounds, *checks, *blind;
};

void gauges_declare(struct gauges *gauges, struct metrics *metrics, const char *version, const char *mesh_provider);

/* Sets 0 for Progressing, 2 for Failed, 1 for every other phase. */
void gauges_phase(struct gauges *gauges, const char *target, const char *namespace, const char *phase);
void gauges_weights(struct gauges *gauges, const char *target, const char *namespace, int primary_pct, int canary_pct);
void gauges_metric(struct gauges *gauges, const char *target, const char *namespace, const char *metric, double value);
void gauges_success(struct gauges *gauges, const char *target, const char *namespace, const char *strategy,
                    bool skipped);
void gauges_failure(struct gauges *gauges, const char *target, const char *namespace, const char *strategy);
/* What is shown of one Canary, so that only what differs is touched. All zero: nothing. */
struct gauges_shown {
    char *version, *target, *strategy, *phase, *waiting;
    int64_t generation;
};
/* Shows what the Canary says: its phase and since when, what it waits for, the bounds of its metrics, and counters of
 * 0. `accepted`: its spec can be read. */
void gauges_canary(struct gauges *gauges, struct gauges_shown *shown, const struct canary *canary, bool accepted);
/* Drops the series of a Canary that is gone. */
void gauges_forget(struct gauges *gauges, struct gauges_shown *shown, const char *canary, const char *namespace);
/* A Release of this Canary was closed. `outcome`: its state. */
void gauges_ended(struct gauges *gauges, const char *canary, const char *namespace, const char *strategy,
                  const char *outcome);
/* A Release was taken back: so long after that was decided, the canary had no share any more. */
void gauges_rollback(struct gauges *gauges, const char *canary, const char *namespace, double seconds);
/* A check was made. `evidence`: as it goes on record; that of a hook is none. */
void gauges_check(struct gauges *gauges, const struct canary_names *names, const struct node *evidence);
/* A Release of this Canary broke a rule and was ended. */
void gauges_stalled(struct gauges *gauges, const char *canary, const char *namespace);
/* A write of this Canary's status was refused. */
void gauges_status_refused(struct gauges *gauges, const char *canary, const char *namespace);
/* A script of this Canary's release broke a limit. `script`: "scripts/ring.lua", `line`: "12"; "" when it is not
 * known. */
void gauges_limit(struct gauges *gauges, const char *canary, const char *namespace, const char *script,
                  const char *line);
/* Notes how long a round of an analysis took, in seconds. */
void gauges_duration(struct gauges *gauges, const char *target, const char *namespace, double seconds);
void gauges_total(struct gauges *gauges, const char *namespace, size_t canaries);
/* Notes whether the Canary of this name is refused. */
void gauges_refused(struct gauges *gauges, const char *name, const char *namespace, bool refused);
