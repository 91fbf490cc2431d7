#include "notify/gauges.h"

#include <string.h>

#include "base/str.h"
#include "canary/phase.h"

#define LABELS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define VALUES(...) ((const char *const[]){__VA_ARGS__})

void gauges_declare(struct gauges *g, struct metrics *metrics, const char *version, const char *mesh_provider)
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
    g->refused = metrics_declare(metrics, METRIC_GAUGE, "sluice_canary_refused",
                                 "1: the spec of the canary cannot be followed, its condition Accepted says why",
                                 LABELS("name", "namespace"));
    g->stalled =
        metrics_declare(metrics, METRIC_COUNTER, "sluice_releases_stalled_total",
                        "Releases that were ended because what they say breaks a rule", LABELS("name", "namespace"));
    g->status_refused =
        metrics_declare(metrics, METRIC_COUNTER, "sluice_canary_status_writes_refused_total",
                        "Writes of the status of a canary that the API server refused", LABELS("name", "namespace"));
    g->limits = metrics_declare(metrics, METRIC_COUNTER, "sluice_script_limits_broken_total",
                                "Limits of time or memory that a script broke, by its file and line",
                                LABELS("name", "namespace", "script", "line"));
    metric_set(g->info, VALUES(version, mesh_provider), 1);
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
    metric_set(g->analysis, VALUES(target, namespace, metric), value);
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
    metric_add(g->limits, VALUES(canary, namespace, script, line), 1);
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

void gauges_forget(struct gauges *g, const char *target, const char *namespace)
{
    char *primary = str_format("%s-primary", target);
    metric_remove_matching(g->weight, VALUES(primary, namespace));
    metric_remove_matching(g->weight, VALUES(target, namespace));
    metric_remove_matching(g->status, VALUES(target, namespace));
    metric_remove_matching(g->analysis, VALUES(target, namespace, NULL));
    str_free(&primary);
}
