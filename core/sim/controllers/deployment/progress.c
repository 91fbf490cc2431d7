/* The status of a Deployment, and whether its rollout gets on. */
#include "sim/controllers/deployment/progress.h"

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/condition.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/deployment/scale.h"
#include "sim/controllers/item.h"
#include "sim/controllers/queue.h"

/* --- conditions --- */

static bool set_condition(struct deployment *d, struct doc *doc, struct node *status, const char *type,
                          const char *value, const char *reason, const char *message)
{
    const struct node *before = condition_find(status, type);
    bool same_status = node_is(node_get(before, "status"), value);
    char now[32];
    if (same_status && node_is(node_get(before, "reason"), reason)) {
        return false;
    }
    char *since = same_status ? str_dup(node_str(node_get(before, "lastTransitionTime"))) : NULL;
    condition_remove(status, type);
    now_text(d->c, now);
    node_set_str(doc, condition_add(d->c, doc, status, type, value, reason, message, since), "lastUpdateTime", now);
    mem_free(since);
    return true;
}

bool progress_tell(struct deployment *d, const char *value, const char *reason, const char *message)
{
    doc_own(&d->doc);
    struct node *status = node_ensure_object(d->doc, doc_root(d->doc), "status");
    return set_condition(d, d->doc, status, "Progressing", value, reason, message);
}

void progress_note_paused(struct deployment *d)
{
    bool is_paused = node_bool_or(node_at(doc_root(d->doc), "spec", "paused"), false);
    const struct node *condition = condition_find(node_get(doc_root(d->doc), "status"), "Progressing");
    const struct node *reason = node_get(condition, "reason");
    bool was_told = node_is(reason, "DeploymentPaused");
    if (!d->has_deadline || node_is(reason, "ProgressDeadlineExceeded") || is_paused == was_told) {
        return;
    }
    progress_tell(d, "Unknown", is_paused ? "DeploymentPaused" : "DeploymentResumed",
                  is_paused ? "Deployment is paused" : "Deployment is resumed");
    item_save(d->c, &d->doc, "status");
}

/* --- counts --- */

static void set_counts(const struct deployment *d, struct doc *doc, struct node *status)
{
    int64_t actual = 0, ready = 0, available = 0, ending = 0;
    for (size_t i = 0; i < d->count; i++) {
        actual += d->sets[i]->actual;
        ready += d->sets[i]->ready;
        available += d->sets[i]->available;
        ending += d->sets[i]->ending;
    }
    int64_t missing = scale_total(d) - available;
    node_set_int(doc, status, "observedGeneration",
                 node_int_or(node_at(doc_root(d->doc), "metadata", "generation"), 0));
    item_set_count(doc, status, "replicas", actual);
    item_set_count(doc, status, "updatedReplicas", d->newest != NULL ? d->newest->actual : 0);
    item_set_count(doc, status, "readyReplicas", ready);
    item_set_count(doc, status, "availableReplicas", available);
    item_set_count(doc, status, "unavailableReplicas", missing > 0 ? missing : 0);
    node_set_int(doc, status, "terminatingReplicas", ending);
}

/* The status as it will be, with what the sets say counted. */
static struct doc *counted(struct deployment *d)
{
    struct doc *doc = item_status(doc_root(d->doc));
    struct node *status = doc_root(doc);
    set_counts(d, doc, status);
    if (node_int_or(node_get(status, "availableReplicas"), 0) >= d->replicas - d->unavailable) {
        set_condition(d, doc, status, "Available", "True", "MinimumReplicasAvailable",
                      "Deployment has minimum availability.");
    } else {
        set_condition(d, doc, status, "Available", "False", "MinimumReplicasUnavailable",
                      "Deployment does not have minimum availability.");
    }
    return doc;
}

static void take(struct deployment *d, struct doc *status)
{
    item_save_status(d->c, &d->doc, doc_root(status));
    doc_free(status);
}

void progress_count(struct deployment *d)
{
    take(d, counted(d));
}

/* --- progress --- */

static int64_t count_of(const struct node *status, const char *key)
{
    return node_int_or(node_get(status, key), 0);
}

bool progress_is_complete(const struct deployment *d, const struct node *status)
{
    int64_t generation = node_int_or(node_at(doc_root(d->doc), "metadata", "generation"), 0);
    return count_of(status, "updatedReplicas") == d->replicas && count_of(status, "replicas") == d->replicas &&
           count_of(status, "availableReplicas") == d->replicas && count_of(status, "observedGeneration") >= generation;
}

static bool gets_on(const struct node *before, const struct node *now)
{
    int64_t old_before = count_of(before, "replicas") - count_of(before, "updatedReplicas");
    int64_t old_now = count_of(now, "replicas") - count_of(now, "updatedReplicas");
    return count_of(now, "updatedReplicas") > count_of(before, "updatedReplicas") || old_now < old_before ||
           count_of(now, "readyReplicas") > count_of(before, "readyReplicas") ||
           count_of(now, "availableReplicas") > count_of(before, "availableReplicas");
}

static int64_t deadline_ms(const struct deployment *d, const struct node *condition)
{
    return time_at(node_get(condition, "lastUpdateTime")) + d->deadline_s * 1000;
}

static bool is_late(const struct deployment *d, const struct node *condition)
{
    if (condition == NULL || node_is(node_get(condition, "reason"), "NewReplicaSetAvailable")) {
        return false;
    }
    return node_is(node_get(condition, "reason"), "ProgressDeadlineExceeded") ||
           deadline_ms(d, condition) < clock_wall_ms(d->c->clock);
}

static char *message_of(const struct deployment *d, const char *what)
{
    if (d->newest != NULL) {
        return str_format("ReplicaSet \"%s\" %s", d->newest->name, what);
    }
    return str_format("Deployment \"%s\" %s", item_name(doc_root(d->doc)), what);
}

/* Each step forward is told with a new lastUpdateTime, from which the deadline counts. */
static void tell_step(struct deployment *d, struct doc *doc, struct node *status)
{
    const struct node *before = condition_find(status, "Progressing");
    bool was_true = node_is(node_get(before, "status"), "True");
    char *since = was_true ? str_dup(node_str(node_get(before, "lastTransitionTime"))) : NULL;
    char *message = message_of(d, "is progressing."), now[32];
    now_text(d->c, now);
    condition_remove(status, "Progressing");
    node_set_str(doc, condition_add(d->c, doc, status, "Progressing", "True", "ReplicaSetUpdated", message, since),
                 "lastUpdateTime", now);
    mem_free(since);
    mem_free(message);
}

static void tell_progress(struct deployment *d, struct doc *doc, struct node *status)
{
    const struct node *before = node_get(doc_root(d->doc), "status");
    const struct node *condition = condition_find(status, "Progressing");
    bool was_complete = count_of(status, "replicas") == count_of(status, "updatedReplicas") &&
                        node_is(node_get(condition, "reason"), "NewReplicaSetAvailable");
    if (was_complete) {
        return;
    }
    char *done = message_of(d, "has successfully progressed."), *late = message_of(d, "has timed out progressing.");
    if (progress_is_complete(d, status)) {
        set_condition(d, doc, status, "Progressing", "True", "NewReplicaSetAvailable", done);
    } else if (gets_on(before, status)) {
        tell_step(d, doc, status);
    } else if (is_late(d, condition)) {
        set_condition(d, doc, status, "Progressing", "False", "ProgressDeadlineExceeded", late);
    }
    mem_free(done);
    mem_free(late);
}

static void copy_failure(struct deployment *d, struct doc *doc, struct node *status)
{
    const struct node *failure = NULL;
    for (size_t i = 0; i < d->count; i++) {
        if (failure == NULL || d->sets[i] == d->newest) {
            const struct node *found = condition_find(node_get(doc_root(d->sets[i]->doc), "status"), "ReplicaFailure");
            failure = found != NULL ? found : failure;
        }
    }
    if (failure != NULL) {
        set_condition(d, doc, status, "ReplicaFailure", node_str(node_get(failure, "status")),
                      node_str(node_get(failure, "reason")), node_str(node_get(failure, "message")));
    } else {
        condition_remove(status, "ReplicaFailure");
    }
}

/* The condition's time has no fractions: a second more, so that the deadline has passed for sure. */
static void wait_for_deadline(struct deployment *d)
{
    const struct node *status = node_get(doc_root(d->doc), "status");
    const struct node *condition = condition_find(status, "Progressing");
    if (!d->has_deadline || condition == NULL || progress_is_complete(d, status) ||
        node_is(node_get(condition, "reason"), "ProgressDeadlineExceeded")) {
        return;
    }
    int64_t left_ms = deadline_ms(d, condition) - clock_wall_ms(d->c->clock);
    controller_wake_later(d->c, d->item, (left_ms > 0 ? left_ms : 0) + 1000);
}

void progress_report(struct deployment *d)
{
    struct doc *doc = counted(d);
    struct node *status = doc_root(doc);
    if (d->has_deadline) {
        tell_progress(d, doc, status);
    } else {
        condition_remove(status, "Progressing");
    }
    copy_failure(d, doc, status);
    take(d, doc);
    wait_for_deadline(d);
}
