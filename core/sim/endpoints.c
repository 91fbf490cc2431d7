/* Only Pods that are Ready and stay are kept: no other Pod answers anything. */
#include "sim/endpoints.h"

#include <string.h>

#include "base/mem.h"
#include "sim/workload_name.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

struct pod {
    UT_hash_handle hh;
    char *key, *namespace, *workload, *image; /* key: "namespace/name" */
    struct doc *labels;
};

struct service {
    UT_hash_handle hh;
    char *key, *namespace; /* key: "name.namespace" */
    struct doc *selector;  /* a map that is not empty */
    char *bucket;          /* of its first label */
};

/* What has, or selects by its first label, one label with one value in one namespace. */
struct bucket {
    UT_hash_handle hh;
    char *key;
    struct pod **pods;
    struct service **services;
    size_t pod_count, service_count;
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
    struct bucket *buckets;
    struct workload *workloads;
};

/* --- buckets --- */

static char *bucket_key(const char *namespace, const char *label, const char *value)
{
    return str_format("%s\n%s\n%s", namespace, label, value);
}

static struct bucket *find_bucket(const struct endpoints *endpoints, const char *key)
{
    struct bucket *bucket;
    HASH_FIND_STR(endpoints->buckets, key, bucket);
    return bucket;
}

static struct bucket *ensure_bucket(struct endpoints *endpoints, const char *key)
{
    struct bucket *bucket = find_bucket(endpoints, key);
    if (bucket)
        return bucket;
    bucket = mem_new(struct bucket);
    bucket->key = str_dup(key);
    HASH_ADD_KEYPTR(hh, endpoints->buckets, bucket->key, strlen(bucket->key), bucket);
    return bucket;
}

static void drop_empty_bucket(struct endpoints *endpoints, struct bucket *bucket)
{
    if (bucket->pod_count > 0 || bucket->service_count > 0)
        return;
    HASH_DEL(endpoints->buckets, bucket);
    mem_free(bucket->pods);
    mem_free(bucket->services);
    str_free(&bucket->key);
    mem_free(bucket);
}

static void bucket_add_pod(struct endpoints *endpoints, const char *key, struct pod *pod)
{
    struct bucket *bucket = ensure_bucket(endpoints, key);
    bucket->pods = mem_resize(bucket->pods, (bucket->pod_count + 1) * sizeof(bucket->pods[0]));
    bucket->pods[bucket->pod_count++] = pod;
}

static void bucket_remove_pod(struct endpoints *endpoints, const char *key, const struct pod *pod)
{
    struct bucket *bucket = find_bucket(endpoints, key);
    size_t kept = 0;
    for (size_t i = 0; i < bucket->pod_count; i++)
        if (bucket->pods[i] != pod)
            bucket->pods[kept++] = bucket->pods[i];
    bucket->pod_count = kept;
    drop_empty_bucket(endpoints, bucket);
}

static void bucket_add_service(struct endpoints *endpoints, struct service *service)
{
    struct bucket *bucket = ensure_bucket(endpoints, service->bucket);
    bucket->services = mem_resize(bucket->services, (bucket->service_count + 1) * sizeof(bucket->services[0]));
    bucket->services[bucket->service_count++] = service;
}

static void bucket_remove_service(struct endpoints *endpoints, const struct service *service)
{
    struct bucket *bucket = find_bucket(endpoints, service->bucket);
    size_t kept = 0;
    for (size_t i = 0; i < bucket->service_count; i++)
        if (bucket->services[i] != service)
            bucket->services[kept++] = bucket->services[i];
    bucket->service_count = kept;
    drop_empty_bucket(endpoints, bucket);
}

/* --- Services --- */

static bool selects(const struct service *service, const struct pod *pod)
{
    struct node_iter it = node_iterate(doc_root(service->selector));
    while (node_next(&it))
        if (!str_equal(node_str(node_get(doc_root(pod->labels), it.key)), node_str(it.value)))
            return false;
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
    if (service->bucket)
        bucket_remove_service(endpoints, service);
    str_free(&service->bucket);
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
    if (!node_next(&first))
        return;
    service->selector = doc_copy(selector);
    service->bucket = bucket_key(service->namespace, first.key, node_str_or(first.value, ""));
    bucket_add_service(endpoints, service);
}

void endpoints_put_service(struct endpoints *endpoints, const char *namespace, const char *name,
                           const struct node *object, struct endpoints_changes *changes)
{
    char *key = str_format("%s.%s", name, namespace);
    struct service *service = find_service(endpoints, key);
    const struct node *selector = node_at(object, "spec", "selector");
    bool is_same = service && object && node_equal(doc_root(service->selector), selector);
    if (!is_same)
        str_list_push(&changes->services, key);
    if (!object && service) {
        service_free(endpoints, service);
    } else if (object && !is_same) {
        if (!service)
            service = service_new(endpoints, key, namespace);
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
    if (!workload) {
        workload = mem_new(struct workload);
        workload->key = str_dup(key);
        HASH_ADD_KEYPTR(hh, endpoints->workloads, workload->key, strlen(workload->key), workload);
    }
    if (changes && workload->ready == (is_more ? 0 : 1))
        str_list_push(&changes->workloads, key);
    mem_free(key);
    workload->ready = is_more ? workload->ready + 1 : workload->ready - 1;
    if (workload->ready > 0)
        return;
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
    if (node_at(pod, "metadata", "deletionTimestamp"))
        return false;
    struct node_iter it = node_iterate(node_at(pod, "status", "conditions"));
    while (node_next(&it))
        if (node_is(node_get(it.value, "type"), "Ready"))
            return node_is(node_get(it.value, "status"), "True");
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

/* In or out: of every bucket, of the count of its workload, and of the Services that select it. */
static void pod_moves(struct endpoints *endpoints, struct pod *pod, bool is_in, struct endpoints_changes *changes)
{
    count_workload(endpoints, pod, is_in, changes);
    struct node_iter it = node_iterate(doc_root(pod->labels));
    while (node_next(&it)) {
        char *key = bucket_key(pod->namespace, it.key, node_str_or(it.value, ""));
        const struct bucket *bucket = find_bucket(endpoints, key);
        for (size_t i = 0; changes && bucket && i < bucket->service_count; i++)
            if (selects(bucket->services[i], pod))
                str_list_push(&changes->services, bucket->services[i]->key);
        if (is_in)
            bucket_add_pod(endpoints, key, pod);
        else
            bucket_remove_pod(endpoints, key, pod);
        mem_free(key);
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
    HASH_ADD_KEYPTR(hh, endpoints->pods, pod->key, strlen(pod->key), pod);
    pod_moves(endpoints, pod, true, changes);
}

static bool pod_is(const struct pod *pod, const struct node *object)
{
    return str_equal(pod->image, image_of(object)) &&
           node_equal(doc_root(pod->labels), node_at(object, "metadata", "labels"));
}

void endpoints_put_pod(struct endpoints *endpoints, const char *namespace, const char *name, const struct node *object,
                       struct endpoints_changes *changes)
{
    char *key = str_format("%s/%s", namespace, name);
    struct pod *pod = find_pod(endpoints, key);
    bool answers = object && is_ready(object);
    if (pod && !(answers && pod_is(pod, object))) {
        pod_free(endpoints, pod, changes);
        pod = NULL;
    }
    if (!pod && answers)
        pod_add(endpoints, key, namespace, object, changes);
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
        if (str_equal(each->workload, pod->workload) && str_equal(each->image, pod->image)) {
            each->part++;
            return;
        }
    }
    backends->items = mem_resize(backends->items, (backends->count + 1) * sizeof(struct backend));
    backends->items[backends->count++] = (struct backend){pod->namespace, pod->workload, pod->image, 1};
}

void endpoints_each(const struct endpoints *endpoints, const char *key, backend_fn *each, void *ctx)
{
    const struct service *service = find_service(endpoints, key);
    const struct bucket *bucket = service && service->bucket ? find_bucket(endpoints, service->bucket) : NULL;
    struct backends backends = {0};
    for (size_t i = 0; bucket && i < bucket->pod_count; i++)
        if (selects(service, bucket->pods[i]))
            backends_count(&backends, bucket->pods[i]);
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
    if (!endpoints)
        return;
    HASH_ITER(hh, endpoints->pods, pod, next_pod)
    {
        pod_free(endpoints, pod, NULL);
    }
    HASH_ITER(hh, endpoints->services, service, next_service)
    {
        service_free(endpoints, service);
    }
    mem_free(endpoints);
}
