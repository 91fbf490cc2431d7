#include "notify/gauges.h"

#include <string.h>

#include "base/str.h"
#include "canary/phase.h"
#include "notify/gauges_inner.h"

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* --- families --- */

static void declare_of_flagger(struct gauges *g, struct metrics *metrics)
{
    g->info = metrics_declare(metrics, METRIC_GAUGE, "flagger_info", "Version and mesh provider",
                              LABELS("version", "mesh_provider"));
    g->total =
        metrics_declare(metrics, METRIC_GAUGE, "flagger_canary_total", "Number of canaries", LABELS("namespace"));
    g->status = metrics_declare(metrics, METRIC_GAUGE, "flagger_canary_status",
                                "Last analysis result: 0 running, 1 successful, 2 failed", LABELS("name", "namespace"));
    g->weight = metrics_declare(metrics, METRIC_GAUGE, "flagger_canary_weight",
                                "Traffic weight of a workload in percent", LABELS("workload", "namespace"));
    g->analysis = metrics_declare(metrics, METRIC_GAUGE, "flagger_canary_metric_analysis",
                                  "Last value of a metric of the analysis", LABELS("name", "namespace", "metric"));
    g->duration = metrics_declare(metrics, METRIC_HISTOGRAM, "flagger_canary_duration_seconds",
                                  "Seconds spent in one round of an analysis", LABELS("name", "namespace"));
    g->successes =
        metrics_declare(metrics, METRIC_COUNTER, "flagger_canary_successes_total", "Releases that were promoted",
                        LABELS("name", "namespace", "deployment_strategy", "analysis_status"));
    g->failures =
        metrics_declare(metrics, METRIC_COUNTER, "flagger_canary_failures_total", "Releases that were taken back",
                        LABELS("name", "namespace", "deployment_strategy", "analysis_status"));
}

static void declare_of_canaries(struct gauges *g, struct metrics *metrics)
{
    g->canary = metrics_declare(metrics, METRIC_GAUGE, "sluice_canary_info", "Target and strategy of a canary",
                                LABELS("name", "namespace", "target", "strategy"));
    g->phase = metrics_declare(metrics, METRIC_GAUGE, "sluice_canary_phase_start_time_seconds",
                               "When the canary came into its phase, in seconds since the epoch",
                               LABELS("name", "namespace", "phase"));
    g->waiting = metrics_declare(metrics, METRIC_GAUGE, "sluice_canary_waiting_start_time_seconds",
                                 "Since when the canary waits for something, in seconds since the epoch",
                                 LABELS("name", "namespace", "reason"));
    g->refused = metrics_declare(metrics, METRIC_GAUGE, "sluice_canary_refused",
                                 "1: the spec of the canary cannot be followed, its condition Accepted says why",
                                 LABELS("name", "namespace"));
    g->status_refused =
        metrics_declare(metrics, METRIC_COUNTER, "sluice_canary_status_writes_refused_total",
                        "Writes of the status of a canary that the API server refused", LABELS("name", "namespace"));
}

static void declare_of_releases(struct gauges *g, struct metrics *metrics)
{
    g->ended =
        metrics_declare(metrics, METRIC_COUNTER, "sluice_releases_ended_total",
                        "Releases that ended, by their last state", LABELS("name", "namespace", "strategy", "outcome"));
    g->stalled =
        metrics_declare(metrics, METRIC_COUNTER, "sluice_releases_stalled_total",
                        "Releases that were ended because what they say breaks a rule", LABELS("name", "namespace"));
    g->rollback = metrics_declare(metrics, METRIC_HISTOGRAM, "sluice_release_rollback_duration_seconds",
                                  "Seconds from the verdict that took a release back until the canary had no share",
                                  LABELS("name", "namespace"));
    g->limits = metrics_declare(metrics, METRIC_COUNTER, "sluice_script_limits_broken_total",
                                "Limits of time or memory that a script broke, by its file and line",
                                LABELS("name", "namespace", "script", "line"));
}

static void declare_of_checks(struct gauges *g, struct metrics *metrics)
{
    g->bounds = metrics_declare(metrics, METRIC_GAUGE, "sluice_check_threshold",
                                "Bound that the value of a metric of the analysis is held to",
                                LABELS("name", "namespace", "metric", "bound"));
    g->checks = metrics_declare(metrics, METRIC_COUNTER, "sluice_checks_total", "Checks that were made, by verdict",
                                LABELS("name", "namespace", "metric", "verdict"));
    g->blind = metrics_declare(metrics, METRIC_COUNTER, "sluice_checks_blind_total",
                               "Checks that had nothing to judge by, by cause",
                               LABELS("name", "namespace", "metric", "cause"));
}

void gauges_declare(struct gauges *g, struct metrics *metrics, const char *version, const char *mesh_provider)
{
    declare_of_flagger(g, metrics);
    declare_of_canaries(g, metrics);
    declare_of_releases(g, metrics);
    declare_of_checks(g, metrics);
    metric_set(g->info, VALUES(version, mesh_provider), 1);
}

/* --- what happens --- */

void gauges_bound(const struct metric_family *family, const char **values, size_t count)
{
    double ignored;
    const char *of_canary[GAUGES_LABELS] = {values[0], values[1]};
    if (!metric_read(family, values, &ignored) && metric_count(family, of_canary) >= GAUGES_SERIES_MAX) {
        for (size_t i = 2; i < count; i++) {
            values[i] = "other";
        }
    }
}

void gauges_phase(struct gauges *g, const char *target, const char *namespace, const char *phase)
{
    double value = strcmp(phase, PHASE_PROGRESSING) == 0 ? 0 : strcmp(phase, PHASE_FAILED) == 0 ? 2 : 1;
    metric_set(g->status, VALUES(target, namespace), value);
}

void gauges_weights(struct gauges *g, const char *target, const char *namespace, int primary_pct, int canary_pct)
{
    char *primary = str_format("%s-primary", target);
    metric_set(g->weight, VALUES(primary, namespace), primary_pct);
    metric_set(g->weight, VALUES(target, namespace), canary_pct);
    str_free(&primary);
}

void gauges_metric(struct gauges *g, const char *target, const char *namespace, const char *metric, double value)
{
    const char *values[] = {target, namespace, metric};
    gauges_bound(g->analysis, values, 3);
    metric_set(g->analysis, values, value);
}

void gauges_success(struct gauges *g, const char *target, const char *namespace, const char *strategy, bool skipped)
{
    metric_add(g->successes, VALUES(target, namespace, strategy, skipped ? "skipped" : "completed"), 1);
}

void gauges_failure(struct gauges *g, const char *target, const char *namespace, const char *strategy)
{
    metric_add(g->failures, VALUES(target, namespace, strategy, "completed"), 1);
}

void gauges_stalled(struct gauges *g, const char *canary, const char *namespace)
{
    metric_add(g->stalled, VALUES(canary, namespace), 1);
}

void gauges_status_refused(struct gauges *g, const char *canary, const char *namespace)
{
    metric_add(g->status_refused, VALUES(canary, namespace), 1);
}

void gauges_limit(struct gauges *g, const char *canary, const char *namespace, const char *script, const char *line)
{
    const char *values[] = {canary, namespace, script, line};
    gauges_bound(g->limits, values, 4);
    metric_add(g->limits, values, 1);
}

void gauges_duration(struct gauges *g, const char *target, const char *namespace, double seconds)
{
    metric_observe(g->duration, VALUES(target, namespace), seconds);
}

void gauges_total(struct gauges *g, const char *namespace, size_t canaries)
{
    metric_set(g->total, VALUES(namespace), (double)canaries);
}

void gauges_refused(struct gauges *g, const char *name, const char *namespace, bool refused)
{
    metric_set(g->refused, VALUES(name, namespace), refused);
}

void gauges_ended(struct gauges *g, const char *canary, const char *namespace, const char *strategy,
                  const char *outcome)
{
    const char *values[] = {canary, namespace, strategy, outcome};
    gauges_bound(g->ended, values, 3);
    metric_add(g->ended, values, 1);
}

void gauges_rollback(struct gauges *g, const char *canary, const char *namespace, double seconds)
{
    metric_observe(g->rollback, VALUES(canary, namespace), seconds > 0 ? seconds : 0); /* a clock may be set back */
}
