/* Deployments as the workload of a Canary (workload/workload.h). */
#include "base/duration.h"
#include "kube/object.h"
#include "workload/facts.h"
#include "workload/workload.h"

static void prune(struct doc *object, const struct node *managers)
{
    static const char *const kept[] = {"replicas", "selector", "progressDeadlineSeconds", "paused", NULL};
    facts_keep(object, managers, kept);
}

/* --- readiness --- */

static int64_t deadline_wall_ms(const struct node *deployment, int64_t deadline_s)
{
    const struct node *available = object_condition(deployment, "Available");
    if (object_condition(deployment, "Progressing") == NULL || !node_is(node_get(available, "status"), "False") ||
        !node_is(node_get(available, "reason"), "MinimumReplicasUnavailable")) {
        return -1;
    }
    int64_t since;
    struct err err;
    if (!time_parse(node_str_or(node_get(available, "lastUpdateTime"), ""), &since, &err)) {
        return -1;
    }
    return since + deadline_s * 1000;
}

struct replica_counts {
    int64_t wanted, updated, all, available, needed;
    bool says_wanted;
};

static struct replica_counts count_replicas(const struct node *deployment, int threshold_pct)
{
    const struct node *status = node_get(deployment, "status");
    struct replica_counts counts = {
        .updated = node_int_or(node_get(status, "updatedReplicas"), 0),
        .all = node_int_or(node_get(status, "replicas"), 0),
        .available = node_int_or(node_get(status, "availableReplicas"), 0),
    };
    counts.says_wanted = node_int(node_at(deployment, "spec", "replicas"), &counts.wanted);
    /* Flagger computes this in single precision and cuts the fraction off. */
    counts.needed = (int64_t)((float)counts.updated * ((float)threshold_pct / 100.0F));
    return counts;
}

static bool replicas_are_ready(const struct node *deployment, int threshold_pct, struct err *err)
{
    const struct replica_counts counts = count_replicas(deployment, threshold_pct);
    if (counts.says_wanted && counts.updated < counts.wanted) {
        return err_set(err, ERR_NO_DATA,
                       "waiting for rollout to finish: %lld out of %lld new replicas have been updated",
                       (long long)counts.updated, (long long)counts.wanted);
    }
    if (counts.all > counts.updated) {
        return err_set(err, ERR_NO_DATA, "waiting for rollout to finish: %lld old replicas are pending termination",
                       (long long)(counts.all - counts.updated));
    }
    if (counts.available < counts.needed) {
        return err_set(
            err, ERR_NO_DATA,
            "waiting for rollout to finish: %lld of %lld (readyThreshold %d%%) updated replicas are available",
            (long long)counts.available, (long long)counts.needed, threshold_pct);
    }
    return true;
}

static enum readiness readiness(const struct node *deployment, int64_t deadline_s, int threshold_pct,
                                int64_t now_wall_ms, struct err *err)
{
    if (object_generation(deployment) > node_int_or(node_at(deployment, "status", "observedGeneration"), 0)) {
        err_set(err, ERR_NO_DATA,
                "waiting for rollout to finish: observed deployment generation less than desired generation");
        return NOT_READY;
    }
    const struct node *progressing = object_condition(deployment, "Progressing");
    if (node_is(node_get(progressing, "reason"), "ProgressDeadlineExceeded")) {
        err_set(err, ERR_TIMEOUT, "deployment \"%s\" exceeded its progress deadline", object_name(deployment));
        return NEVER_READY;
    }
    if (replicas_are_ready(deployment, threshold_pct, err)) {
        return READY;
    }
    int64_t deadline = deadline_wall_ms(deployment, deadline_s);
    return deadline >= 0 && deadline < now_wall_ms ? NEVER_READY : NOT_READY;
}

/* --- scaling --- */

static int64_t replicas(const struct node *deployment)
{
    return node_int_or(node_at(deployment, "spec", "replicas"), 1);
}

static struct doc *scale(const struct node *deployment, int64_t wanted)
{
    struct doc *patch = doc_new();
    doc_set_root(patch, node_new_object(patch));
    node_set_int(patch, node_ensure_object(patch, doc_root(patch), "spec"), "replicas", wanted);
    return patch;
}

static const char *const copied[] = {"progressDeadlineSeconds", "minReadySeconds", "revisionHistoryLimit", "strategy",
                                     NULL};

const struct workload_kind deployment_workload = {
    .word = "deployment",
    .store = {&KUBE_DEPLOYMENTS, prune, false},
    .copied = copied,
    .has_replicas = true,
    .readiness = readiness,
    .deadline_wall_ms = deadline_wall_ms,
    .replicas = replicas,
    .scale = scale,
};
