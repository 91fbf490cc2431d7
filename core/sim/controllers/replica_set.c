/* As many Pods as its spec says, made from its template. */
#include "sim/controllers/replica_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/selector.h"
#include "sim/controllers/adoption.h"
#include "sim/controllers/condition.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/pod.h"
#include "sim/controllers/queue.h"

enum { BURST = 500 };

struct pod {
    struct doc *doc;
    bool is_ready;
    int64_t ready_since_ms, cost; /* wall clock; controller.kubernetes.io/pod-deletion-cost */
};

struct set {
    struct controllers *c;
    struct doc *doc;
    struct pod *pods; /* those that count: neither over nor on their way out */
    size_t count, ending;
    struct doc *failure; /* what kept it from its size; NULL: nothing */
};

/* --- its Pods --- */

static void add_pod(struct set *set, struct doc *doc)
{
    const struct node *ready = condition_find(node_get(doc_root(doc), "status"), "Ready");
    const char *cost = item_annotation(doc_root(doc), "controller.kubernetes.io/pod-deletion-cost");
    set->pods = mem_resize(set->pods, (set->count + 1) * sizeof(struct pod));
    set->pods[set->count++] = (struct pod){
        .doc = doc,
        .is_ready = pod_is_ready(doc_root(doc)),
        .ready_since_ms = time_at(node_get(ready, "lastTransitionTime")),
        .cost = cost != NULL ? strtol(cost, NULL, 10) : 0,
    };
}

/* What does not match the selector any more is let go, and somebody else is made instead. */
static bool belongs(struct set *set, struct doc **doc, const struct selector *selector)
{
    if (!str_equal(item_controller(doc_root(*doc)), item_uid(doc_root(set->doc)))) {
        return false;
    }
    if (selector_matches(selector, doc_root(*doc))) {
        return true;
    }
    if (!item_is_ending(doc_root(*doc))) {
        doc_own(doc);
        item_disown(*doc, item_uid(doc_root(set->doc)));
        item_save(set->c, doc, NULL);
    }
    return false;
}

static void read_pods(struct set *set, struct item *item)
{
    struct err ignored;
    struct selector *selector = selector_from_node(node_at(doc_root(set->doc), "spec", "selector"), &ignored);
    for (struct edge *edge = item->dependents, *next; edge != NULL; edge = next) {
        next = edge->next_dependent;
        bool is_pod = edge->is_reference && edge->dependent->kind == ITEM_POD;
        struct doc *doc = is_pod ? item_view(set->c, edge->dependent) : NULL;
        bool counts = doc != NULL && belongs(set, &doc, selector) && !pod_is_over(doc_root(doc));
        if (counts && !item_is_ending(doc_root(doc))) {
            add_pod(set, doc);
            continue;
        }
        set->ending += counts;
        doc_free(doc);
    }
    selector_free(selector);
}

/* --- its size --- */

static void fail_set(struct set *set, const char *reason, const struct err *err)
{
    if (set->failure != NULL) {
        return;
    }
    set->failure = doc_new();
    struct node *root = node_new_object(set->failure);
    doc_set_root(set->failure, root);
    node_set_str(set->failure, root, "reason", reason);
    node_set_str(set->failure, root, "message", err->text);
}

static void make(struct set *set, int64_t count)
{
    struct err err;
    for (int64_t i = 0; i < count && i < BURST; i++) {
        struct doc *doc = pod_new(doc_root(set->doc));
        struct doc *stored = api_create(set->c->api, set->c->kinds[ITEM_POD], doc_root(doc), &err);
        bool is_stored = stored != NULL;
        doc_free(doc);
        doc_free(stored);
        if (is_stored) {
            continue;
        }
        if (strstr(err.text, "because it is being terminated") ==
            NULL) { /* of a namespace that ends nobody complains */
            fail_set(set, "FailedCreate", &err);
        }
        return;
    }
}

static int phase_rank(const struct node *pod)
{
    const struct node *phase = node_at(pod, "status", "phase");
    return node_is(phase, "Running") ? 2 : node_is(phase, "Unknown") ? 1 : 0;
}

/* The order in which a ReplicaSet deletes Pods: first those that are not bound, then not running, not ready, cheap to
 * delete, ready for the shortest time, and young. */
static int compare_pods(const void *left, const void *right)
{
    const struct pod *a = left, *b = right;
    const struct node *x = doc_root(a->doc), *y = doc_root(b->doc);
    bool x_bound = node_at(x, "spec", "nodeName") != NULL, y_bound = node_at(y, "spec", "nodeName") != NULL;
    if (x_bound != y_bound) {
        return x_bound ? 1 : -1;
    }
    if (phase_rank(x) != phase_rank(y)) {
        return phase_rank(x) - phase_rank(y);
    }
    if (a->is_ready != b->is_ready) {
        return a->is_ready ? 1 : -1;
    }
    if (a->cost != b->cost) {
        return a->cost < b->cost ? -1 : 1;
    }
    if (a->is_ready && a->ready_since_ms != b->ready_since_ms) {
        return a->ready_since_ms < b->ready_since_ms ? 1 : -1;
    }
    int order = strcmp(node_str_or(node_at(y, "metadata", "creationTimestamp"), ""),
                       node_str_or(node_at(x, "metadata", "creationTimestamp"), ""));
    return order != 0 ? order : strcmp(item_name(x), item_name(y));
}

static void end(struct set *set, int64_t count)
{
    struct err err;
    qsort(set->pods, set->count, sizeof(struct pod), compare_pods);
    for (int64_t i = 0; i < count && i < BURST; i++) {
        const struct node *pod = doc_root(set->pods[i].doc);
        const char *namespace = node_str(node_at(pod, "metadata", "namespace"));
        if (!api_delete(set->c->api, set->c->kinds[ITEM_POD], namespace, item_name(pod), &err)) {
            fail_set(set, "FailedDelete", &err);
        }
    }
}

/* --- its status --- */

/* Ready for minReadySeconds. `wait_ms`: when the next one will be, negative: none. */
static int64_t count_available(const struct set *set, int64_t *wait_ms)
{
    const struct node *min_ready = node_at(doc_root(set->doc), "spec", "minReadySeconds");
    int64_t available = 0;
    *wait_ms = -1;
    for (size_t i = 0; i < set->count; i++) {
        int64_t left_ms = pod_wait_ms(set->c, doc_root(set->pods[i].doc), node_int_or(min_ready, 0));
        if (left_ms == 0) {
            available++;
        } else if (left_ms > 0 && (*wait_ms < 0 || left_ms < *wait_ms)) {
            *wait_ms = left_ms;
        }
    }
    return available;
}

static int64_t count_labelled(const struct set *set)
{
    const struct node *labels = node_at(doc_root(set->doc), "spec", "template", "metadata", "labels");
    int64_t count = 0;
    for (size_t i = 0; i < set->count; i++) {
        bool has_all = true;
        struct node_iter it = node_iterate(labels);
        while (node_next(&it)) {
            has_all =
                has_all && node_equal(it.value, node_at(doc_root(set->pods[i].doc), "metadata", "labels", it.key));
        }
        count += has_all;
    }
    return count;
}

static void set_failure(struct set *set, struct doc *doc, struct node *status)
{
    const struct node *failure = doc_root(set->failure);
    if (failure == NULL) {
        condition_remove(status, "ReplicaFailure");
    } else if (condition_find(status, "ReplicaFailure") == NULL) {
        condition_add(set->c, doc, status, "ReplicaFailure", "True", node_str(node_get(failure, "reason")),
                      node_str(node_get(failure, "message")), NULL);
    }
}

/* Of the Pods that were there before this look: those it made are counted when they are seen. */
static void report(struct set *set, struct item *item)
{
    int64_t wait_ms, ready = 0;
    for (size_t i = 0; i < set->count; i++) {
        ready += set->pods[i].is_ready;
    }
    const struct node *root = doc_root(set->doc);
    struct doc *doc = item_status(root);
    struct node *status = doc_root(doc);
    node_set_int(doc, status, "replicas", (int64_t)set->count);
    item_set_count(doc, status, "fullyLabeledReplicas", count_labelled(set));
    item_set_count(doc, status, "readyReplicas", ready);
    item_set_count(doc, status, "availableReplicas", count_available(set, &wait_ms));
    node_set_int(doc, status, "terminatingReplicas", (int64_t)set->ending);
    node_set_int(doc, status, "observedGeneration", node_int_or(node_at(root, "metadata", "generation"), 0));
    set_failure(set, doc, status);
    item_save_status(set->c, &set->doc, status);
    doc_free(doc);
    if (wait_ms >= 0) {
        controller_wake_later(set->c, item, wait_ms);
    }
}

void replica_set_look(struct controllers *c, struct item *item)
{
    struct set set = {.c = c, .doc = item_view(c, item)};
    bool is_ending = item_is_ending(doc_root(set.doc));
    if (!is_ending) {
        adoption_take(c, item, doc_root(set.doc), ITEM_POD);
    }
    read_pods(&set, item);
    int64_t wanted = node_int_or(node_at(doc_root(set.doc), "spec", "replicas"), 1);
    int64_t missing = wanted - (int64_t)set.count;
    if (!is_ending && missing > 0) {
        make(&set, missing);
    } else if (!is_ending && missing < 0) {
        end(&set, -missing);
    }
    report(&set, item);
    for (size_t i = 0; i < set.count; i++) {
        doc_free(set.pods[i].doc);
    }
    mem_free(set.pods);
    doc_free(set.failure);
    doc_free(set.doc);
}
