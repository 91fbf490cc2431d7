#include "sim/traffic/streams.h"

#include <string.h>

#include "base/mem.h"
#include "sim/objects/multimap.h"
#include "sim/traffic/route.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

enum { KEY_MAX = 64 * 1024 };

struct stream {
    UT_hash_handle hh;
    char *key; /* host and headers */
    char *host;
    struct doc *headers;
    double per_second;
    struct str_list topics;
    struct rates_workload **workloads; /* that it sends to */
    size_t workload_count;
    struct stream *next_moved;
    bool is_moved;
};

struct streams {
    struct streams_world world;
    struct stream *all, *moved;
    struct multimap by_topic;
};

/* --- the way of a stream --- */

static void stream_detach(struct streams *streams, struct stream *stream)
{
    for (size_t i = 0; i < stream->topics.count; i++) {
        multimap_remove(&streams->by_topic, stream->topics.items[i], stream);
    }
    str_list_fini(&stream->topics);
    for (size_t i = 0; i < stream->workload_count; i++) {
        rates_remove(streams->world.rates, stream->workloads[i], stream);
    }
    mem_free(stream->workloads);
    stream->workloads = NULL;
    stream->workload_count = 0;
}

struct sending {
    struct streams *streams;
    struct stream *stream;
    double per_second;
};

static void send_to(void *ctx, const struct backend *backend)
{
    const struct sending *sending = ctx;
    const struct streams_world *world = &sending->streams->world;
    struct stream *stream = sending->stream;
    struct behaviour behaviour = *behaviours_find(world->behaviours, backend->image);
    behaviour_apply(&behaviour, backend->change);
    struct rates_workload *workload = rates_workload(world->rates, backend->namespace, backend->workload);
    stream->workloads = mem_resize(stream->workloads, (stream->workload_count + 1) * sizeof(stream->workloads[0]));
    stream->workloads[stream->workload_count++] = workload;
    rates_add(world->rates, workload, stream,
              (struct rate){.requests = sending->per_second * backend->part,
                            .errors = behaviour.errors,
                            .latency_ms = behaviour.latency_ms,
                            .latency_p99_ms = behaviour.latency_p99_ms});
}

static void stream_attach(struct streams *streams, struct stream *stream)
{
    const struct streams_world *world = &streams->world;
    struct route_request request;
    struct shares shares;
    struct str_list asked = {0};
    route_request_init(&request, stream->host, doc_root(stream->headers));
    route_split(world->virtual_services, &request, endpoints_has_service(world->endpoints, stream->host), &shares,
                &asked);
    for (size_t i = 0; i < asked.count; i++) {
        if (str_list_has(&stream->topics, asked.items[i])) {
            continue;
        }
        str_list_push(&stream->topics, asked.items[i]);
        multimap_add(&streams->by_topic, asked.items[i], stream);
    }
    for (size_t i = 0; i < shares.count; i++) {
        endpoints_each(world->endpoints, shares.items[i].service, send_to,
                       &(struct sending){streams, stream, stream->per_second * shares.items[i].part});
    }
    str_list_fini(&asked);
    shares_fini(&shares);
    route_request_fini(&request);
}

/* --- changes --- */

static void move_later(struct streams *streams, struct stream *stream)
{
    if (stream->is_moved) {
        return;
    }
    stream->is_moved = true;
    stream->next_moved = streams->moved;
    streams->moved = stream;
}

void streams_note_all(struct streams *streams)
{
    for (struct stream *stream = streams->all; stream != NULL; stream = stream->hh.next) {
        move_later(streams, stream);
    }
}

void streams_note(struct streams *streams, const struct str_list *changed)
{
    for (size_t i = 0; i < changed->count; i++) {
        struct multimap_values concerned = multimap_find(&streams->by_topic, changed->items[i]);
        for (size_t j = 0; j < concerned.count; j++) {
            move_later(streams, concerned.items[j]);
        }
        if (changed->items[i][0] == '*') {
            streams_note_all(streams);
        }
    }
}

static void stream_free(struct streams *streams, struct stream *stream)
{
    stream_detach(streams, stream);
    HASH_DEL(streams->all, stream);
    str_free(&stream->key);
    str_free(&stream->host);
    doc_free(stream->headers);
    mem_free(stream);
}

void streams_move(struct streams *streams)
{
    while (streams->moved != NULL) {
        struct stream *stream = streams->moved;
        streams->moved = stream->next_moved;
        stream->is_moved = false;
        stream_detach(streams, stream);
        if (stream->per_second > 0) {
            stream_attach(streams, stream);
        } else {
            stream_free(streams, stream);
        }
    }
}

/* --- streams --- */

static char *key_of(const char *host, const struct node *headers)
{
    struct buf b;
    buf_init(&b, KEY_MAX);
    buf_printf(&b, "%s ", host);
    if (headers != NULL) {
        node_write_sorted(headers, &b);
    }
    return buf_take(&b);
}

static struct stream *stream_new(struct streams *streams, const char *key, const char *host, const struct node *headers)
{
    struct stream *stream = mem_new(struct stream);
    stream->key = str_dup(key);
    stream->host = str_dup(host);
    stream->headers = headers != NULL ? doc_copy(headers) : NULL;
    HASH_ADD_KEYPTR(hh, streams->all, stream->key, strlen(stream->key), stream);
    return stream;
}

void streams_flow(struct streams *streams, const char *host, double per_second, const struct node *headers)
{
    struct stream *stream;
    char *name = route_host(host, "default"), *key = key_of(name, headers);
    HASH_FIND_STR(streams->all, key, stream);
    if (stream == NULL && per_second > 0) {
        stream = stream_new(streams, key, name, headers);
    }
    if (stream != NULL) {
        stream->per_second = per_second;
        move_later(streams, stream);
    }
    mem_free(key);
    mem_free(name);
}

/* --- life --- */

struct streams *streams_new(const struct streams_world *world)
{
    struct streams *streams = mem_new(struct streams);
    streams->world = *world;
    return streams;
}

void streams_free(struct streams *streams)
{
    struct stream *stream, *next;
    if (streams == NULL) {
        return;
    }
    HASH_ITER(hh, streams->all, stream, next)
    {
        stream_free(streams, stream);
    }
    multimap_fini(&streams->by_topic);
    mem_free(streams);
}
