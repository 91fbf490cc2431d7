/* A change travels like this:
 *
 *     object ──noted──> turn: endpoints, virtual_services ──names of hosts──> streams that asked for them ──route──> rates
 *
 * Every stream remembers the names whose change could send it elsewhere (its topics), so a change touches the streams it concerns and no others. */
#include "sim/traffic.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/endpoints.h"
#include "sim/rates.h"
#include "sim/route.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

static const char *const VIRTUAL_SERVICES = "networking.istio.io/virtualservices", *const SERVICES = "/services",
                         *const PODS = "/pods";

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

struct topic {
    UT_hash_handle hh;
    char *name;
    struct stream **streams;
    size_t count;
};

struct note {
    const char *storage; /* one of the three above */
    char *namespace, *name;
};

struct traffic {
    struct clock *clock;
    struct objects *objects;
    const struct behaviours *behaviours;
    struct endpoints *endpoints;
    struct virtual_services *virtual_services;
    struct rates *rates;
    struct stream *streams, *moved;
    struct topic *topics;
    struct note *notes;
    size_t note_count, note_capacity;
    struct timer turn;
};

/* --- topics --- */

static struct topic *find_topic(const struct traffic *traffic, const char *name)
{
    struct topic *topic;
    HASH_FIND_STR(traffic->topics, name, topic);
    return topic;
}

static void subscribe(struct traffic *traffic, struct stream *stream, const char *name)
{
    if (str_list_has(&stream->topics, name))
        return;
    str_list_push(&stream->topics, name);
    struct topic *topic = find_topic(traffic, name);
    if (!topic) {
        topic = mem_new(struct topic);
        topic->name = str_dup(name);
        HASH_ADD_KEYPTR(hh, traffic->topics, topic->name, strlen(topic->name), topic);
    }
    topic->streams = mem_resize(topic->streams, (topic->count + 1) * sizeof(topic->streams[0]));
    topic->streams[topic->count++] = stream;
}

static void unsubscribe(struct traffic *traffic, const char *name, const struct stream *stream)
{
    struct topic *topic = find_topic(traffic, name);
    size_t kept = 0;
    for (size_t i = 0; i < topic->count; i++)
        if (topic->streams[i] != stream)
            topic->streams[kept++] = topic->streams[i];
    topic->count = kept;
    if (kept > 0)
        return;
    HASH_DEL(traffic->topics, topic);
    mem_free(topic->streams);
    str_free(&topic->name);
    mem_free(topic);
}

/* --- streams --- */

static void move_stream(struct traffic *traffic, struct stream *stream)
{
    if (stream->is_moved)
        return;
    stream->is_moved = true;
    stream->next_moved = traffic->moved;
    traffic->moved = stream;
}

static void topics_changed(struct traffic *traffic, const struct str_list *names)
{
    for (size_t i = 0; i < names->count; i++) {
        const struct topic *topic = find_topic(traffic, names->items[i]);
        for (size_t j = 0; topic && j < topic->count; j++)
            move_stream(traffic, topic->streams[j]);
    }
}

static void stream_detach(struct traffic *traffic, struct stream *stream)
{
    for (size_t i = 0; i < stream->topics.count; i++)
        unsubscribe(traffic, stream->topics.items[i], stream);
    str_list_fini(&stream->topics);
    for (size_t i = 0; i < stream->workload_count; i++)
        rates_remove(traffic->rates, stream->workloads[i], stream);
    mem_free(stream->workloads);
    stream->workloads = NULL;
    stream->workload_count = 0;
}

static void stream_free(struct traffic *traffic, struct stream *stream)
{
    stream_detach(traffic, stream);
    HASH_DEL(traffic->streams, stream);
    str_free(&stream->key);
    str_free(&stream->host);
    doc_free(stream->headers);
    mem_free(stream);
}

struct sending {
    struct traffic *traffic;
    struct stream *stream;
    double per_second;
};

static void send_to(void *ctx, const struct backend *backend)
{
    const struct sending *sending = ctx;
    struct stream *stream = sending->stream;
    struct rates *rates = sending->traffic->rates;
    const struct behaviour *behaviour = behaviours_find(sending->traffic->behaviours, backend->image);
    struct rates_workload *workload = rates_workload(rates, backend->namespace, backend->workload);
    stream->workloads = mem_resize(stream->workloads, (stream->workload_count + 1) * sizeof(stream->workloads[0]));
    stream->workloads[stream->workload_count++] = workload;
    rates_add(rates, workload, stream,
              (struct rate){.requests = sending->per_second * backend->part,
                            .errors = behaviour->errors,
                            .latency_ms = behaviour->latency_ms,
                            .latency_p99_ms = behaviour->latency_p99_ms});
}

static void stream_attach(struct traffic *traffic, struct stream *stream)
{
    struct request request;
    struct shares shares;
    struct str_list asked = {0};
    request_init(&request, stream->host, doc_root(stream->headers));
    route_split(traffic->virtual_services, &request, endpoints_has_service(traffic->endpoints, stream->host), &shares,
                &asked);
    for (size_t i = 0; i < asked.count; i++)
        subscribe(traffic, stream, asked.items[i]);
    for (size_t i = 0; i < shares.count; i++) {
        subscribe(traffic, stream, shares.items[i].service);
        endpoints_each(traffic->endpoints, shares.items[i].service, send_to,
                       &(struct sending){traffic, stream, stream->per_second * shares.items[i].part});
    }
    str_list_fini(&asked);
    shares_fini(&shares);
    request_fini(&request);
}

/* --- the turn --- */

struct changes {
    struct endpoints_changes endpoints;
    struct str_list hosts;
};

static void apply_note(struct traffic *traffic, const struct note *note, struct changes *changes)
{
    struct doc *doc = objects_get(traffic->objects, note->storage, note->namespace, note->name);
    const struct node *object = doc_root(doc);
    if (note->storage == VIRTUAL_SERVICES)
        virtual_services_put(traffic->virtual_services, note->namespace, note->name, object, &changes->hosts);
    else if (note->storage == SERVICES)
        endpoints_put_service(traffic->endpoints, note->namespace, note->name, object, &changes->endpoints);
    else
        endpoints_put_pod(traffic->endpoints, note->namespace, note->name, object, &changes->endpoints);
    doc_free(doc);
}

static void apply_notes(struct traffic *traffic)
{
    struct changes changes = {0};
    for (size_t i = 0; i < traffic->note_count; i++) {
        apply_note(traffic, &traffic->notes[i], &changes);
        str_free(&traffic->notes[i].namespace);
        str_free(&traffic->notes[i].name);
    }
    traffic->note_count = 0;
    topics_changed(traffic, &changes.hosts);
    topics_changed(traffic, &changes.endpoints.services);
    for (size_t i = 0; i < changes.endpoints.workloads.count; i++)
        rates_touch(traffic->rates, changes.endpoints.workloads.items[i]);
    str_list_fini(&changes.hosts);
    str_list_fini(&changes.endpoints.services);
    str_list_fini(&changes.endpoints.workloads);
}

static bool has_pods(void *ctx, const char *namespace, const char *workload)
{
    return endpoints_has_workload(((struct traffic *)ctx)->endpoints, namespace, workload);
}

/* In the order in which they were found to have moved, last first: the same order for the same story. */
static void move_streams(struct traffic *traffic)
{
    while (traffic->moved) {
        struct stream *stream = traffic->moved;
        traffic->moved = stream->next_moved;
        stream->is_moved = false;
        stream_detach(traffic, stream);
        if (stream->per_second > 0)
            stream_attach(traffic, stream);
        else
            stream_free(traffic, stream);
    }
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct traffic *traffic = ctx;
    apply_notes(traffic);
    move_streams(traffic);
    rates_settle(traffic->rates, has_pods, traffic);
}

static void turn_soon(struct traffic *traffic)
{
    if (!timer_is_pending(&traffic->turn))
        timer_start(traffic->clock, &traffic->turn, 0, on_turn, traffic);
}

/* --- what changes --- */

static const char *storage_of(const char *storage)
{
    if (str_equal(storage, PODS))
        return PODS;
    if (str_equal(storage, SERVICES))
        return SERVICES;
    return str_equal(storage, VIRTUAL_SERVICES) ? VIRTUAL_SERVICES : NULL;
}

static void take_note(struct traffic *traffic, const char *storage, const struct node *object)
{
    const struct node *metadata = node_get(object, "metadata");
    if (traffic->note_count == traffic->note_capacity) {
        traffic->note_capacity = traffic->note_capacity * 2 + 16;
        traffic->notes = mem_resize(traffic->notes, traffic->note_capacity * sizeof(struct note));
    }
    traffic->notes[traffic->note_count++] = (struct note){
        .storage = storage,
        .namespace = str_dup(node_str_or(node_get(metadata, "namespace"), "")),
        .name = str_dup(node_str_or(node_get(metadata, "name"), "")),
    };
    turn_soon(traffic);
}

static void on_change(void *ctx, const struct objects_event *event)
{
    const char *storage = storage_of(event->storage);
    if (storage)
        take_note(ctx, storage, event->object);
}

struct existing {
    struct traffic *traffic;
    const char *storage;
};

static bool on_existing(void *ctx, const struct node *object)
{
    const struct existing *existing = ctx;
    take_note(existing->traffic, existing->storage, object);
    return true;
}

void traffic_changed(struct traffic *traffic)
{
    for (struct stream *stream = traffic->streams; stream; stream = stream->hh.next)
        move_stream(traffic, stream);
    turn_soon(traffic);
}

void traffic_flow(struct traffic *traffic, const char *host, double per_second, const struct node *headers)
{
    struct stream *stream;
    char *name = route_host(host, "default"), *text = headers ? node_to_text(headers) : str_dup("");
    char *key = str_format("%s %s", name, text);
    HASH_FIND_STR(traffic->streams, key, stream);
    if (!stream && per_second > 0) {
        stream = mem_new(struct stream);
        *stream = (struct stream){.key = str_dup(key), .host = str_dup(name)};
        stream->headers = headers ? doc_copy(headers) : NULL;
        HASH_ADD_KEYPTR(hh, traffic->streams, stream->key, strlen(stream->key), stream);
    }
    if (stream) {
        stream->per_second = per_second;
        move_stream(traffic, stream);
        turn_soon(traffic);
    }
    mem_free(key);
    mem_free(text);
    mem_free(name);
}

/* --- what is counted --- */

struct traffic_count traffic_count(const struct traffic *traffic, const char *namespace, const char *workload,
                                   int64_t window_ms)
{
    return rates_count(traffic->rates, namespace, workload, window_ms);
}

void traffic_each(const struct traffic *traffic, traffic_each_fn *each, void *ctx)
{
    rates_each(traffic->rates, each, ctx);
}

/* --- life --- */

struct traffic *traffic_new(struct api *api, struct clock *clock, const struct behaviours *behaviours, uint64_t seed)
{
    static const char *const *const storages[] = {&VIRTUAL_SERVICES, &SERVICES, &PODS};
    struct traffic *traffic = mem_new(struct traffic);
    traffic->clock = clock;
    traffic->objects = api_objects(api);
    traffic->behaviours = behaviours;
    traffic->endpoints = endpoints_new(traffic->objects);
    traffic->virtual_services = virtual_services_new();
    traffic->rates = rates_new(clock, seed);
    objects_listen(traffic->objects, on_change, traffic);
    for (size_t i = 0; i < sizeof storages / sizeof storages[0]; i++)
        objects_each(traffic->objects, *storages[i], NULL, on_existing, &(struct existing){traffic, *storages[i]});
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    struct stream *stream, *next;
    if (!traffic)
        return;
    objects_unlisten(traffic->objects, on_change, traffic);
    timer_cancel(&traffic->turn);
    HASH_ITER(hh, traffic->streams, stream, next)
    {
        stream_free(traffic, stream);
    }
    for (size_t i = 0; i < traffic->note_count; i++) {
        str_free(&traffic->notes[i].namespace);
        str_free(&traffic->notes[i].name);
    }
    mem_free(traffic->notes);
    rates_free(traffic->rates);
    virtual_services_free(traffic->virtual_services);
    endpoints_free(traffic->endpoints);
    mem_free(traffic);
}
