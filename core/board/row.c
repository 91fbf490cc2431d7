#include "board/row.h"

#include "base/str.h"
#include "canary/condition.h"
#include "canary/hold.h"
#include "canary/names.h"
#include "kube/object.h"
#include "release/history.h"

enum { THRESHOLD_LEAST = 1 };

static void set_number(struct doc *doc, struct node *row, const char *key, const struct node *value)
{
    int64_t number;
    if (node_int(value, &number)) {
        node_set_int(doc, row, key, number);
    }
}

/* The message of WeightsEffective while it is False; NULL otherwise. */
static const char *find_warning(const struct node *canary)
{
    const struct node *condition = object_condition(canary, CONDITION_WEIGHTS_EFFECTIVE);
    return node_is(node_get(condition, "status"), "False") ? node_str_or(node_get(condition, "message"), "") : NULL;
}

static void set_waits(struct doc *doc, struct node *row, const struct node *canary)
{
    struct hold hold;
    if (hold_read_waiting(&hold, canary)) {
        struct node *waits = node_ensure_object(doc, row, "waits");
        node_set_str(doc, waits, "reason", hold.reason);
        node_set_str(doc, waits, "message", hold.message);
        node_set_str(doc, waits, "since", hold.since);
    }
}

static void set_refused(struct doc *doc, struct node *row, const struct node *canary)
{
    struct hold hold;
    bool is_refused = hold_read_refusal(&hold, canary);
    node_set_str(doc, row, "refused", !is_refused ? NULL : hold.message != NULL ? hold.message : "");
}

/* "": for no reason that somebody has given. */
static void set_paused(struct doc *doc, struct node *row, const struct node *canary)
{
    struct hold hold;
    bool is_paused = hold_read_pause(&hold, canary) && hold.kind == HOLD_PAUSED;
    node_set_str(doc, row, "paused", !is_paused ? NULL : hold.message != NULL ? hold.message : "");
}

static void set_answer(struct doc *doc, struct node *row, const struct node *answer)
{
    static const char *const fields[] = {"id", "verb", "outcome", "message", "by", "at"};
    struct node *copy = node_type(answer) == NODE_OBJECT ? node_ensure_object(doc, row, "answer") : NULL;
    for (size_t i = 0; copy != NULL && i < sizeof fields / sizeof fields[0]; i++) {
        node_set_str(doc, copy, fields[i], node_str(node_get(answer, fields[i])));
    }
}

static void set_strategy(struct doc *doc, struct node *row, const struct node *canary)
{
    char *key = canary_reference_key(node_at(canary, "spec", "strategy"), object_namespace(canary));
    node_set_str(doc, row, "strategy", key);
    str_free(&key);
}

/* Flagger's status has none of this before its first step. */
static void set_share(struct doc *doc, struct node *row, const struct node *canary, const struct store *releases)
{
    const char *name = node_str(node_at(canary, "status", "release"));
    struct doc *release = name != NULL ? store_find(releases, object_namespace(canary), name) : NULL;
    int64_t shown;
    if (node_int(node_at(canary, "status", "canaryWeight"), &shown)) {
        node_set_int(doc, row, "weight", history_share(canary, doc_root(release)));
    }
    doc_free(release);
}

struct doc *row_of(const struct node *canary, const struct store *releases)
{
    struct doc *doc = doc_new();
    struct node *row = node_new_object(doc);
    const struct node *status = node_get(canary, "status");
    int64_t threshold = node_int_or(node_at(canary, "spec", "analysis", "threshold"), THRESHOLD_LEAST);
    doc_set_root(doc, row);
    node_set_str(doc, row, "namespace", object_namespace(canary));
    node_set_str(doc, row, "name", object_name(canary));
    node_set_str(doc, row, "phase", node_str(node_get(status, "phase")));
    set_share(doc, row, canary, releases);
    set_number(doc, row, "failed", node_get(status, "failedChecks"));
    node_set_int(doc, row, "threshold", threshold > THRESHOLD_LEAST ? threshold : THRESHOLD_LEAST);
    node_set_str(doc, row, "since", node_str(node_get(status, "lastTransitionTime")));
    set_strategy(doc, row, canary);
    node_set_bool(doc, row, "suspended", node_bool_or(node_at(canary, "spec", "suspend"), false));
    set_paused(doc, row, canary);
    set_waits(doc, row, canary);
    set_answer(doc, row, node_get(status, "lastRequest"));
    set_refused(doc, row, canary);
    node_set_str(doc, row, "warning", find_warning(canary));
    return doc;
}
