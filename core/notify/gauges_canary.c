/* What follows from a Canary and its checks. Nothing here happens, so another engine shows the same. */
#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "canary/condition.h"
#include "kube/object.h"
#include "notify/gauges_inner.h"

static void keep(char **kept, const char *text)
{
    str_free(kept);
    *kept = str_dup(text);
}

/* --- what the Canary is, and since when --- */

/* A family that has one series of a Canary, whose last label is a state. `value` NULL: it is in none. */
static void show_state(struct metric_family *family, char **shown, const struct canary_names *names, const char *value,
                       const char *since)
{
    struct err ignored = {0};
    int64_t since_ms;
    if (*shown != NULL && !str_equal(*shown, value)) {
        metric_drop(family, VALUES(names->name, names->namespace, *shown));
    }
    if (value != NULL && since != NULL && time_parse(since, &since_ms, &ignored)) {
        metric_set(family, VALUES(names->name, names->namespace, value), (double)since_ms / 1000);
    }
    keep(shown, value);
}

static const char *since(const struct node *condition)
{
    return node_str(node_get(condition, "lastTransitionTime"));
}

/* A rate sees the first release that ends. */
static void prepare_ending(struct gauges *g, const struct canary *canary)
{
    const struct canary_names *names = &canary->names;
    const char *const values[] = {names->target, names->namespace, canary->strategy_label, "completed"};
    metric_prepare(g->rollback, VALUES(names->name, names->namespace));
    if (canary->strategy_label != NULL) {
        metric_prepare(g->successes, values);
        metric_prepare(g->failures, values);
    }
}

/* Flagger's condition changes with the phase; the status' own time with each write. */
static void show_states(struct gauges *g, struct gauges_shown *shown, const struct canary *canary)
{
    const struct node *promoted = object_condition(canary->root, CONDITION_PROMOTED);
    const struct node *waiting = object_condition(canary->root, CONDITION_WAITING);
    bool has_phase = !str_empty(canary->phase), waits = node_is(node_get(waiting, "status"), "True");
    show_state(g->phase, &shown->phase, &canary->names, has_phase ? canary->phase : NULL, since(promoted));
    show_state(g->waiting, &shown->waiting, &canary->names, waits ? node_str(node_get(waiting, "reason")) : NULL,
               since(waiting));
    if (has_phase) {
        gauges_phase(g, canary->names.target, canary->names.namespace, canary->phase);
    }
    if (phase_state(canary->phase) == PHASE_MID_RUN) {
        prepare_ending(g, canary);
    }
}

/* What it is, and the series of the releases that it may have. */
static void show_strategy(struct gauges *g, const struct canary *canary)
{
    static const char *const outcomes[] = {PHASE_SUCCEEDED, PHASE_FAILED};
    const struct canary_names *names = &canary->names;
    metric_remove_matching(g->canary, (const char *const[GAUGES_LABELS]){names->name, names->namespace});
    metric_set(g->canary, VALUES(names->name, names->namespace, names->target, canary->strategy), 1);
    for (size_t i = 0; i < sizeof outcomes / sizeof outcomes[0]; i++) {
        const char *values[] = {names->name, names->namespace, canary->strategy, outcomes[i]};
        gauges_bound(g->ended, values, 3);
        metric_prepare(g->ended, values);
    }
}

/* --- bounds --- */

static void show_bound(struct gauges *g, const char *target, const char *namespace, const char *metric,
                       const char *bound, const struct node *value, double unit)
{
    double real;
    const char *values[] = {target, namespace, metric, bound};
    gauges_bound(g->bounds, values, 3);
    if (node_real(value, &real)) {
        metric_set(g->bounds, values, real / unit);
    } else {
        metric_drop(g->bounds, values);
    }
}

/* A metric's bounds in the unit of flagger_canary_metric_analysis, as lua/stdlib/verdict.lua judges by them. */
static void show_bounds_of(struct gauges *g, const struct canary *canary, struct doc *zero, const struct node *metric)
{
    const char *target = canary->names.target, *namespace = canary->names.namespace;
    const char *name = node_str_or(node_get(metric, "name"), "");
    const struct node *range = node_get(metric, "thresholdRange"), *threshold = node_get(metric, "threshold");
    bool rate = strcmp(name, "request-success-rate") == 0, duration = strcmp(name, "request-duration") == 0;
    bool asks =
        rate || duration || node_get(metric, "templateRef") != NULL || !str_empty(node_str(node_get(metric, "query")));
    double unit = duration && node_get(metric, "checkRef") == NULL ? 1000 : 1;
    if (node_type(range) == NODE_OBJECT) {
        show_bound(g, target, namespace, name, "min", node_get(range, "min"), unit);
        show_bound(g, target, namespace, name, "max", node_get(range, "max"), unit);
    } else if (asks && node_get(metric, "checkRef") == NULL) {
        double ignored;
        show_bound(g, target, namespace, name, rate ? "min" : "max",
                   node_real(threshold, &ignored) ? threshold : doc_root(zero), unit);
    }
}

static void show_bounds(struct gauges *g, const struct canary *canary)
{
    struct doc *zero = doc_new();
    doc_set_root(zero, node_new_int(zero, 0));
    metric_remove_matching(g->bounds,
                           (const char *const[GAUGES_LABELS]){canary->names.target, canary->names.namespace});
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        show_bounds_of(g, canary, zero, it.value);
    }
    doc_free(zero);
}

/* --- all of it --- */

/* Drops the series by the name of a target that a Canary has no more. */
static void forget_target(struct gauges *g, const char *target, const char *namespace)
{
    struct metric_family *const families[] = {g->status,    g->weight,   g->analysis, g->duration,
                                              g->successes, g->failures, g->bounds};
    char *primary = str_format("%s-primary", target);
    metric_drop(g->weight, VALUES(primary, namespace));
    str_free(&primary);
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        metric_remove_matching(families[i], (const char *const[GAUGES_LABELS]){target, namespace});
    }
}

void gauges_canary(struct gauges *g, struct gauges_shown *shown, const struct canary *canary, bool accepted)
{
    const char *version = object_version(canary->root), *target = canary->names.target;
    if (str_empty(target) || (version != NULL && str_equal(shown->version, version))) {
        return;
    }
    if (shown->target != NULL && !str_equal(shown->target, target)) {
        forget_target(g, shown->target, canary->names.namespace);
        shown->generation = 0;
    }
    if (accepted && (!str_equal(shown->strategy, canary->strategy) || !str_equal(shown->target, target))) {
        show_strategy(g, canary);
        keep(&shown->strategy, canary->strategy);
    }
    if (accepted && (shown->generation == 0 || shown->generation != object_generation(canary->root))) {
        show_bounds(g, canary);
        shown->generation = object_generation(canary->root);
    }
    keep(&shown->target, target);
    show_states(g, shown, canary);
    keep(&shown->version, version);
}

void gauges_forget(struct gauges *g, struct gauges_shown *shown, const char *canary, const char *namespace)
{
    struct metric_family *const families[] = {g->canary,         g->phase,  g->waiting, g->refused,
                                              g->status_refused, g->ended,  g->stalled, g->rollback,
                                              g->limits,         g->checks, g->blind};
    for (size_t i = 0; i < sizeof families / sizeof families[0]; i++) {
        metric_remove_matching(families[i], (const char *const[GAUGES_LABELS]){canary, namespace});
    }
    if (shown->target != NULL) {
        forget_target(g, shown->target, namespace);
    }
    char **texts[] = {&shown->version, &shown->target, &shown->strategy, &shown->phase, &shown->waiting};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        str_free(texts[i]);
    }
}

/* --- checks --- */

static void count_check(struct metric_family *family, const struct canary_names *names, const char *metric,
                        const char *what, double times)
{
    const char *values[] = {names->name, names->namespace, metric, what};
    gauges_bound(family, values, 3);
    metric_add(family, values, times);
}

void gauges_check(struct gauges *g, const struct canary_names *names, const struct node *evidence)
{
    static const char *const verdicts[] = {"pass", "fail", "blind"};
    const char *metric = node_str(node_get(evidence, "metric"));
    const char *verdict = node_str_or(node_get(evidence, "verdict"), "");
    if (metric == NULL) {
        return; /* a webhook */
    }
    for (size_t i = 0; i < sizeof verdicts / sizeof verdicts[0]; i++) {
        count_check(g->checks, names, metric, verdicts[i], strcmp(verdict, verdicts[i]) == 0);
    }
    if (strcmp(verdict, "blind") == 0) {
        count_check(g->blind, names, metric, node_str_or(node_get(evidence, "cause"), "said"), 1);
    }
    if (node_bool_or(node_get(evidence, "own"), false)) { /* it has its bounds from its own script */
        show_bound(g, names->target, names->namespace, metric, "min", node_get(evidence, "min"), 1);
        show_bound(g, names->target, names->namespace, metric, "max", node_get(evidence, "max"), 1);
    }
}
