/* The scheduler and the kubelet in one: a Pod is bound to the one node, starts, becomes Ready when its image's
 * behaviour says so, and goes a moment after it was deleted. */
#include "sim/controllers/pod.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/condition.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/queue.h"

#define NODE_ADDRESS "10.0.0.1"

enum { DRAIN_MS = 1000 }; /* how long a container takes to stop */

/* --- conditions --- */

static void add_condition(struct controllers *c, const struct node *pod, struct doc *doc, struct node *status,
                          const char *type, bool value, const char *reason, const char *message)
{
    const struct node *before = condition_find(status, type);
    const char *word = value ? "True" : "False";
    bool is_same = node_is(node_get(before, "status"), word);
    char *since = is_same ? str_dup(node_str(node_get(before, "lastTransitionTime"))) : NULL;
    condition_remove(status, type);
    struct node *condition = condition_add(c, doc, status, type, word, reason, message, since);
    node_set(doc, condition, "lastProbeTime", node_new_null(doc));
    node_set(doc, condition, "observedGeneration", node_copy(doc, node_at(pod, "metadata", "generation")));
    mem_free(since);
}

static char *names_of(const struct node *pod)
{
    struct buf b;
    buf_init(&b, 64 * 1024);
    struct node_iter it = node_iterate(node_at(pod, "spec", "containers"));
    while (node_next(&it)) {
        buf_printf(&b, "%s%s", it.index > 0 ? " " : "", node_str_or(node_get(it.value, "name"), ""));
    }
    return buf_take(&b);
}

static void set_conditions(struct controllers *c, const struct node *pod, struct doc *doc, struct node *status,
                           bool has_started, bool is_ready)
{
    char *names = names_of(pod);
    char *unready = str_format("containers with unready status: [%s]", names);
    const char *reason = is_ready ? NULL : "ContainersNotReady", *message = is_ready ? NULL : unready;
    add_condition(c, pod, doc, status, "PodReadyToStartContainers", has_started, NULL, NULL);
    add_condition(c, pod, doc, status, "Initialized", true, NULL, NULL);
    add_condition(c, pod, doc, status, "Ready", is_ready, reason, message);
    add_condition(c, pod, doc, status, "ContainersReady", is_ready, reason, message);
    add_condition(c, pod, doc, status, "PodScheduled", true, NULL, NULL);
    mem_free(names);
    mem_free(unready);
}

/* --- containers --- */

enum stage { STAGE_CREATING, STAGE_STARTING, STAGE_READY, STAGE_NO_IMAGE };

static void set_state(struct controllers *c, struct doc *doc, struct node *container, enum stage stage)
{
    char now[32];
    const char *image = node_str_or(node_get(container, "image"), "");
    struct node *state = node_ensure_object(doc, container, "state");
    if (stage == STAGE_STARTING || stage == STAGE_READY) {
        now_text(c, now);
        struct node *running = node_ensure_object(doc, state, "running");
        node_set_str(doc, running, "startedAt", now);
        return;
    }
    struct node *waiting = node_ensure_object(doc, state, "waiting");
    node_set_str(doc, waiting, "reason", stage == STAGE_NO_IMAGE ? "ImagePullBackOff" : "ContainerCreating");
    if (stage == STAGE_NO_IMAGE) {
        char *message = str_format("Back-off pulling image \"%s\"", image);
        node_set_str(doc, waiting, "message", message);
        mem_free(message);
    }
}

static void add_container(struct controllers *c, struct doc *doc, struct node *statuses, const struct node *container,
                          enum stage stage)
{
    const char *image = node_str_or(node_get(container, "image"), "");
    bool runs = stage == STAGE_STARTING || stage == STAGE_READY;
    char *id = str_format("sluice://%s", image);
    struct node *status = node_new_object(doc);
    node_set_str(doc, status, "name", node_str(node_get(container, "name")));
    node_set_str(doc, status, "image", image);
    node_set_str(doc, status, "imageID", runs ? id : "");
    node_set_bool(doc, status, "ready", stage == STAGE_READY);
    node_set_bool(doc, status, "started", runs);
    node_set_int(doc, status, "restartCount", 0);
    node_ensure_object(doc, status, "lastState");
    set_state(c, doc, status, stage);
    node_push(statuses, status);
    mem_free(id);
}

/* A container that was started keeps the time it was started at. */
static void keep_state(struct doc *doc, struct node *statuses, const struct node *before)
{
    struct node_iter it = node_iterate(statuses);
    while (node_next(&it)) {
        const struct node *running = node_at(node_item(before, it.index), "state", "running");
        if (running != NULL) {
            node_set(doc, node_get(it.value, "state"), "running", node_copy(doc, running));
        }
    }
}

static void set_containers(struct controllers *c, const struct node *pod, struct doc *doc, struct node *status,
                           enum stage stage)
{
    struct node *statuses = node_new_array(doc);
    struct node_iter it = node_iterate(node_at(pod, "spec", "containers"));
    while (node_next(&it)) {
        add_container(c, doc, statuses, it.value, stage);
    }
    if (stage == STAGE_READY) {
        keep_state(doc, statuses, node_get(status, "containerStatuses"));
    }
    node_set(doc, status, "containerStatuses", statuses);
}

/* --- addresses --- */

static void set_address(struct doc *doc, struct node *status, const char *key, const char *list, const char *address)
{
    struct node *entry = node_new_object(doc), *addresses = node_new_array(doc);
    node_set_str(doc, entry, "ip", address);
    node_push(addresses, entry);
    node_set_str(doc, status, key, address);
    node_set(doc, status, list, addresses);
}

static void set_pod_address(struct controllers *c, struct doc *doc, struct node *status)
{
    if (node_get(status, "podIP") != NULL) {
        return;
    }
    uint32_t n = ++c->addresses_given;
    char *address = str_format("10.%u.%u.%u", 64 + n / 64516 % 128, n / 254 % 254, n % 254 + 1);
    set_address(doc, status, "podIP", "podIPs", address);
    mem_free(address);
}

static void set_start(struct controllers *c, struct doc *doc, struct node *status)
{
    char now[32];
    now_text(c, now);
    if (node_get(status, "startTime") != NULL) {
        return;
    }
    node_set_str(doc, status, "startTime", now);
    set_address(doc, status, "hostIP", "hostIPs", NODE_ADDRESS);
}

/* --- stages --- */

static void report(struct controllers *c, struct doc **object, enum stage stage)
{
    bool runs = stage == STAGE_STARTING || stage == STAGE_READY;
    const struct node *pod = doc_root(*object);
    struct doc *doc = item_status(pod);
    struct node *status = doc_root(doc);
    node_set_str(doc, status, "phase", runs ? "Running" : "Pending");
    node_set(doc, status, "observedGeneration", node_copy(doc, node_at(pod, "metadata", "generation")));
    set_start(c, doc, status);
    if (runs) {
        set_pod_address(c, doc, status);
    }
    set_conditions(c, pod, doc, status, runs, stage == STAGE_READY);
    set_containers(c, pod, doc, status, stage);
    item_save_status(c, object, status);
    doc_free(doc);
}

/* As a Binding does, which no update may. */
static void bind(struct controllers *c, struct doc **doc)
{
    doc_own(doc);
    struct node *pod = doc_root(*doc), *status = node_ensure_object(*doc, pod, "status");
    node_set_str(*doc, node_ensure_object(*doc, pod, "spec"), "nodeName", POD_NODE);
    add_condition(c, pod, *doc, status, "PodScheduled", true, NULL, NULL);
    api_put(c->api, c->kinds[ITEM_POD], doc);
}

/* As the scheduler says it of a node that has no room. */
static void report_unschedulable(struct controllers *c, struct doc **doc)
{
    const struct node *told = condition_find(node_get(doc_root(*doc), "status"), "PodScheduled");
    if (node_is(node_get(told, "reason"), "Unschedulable")) {
        return;
    }
    struct doc *changed = item_status(doc_root(*doc));
    add_condition(c, doc_root(*doc), changed, doc_root(changed), "PodScheduled", false, "Unschedulable",
                  "0/1 nodes are available: 1 Too many pods. preemption: 0/1 nodes are available: 1 No preemption "
                  "victims found for incoming pod.");
    item_save_status(c, doc, doc_root(changed));
    doc_free(changed);
}

/* Who has a probe runs before it is ready; of the others nobody can tell. */
static enum stage first_stage(const struct node *pod, const struct behaviour *behaviour)
{
    const struct node *container = node_item(node_at(pod, "spec", "containers"), 0);
    if (behaviour->ready_ms < 0) {
        return STAGE_NO_IMAGE;
    }
    return node_get(container, "readinessProbe") != NULL ? STAGE_STARTING : STAGE_CREATING;
}

static void start(struct controllers *c, struct item *item, struct doc **doc)
{
    struct behaviour behaviour = behaviours_of_pod(c->behaviours, doc_root(*doc));
    item->has_begun = true;
    item->begun_ms = clock_mono_ms(c->clock);
    item->due_ms = behaviour.ready_ms < 0 ? -1 : item->begun_ms + behaviour.ready_ms;
    report(c, doc, first_stage(doc_root(*doc), &behaviour));
    if (item->due_ms >= 0) {
        controller_wake_later(c, item, behaviour.ready_ms);
    }
}

/* Its containers have stopped: what still holds it are its finalizers. */
static void release(struct controllers *c, struct item *item, struct doc **doc)
{
    const struct node *metadata = node_get(doc_root(*doc), "metadata");
    if (node_count(node_get(metadata, "finalizers")) == 0) {
        objects_remove(c->objects, item->storage, item->namespace, item->name);
    } else if (node_int_or(node_get(metadata, "deletionGracePeriodSeconds"), 0) != 0) {
        doc_own(doc);
        node_set_int(*doc, node_get(doc_root(*doc), "metadata"), "deletionGracePeriodSeconds", 0);
        api_put(c->api, c->kinds[ITEM_POD], doc);
    }
}

/* The item goes with the Pod. */
static void stop(struct controllers *c, struct item *item, struct doc **doc)
{
    int64_t now_ms = clock_mono_ms(c->clock);
    int64_t grace_ms = node_int_or(node_at(doc_root(*doc), "metadata", "deletionGracePeriodSeconds"), 0) * 1000;
    if (!item->is_stopping) {
        item->due_ms = now_ms + (grace_ms < DRAIN_MS ? grace_ms : DRAIN_MS);
    }
    item->is_stopping = true;
    if (now_ms < item->due_ms) {
        controller_wake_later(c, item, item->due_ms - now_ms);
    } else {
        release(c, item, doc);
    }
}

/* --- what others ask about Pods --- */

bool pod_is_ready(const struct node *pod)
{
    return node_is(node_get(condition_find(node_get(pod, "status"), "Ready"), "status"), "True");
}

int64_t pod_wait_ms(const struct controllers *c, const struct node *pod, int64_t min_ready_s)
{
    const struct node *ready = condition_find(node_get(pod, "status"), "Ready");
    int64_t since_ms = time_at(node_get(ready, "lastTransitionTime"));
    int64_t left_ms = since_ms + min_ready_s * 1000 - clock_wall_ms(c->clock);
    if (!node_is(node_get(ready, "status"), "True")) {
        return -1;
    }
    return min_ready_s == 0 || left_ms < 0 ? 0 : left_ms;
}

struct doc *pod_new(const struct node *owner)
{
    const struct node *template = node_at(owner, "spec", "template");
    struct doc *doc = doc_new();
    struct node *pod = node_new_object(doc);
    doc_set_root(doc, pod);
    node_set_str(doc, pod, "apiVersion", "v1");
    node_set_str(doc, pod, "kind", "Pod");
    struct node *metadata = node_ensure_object(doc, pod, "metadata");
    static const char *const copied[] = {"labels", "annotations", "finalizers"};
    for (size_t i = 0; i < sizeof copied / sizeof copied[0]; i++) {
        node_set(doc, metadata, copied[i], node_copy(doc, node_at(template, "metadata", copied[i])));
    }
    char *prefix = str_format("%s-", item_name(owner));
    node_set_str(doc, metadata, "generateName", prefix);
    mem_free(prefix);
    node_set_str(doc, metadata, "namespace", node_str(node_at(owner, "metadata", "namespace")));
    item_own(doc, owner);
    node_set(doc, pod, "spec", node_copy(doc, node_get(template, "spec")));
    return doc;
}

bool pod_is_over(const struct node *pod)
{
    const struct node *phase = node_at(pod, "status", "phase");
    return node_is(phase, "Succeeded") || node_is(phase, "Failed");
}

void pod_look(struct controllers *c, struct item *item)
{
    struct doc *doc = item_view(c, item);
    const struct node *pod = doc_root(doc);
    int64_t now_ms = clock_mono_ms(c->clock);
    if (item_is_ending(pod)) {
        stop(c, item, &doc);
    } else if (pod_is_over(pod) || pod_is_ready(pod)) {
        /* Nothing is left to do. */
    } else if (str_empty(node_str(node_at(pod, "spec", "nodeName"))) && c->is_full) {
        report_unschedulable(c, &doc);
    } else if (str_empty(node_str(node_at(pod, "spec", "nodeName")))) {
        bind(c, &doc);
    } else if (!item->has_begun) {
        start(c, item, &doc);
    } else if (item->due_ms >= 0 && now_ms >= item->due_ms) {
        report(c, &doc, STAGE_READY);
    } else if (item->due_ms >= 0) {
        controller_wake_later(c, item, item->due_ms - now_ms);
    }
    doc_free(doc);
}
