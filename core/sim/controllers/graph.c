#include "sim/controllers/graph.h"

#include <assert.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

enum { BUCKETS_FIRST = 256 };

void graph_init(struct graph *graph)
{
    *graph = (struct graph){.bucket_count = BUCKETS_FIRST};
    graph->buckets = mem_alloc_array(BUCKETS_FIRST, sizeof(struct item *));
}

static void free_item(struct item *item)
{
    assert(!item->is_queued && !timer_is_pending(&item->timer));
    str_free(&item->key);
    str_free(&item->storage);
    str_free(&item->namespace);
    str_free(&item->name);
    mem_free(item);
}

void graph_fini(struct graph *graph)
{
    for (size_t i = 0; i < graph->bucket_count; i++) {
        for (struct item *item = graph->buckets[i], *next; item != NULL; item = next) {
            next = item->next_in_bucket;
            for (struct edge *edge = item->owners, *more; edge != NULL; edge = more) {
                more = edge->next_owner;
                mem_free(edge);
            }
            free_item(item);
        }
    }
    mem_free(graph->buckets);
}

/* --- items --- */

static size_t bucket_of(const struct graph *graph, const char *key)
{
    return hash_fnv32(key, strlen(key)) & (graph->bucket_count - 1);
}

struct item *graph_find(const struct graph *graph, const char *key)
{
    struct item *item = graph->buckets[bucket_of(graph, key)];
    while (item != NULL && !str_equal(item->key, key)) {
        item = item->next_in_bucket;
    }
    return item;
}

static void put(struct graph *graph, struct item *item)
{
    size_t bucket = bucket_of(graph, item->key);
    item->next_in_bucket = graph->buckets[bucket];
    graph->buckets[bucket] = item;
}

static void grow(struct graph *graph)
{
    struct item **old = graph->buckets;
    size_t old_count = graph->bucket_count;
    graph->bucket_count *= 2;
    graph->buckets = mem_alloc_array(graph->bucket_count, sizeof(struct item *));
    for (size_t i = 0; i < old_count; i++) {
        for (struct item *item = old[i], *next; item != NULL; item = next) {
            next = item->next_in_bucket;
            put(graph, item);
        }
    }
    mem_free(old);
}

struct item *graph_ensure(struct graph *graph, const char *key)
{
    struct item *item = graph_find(graph, key);
    if (item != NULL) {
        return item;
    }
    if (++graph->count > graph->bucket_count) {
        grow(graph);
    }
    item = mem_new(struct item);
    item->key = str_dup(key);
    put(graph, item);
    return item;
}

void graph_release(struct graph *graph, struct item *item)
{
    if (item->storage != NULL || item->dependents != NULL || item->owners != NULL || item->population > 0) {
        return;
    }
    struct item **place = &graph->buckets[bucket_of(graph, item->key)];
    while (*place != item) {
        place = &(*place)->next_in_bucket;
    }
    *place = item->next_in_bucket;
    graph->count--;
    free_item(item);
}

/* --- edges --- */

struct edge *graph_link(struct item *dependent, struct item *owner, bool is_reference)
{
    struct edge *edge = mem_new(struct edge);
    *edge = (struct edge){.owner = owner, .dependent = dependent, .is_reference = is_reference};
    edge->next_owner = dependent->owners;
    dependent->owners = edge;
    edge->previous_dependent = owner->last_dependent;
    if (owner->last_dependent != NULL) {
        owner->last_dependent->next_dependent = edge;
    } else {
        owner->dependents = edge;
    }
    owner->last_dependent = edge;
    return edge;
}

static void leave_owner(struct edge *edge)
{
    struct item *owner = edge->owner;
    if (edge->previous_dependent != NULL) {
        edge->previous_dependent->next_dependent = edge->next_dependent;
    } else {
        owner->dependents = edge->next_dependent;
    }
    if (edge->next_dependent != NULL) {
        edge->next_dependent->previous_dependent = edge->previous_dependent;
    } else {
        owner->last_dependent = edge->previous_dependent;
    }
}

void graph_unlink(struct graph *graph, struct item *dependent, bool is_reference)
{
    struct edge **place = &dependent->owners;
    while (*place != NULL) {
        struct edge *edge = *place;
        if (edge->is_reference != is_reference) {
            place = &edge->next_owner;
            continue;
        }
        struct item *owner = edge->owner;
        *place = edge->next_owner;
        leave_owner(edge);
        mem_free(edge);
        if (owner != dependent) {
            graph_release(graph, owner);
        }
    }
}

void graph_each(const struct graph *graph, graph_each_fn *each, void *ctx)
{
    for (size_t i = 0; i < graph->bucket_count; i++) {
        for (struct item *item = graph->buckets[i]; item != NULL; item = item->next_in_bucket) {
            each(ctx, item);
        }
    }
}
