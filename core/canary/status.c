#include "canary/status.h"

#include <string.h>

#include "base/duration.h"
#include "base/str.h"
#include "kube/object.h"

/* The condition Promoted of each phase (docs/flagger.md, "Phases"); %s is the target's kind. A phase that is not listed
 * has the text of Initializing. */
static const struct phase_text {
    const char *phase, *status, *message;
} phase_texts[] = {
    {PHASE_INITIALIZING, "Unknown", "New %s detected, starting initialization."},
    {PHASE_INITIALIZED, "True", "%s initialization completed."},
    {PHASE_WAITING, "Unknown", "Waiting for approval."},
    {PHASE_PROGRESSING, "Unknown", "New revision detected, progressing canary analysis."},
    {PHASE_WAITING_PROMOTION, "Unknown", "Waiting for approval."},
    {PHASE_PROMOTING, "Unknown", "Canary analysis completed, starting primary rolling update."},
    {PHASE_FINALISING, "Unknown", "Canary analysis completed, routing all traffic to primary."},
    {PHASE_SUCCEEDED, "True", "Canary analysis completed successfully, promotion finished."},
    {PHASE_FAILED, "False", "Canary analysis failed, %s scaled to zero."},
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

/* As in Flagger, the condition stays as it is, times included, while status and reason are the same, whatever the
 * message is. */
static void set_promoted(struct doc *doc, const struct canary *canary, const char *phase, int64_t now_wall_ms)
{
    const struct phase_text *text = phase_text(phase);
    const struct node *live = object_condition(canary->root, CONDITION_PROMOTED);
    bool same = node_is(node_get(live, "status"), text->status) && node_is(node_get(live, "reason"), phase);
    char *message = phase_message(text, canary->names.target_kind);
    struct canary_condition promoted = {.type = CONDITION_PROMOTED,
                                        .status = text->status,
                                        .reason = phase,
                                        .message = same ? node_str_or(node_get(live, "message"), message) : message};
    canary_condition_set(doc, canary, &promoted, now_wall_ms);
    str_free(&message);
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

static void set_if_absent(struct doc *doc, struct node *status, const struct canary *canary, const char *key,
                          struct node *value)
{
    const struct node *live = node_get(canary->status, key);
    if (node_get(status, key) == NULL && (live == NULL || node_type(live) == NODE_NULL)) {
        node_set(doc, status, key, value);
    }
}

/* Adds to the patch in `doc` the fields that the live status lacks. Clients read phase, counters, time and conditions
 * without a check, so a status has all of them. The phase is then Initializing without Flagger's condition Promoted,
 * and canary_init reads that as no phase at all. */
static void complete(struct doc *doc, const struct canary *canary, int64_t now_wall_ms)
{
    struct node *status = node_get(doc_root(doc), "status");
    char now[32];
    time_write(now_wall_ms, now);
    if (str_empty(node_str(node_get(status, "phase"))) && str_empty(node_str(node_get(canary->status, "phase")))) {
        node_set_str(doc, status, "phase", PHASE_INITIALIZING);
    }
    set_if_absent(doc, status, canary, "canaryWeight", node_new_int(doc, 0));
    set_if_absent(doc, status, canary, "failedChecks", node_new_int(doc, 0));
    set_if_absent(doc, status, canary, "iterations", node_new_int(doc, 0));
    set_if_absent(doc, status, canary, "lastTransitionTime", node_new_str(doc, now));
    set_if_absent(doc, status, canary, "conditions", node_new_array(doc));
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
    if (!one_of(phase, (const char *const[]){PHASE_PROGRESSING, PHASE_WAITING, PHASE_PROMOTING, NULL})) {
        int64_t total = node_int_or(node_get(canary->analysis, "iterations"), 0);
        node_set_int(doc, status, "canaryWeight", 0);
        node_set_int(doc, status, "iterations", strcmp(phase, PHASE_WAITING_PROMOTION) == 0 ? total - 1 : 0);
    }
    if (one_of(phase, (const char *const[]){PHASE_INITIALIZED, PHASE_SUCCEEDED, NULL})) {
        node_set_str(doc, status, "lastPromotedSpec", canary->last_applied);
    }
    set_time(doc, status, now_wall_ms, now);
    set_promoted(doc, canary, phase, now_wall_ms);
    complete(doc, canary, now_wall_ms);
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
        if (strcmp(sync->phase, PHASE_INITIALIZED) == 0) {
            node_set_str(doc, status, "lastPromotedSpec", sync->revision);
        }
        status_patch_map(doc, status, "trackedConfigs", node_get(canary->status, "trackedConfigs"), sync->checksums);
    }
    set_time(doc, status, now_wall_ms, now);
    set_promoted(doc, canary, sync->phase, now_wall_ms);
    return doc;
}

static void set_counter(struct doc *doc, struct node *status, const char *key, int64_t value)
{
    if (value != INT64_MIN) {
        node_set_int(doc, status, key, value);
    }
}

struct doc *status_counters(const struct canary *canary, int64_t weight, int64_t iterations, int64_t failed_checks,
                            int64_t now_wall_ms)
{
    struct doc *doc = doc_new();
    struct node *status = new_status(doc);
    char now[32];
    set_counter(doc, status, "canaryWeight", weight);
    set_counter(doc, status, "iterations", iterations);
    set_counter(doc, status, "failedChecks", failed_checks);
    set_time(doc, status, now_wall_ms, now);
    complete(doc, canary, now_wall_ms);
    return doc;
}

static struct doc *conditions_patch(const struct canary *canary, int64_t now_wall_ms)
{
    struct doc *doc = doc_new();
    new_status(doc);
    complete(doc, canary, now_wall_ms);
    return doc;
}

struct doc *status_condition(const struct canary *canary, const struct canary_condition *condition, int64_t now_wall_ms)
{
    if (canary_condition_is_live(canary, condition)) {
        return NULL;
    }
    struct doc *doc = conditions_patch(canary, now_wall_ms);
    canary_condition_set(doc, canary, condition, now_wall_ms);
    return doc;
}

struct doc *status_without(const struct canary *canary, const char *type, int64_t now_wall_ms)
{
    if (object_condition(canary->root, type) == NULL) {
        return NULL;
    }
    struct doc *doc = conditions_patch(canary, now_wall_ms);
    canary_condition_remove(doc, canary, type);
    return doc;
}

struct doc *status_refused(const struct canary *canary, const char *message, int64_t now_wall_ms)
{
    struct canary_condition refused = {
        .type = CONDITION_ACCEPTED, .status = "False", .reason = "Refused", .message = message};
    return status_condition(canary, &refused, now_wall_ms);
}

struct doc *status_accepted(const struct canary *canary, int64_t now_wall_ms)
{
    return status_without(canary, CONDITION_ACCEPTED, now_wall_ms);
}

/* A merge patch keeps what the answer before says and this one does not, so that is removed by name. */
static void set_text(struct doc *doc, struct node *object, const char *key, const char *text)
{
    node_set(doc, object, key, text != NULL ? node_new_str(doc, text) : node_new_null(doc));
}

struct doc *status_answer(const struct canary *canary, const struct status_answer *answer, int64_t now_wall_ms)
{
    struct doc *doc = conditions_patch(canary, now_wall_ms);
    struct node *last = node_ensure_object(doc, node_get(doc_root(doc), "status"), "lastRequest");
    const struct request *request = answer->request;
    char now[32];
    time_write(now_wall_ms, now);
    set_text(doc, last, "id", request->id);
    set_text(doc, last, "verb", answer->is_bad ? NULL : request_verb_name(request->verb));
    set_text(doc, last, "release", answer->release);
    set_text(doc, last, "gate", answer->gate);
    set_text(doc, last, "by", request->by);
    set_text(doc, last, "reason", request->reason);
    set_text(doc, last, "at", now);
    set_text(doc, last, "outcome", answer->done ? STATUS_DONE : STATUS_REFUSED);
    set_text(doc, last, "message", answer->message);
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
