#include "effect/ending.h"

#include "base/str.h"
#include "notify/alert.h"

static struct doc *new_list(void)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_new_array(doc));
    return doc;
}

static struct node *push(struct doc *doc, const char *kind)
{
    struct node *effect = node_new_object(doc);
    node_set_str(doc, effect, "kind", kind);
    node_push(doc_root(doc), effect);
    return effect;
}

static void push_event(struct doc *doc, const char *type, const char *phase, const char *message)
{
    struct node *effect = push(doc, "event");
    node_set_str(doc, effect, "type", type);
    node_set_str(doc, effect, "phase", phase);
    node_set_str(doc, effect, "message", message);
}

static void push_alert(struct doc *doc, const char *severity, const char *message)
{
    struct node *effect = push(doc, "alert");
    node_set_str(doc, effect, "severity", severity);
    node_set_str(doc, effect, "message", message);
}

static void push_route(struct doc *doc, int primary_pct, int canary_pct)
{
    struct node *effect = push(doc, "route");
    node_set_int(doc, effect, "primary", primary_pct);
    node_set_int(doc, effect, "canary", canary_pct);
    node_set_bool(doc, effect, "mirrored", false);
}

static void push_sync(struct doc *doc, const char *phase, int64_t weight)
{
    struct node *effect = push(doc, "sync");
    node_set_str(doc, effect, "phase", phase);
    node_set_int(doc, effect, "weight", weight);
}

/* Event hooks are told of these hooks in the phase of before (`event_phase`), as in Flagger. */
static void push_hooks(struct doc *doc, const struct canary *canary, const char *phase)
{
    struct node *effect = push(doc, "hooks");
    node_set_str(doc, effect, "type", "post-rollout");
    node_set_str(doc, effect, "phase", phase);
    node_set_str(doc, effect, "event_phase", canary->phase);
}

struct doc *ending_rollback(const struct canary *canary, const struct node *events, const struct node *alerts)
{
    struct doc *doc = new_list();
    struct node_iter it = node_iterate(events);
    while (node_next(&it)) {
        push_event(doc, node_str_or(node_get(it.value, "type"), "Warning"), NULL,
                   node_str_or(node_get(it.value, "message"), ""));
    }
    push_route(doc, 100, 0);
    it = node_iterate(alerts); /* an alert costs a write of the record, which must not keep the traffic waiting */
    while (node_next(&it)) {
        push_alert(doc, node_str_or(node_get(it.value, "severity"), ALERT_ERROR),
                   node_str_or(node_get(it.value, "message"), ""));
    }
    char *text = str_format("Canary failed! Scaling down %s", canary->names.id);
    push_event(doc, "Warning", PHASE_FAILED, text);
    str_free(&text);
    node_set_str(doc, push(doc, "scale"), "to", "zero");
    push_sync(doc, PHASE_FAILED, 0);
    push_hooks(doc, canary, PHASE_FAILED);
    return doc;
}

struct doc *ending_failed_promotion(const struct canary *canary, const char *error, bool alerts)
{
    struct doc *doc = new_list();
    char *text = str_format("Promotion of %s.%s failed, primary not ready: %s", canary->names.target,
                            canary->names.namespace, error);
    push_event(doc, "Warning", NULL, text);
    str_free(&text);
    push_route(doc, 0, 100);
    if (alerts) {
        text = str_format("Promotion failed, primary not ready: %s", error);
        push_alert(doc, ALERT_ERROR, text);
        str_free(&text);
    }
    push_sync(doc, PHASE_FAILED, 100);
    push_hooks(doc, canary, PHASE_FAILED);
    return doc;
}

struct doc *ending_restart(const struct canary *canary)
{
    struct doc *doc = new_list();
    char *text = str_format("New revision detected! Restarting analysis for %s.%s", canary->names.target,
                            canary->names.namespace);
    push_event(doc, "Normal", NULL, text);
    str_free(&text);
    push_route(doc, 100, 0);
    /* a release that was lost late may have scaled the target down */
    node_set_str(doc, push(doc, "scale"), "to", "up");
    push_sync(doc, PHASE_PROGRESSING, 0);
    return doc;
}
