/* The metrics about canaries that Flagger exports, under the same names (docs/flagger.md, "Exported metrics"), and ours. */
#pragma once

#include "prom/metrics.h"

struct gauges {
    struct metric_family *info, *total, *status, *weight, *analysis, *duration, *successes, *failures, *refused,
        *stalled;
};

void gauges_declare(struct gauges *gauges, struct metrics *metrics, const char *version, const char *mesh_provider);

/* 0 Progressing, 2 Failed, 1 everything else. */
void gauges_phase(struct gauges *gauges, const char *target, const char *namespace, const char *phase);
void gauges_weights(struct gauges *gauges, const char *target, const char *namespace, int primary_pct, int canary_pct);
void gauges_metric(struct gauges *gauges, const char *target, const char *namespace, const char *metric, double value);
void gauges_success(struct gauges *gauges, const char *target, const char *namespace, const char *strategy,
                    bool skipped);
void gauges_failure(struct gauges *gauges, const char *target, const char *namespace, const char *strategy);
/* A Release of this Canary broke a rule and was ended. */
void gauges_stalled(struct gauges *gauges, const char *canary, const char *namespace);
/* One round of an analysis took so long, in seconds. */
void gauges_duration(struct gauges *gauges, const char *target, const char *namespace, double seconds);
void gauges_total(struct gauges *gauges, const char *namespace, size_t canaries);
/* The Canary of this name cannot be followed; false: it can again. */
void gauges_refused(struct gauges *gauges, const char *name, const char *namespace, bool refused);
/* The canary is gone: its series go too. */
void gauges_forget(struct gauges *gauges, const char *target, const char *namespace);
