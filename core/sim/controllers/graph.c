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
    graph->buckets = mem_alloc_array(BUCKETS_FIRST, sizeof(struct vertex *));
}

static void free_vertex(struct vertex *vertex)
{
    assert(!vertex->is_queued && !timer_is_pending(&vertex->timer));
    str_free(&vertex->key);
    str_free(&vertex->storage);
    str_free(&vertex->namespace);
    str_free(&vertex->name);
    mem_free(vertex);
}

void graph_fini(struct graph *graph)
{
    for (size_t i = 0; i < graph->bucket_count; i++) {
        for (struct vertex *vertex = graph->buckets[i], *next; vertex != NULL; vertex = next) {
            next = vertex->next_in_bucket;
            for (struct edge *edge = vertex->owners, *more; edge != NULL; edge = more) {
                more = edge->next_owner;
                mem_free(edge);
            }
            free_vertex(vertex);
        }
    }
    mem_free(graph->buckets);
}

/* --- vertices --- */

static size_t bucket_of(const struct graph *graph, const char *key)
{
    return hash_fnv32(key, strlen(key)) & (graph->bucket_count - 1);
}

struct vertex *graph_find(const struct graph *graph, const char *key)
{
    struct vertex *vertex = graph->buckets[bucket_of(graph, key)];
    while (vertex != NULL && !str_equal(vertex->key, key)) {
        vertex = vertex->next_in_bucket;
    }
    return vertex;
}

static void put(struct graph *graph, struct vertex *vertex)
{
    size_t bucket = bucket_of(graph, vertex->key);
    vertex->next_in_bucket = graph->buckets[bucket];
    graph->buckets[bucket] = vertex;
}

static void grow(struct graph *graph)
{
    struct vertex **old = graph->buckets;
    size_t old_count = graph->bucket_count;
    graph->bucket_count *= 2;
    graph->buckets = mem_alloc_array(graph->bucket_count, sizeof(struct vertex *));
    for (size_t i = 0; i < old_count; i++) {
        for (struct vertex *vertex = old[i], *next; vertex != NULL; vertex = next) {
            next = vertex->next_in_bucket;
            put(graph, vertex);
        }
    }
    mem_free(old);
}

struct vertex *graph_ensure(struct graph *graph, const char *key)
{
    struct vertex *vertex = graph_find(graph, key);
    if (vertex != NULL) {
        return vertex;
    }
    if (++graph->count > graph->bucket_count) {
        grow(graph);
    }
    vertex = mem_new(struct vertex);
    vertex->key = str_dup(key);
    put(graph, vertex);
    return vertex;
}

void graph_release(struct graph *graph, struct vertex *vertex)
{
    if (vertex->storage != NULL || vertex->dependents != NULL || vertex->owners != NULL || vertex->population > 0) {
        return;
    }
    struct vertex **place = &graph->buckets[bucket_of(graph, vertex->key)];
    while (*place != vertex) {
        place = &(*place)->next_in_bucket;
    }
    *place = vertex->next_in_bucket;
    graph->count--;
    free_vertex(vertex);
}

/* --- edges --- */

struct edge *graph_link(struct vertex *dependent, struct vertex *owner, bool is_reference)
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
    struct vertex *owner = edge->owner;
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

void graph_unlink(struct graph *graph, struct vertex *dependent, bool is_reference)
{
    struct edge **place = &dependent->owners;
    while (*place != NULL) {
        struct edge *edge = *place;
        if (edge->is_reference != is_reference) {
            place = &edge->next_owner;
            continue;
        }
        struct vertex *owner = edge->owner;
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
        for (struct vertex *vertex = graph->buckets[i]; vertex != NULL; vertex = vertex->next_in_bucket) {
            each(ctx, vertex);
        }
    }
}
