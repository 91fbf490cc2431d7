#include "rollout/status.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "kube/object.h"

/* The Promoted condition of each phase (section 1.1.3); %s is the target's kind. Other phases say what Initializing says. */
static const struct phase_text {
    const char *phase, *status, *message;
} phase_texts[] = {
    {"Initializing", "Unknown", "New %s detected, starting initialization."},
    {"Initialized", "True", "%s initialization completed."},
    {"Waiting", "Unknown", "Waiting for approval."},
    {"Progressing", "Unknown", "New revision detected, progressing canary analysis."},
    {"WaitingPromotion", "Unknown", "Waiting for approval."},
    {"Promoting", "Unknown", "Canary analysis completed, starting primary rolling update."},
    {"Finalising", "Unknown", "Canary analysis completed, routing all traffic to primary."},
    {"Succeeded", "True", "Canary analysis completed successfully, promotion finished."},
    {"Failed", "False", "Canary analysis failed, %s scaled to zero."},
};

static const struct phase_text *phase_text(const char *phase)
{
    for (size_t i = 0; i < sizeof phase_texts / sizeof phase_texts[0]; i++) {
        if (strcmp(phase_texts[i].phase, phase) == 0) {
            return &phase_texts[i];
        }
    }
    return &phase_texts[0];
}

/* The message with the target's kind where the text has its %s. */
static char *phase_message(const struct phase_text *text, const char *kind)
{
    const char *mark = strstr(text->message, "%s");
    if (mark == NULL) {
        return str_dup(text->message);
    }
    return str_format("%.*s%s%s", (int)(mark - text->message), text->message, kind, mark + 2);
}

static struct node *new_condition(struct doc *doc, const char *type, const char *status, const char *reason,
                                  const char *message, const char *now, const char *since)
{
    struct node *condition = node_new_object(doc);
    node_set_str(doc, condition, "type", type);
    node_set_str(doc, condition, "status", status);
    node_set_str(doc, condition, "lastUpdateTime", now);
    node_set_str(doc, condition, "lastTransitionTime", since);
    node_set_str(doc, condition, "reason", reason);
    node_set_str(doc, condition, "message", message);
    return condition;
}

/* Flagger keeps one condition and leaves it alone, times and all, while status and reason stay the same. */
static void set_promoted(struct doc *doc, struct node *status, const struct canary *canary, const char *phase,
                         const char *now)
{
    const struct phase_text *text = phase_text(phase);
    const struct node *live = object_condition(canary->root, "Promoted");
    struct node *conditions = node_new_array(doc);
    bool same_status = node_is(node_get(live, "status"), text->status);
    if (same_status && node_is(node_get(live, "reason"), phase)) {
        node_push(conditions, node_copy(doc, live));
    } else {
        char *message = phase_message(text, canary->names.target_kind);
        const char *since = same_status ? node_str_or(node_get(live, "lastTransitionTime"), now) : now;
        node_push(conditions, new_condition(doc, "Promoted", text->status, phase, message, now, since));
        str_free(&message);
    }
    node_set(doc, status, "conditions", conditions);
}

static struct node *new_status(struct doc *doc)
{
    struct node *root = node_new_object(doc);
    doc_set_root(doc, root);
    return node_ensure_object(doc, root, "status");
}

static void set_time(struct doc *doc, struct node *status, int64_t now_wall_ms, char now[static 32])
{
    time_write(now_wall_ms, now);
    node_set_str(doc, status, "lastTransitionTime", now);
}

static bool one_of(const char *s, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(s, *list) == 0) {
            return true;
        }
    }
    return false;
}

struct doc *status_set_phase(const struct canary *canary, const char *phase, int64_t now_wall_ms)
{
    struct doc *doc = doc_new();
    struct node *status = new_status(doc);
    char now[32];
    node_set_str(doc, status, "phase", phase);
    if (canary->phase[0] == '\0') {
        node_set_int(doc, status, "failedChecks", 0);
    }
    if (!one_of(phase, (const char *const[]){"Progressing", "Waiting", "Promoting", NULL})) {
        int64_t total = node_int_or(node_get(canary->analysis, "iterations"), 0);
        node_set_int(doc, status, "canaryWeight", 0);
        node_set_int(doc, status, "iterations", strcmp(phase, "WaitingPromotion") == 0 ? total - 1 : 0);
    }
    if (one_of(phase, (const char *const[]){"Initialized", "Succeeded", NULL})) {
        node_set_str(doc, status, "lastPromotedSpec", canary->last_applied);
    }
    set_time(doc, status, now_wall_ms, now);
    set_promoted(doc, status, canary, phase, now);
    return doc;
}

void status_patch_map(struct doc *doc, struct node *patch, const char *key, const struct node *live,
                      const struct node *map)
{
    if (map == NULL) {
        node_set(doc, patch, key, live != NULL ? node_new_null(doc) : NULL);
        return;
    }
    struct node *wanted = node_copy(doc, map);
    struct node_iter it = node_iterate(live);
    while (node_next(&it)) {
        if (node_get(wanted, it.key) == NULL) {
            node_set(doc, wanted, it.key, node_new_null(doc));
        }
    }
    node_set(doc, patch, key, wanted);
}

struct doc *status_sync(const struct canary *canary, const struct status_sync *sync, int64_t now_wall_ms)
{
    struct doc *doc = doc_new();
    struct node *status = new_status(doc);
    char now[32];
    node_set_str(doc, status, "phase", sync->phase);
    node_set_int(doc, status, "canaryWeight", sync->weight);
    node_set_int(doc, status, "failedChecks", sync->failed_checks);
    node_set_int(doc, status, "iterations", sync->iterations);
    if (sync->revision != NULL) {
        node_set_str(doc, status, "lastAppliedSpec", sync->revision);
        if (strcmp(sync->phase, "Initialized") == 0) {
            node_set_str(doc, status, "lastPromotedSpec", sync->revision);
        }
        status_patch_map(doc, status, "trackedConfigs", node_get(canary->status, "trackedConfigs"), sync->checksums);
    }
    set_time(doc, status, now_wall_ms, now);
    set_promoted(doc, status, canary, sync->phase, now);
    return doc;
}

static void set_counter(struct doc *doc, struct node *status, const char *key, int64_t value)
{
    if (value != INT64_MIN) {
        node_set_int(doc, status, key, value);
    }
}

struct doc *status_counters(int64_t weight, int64_t iterations, int64_t failed_checks, int64_t now_wall_ms)
{
    struct doc *doc = doc_new();
    struct node *status = new_status(doc);
    char now[32];
    set_counter(doc, status, "canaryWeight", weight);
    set_counter(doc, status, "iterations", iterations);
    set_counter(doc, status, "failedChecks", failed_checks);
    set_time(doc, status, now_wall_ms, now);
    return doc;
}

/* The live conditions without Accepted, as a new list. */
static struct node *other_conditions(struct doc *doc, const struct canary *canary)
{
    struct node *conditions = node_new_array(doc);
    struct node_iter it = node_iterate(node_get(canary->status, "conditions"));
    while (node_next(&it)) {
        if (!node_is(node_get(it.value, "type"), "Accepted")) {
            node_push(conditions, node_copy(doc, it.value));
        }
    }
    return conditions;
}

/* The schema wants phase and counters in no particular form, but kubectl's columns read them: a first status names them all. */
struct doc *status_refused(const struct canary *canary, const char *message, int64_t now_wall_ms)
{
    const struct node *live = object_condition(canary->root, "Accepted");
    if (node_is(node_get(live, "status"), "False") && node_is(node_get(live, "message"), message)) {
        return NULL;
    }
    struct doc *doc = doc_new();
    struct node *status = new_status(doc);
    char now[32];
    time_write(now_wall_ms, now);
    struct node *conditions = other_conditions(doc, canary);
    node_push(conditions, new_condition(doc, "Accepted", "False", "Refused", message, now, now));
    node_set(doc, status, "conditions", conditions);
    return doc;
}

struct doc *status_accepted(const struct canary *canary)
{
    if (object_condition(canary->root, "Accepted") == NULL) {
        return NULL;
    }
    struct doc *doc = doc_new();
    struct node *status = new_status(doc);
    struct node *conditions = other_conditions(doc, canary);
    /* An empty list would read as "initialisation has begun"; no list at all is the state before the refusal. */
    node_set(doc, status, "conditions", node_count(conditions) > 0 ? conditions : node_new_null(doc));
    return doc;
}

bool status_is_same(const struct canary *canary, const struct doc *patch)
{
    struct node_iter it = node_iterate(node_get(doc_root(patch), "status"));
    while (node_next(&it)) {
        if (strcmp(it.key, "lastTransitionTime") == 0) {
            continue;
        }
        const struct node *live = node_get(canary->status, it.key);
        bool removed = node_type(it.value) == NODE_NULL && live == NULL;
        if (!removed && !node_equal(live, it.value)) {
            return false;
        }
    }
    return true;
}
