/* The metrics about canaries that Flagger exports, under the same names (docs/flagger.md, "Exported metrics"), and
 * ours. */
#pragma once

#include "prom/metrics.h"

struct gauges {
    struct metric_family *info, *total, *status, *weight, *analysis, *duration, *successes, *failures, *refused,
        *stalled, *status_refused, *limits;
};

void gauges_declare(struct gauges *gauges, struct metrics *metrics, const char *version, const char *mesh_provider);

/* Sets 0 for Progressing, 2 for Failed, 1 for every other phase. */
void gauges_phase(struct gauges *gauges, const char *target, const char *namespace, const char *phase);
void gauges_weights(struct gauges *gauges, const char *target, const char *namespace, int primary_pct, int canary_pct);
void gauges_metric(struct gauges *gauges, const char *target, const char *namespace, const char *metric, double value);
void gauges_success(struct gauges *gauges, const char *target, const char *namespace, const char *strategy,
                    bool skipped);
void gauges_failure(struct gauges *gauges, const char *target, const char *namespace, const char *strategy);
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
/* Drops the series of a Canary that is gone. */
void gauges_forget(struct gauges *gauges, const char *target, const char *namespace);
