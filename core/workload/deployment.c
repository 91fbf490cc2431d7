#include "workload/deployment.h"

#include <string.h>

#include "base/duration.h"
#include "base/utf8.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "workload/revision.h"
#include "workload/tracked_config.h"

enum { IMAGES_SIZE_MAX = 512 };

/* --- pruning --- */

static void push_ports(struct doc *doc, struct node *ports, const struct node *container)
{
    struct node_iter it = node_iterate(node_get(container, "ports"));
    while (node_next(&it)) {
        struct node *port = node_new_object(doc);
        node_set(doc, port, "container", node_copy(doc, node_get(container, "name")));
        node_set(doc, port, "name", node_copy(doc, node_get(it.value, "name")));
        node_set(doc, port, "port", node_copy(doc, node_get(it.value, "containerPort")));
        node_set_int(doc, port, "index", (int64_t)it.index);
        node_push(ports, port);
    }
}

static struct node *container_ports(struct doc *doc, const struct node *pod_spec)
{
    struct node *ports = node_new_array(doc);
    struct node_iter it = node_iterate(node_get(pod_spec, "containers"));
    while (node_next(&it)) {
        push_ports(doc, ports, it.value);
    }
    return ports;
}

/* "podinfo:3.1.0", or "app=podinfo:3.1.0,proxy=envoy:1" for several containers: for people only, so it is cut. */
static void note_images(struct doc *object, struct node *sluice, const struct node *pod_spec)
{
    const struct node *containers = node_get(pod_spec, "containers");
    struct buf text;
    buf_init(&text, 4 * IMAGES_SIZE_MAX);
    struct node_iter it = node_iterate(containers);
    while (node_next(&it)) {
        const char *name = node_str_or(node_get(it.value, "name"), "");
        const char *image = node_str_or(node_get(it.value, "image"), "");
        char *one =
            node_count(containers) == 1 ? str_dup(image) : str_format("%s%s=%s", it.index > 0 ? "," : "", name, image);
        if (text.len < IMAGES_SIZE_MAX) {
            utf8_append_line(&text, one, strlen(one), IMAGES_SIZE_MAX - text.len);
        }
        str_free(&one);
    }
    node_set_str(object, sluice, "images", buf_str(&text));
    buf_fini(&text);
}

/* Every primary's template carries flagger-id; a target may be called "x-primary" too. */
static bool is_primary(const char *name, const struct node *template)
{
    return name != NULL && str_has_suffix(name, "-primary") &&
           node_at(template, "metadata", "annotations", "flagger-id") != NULL;
}

static void note_revision(struct doc *object, struct node *sluice, const struct node *template)
{
    const struct node *root = doc_root(object);
    const char *name = object_name(root);
    char revision[REVISION_SIZE];
    if (is_primary(name, template)) {
        char *target = str_dup_n(name, strlen(name) - strlen("-primary")), own[REVISION_SIZE];
        const struct node *labels = node_at(root, "spec", "selector", "matchLabels");
        revision_of_template(template, own);
        node_set_str(object, sluice, "own", own);
        if (!revision_of_primary_template(template, target, labels, revision)) {
            node_set_bool(object, sluice, "guessed", true);
        }
        str_free(&target);
    } else {
        revision_of_template(template, revision);
    }
    node_set_str(object, sluice, "revision", revision);
}

/* The annotation with which kubectl remembers what was applied repeats the whole object. */
static void drop_bulky_annotations(struct node *root)
{
    node_remove(node_at(root, "metadata", "annotations"), "kubectl.kubernetes.io/last-applied-configuration");
}

static void keep_spec(struct doc *object, struct node *root)
{
    static const char *const kept[] = {"replicas", "selector", "progressDeadlineSeconds", "paused"};
    struct node *spec = node_new_object(object);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        node_set(object, spec, kept[i], node_copy(object, node_at(root, "spec", kept[i])));
    }
    node_set(object, root, "spec", spec);
}

static void drop_messages(struct node *root)
{
    struct node_iter it = node_iterate(node_at(root, "status", "conditions"));
    while (node_next(&it)) {
        node_remove(it.value, "message");
    }
}

void deployment_prune(struct doc *object)
{
    struct node *root = doc_root(object);
    const struct node *template = node_at(root, "spec", "template");
    struct node *sluice = node_new_object(object);
    note_revision(object, sluice, template);
    node_set(object, sluice, "configs", tracked_config_references(object, node_get(template, "spec")));
    node_set(object, sluice, "ports", container_ports(object, node_get(template, "spec")));
    note_images(object, sluice, node_get(template, "spec"));
    node_set(object, sluice, "labels", node_copy(object, node_at(template, "metadata", "labels")));
    node_set(object, sluice, "flaggerId",
             node_copy(object, node_at(template, "metadata", "annotations", "flagger-id")));
    node_set(object, root, "sluice", sluice);
    keep_spec(object, root);
    drop_messages(root);
    drop_bulky_annotations(root);
}

const char *deployment_revision(const struct node *deployment)
{
    return node_str(node_at(deployment, "sluice", "revision"));
}

const char *deployment_images(const struct node *deployment)
{
    return node_str(node_at(deployment, "sluice", "images"));
}

bool deployment_revision_is_guessed(const struct node *deployment)
{
    return node_bool_or(node_at(deployment, "sluice", "guessed"), false);
}

const char *deployment_own_revision(const struct node *primary)
{
    return node_str(node_at(primary, "sluice", "own"));
}

const char *deployment_promotion_id(const struct node *deployment)
{
    return node_str(node_at(deployment, "sluice", "flaggerId"));
}

bool deployment_is_chosen_by(const struct node *deployment, const struct node *selector)
{
    struct node_iter it = node_iterate(selector);
    while (node_next(&it)) {
        if (!node_equal(node_at(deployment, "sluice", "labels", it.key), it.value)) {
            return false;
        }
    }
    return node_count(selector) > 0;
}

enum plan deployment_check_primary(const struct node *primary, const struct canary_names *names, struct err *err)
{
    bool made_by_an_engine = deployment_promotion_id(primary) != NULL && !ownership_is_rivals(primary, names);
    if (primary == NULL || ownership_is_ours(primary, names) || made_by_an_engine) {
        return PLAN_DONE;
    }
    return ownership_refuse(&KUBE_DEPLOYMENTS, primary, names, "it was there before, and is no primary of this target",
                            err);
}

/* --- the selector --- */

/* "[app name app.kubernetes.io/name]", as Go prints a slice. */
static char *list_text(const struct str_list *list)
{
    struct buf b;
    buf_init(&b, SIZE_MAX);
    for (size_t i = 0; i < list->count; i++) {
        buf_printf(&b, "%s%s", i == 0 ? "[" : " ", list->items[i]);
    }
    buf_append_str(&b, list->count == 0 ? "[]" : "]");
    char *text = str_dup(buf_str(&b));
    buf_fini(&b);
    return text;
}

bool deployment_selector(const struct node *deployment, const struct str_list *selector_labels,
                         struct selector *selector, struct err *err)
{
    const struct node *labels = node_at(deployment, "spec", "selector", "matchLabels");
    for (size_t i = 0; i < selector_labels->count; i++) {
        const char *value = node_str(node_get(labels, selector_labels->items[i]));
        if (value != NULL) {
            *selector = (struct selector){.key = selector_labels->items[i], .value = value};
            return true;
        }
    }
    char *wanted = list_text(selector_labels);
    err_set(err, ERR_INVALID,
            "getSelectorLabel failed: deployment %s.%s spec.selector.matchLabels must contain one of %s",
            object_name(deployment), object_namespace(deployment), wanted);
    str_free(&wanted);
    return false;
}

/* --- readiness --- */

int64_t deployment_deadline_wall_ms(const struct node *deployment, int64_t deadline_s)
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

enum readiness deployment_readiness(const struct node *deployment, int64_t deadline_s, int threshold_pct,
                                    int64_t now_wall_ms, struct err *err)
{
    if (deployment == NULL) {
        err_set(err, ERR_NOT_FOUND, "deployment not found");
        return NOT_READY;
    }
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
    int64_t deadline = deployment_deadline_wall_ms(deployment, deadline_s);
    return deadline >= 0 && deadline < now_wall_ms ? NEVER_READY : NOT_READY;
}
