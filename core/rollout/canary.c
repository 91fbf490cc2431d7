#include "rollout/canary.h"

#include <stdio.h>
#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "kube/object.h"

enum { INTERVAL_DEFAULT_MS = 60 * 1000, INTERVAL_MIN_MS = 10 * 1000, NS_PER_MS = 1000 * 1000 };

/* Fields that the CRD declares as numbers and Flagger decodes as integers: a fraction passes admission, so it must be refused here. */
static const char *const integer_fields[][4] = {
    {"progressDeadlineSeconds"},          {"service", "port"},
    {"service", "retries", "attempts"},   {"analysis", "threshold"},
    {"analysis", "iterations"},           {"analysis", "maxWeight"},
    {"analysis", "stepWeight"},           {"analysis", "stepWeightPromotion"},
    {"analysis", "mirrorWeight"},         {"analysis", "primaryReadyThreshold"},
    {"analysis", "canaryReadyThreshold"},
};

static bool check_integer(const struct node *n, const char *field, struct err *err)
{
    int64_t ignored;
    if (n == NULL || node_type(n) == NODE_NULL || node_int(n, &ignored)) {
        return true;
    }
    char *text = node_to_text(n);
    err_set(err, ERR_INVALID, "%s: %s is not an integer", field, text);
    str_free(&text);
    return false;
}

static bool check_integers_in_lists(const struct node *spec, struct err *err)
{
    char field[64];
    struct node_iter it = node_iterate(node_at(spec, "analysis", "stepWeights"));
    while (node_next(&it)) {
        snprintf(field, sizeof field, "spec.analysis.stepWeights[%zu]", it.index);
        if (!check_integer(it.value, field, err)) {
            return false;
        }
    }
    it = node_iterate(node_at(spec, "analysis", "webhooks"));
    while (node_next(&it)) {
        snprintf(field, sizeof field, "spec.analysis.webhooks[%zu].retries", it.index);
        if (!check_integer(node_get(it.value, "retries"), field, err)) {
            return false;
        }
    }
    return true;
}

static bool check_integers(const struct node *spec, struct err *err)
{
    for (size_t i = 0; i < sizeof integer_fields / sizeof integer_fields[0]; i++) {
        const struct node *n = spec;
        char field[128] = "spec";
        for (size_t k = 0; k < 4 && integer_fields[i][k] != NULL; k++) {
            size_t len = strlen(field);
            snprintf(field + len, sizeof field - len, ".%s", integer_fields[i][k]);
            n = node_get(n, integer_fields[i][k]);
        }
        if (!check_integer(n, field, err)) {
            return false;
        }
    }
    return check_integers_in_lists(spec, err);
}

static bool later(struct err *err, const char *field)
{
    return err_set(err, ERR_INVALID, "%s is not supported yet", field);
}

/* An action of Go's text/template that stdlib/template.lua does not fill in: a function or a control structure. Refused before it can fail an analysis. */
static bool is_plain_action(const char *action, size_t len)
{
    static const char *const words[] = {"and",    "block",   "break", "call",  "continue", "define",   "else",
                                        "end",    "eq",      "ge",    "gt",    "html",     "if",       "js",
                                        "le",     "len",     "lt",    "ne",    "not",      "or",       "print",
                                        "printf", "println", "range", "slice", "template", "urlquery", "with"};
    size_t start = 0;
    while (start < len && strchr("- \t\r\n", action[start]) != NULL) {
        start++;
    }
    for (size_t i = start; i < len; i++) {
        if (strchr("|($/", action[i]) != NULL) {
            return false;
        }
    }
    size_t word = strcspn(action + start, " \t\r\n}-");
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strlen(words[i]) == word && strncmp(words[i], action + start, word) == 0) {
            return false;
        }
    }
    return true;
}

static bool check_query(const struct node *metric, size_t index, struct err *err)
{
    const char *open = node_str_or(node_get(metric, "query"), ""), *close;
    while ((open = strstr(open, "{{")) != NULL && (close = strstr(open, "}}")) != NULL) {
        if (!is_plain_action(open + 2, (size_t)(close - open - 2))) {
            return err_set(err, ERR_INVALID, "spec.analysis.metrics[%zu].query (metric %s): %.*s is not supported yet",
                           index, node_str_or(node_get(metric, "name"), ""), (int)(close + 2 - open), open);
        }
        open = close + 2;
    }
    return true;
}

/* What Flagger has and this engine does not do yet. Fields that Flagger's Istio router ignores are ignored here too. */
static bool check_supported(const struct canary *canary, struct err *err)
{
    const struct node *spec = canary->spec;
    const char *kind = node_str_or(node_at(spec, "targetRef", "kind"), "");
    if (strcmp(kind, "Deployment") != 0) {
        return err_set(err, ERR_INVALID, "spec.targetRef.kind: %s is not supported yet, only Deployment", kind);
    }
    if (strcmp(canary->provider, "istio") != 0) {
        return err_set(err, ERR_INVALID, "spec.provider: %s is not supported yet, only istio", canary->provider);
    }
    const char *scaler = node_str(node_at(spec, "autoscalerRef", "kind"));
    if (scaler != NULL && strcmp(scaler, "HorizontalPodAutoscaler") != 0) {
        return err_set(err, ERR_INVALID,
                       "spec.autoscalerRef.kind: %s is not supported yet, only HorizontalPodAutoscaler", scaler);
    }
    if (node_bool_or(node_get(spec, "revertOnDeletion"), false)) {
        return later(err, "spec.revertOnDeletion");
    }
    if (node_count(node_get(canary->analysis, "alerts")) > 0) {
        return later(err, "spec.analysis.alerts");
    }
    if (node_get(canary->analysis, "sessionAffinity") != NULL) {
        return later(err, "spec.analysis.sessionAffinity");
    }
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        if (node_get(it.value, "templateRef") != NULL) {
            return err_set(err, ERR_INVALID, "spec.analysis.metrics[%zu].templateRef (metric %s) is not supported yet",
                           it.index, node_str_or(node_get(it.value, "name"), ""));
        }
        if (!check_query(it.value, it.index, err)) {
            return false;
        }
    }
    return true;
}

/* The schema makes these required; a Canary written before the schema, or without it, may lack them all the same. The
 * deadline is an int32 in Flagger, and the schema does not say so. */
static bool check_required(const struct canary *canary, struct err *err)
{
    if (canary->progress_deadline_s > INT32_MAX || canary->progress_deadline_s < INT32_MIN) {
        return err_set(err, ERR_INVALID, "spec.progressDeadlineSeconds: %lld does not fit into 32 bits",
                       (long long)canary->progress_deadline_s);
    }
    if (str_empty(canary->names.target)) {
        return err_set(err, ERR_INVALID, "spec.targetRef.name is missing");
    }
    if (node_type(canary->analysis) != NODE_OBJECT) {
        return err_set(err, ERR_INVALID, "spec.analysis is missing");
    }
    int64_t port = node_int_or(node_at(canary->spec, "service", "port"), 0);
    if (port < 1 || port > 65535) {
        return err_set(err, ERR_INVALID, "spec.service.port: %lld is not a port", (long long)port);
    }
    return true;
}

/* Empty or unparsable means a minute; anything below ten seconds means ten (as in Flagger). */
static int64_t effective_interval_ms(const struct node *analysis)
{
    const char *text = node_str(node_get(analysis, "interval"));
    int64_t ns;
    struct err ignored;
    if (str_empty(text) || !duration_parse(text, &ns, &ignored)) {
        return INTERVAL_DEFAULT_MS;
    }
    int64_t ms = ns / NS_PER_MS;
    return ms < INTERVAL_MIN_MS ? INTERVAL_MIN_MS : ms;
}

static void select_strategy(struct canary *canary)
{
    bool iterates = node_int_or(node_get(canary->analysis, "iterations"), 0) > 0;
    if (iterates && node_count(node_get(canary->analysis, "match")) > 0) {
        canary->strategy = "ab_test";
        canary->strategy_label = "ab-testing";
    } else if (iterates) {
        canary->strategy = "blue_green";
        canary->strategy_label = "blue-green";
    } else {
        canary->strategy = "canary";
        canary->strategy_label = "canary";
    }
}

static const char *str_default(const struct node *n, const char *fallback)
{
    const char *s = node_str(n);
    return str_empty(s) ? fallback : s;
}

static int percent(const struct node *n)
{
    int64_t value = node_int_or(n, 100);
    return value < 0 ? 0 : value > 1000 ? 1000 : (int)value;
}

static void read_spec(struct canary *canary, const struct canary_defaults *defaults)
{
    const struct node *spec = canary->spec;
    canary->provider = str_default(node_get(spec, "provider"), defaults->provider);
    canary->metrics_server = str_default(node_get(spec, "metricsServer"), defaults->metrics_server);
    canary->interval_ms = effective_interval_ms(canary->analysis);
    canary->progress_deadline_s = node_int_or(node_get(spec, "progressDeadlineSeconds"), 600);
    canary->primary_ready_pct = percent(node_get(canary->analysis, "primaryReadyThreshold"));
    canary->canary_ready_pct = percent(node_get(canary->analysis, "canaryReadyThreshold"));
    canary->threshold = node_int_or(node_get(canary->analysis, "threshold"), 1);
    if (canary->threshold < 1) {
        canary->threshold = 1;
    }
    canary->suspend = node_bool_or(node_get(spec, "suspend"), false);
    canary->skip_analysis = node_bool_or(node_get(spec, "skipAnalysis"), false);
    canary->has_autoscaler = node_get(spec, "autoscalerRef") != NULL;
    select_strategy(canary);
}

/* A refusal, or what else was written over a lost status, makes it whole before the initialisation begins: Initializing without the condition
 * Promoted, which comes with every phase. */
static bool has_begun(const struct canary *canary)
{
    return !node_is(node_get(canary->status, "phase"), "Initializing") ||
           node_type(node_get(canary->status, "conditions")) != NODE_ARRAY ||
           object_condition(canary->root, "Promoted") != NULL;
}

static void read_status(struct canary *canary)
{
    const struct node *status = canary->status;
    canary->phase = has_begun(canary) ? node_str_or(node_get(status, "phase"), "") : "";
    canary->failed_checks = node_int_or(node_get(status, "failedChecks"), 0);
    canary->weight = node_int_or(node_get(status, "canaryWeight"), 0);
    canary->iterations = node_int_or(node_get(status, "iterations"), 0);
    canary->last_applied = node_str_or(node_get(status, "lastAppliedSpec"), "");
    canary->last_promoted = node_str_or(node_get(status, "lastPromotedSpec"), "");
}

bool canary_init(struct canary *canary, struct doc *doc, const struct canary_defaults *defaults, struct err *err)
{
    *canary = (struct canary){.doc = doc, .root = doc_root(doc)};
    canary->spec = node_get(canary->root, "spec");
    canary->analysis = node_get(canary->spec, "analysis");
    canary->status = node_get(canary->root, "status");
    canary_names_init(&canary->names, canary->root);
    read_spec(canary, defaults);
    read_status(canary);
    return check_required(canary, err) && check_integers(canary->spec, err) && check_supported(canary, err);
}

void canary_fini(struct canary *canary)
{
    canary_names_fini(&canary->names);
    doc_free(canary->doc);
    *canary = (struct canary){0};
}

bool canary_phase_is(const struct canary *canary, const char *phase)
{
    return strcmp(canary->phase, phase) == 0;
}

bool canary_is_initialising(const struct canary *canary)
{
    return canary->phase[0] == '\0' || canary_phase_is(canary, "Initializing");
}

bool canary_is_at_rest(const struct canary *canary)
{
    return canary_phase_is(canary, "Initialized") || canary_phase_is(canary, "Succeeded") ||
           canary_phase_is(canary, "Failed") || canary_phase_is(canary, "Waiting");
}

void canary_list_objects(const struct canary *canary, struct str_list *objects)
{
    const struct canary_names *names = &canary->names;
    const char *own[] = {names->target, names->target_primary, names->apex, names->apex_primary, names->apex_canary};
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        str_list_push(objects, own[i]);
    }
    const char *scaler = node_str(node_at(canary->spec, "autoscalerRef", "name"));
    if (scaler != NULL) {
        char *primary = str_format("%s-primary", scaler);
        str_list_push(objects, scaler);
        str_list_push(objects, primary);
        str_free(&primary);
    }
}
