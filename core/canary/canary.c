#include "canary/canary.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "canary/refusal.h"
#include "canary/request.h"
#include "kube/object.h"

enum { INTERVAL_DEFAULT_MS = 60 * 1000, INTERVAL_MIN_MS = 10 * 1000, NS_PER_MS = 1000 * 1000 };

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
    if (canary->names.strategy != NULL) {
        canary->strategy = canary->names.strategy;
        canary->strategy_label = canary_reference_name(canary->strategy);
        return;
    }
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
    canary->pause = request_pause(canary->root);
    canary->suspend = node_bool_or(node_get(spec, "suspend"), false) || canary->pause != NULL;
    canary->skip_analysis = node_bool_or(node_get(spec, "skipAnalysis"), false);
    canary->has_autoscaler = node_get(spec, "autoscalerRef") != NULL;
    select_strategy(canary);
}

/* A refusal, or another write over a lost status, completes the status before the initialisation begins: it says
 * Initializing without the condition Promoted, which every later change of the phase writes. */
static bool has_begun(const struct canary *canary)
{
    return !node_is(node_get(canary->status, "phase"), PHASE_INITIALIZING) ||
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

struct canary_defaults canary_defaults_of_release(const struct canary_defaults *defaults)
{
    struct canary_defaults lax = *defaults;
    lax.no_cross_namespace_refs = false;
    lax.scripts = NULL;
    return lax;
}

bool canary_init(struct canary *canary, struct doc *doc, const struct canary_defaults *defaults, struct err *err)
{
    *canary = (struct canary){.doc = doc,
                              .root = doc_root(doc),
                              .scripts = defaults->scripts,
                              .no_cross_namespace_refs = defaults->no_cross_namespace_refs};
    canary->spec = node_get(canary->root, "spec");
    canary->analysis = node_get(canary->spec, "analysis");
    canary->status = node_get(canary->root, "status");
    canary_names_init(&canary->names, canary->root);
    read_spec(canary, defaults);
    read_status(canary);
    struct str_list reasons = {0};
    canary_refusals(canary, &reasons);
    return canary_refusals_end(&reasons, err);
}

void canary_copy(struct canary *copy, const struct canary *canary)
{
    *copy = *canary;
    doc_share(copy->doc);
    canary_names_copy(&copy->names, &canary->names);
}

bool canary_find(struct canary *canary, const struct store *canaries, const char *namespace, const char *name,
                 const struct canary_defaults *defaults, struct err *err)
{
    *canary = (struct canary){0};
    struct doc *doc = store_find(canaries, namespace, name);
    if (doc == NULL) {
        return err_set(err, ERR_NOT_FOUND, "canary %s.%s not found", name, namespace);
    }
    return canary_init(canary, doc, defaults, err);
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
    return phase_state(canary->phase) == PHASE_SETTING_UP;
}

bool canary_is_scripted(const struct canary *canary)
{
    return canary->names.strategy != NULL;
}

bool canary_strategy_is_object(const char *strategy)
{
    return strchr(strategy, '/') != NULL;
}

char *canary_strategy_module(const char *strategy)
{
    return str_format("%s.%s", canary_strategy_is_object(strategy) ? "scripts" : "strategies",
                      canary_reference_name(strategy));
}

char *canary_check_module(const char *key)
{
    const char *slash = strchr(key, '/');
    if (slash == key) {
        return str_format("checks.%s", key + 1);
    }
    char *module = str_format("checks.%.*s.%s", (int)(slash - key), key, slash + 1);
    for (char *c = module + strlen("checks.") + (slash - key) + 1; *c != '\0'; c++) {
        *c = *c == '.' ? '_' : *c; /* no name of an object has one of these */
    }
    return module;
}

bool canary_is_at_rest(const struct canary *canary)
{
    return phase_state(canary->phase) == PHASE_AT_REST;
}

bool canary_is_promoting(const struct canary *canary)
{
    return canary_phase_is(canary, PHASE_PROMOTING) || canary_phase_is(canary, PHASE_FINALISING);
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

void canary_prune(struct doc *object, const struct node *managers)
{
    node_remove(node_at(doc_root(object), "metadata", "annotations"),
                "kubectl.kubernetes.io/last-applied-configuration");
}
