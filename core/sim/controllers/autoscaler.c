/* An autoscaler in a cluster without metrics: it keeps its target between its bounds and says that it cannot do more.
 *
 * A real one looks every 15 seconds, counted from when it was made. This one looks at the same times, but only when
 * something it looks at has changed since. */
#include "sim/controllers/autoscaler.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/condition.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/queue.h"

enum { PERIOD_MS = 15000 };

#define COMPUTE "the HPA was unable to compute the replica count: "

/* --- whom it scales --- */

static char *scale_key(const char *kind, const char *namespace, const char *name)
{
    return str_format("scale:%s/%s/%s", kind, namespace, name);
}

void autoscaler_note(struct controllers *c, struct item *item, const struct node *object)
{
    const struct node *target = node_at(object, "spec", "scaleTargetRef");
    char *key = scale_key(node_str_or(node_get(target, "kind"), ""), item->namespace,
                          node_str_or(node_get(target, "name"), ""));
    graph_unlink(&c->graph, item, false);
    graph_link(item, graph_ensure(&c->graph, key), false);
    mem_free(key);
}

void scale_note(struct controllers *c, const struct node *object)
{
    char *key = scale_key(node_str_or(node_get(object, "kind"), ""),
                          node_str_or(node_at(object, "metadata", "namespace"), ""), item_name(object));
    struct item *target = graph_find(&c->graph, key);
    if (target != NULL) {
        controller_wake_dependents(c, target, ITEM_AUTOSCALER);
    }
    mem_free(key);
}

/* --- conditions --- */

static void set_condition(struct controllers *c, struct doc *doc, const char *type, const char *value,
                          const char *reason, const char *message)
{
    struct node *status = node_ensure_object(doc, doc_root(doc), "status");
    struct node *condition = condition_find(status, type);
    char now[32];
    now_text(c, now);
    if (condition == NULL) {
        condition_add(c, doc, status, type, value, reason, message, NULL);
        return;
    }
    if (!node_is(node_get(condition, "status"), value)) {
        node_set_str(doc, condition, "lastTransitionTime", now);
    }
    node_set_str(doc, condition, "status", value);
    node_set_str(doc, condition, "reason", reason);
    node_set_str(doc, condition, "message", message);
}

static char *resource_failure(const char *resource, const struct node *target)
{
    const char *sort = node_get(target, "averageValue") != NULL ? "usage" : "utilization";
    return str_format(COMPUTE
                      "failed to get %s %s: unable to get metrics for resource %s: unable to fetch metrics from "
                      "resource metrics API: the server could not find the requested resource (get "
                      "pods.metrics.k8s.io)",
                      resource, sort, resource);
}

/* The first metric that cannot be had is told. */
static void tell_no_metrics(struct controllers *c, struct doc *doc)
{
    static const struct {
        const char *type, *key, *reason;
    } sorts[] = {
        {"Resource", "resource", "FailedGetResourceMetric"},
        {"ContainerResource", "containerResource", "FailedGetContainerResourceMetric"},
        {"Pods", "pods", "FailedGetPodsMetric"},
        {"Object", "object", "FailedGetObjectMetric"},
        {"External", "external", "FailedGetExternalMetric"},
    };
    const struct node *metric = node_item(node_at(doc_root(doc), "spec", "metrics"), 0);
    for (size_t i = 0; i < sizeof sorts / sizeof sorts[0]; i++) {
        if (!node_is(node_get(metric, "type"), sorts[i].type)) {
            continue;
        }
        const struct node *source = node_get(metric, sorts[i].key);
        const char *name = node_str_or(node_at(source, "metric", "name"), "");
        char *message = i < 2 ? resource_failure(node_str_or(node_get(source, "name"), ""), node_get(source, "target"))
                              : str_format(COMPUTE "unable to get metric %s: unable to fetch metrics from %s metrics "
                                                   "API: no known available metric versions found",
                                           name, i == 4 ? "external" : "custom");
        set_condition(c, doc, "ScalingActive", "False", sorts[i].reason, message);
        mem_free(message);
    }
}

/* --- the status --- */

struct counts {
    int64_t current, desired;
    bool has_scaled, has_failed; /* it changed the size; it has no metrics */
};

static void set_counts(struct controllers *c, struct doc *doc, const struct counts *counts)
{
    struct node *status = node_ensure_object(doc, doc_root(doc), "status");
    struct node *metrics = counts->has_failed ? node_new_array(doc) : node_new_null(doc);
    char now[32];
    now_text(c, now);
    node_set_int(doc, status, "currentReplicas", counts->current);
    if (!counts->has_failed) {
        node_set_int(doc, status, "desiredReplicas", counts->desired);
    }
    if (counts->has_failed) { /* a real one lists what it could not read as an empty entry for each metric */
        for (size_t i = 0; i < node_count(node_at(doc_root(doc), "spec", "metrics")); i++) {
            struct node *empty = node_new_object(doc);
            node_set_str(doc, empty, "type", "");
            node_push(metrics, empty);
        }
    }
    node_set(doc, status, "currentMetrics", metrics);
    if (counts->has_scaled) {
        node_set_str(doc, status, "lastScaleTime", now);
    }
}

/* --- a look --- */

static void tell_no_scale(struct controllers *c, struct doc *doc, const struct node *reference, const struct kind *kind)
{
    char *what = kind != NULL ? str_format("%s%s%s", kind->plural, kind->group[0] ? "." : "", kind->group) : NULL;
    const char *name = node_str_or(node_get(reference, "name"), ""),
               *word = node_str_or(node_get(reference, "kind"), "");
    char *message = kind != NULL
                        ? str_format("the HPA controller was unable to get the target's current scale: %s \"%s\" not "
                                     "found",
                                     what, name)
                        : str_format("the HPA controller was unable to get the target's current scale: no matches for "
                                     "kind \"%s\" in group \"%s\"",
                                     word, node_str_or(node_get(reference, "apiVersion"), ""));
    set_condition(c, doc, "AbleToScale", "False", "FailedGetScale", message);
    mem_free(what);
    mem_free(message);
}

static bool rescale(struct controllers *c, struct doc *doc, struct doc **target, int64_t size)
{
    node_set_int(*target, node_ensure_object(*target, doc_root(*target), "spec"), "replicas", size);
    if (!item_save(c, target, NULL)) {
        return false;
    }
    char *message = str_format("the HPA controller was able to update the target scale to %lld", (long long)size);
    set_condition(c, doc, "AbleToScale", "True", "SucceededRescale", message);
    mem_free(message);
    return true;
}

static void keep_between(struct controllers *c, struct doc *doc, struct doc **target)
{
    const struct node *spec = node_get(doc_root(doc), "spec");
    int64_t least = node_int_or(node_get(spec, "minReplicas"), 1), most = node_int_or(node_get(spec, "maxReplicas"), 1);
    int64_t current = node_int_or(node_at(doc_root(*target), "spec", "replicas"), 1);
    struct counts counts = {.current = current, .desired = current > most ? most : least};
    set_condition(c, doc, "AbleToScale", "True", "SucceededGetScale",
                  "the HPA controller was able to get the target's current scale");
    if (current == 0 && least != 0) {
        counts.desired = 0;
        set_condition(c, doc, "ScalingActive", "False", "ScalingDisabled",
                      "scaling is disabled since the replica count of the target is zero");
    } else if (current > most || current < least) {
        counts.has_scaled = rescale(c, doc, target, counts.desired);
    } else {
        counts.has_failed = true;
        tell_no_metrics(c, doc);
    }
    set_counts(c, doc, &counts);
}

static void scale(struct controllers *c, const struct item *item)
{
    struct doc *doc = item_read(c, item);
    const struct node *reference = node_at(doc_root(doc), "spec", "scaleTargetRef");
    const struct kind *kind = item_kind_of(c, reference);
    const char *name = node_str_or(node_get(reference, "name"), "");
    bool can_scale = kind != NULL && kind->has_scale;
    struct doc *target = can_scale ? objects_get(c->objects, kind->storage, item->namespace, name) : NULL;
    if (target != NULL) {
        keep_between(c, doc, &target);
    } else {
        tell_no_scale(c, doc, reference, kind);
    }
    item_save(c, &doc, "status");
    doc_free(target);
    doc_free(doc);
}

void autoscaler_look(struct controllers *c, struct item *item)
{
    int64_t now_ms = clock_mono_ms(c->clock);
    if (!item->has_begun) {
        item->has_begun = true;
        item->begun_ms = now_ms;
        item->due_ms = now_ms + PERIOD_MS;
    }
    if (now_ms < item->due_ms) {
        controller_wake_later(c, item, item->due_ms - now_ms);
        return;
    }
    item->due_ms = now_ms + PERIOD_MS - (now_ms - item->begun_ms) % PERIOD_MS;
    scale(c, item);
}
