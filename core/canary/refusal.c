#include "canary/refusal.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "canary/blind_rules.h"
#include "canary/kinds.h"
#include "canary/unworkable.h"

enum { SERVICE_NAME_MAX = 63, OBJECT_NAME_MAX = 253 };

/* --- integers --- */

/* Fields that the CRD declares as numbers and Flagger decodes as integers: a fraction passes admission, so it must be
 * refused here. */
static const char *const integer_fields[][4] = {
    {"progressDeadlineSeconds"},          {"service", "port"}, /* these two have bounds of their own */
    {"service", "retries", "attempts"},   {"analysis", "threshold"},
    {"analysis", "iterations"},           {"analysis", "maxWeight"},
    {"analysis", "stepWeight"},           {"analysis", "stepWeightPromotion"},
    {"analysis", "mirrorWeight"},         {"analysis", "primaryReadyThreshold"},
    {"analysis", "canaryReadyThreshold"},
};

/* The counters of a status, which its schema bounds, and shares stay far below. A larger number is none that Flagger
 * could count to, and from 2^53 on a script would not see it as it is. */
enum { INTEGER_MAX = 1000 * 1000 * 1000 };

static bool is_integer_or_absent(const struct node *n)
{
    int64_t ignored;
    return n == NULL || node_type(n) == NODE_NULL || node_int(n, &ignored);
}

static bool is_out_of_bounds(const struct node *n)
{
    double value;
    return node_real(n, &value) && (value > INTEGER_MAX || value < -INTEGER_MAX);
}

/* Asked of all, before a name is made for the few that are. */
static bool is_wrong_integer(const struct node *n, bool bounded)
{
    return !is_integer_or_absent(n) || (bounded && is_out_of_bounds(n));
}

static void refuse_integer(const struct node *n, const char *field, bool bounded, struct str_list *reasons)
{
    char *text = node_to_text(n);
    if (bounded && is_out_of_bounds(n)) {
        str_list_push_format(reasons, "%s: %s is too large, wanted an integer from %d to %d", field, text, -INTEGER_MAX,
                             INTEGER_MAX);
    } else {
        str_list_push_format(reasons, "%s: %s is not an integer", field, text);
    }
    str_free(&text);
}

static void check_integers_in_lists(const struct node *spec, struct str_list *reasons)
{
    char field[64];
    struct node_iter it = node_iterate(node_at(spec, "analysis", "stepWeights"));
    while (node_next(&it)) {
        if (is_wrong_integer(it.value, true)) {
            snprintf(field, sizeof field, "spec.analysis.stepWeights[%zu]", it.index);
            refuse_integer(it.value, field, true, reasons);
        }
    }
    it = node_iterate(node_at(spec, "analysis", "webhooks"));
    while (node_next(&it)) {
        const struct node *retries = node_get(it.value, "retries");
        if (is_wrong_integer(retries, true)) {
            snprintf(field, sizeof field, "spec.analysis.webhooks[%zu].retries", it.index);
            refuse_integer(retries, field, true, reasons);
        }
    }
}

static void refuse_field(const struct node *n, const char *const path[4], bool bounded, struct str_list *reasons)
{
    char field[128] = "spec";
    for (size_t k = 0; k < 4 && path[k] != NULL; k++) {
        size_t len = strlen(field);
        snprintf(field + len, sizeof field - len, ".%s", path[k]);
    }
    refuse_integer(n, field, bounded, reasons);
}

static void check_integers(const struct node *spec, struct str_list *reasons)
{
    const size_t own_bounds = 2;
    for (size_t i = 0; i < sizeof integer_fields / sizeof integer_fields[0]; i++) {
        const struct node *n = spec;
        for (size_t k = 0; k < 4 && integer_fields[i][k] != NULL; k++) {
            n = node_get(n, integer_fields[i][k]);
        }
        if (is_wrong_integer(n, i >= own_bounds)) {
            refuse_field(n, integer_fields[i], i >= own_bounds, reasons);
        }
    }
    check_integers_in_lists(spec, reasons);
}

/* --- what this engine does not do yet --- */

/* What Flagger has and this engine does not do yet. Fields that Flagger ignores are ignored here too. */
static void check_supported(const struct canary *canary, struct str_list *reasons)
{
    const struct node *spec = canary->spec;
    const char *kind = node_str_or(node_at(spec, "targetRef", "kind"), "");
    if (kind[0] == '\0') {
        str_list_push_format(reasons, "spec.targetRef.kind is missing");
    } else if (!kinds_has_workload(kind)) {
        str_list_push_format(reasons, "spec.targetRef.kind: %s is not supported yet, only %s", kind, kinds_workloads);
    }
    if (!kinds_has_provider(canary->provider)) {
        str_list_push_format(reasons, "spec.provider: %s is not supported yet, only %s", canary->provider,
                             kinds_providers);
    }
    const char *scaler = node_str(node_at(spec, "autoscalerRef", "kind"));
    if (scaler != NULL && strcmp(scaler, "HorizontalPodAutoscaler") != 0) {
        str_list_push_format(reasons, "spec.autoscalerRef.kind: %s is not supported yet, only HorizontalPodAutoscaler",
                             scaler);
    }
    if (node_bool_or(node_get(spec, "revertOnDeletion"), false)) {
        str_list_push_format(reasons, "spec.revertOnDeletion is not supported yet");
    }
    if (node_get(canary->analysis, "sessionAffinity") != NULL) {
        str_list_push_format(reasons, "spec.analysis.sessionAffinity is not supported yet");
    }
}

/* --- what it may name --- */

/* One metric is one thing to judge. */
static void check_single(const struct node *metric, size_t index, struct str_list *reasons)
{
    static const char *const others[] = {"query", "templateRef", "threshold"};
    if (node_type(node_get(metric, "checkRef")) != NODE_OBJECT) {
        return;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (node_get(metric, others[i]) != NULL) {
            str_list_push_format(reasons, "spec.analysis.metrics[%zu]: a checkRef is wanted, or %s, not both", index,
                                 others[i]);
        }
    }
}

static void check_reference(const struct canary *canary, const struct node *ref, const char *field, const char *what,
                            struct str_list *reasons)
{
    const char *namespace = node_str_or(node_get(ref, "namespace"), "");
    if (canary->no_cross_namespace_refs && namespace[0] != '\0' && !str_equal(namespace, canary->names.namespace)) {
        str_list_push_format(reasons, "%s: can't access %s %s.%s, cross-namespace references are blocked", field, what,
                             node_str_or(node_get(ref, "name"), ""), namespace);
    }
}

static void check_metrics(const struct canary *canary, struct str_list *reasons)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        check_single(it.value, it.index, reasons);
    }
}

static void check_references(const struct canary *canary, struct str_list *reasons)
{
    char field[64];
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        snprintf(field, sizeof field, "spec.analysis.metrics[%zu].templateRef", it.index);
        check_reference(canary, node_get(it.value, "templateRef"), field, "metric template", reasons);
    }
    it = node_iterate(node_get(canary->analysis, "alerts"));
    while (node_next(&it)) {
        snprintf(field, sizeof field, "spec.analysis.alerts[%zu].providerRef", it.index);
        check_reference(canary, node_get(it.value, "providerRef"), field, "alert provider", reasons);
    }
}

/* --- what must be there --- */

static bool says_how_the_share_grows(const struct node *analysis)
{
    return node_get(analysis, "iterations") != NULL || node_get(analysis, "stepWeight") != NULL ||
           node_get(analysis, "stepWeights") != NULL;
}

/* The schema makes these required; a Canary written before the schema, or without it, may lack them all the same. The
 * deadline is an int32 in Flagger, and the schema does not say so. */
static void check_required(const struct canary *canary, struct str_list *reasons)
{
    if (canary->progress_deadline_s > INT32_MAX || canary->progress_deadline_s < INT32_MIN) {
        str_list_push_format(reasons, "spec.progressDeadlineSeconds: %" PRId64 " does not fit into 32 bits",
                             canary->progress_deadline_s);
    }
    if (str_empty(canary->names.target)) {
        str_list_push_format(reasons, "spec.targetRef.name is missing");
    }
    if (node_type(canary->analysis) != NODE_OBJECT) {
        str_list_push_format(reasons, "spec.analysis is missing");
    } else if (canary->names.strategy == NULL && !says_how_the_share_grows(canary->analysis)) {
        str_list_push_format(reasons, "spec.analysis: wanted one of iterations, stepWeight or stepWeights, or a "
                                      "spec.strategy, none is there");
    }
    const struct node *port_field = node_at(canary->spec, "service", "port");
    int64_t port = node_int_or(port_field, 0);
    if (port_field == NULL || node_type(port_field) == NODE_NULL) {
        str_list_push_format(reasons, "spec.service.port is missing");
    } else if (is_integer_or_absent(port_field) && (port < 1 || port > 65535)) {
        str_list_push_format(reasons, "spec.service.port: %" PRId64 " is not a port", port);
    }
}

/* --- what never is possible --- */

/* The share of the requests that match would be a share of all. */
static void check_match(const struct canary *canary, struct str_list *reasons)
{
    if (canary_is_tcp(canary->root) && node_count(node_get(canary->analysis, "match")) > 0) {
        str_list_push_format(
            reasons, "spec.analysis.match is not possible with spec.service.appProtocol: tcp: TCP has no headers, so "
                     "the canary would get a share of all requests, not of those that match");
    }
}

/* --- names --- */

/* Checks the length of the names of our objects. `field` is the source of the name. The API server would refuse the
 * longest of these names, again and again. */
static void check_length(const char *field, const char *name, const char *kind, size_t max, struct str_list *reasons)
{
    static const char suffix[] = "-primary"; /* no other is longer */
    size_t len = strlen(name) + sizeof suffix - 1;
    if (len > max) {
        str_list_push_format(reasons, "%s: the %s %s%s cannot exist: its name has %zu characters, and %zu are allowed",
                             field, kind, name, suffix, len, max);
    }
}

static void check_service_name(const struct canary *canary, struct str_list *reasons)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    const char *apex = canary->names.apex;
    const char *field = apex == canary->names.target ? "spec.targetRef.name" : "spec.service.name";
    if (apex[strspn(apex, letters)] != '\0' || apex[0] == '-') {
        str_list_push_format(reasons,
                             "%s: %s cannot be the name of a Service: it may have lower-case letters, digits and '-'",
                             field, apex);
    }
    check_length(field, apex, "Service", SERVICE_NAME_MAX, reasons);
}

static void check_names(const struct canary *canary, struct str_list *reasons)
{
    const char *kind = canary->names.target_kind[0] != '\0' ? canary->names.target_kind : "workload";
    check_service_name(canary, reasons);
    check_length("spec.targetRef.name", canary->names.target, kind, OBJECT_NAME_MAX, reasons);
    const char *scaler = node_str_or(node_at(canary->spec, "autoscalerRef", "name"), "");
    check_length("spec.autoscalerRef.name", scaler, "HorizontalPodAutoscaler", OBJECT_NAME_MAX, reasons);
}

void canary_refuse_references(const struct canary *canary, struct str_list *reasons)
{
    check_references(canary, reasons);
    if (canary->scripts != NULL) {
        canary->scripts->check(canary->scripts->ctx, canary, reasons);
    }
}

bool canary_refusals(const struct canary *canary, struct str_list *reasons)
{
    size_t before = reasons->count;
    check_required(canary, reasons);
    blind_rules_check(canary, reasons);
    check_integers(canary->spec, reasons);
    check_supported(canary, reasons);
    check_metrics(canary, reasons);
    check_match(canary, reasons);
    check_names(canary, reasons);
    canary_unworkable(canary, reasons);
    canary_refuse_references(canary, reasons);
    return reasons->count > before;
}

bool canary_refusals_end(struct str_list *reasons, struct err *err)
{
    bool ok = reasons->count == 0;
    if (!ok) {
        char *text = str_list_join(reasons, "; ");
        err_set(err, ERR_INVALID, "%s", text);
        str_free(&text);
    }
    str_list_fini(reasons);
    return ok;
}
