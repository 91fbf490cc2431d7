/* Only Pods that are Ready and stay are kept: no other Pod answers anything. */
#include "sim/traffic/endpoints.h"

#include <string.h>

#include "base/mem.h"
#include "sim/objects/multimap.h"
#include "sim/traffic/workload_name.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

struct pod {
    UT_hash_handle hh;
    char *key, *namespace, *workload, *image; /* key: "namespace/name" */
    struct doc *labels;
    struct behaviour_change change; /* by its annotations */
};

struct service {
    UT_hash_handle hh;
    char *key, *namespace; /* key: "name.namespace" */
    struct doc *selector;  /* a map that is not empty */
    char *first;           /* label of it, as label_key writes it */
};

struct workload {
    UT_hash_handle hh;
    char *key; /* "namespace/name" */
    size_t ready;
};

struct endpoints {
    const struct objects *objects;
    struct pod *pods;
    struct service *services;
    /* By one label with its value in one namespace: the Pods that have it, and the Services whose selector begins with
     * it. */
    struct multimap pods_by_label, services_by_label;
    struct workload *workloads;
};

static char *label_key(const char *namespace, const char *label, const char *value)
{
    return str_format("%s\n%s\n%s", namespace, label, value);
}

/* --- Services --- */

static bool selects(const struct service *service, const struct pod *pod)
{
    struct node_iter it = node_iterate(doc_root(service->selector));
    while (node_next(&it)) {
        if (!str_equal(node_str(node_get(doc_root(pod->labels), it.key)), node_str(it.value))) {
            return false;
        }
    }
    return true;
}

static struct service *find_service(const struct endpoints *endpoints, const char *key)
{
    struct service *service;
    HASH_FIND_STR(endpoints->services, key, service);
    return service;
}

static void service_clear(struct endpoints *endpoints, struct service *service)
{
    if (service->first != NULL) {
        multimap_remove(&endpoints->services_by_label, service->first, service);
    }
    str_free(&service->first);
    doc_free(service->selector);
    service->selector = NULL;
}

static void service_free(struct endpoints *endpoints, struct service *service)
{
    service_clear(endpoints, service);
    HASH_DEL(endpoints->services, service);
    str_free(&service->key);
    str_free(&service->namespace);
    mem_free(service);
}

static struct service *service_new(struct endpoints *endpoints, const char *key, const char *namespace)
{
    struct service *service = mem_new(struct service);
    service->key = str_dup(key);
    service->namespace = str_dup(namespace);
    HASH_ADD_KEYPTR(hh, endpoints->services, service->key, strlen(service->key), service);
    return service;
}

/* A Service without a selector has endpoints that somebody else writes: none here. */
static void service_fill(struct endpoints *endpoints, struct service *service, const struct node *selector)
{
    struct node_iter first = node_iterate(selector);
    if (!node_next(&first)) {
        return;
    }
    service->selector = doc_copy(selector);
    service->first = label_key(service->namespace, first.key, node_str_or(first.value, ""));
    multimap_add(&endpoints->services_by_label, service->first, service);
}

void endpoints_put_service(struct endpoints *endpoints, const char *namespace, const char *name,
                           const struct node *object, struct endpoints_changes *changes)
{
    char *key = str_format("%s.%s", name, namespace);
    struct service *service = find_service(endpoints, key);
    const struct node *selector = node_at(object, "spec", "selector");
    bool is_same = service != NULL && object != NULL && node_equal(doc_root(service->selector), selector);
    if (!is_same) {
        str_list_push(&changes->services, key);
    }
    if (object == NULL && service != NULL) {
        service_free(endpoints, service);
    } else if (object != NULL && !is_same) {
        if (service == NULL) {
            service = service_new(endpoints, key, namespace);
        }
        service_clear(endpoints, service);
        service_fill(endpoints, service, selector);
    }
    mem_free(key);
}

bool endpoints_has_service(const struct endpoints *endpoints, const char *service)
{
    return find_service(endpoints, service) != NULL;
}

/* --- workloads --- */

static struct workload *find_workload(const struct endpoints *endpoints, const char *key)
{
    struct workload *workload;
    HASH_FIND_STR(endpoints->workloads, key, workload);
    return workload;
}

static void count_workload(struct endpoints *endpoints, const struct pod *pod, bool is_more,
                           struct endpoints_changes *changes)
{
    char *key = str_format("%s/%s", pod->namespace, pod->workload);
    struct workload *workload = find_workload(endpoints, key);
    if (workload == NULL) {
        workload = mem_new(struct workload);
        workload->key = str_dup(key);
        HASH_ADD_KEYPTR(hh, endpoints->workloads, workload->key, strlen(workload->key), workload);
    }
    if (changes != NULL && workload->ready == (is_more ? 0 : 1)) {
        str_list_push(&changes->workloads, key);
    }
    mem_free(key);
    workload->ready = is_more ? workload->ready + 1 : workload->ready - 1;
    if (workload->ready > 0) {
        return;
    }
    HASH_DEL(endpoints->workloads, workload);
    str_free(&workload->key);
    mem_free(workload);
}

bool endpoints_has_workload(const struct endpoints *endpoints, const char *namespace, const char *workload)
{
    char *key = str_format("%s/%s", namespace, workload);
    bool has = find_workload(endpoints, key) != NULL;
    mem_free(key);
    return has;
}

/* --- Pods --- */

static bool is_ready(const struct node *pod)
{
    if (node_at(pod, "metadata", "deletionTimestamp") != NULL) {
        return false;
    }
    struct node_iter it = node_iterate(node_at(pod, "status", "conditions"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "type"), "Ready")) {
            return node_is(node_get(it.value, "status"), "True");
        }
    }
    return false;
}

static const char *image_of(const struct node *pod)
{
    return node_str_or(node_get(node_item(node_at(pod, "spec", "containers"), 0), "image"), "");
}

static struct pod *find_pod(const struct endpoints *endpoints, const char *key)
{
    struct pod *pod;
    HASH_FIND_STR(endpoints->pods, key, pod);
    return pod;
}

static void note_services(const struct endpoints *endpoints, const char *label, const struct pod *pod,
                          struct endpoints_changes *changes)
{
    struct multimap_values services = multimap_find(&endpoints->services_by_label, label);
    for (size_t i = 0; i < services.count; i++) {
        const struct service *service = services.items[i];
        if (selects(service, pod)) {
            str_list_push(&changes->services, service->key);
        }
    }
}

/* In or out: of its labels, of the count of its workload, and of the Services that select it. */
static void pod_moves(struct endpoints *endpoints, struct pod *pod, bool is_in, struct endpoints_changes *changes)
{
    count_workload(endpoints, pod, is_in, changes);
    struct node_iter it = node_iterate(doc_root(pod->labels));
    while (node_next(&it)) {
        char *label = label_key(pod->namespace, it.key, node_str_or(it.value, ""));
        if (changes != NULL) {
            note_services(endpoints, label, pod, changes);
        }
        if (is_in) {
            multimap_add(&endpoints->pods_by_label, label, pod);
        } else {
            multimap_remove(&endpoints->pods_by_label, label, pod);
        }
        mem_free(label);
    }
}

static void pod_free(struct endpoints *endpoints, struct pod *pod, struct endpoints_changes *changes)
{
    pod_moves(endpoints, pod, false, changes);
    HASH_DEL(endpoints->pods, pod);
    str_free(&pod->key);
    str_free(&pod->namespace);
    str_free(&pod->workload);
    str_free(&pod->image);
    doc_free(pod->labels);
    mem_free(pod);
}

static void pod_add(struct endpoints *endpoints, const char *key, const char *namespace, const struct node *object,
                    struct endpoints_changes *changes)
{
    struct pod *pod = mem_new(struct pod);
    pod->key = str_dup(key);
    pod->namespace = str_dup(namespace);
    pod->workload = workload_name(endpoints->objects, object);
    pod->image = str_dup(image_of(object));
    pod->labels = doc_copy(node_at(object, "metadata", "labels"));
    pod->change = behaviour_read(node_at(object, "metadata", "annotations"), NULL);
    HASH_ADD_KEYPTR(hh, endpoints->pods, pod->key, strlen(pod->key), pod);
    pod_moves(endpoints, pod, true, changes);
}

static bool pod_is(const struct pod *pod, const struct node *object)
{
    struct behaviour_change change = behaviour_read(node_at(object, "metadata", "annotations"), NULL);
    return str_equal(pod->image, image_of(object)) && behaviour_change_equal(&pod->change, &change) &&
           node_equal(doc_root(pod->labels), node_at(object, "metadata", "labels"));
}

void endpoints_put_pod(struct endpoints *endpoints, const char *namespace, const char *name, const struct node *object,
                       struct endpoints_changes *changes)
{
    char *key = str_format("%s/%s", namespace, name);
    struct pod *pod = find_pod(endpoints, key);
    bool answers = object != NULL && is_ready(object);
    if (pod != NULL && !(answers && pod_is(pod, object))) {
        pod_free(endpoints, pod, changes);
        pod = NULL;
    }
    if (pod == NULL && answers) {
        pod_add(endpoints, key, namespace, object, changes);
    }
    mem_free(key);
}

/* --- a Service's backends --- */

struct backends {
    struct backend *items;
    size_t count;
    double pods;
};

static void backends_count(struct backends *backends, const struct pod *pod)
{
    backends->pods++;
    for (size_t i = 0; i < backends->count; i++) {
        struct backend *each = &backends->items[i];
        if (str_equal(each->workload, pod->workload) && str_equal(each->image, pod->image) &&
            behaviour_change_equal(each->change, &pod->change)) {
            each->part++;
            return;
        }
    }
    backends->items = mem_resize(backends->items, (backends->count + 1) * sizeof(struct backend));
    backends->items[backends->count++] = (struct backend){pod->namespace, pod->workload, pod->image, &pod->change, 1};
}

void endpoints_each(const struct endpoints *endpoints, const char *key, backend_fn *each, void *ctx)
{
    const struct service *service = find_service(endpoints, key);
    struct multimap_values pods = {0};
    struct backends backends = {0};
    if (service != NULL && service->first != NULL) {
        pods = multimap_find(&endpoints->pods_by_label, service->first);
    }
    for (size_t i = 0; i < pods.count; i++) {
        if (selects(service, pods.items[i])) {
            backends_count(&backends, pods.items[i]);
        }
    }
    for (size_t i = 0; i < backends.count; i++) {
        backends.items[i].part /= backends.pods;
        each(ctx, &backends.items[i]);
    }
    mem_free(backends.items);
}

/* --- life --- */

struct endpoints *endpoints_new(const struct objects *objects)
{
    struct endpoints *endpoints = mem_new(struct endpoints);
    endpoints->objects = objects;
    return endpoints;
}

void endpoints_free(struct endpoints *endpoints)
{
    struct pod *pod, *next_pod;
    struct service *service, *next_service;
    if (endpoints == NULL) {
        return;
    }
    HASH_ITER(hh, endpoints->pods, pod, next_pod)
    {
        pod_free(endpoints, pod, NULL);
    }
    HASH_ITER(hh, endpoints->services, service, next_service)
    {
        service_free(endpoints, service);
    }
    multimap_fini(&endpoints->pods_by_label);
    multimap_fini(&endpoints->services_by_label);
    mem_free(endpoints);
}
