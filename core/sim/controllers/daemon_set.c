/* One Pod on the one node, if its template wants to be there at all; a template whose nodeSelector no node has is how a
 * DaemonSet is scaled to zero. */
#include "sim/controllers/daemon_set.h"

#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/pod.h"
#include "sim/controllers/queue.h"

#define HASH "controller-revision-hash"

static const char tolerations[] = "[{\"key\":\"node.kubernetes.io/not-ready\",\"effect\":\"NoExecute\"},"
                                  "{\"key\":\"node.kubernetes.io/unreachable\",\"effect\":\"NoExecute\"},"
                                  "{\"key\":\"node.kubernetes.io/disk-pressure\",\"effect\":\"NoSchedule\"},"
                                  "{\"key\":\"node.kubernetes.io/memory-pressure\",\"effect\":\"NoSchedule\"},"
                                  "{\"key\":\"node.kubernetes.io/pid-pressure\",\"effect\":\"NoSchedule\"},"
                                  "{\"key\":\"node.kubernetes.io/unschedulable\",\"effect\":\"NoSchedule\"}]";
static const char affinity[] =
    "{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[{\"matchFields\":[{\"key\":"
    "\"metadata.name\",\"operator\":\"In\",\"values\":[\"" POD_NODE "\"]}]}]}}";

struct daemon_set {
    struct controllers *c;
    struct doc *doc;
    char *hash;         /* of its template */
    struct doc *oldest; /* its Pods, those on their way out included; NULL: none */
    size_t count;
    struct doc *updated, *outdated; /* that stay, one of each at most; NULL: none */
    int64_t min_ready_s;
    bool is_wanted; /* on the node */
};

/* --- reading --- */

static char *hash_of(const struct node *daemon_set)
{
    struct buf b;
    char hash[16];
    buf_init(&b, 8 * 1024 * 1024);
    node_write_sorted(node_at(daemon_set, "spec", "template"), &b);
    hash_safe_encode(hash_fnv32(buf_str(&b), b.len), hash);
    buf_fini(&b);
    return str_dup(hash);
}

static bool wants_node(const struct node *daemon_set)
{
    static const char *const labels[][2] = {
        {"kubernetes.io/hostname", POD_NODE}, {"kubernetes.io/os", "linux"}, {"kubernetes.io/arch", "amd64"}};
    struct node_iter it = node_iterate(node_at(daemon_set, "spec", "template", "spec", "nodeSelector"));
    while (node_next(&it)) {
        bool has = false;
        for (size_t i = 0; i < sizeof labels / sizeof labels[0]; i++) {
            has = has || (str_equal(it.key, labels[i][0]) && node_is(it.value, labels[i][1]));
        }
        if (!has) {
            return false;
        }
    }
    return true;
}

static bool is_updated(const struct daemon_set *d, const struct node *pod)
{
    return node_is(node_at(pod, "metadata", "labels", HASH), d->hash);
}

static void keep(struct doc **place, const struct node *pod)
{
    if (*place == NULL) {
        *place = doc_copy(pod);
    }
}

static void read_pods(struct daemon_set *d, const struct item *item)
{
    for (const struct edge *edge = item->dependents; edge != NULL; edge = edge->next_dependent) {
        bool is_pod = edge->is_reference && edge->dependent->kind == ITEM_POD;
        struct doc *doc = is_pod ? item_view(d->c, edge->dependent) : NULL;
        if (doc != NULL && str_equal(item_controller(doc_root(doc)), item->key) && !pod_is_over(doc_root(doc))) {
            d->count++;
            keep(&d->oldest, doc_root(doc));
            if (!item_is_ending(doc_root(doc))) {
                keep(is_updated(d, doc_root(doc)) ? &d->updated : &d->outdated, doc_root(doc));
            }
        }
        doc_free(doc);
    }
}

/* --- its Pods --- */

static struct node *parsed(struct doc *doc, const char *json)
{
    struct err err;
    struct doc *other = doc_parse(json, strlen(json), &err);
    struct node *copy = node_copy(doc, doc_root(other));
    doc_free(other);
    return copy;
}

static void set_placement(struct doc *doc)
{
    struct node *spec = node_get(doc_root(doc), "spec"), *more = parsed(doc, tolerations);
    if (node_get(spec, "tolerations") == NULL) {
        node_set(doc, spec, "tolerations", node_new_array(doc));
    }
    struct node_iter it = node_iterate(more);
    while (node_next(&it)) {
        struct node *toleration = node_copy(doc, it.value);
        node_set_str(doc, toleration, "operator", "Exists");
        node_push(node_get(spec, "tolerations"), toleration);
    }
    node_set(doc, node_ensure_object(doc, spec, "affinity"), "nodeAffinity", parsed(doc, affinity));
}

static void make(struct daemon_set *d)
{
    struct err ignored; /* the next look tries again */
    struct doc *doc = pod_new(doc_root(d->doc));
    struct node *metadata = node_get(doc_root(doc), "metadata");
    struct node *labels = node_ensure_object(doc, metadata, "labels");
    node_set_str(doc, labels, HASH, d->hash);
    node_set_str(doc, labels, "pod-template-generation",
                 item_annotation(doc_root(d->doc), "deprecated.daemonset.template.generation"));
    set_placement(doc);
    doc_free(api_create(d->c->api, d->c->kinds[ITEM_POD], doc_root(doc), &ignored));
    doc_free(doc);
}

static void end(struct daemon_set *d, const struct doc *pod)
{
    struct err ignored; /* it went meanwhile */
    const char *namespace = node_str(node_at(doc_root(pod), "metadata", "namespace"));
    if (pod != NULL) {
        api_delete(d->c->api, d->c->kinds[ITEM_POD], namespace, item_name(doc_root(pod)), &ignored);
    }
}

static bool is_available(const struct daemon_set *d, const struct doc *pod)
{
    return pod != NULL && pod_wait_ms(d->c, doc_root(pod), d->min_ready_s) == 0;
}

/* With a surge the new one comes first; without, the old one goes first. */
static void replace(struct daemon_set *d)
{
    const struct node *strategy = node_at(doc_root(d->doc), "spec", "updateStrategy");
    const struct node *surge = node_at(strategy, "rollingUpdate", "maxSurge");
    bool has_surge = node_str(surge) != NULL ? strtol(node_str(surge), NULL, 10) > 0 : node_int_or(surge, 0) > 0;
    if (!node_is(node_get(strategy, "type"), "RollingUpdate")) {
        return;
    }
    if (!has_surge || !is_available(d, d->outdated) || is_available(d, d->updated)) {
        end(d, d->outdated);
    } else if (d->updated == NULL) {
        make(d);
    }
}

static void act(struct daemon_set *d)
{
    if (!d->is_wanted) {
        end(d, d->updated);
        end(d, d->outdated);
    } else if (d->count == 0) {
        make(d);
    } else if (d->outdated != NULL) {
        replace(d);
    }
}

/* --- its status --- */

static void report(struct daemon_set *d)
{
    const struct node *root = doc_root(d->doc);
    struct doc *doc = item_status(root);
    struct node *status = doc_root(doc);
    const struct node *pod = doc_root(d->oldest);
    bool is_there = d->is_wanted && pod != NULL, is_served = is_there && is_available(d, d->oldest);
    node_set_int(doc, status, "currentNumberScheduled", is_there);
    node_set_int(doc, status, "numberMisscheduled", !d->is_wanted && pod != NULL);
    node_set_int(doc, status, "desiredNumberScheduled", d->is_wanted);
    node_set_int(doc, status, "numberReady", is_there && pod_is_ready(pod));
    node_set_int(doc, status, "observedGeneration", node_int_or(node_at(root, "metadata", "generation"), 0));
    item_set_count(doc, status, "updatedNumberScheduled", is_there && is_updated(d, pod));
    item_set_count(doc, status, "numberAvailable", is_served);
    item_set_count(doc, status, "numberUnavailable", d->is_wanted && !is_served);
    item_save_status(d->c, &d->doc, status);
    doc_free(doc);
}

static void wait_for_pod(struct daemon_set *d, struct item *item, const struct doc *pod)
{
    int64_t wait_ms = pod != NULL ? pod_wait_ms(d->c, doc_root(pod), d->min_ready_s) : -1;
    if (wait_ms > 0) {
        controller_wake_later(d->c, item, wait_ms);
    }
}

void daemon_set_look(struct controllers *c, struct item *item)
{
    struct daemon_set d = {.c = c, .doc = item_view(c, item)};
    const struct node *root = doc_root(d.doc);
    d.hash = hash_of(root);
    d.is_wanted = wants_node(root);
    d.min_ready_s = node_int_or(node_at(root, "spec", "minReadySeconds"), 0);
    read_pods(&d, item);
    if (!item_is_ending(root)) {
        act(&d);
    }
    report(&d);
    wait_for_pod(&d, item, d.oldest);
    wait_for_pod(&d, item, d.updated);
    doc_free(d.oldest);
    doc_free(d.updated);
    doc_free(d.outdated);
    doc_free(d.doc);
    mem_free(d.hash);
}
