/* A change travels like this:
 *
 *     object ──noted──> turn: endpoints, virtual_services ──names──> streams that asked for them
 *            ──routed again──> rates
 *
 * and all of it happens in one turn, at the time of the change. */
#include "sim/traffic/traffic.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/traffic/streams.h"

static const char *const VIRTUAL_SERVICES = "networking.istio.io/virtualservices", *const SERVICES = "/services",
                         *const PODS = "/pods";

struct note {
    const char *storage; /* one of the three above */
    char *namespace, *name;
};

struct traffic {
    struct clock *clock;
    struct objects *objects;
    struct endpoints *endpoints;
    struct virtual_services *virtual_services;
    struct rates *rates;
    struct streams *streams;
    struct note *notes;
    size_t note_count, note_capacity;
    struct timer turn;
};

/* --- the turn --- */

struct changes {
    struct endpoints_changes endpoints;
    struct str_list hosts;
};

static void apply_note(struct traffic *traffic, const struct note *note, struct changes *changes)
{
    struct doc *doc = objects_read(traffic->objects, note->storage, note->namespace, note->name);
    const struct node *object = doc_root(doc);
    if (note->storage == VIRTUAL_SERVICES) {
        virtual_services_put(traffic->virtual_services, note->namespace, note->name, object, &changes->hosts);
    } else if (note->storage == SERVICES) {
        endpoints_put_service(traffic->endpoints, note->namespace, note->name, object, &changes->endpoints);
    } else {
        endpoints_put_pod(traffic->endpoints, note->namespace, note->name, object, &changes->endpoints);
    }
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
    streams_note(traffic->streams, &changes.hosts);
    streams_note(traffic->streams, &changes.endpoints.services);
    for (size_t i = 0; i < changes.endpoints.workloads.count; i++) {
        rates_touch(traffic->rates, changes.endpoints.workloads.items[i]);
    }
    str_list_fini(&changes.hosts);
    str_list_fini(&changes.endpoints.services);
    str_list_fini(&changes.endpoints.workloads);
}

static bool has_pods(void *ctx, const char *namespace, const char *workload)
{
    return endpoints_has_workload(((struct traffic *)ctx)->endpoints, namespace, workload);
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct traffic *traffic = ctx;
    apply_notes(traffic);
    streams_move(traffic->streams);
    rates_settle(traffic->rates, has_pods, traffic);
}

static void turn_soon(struct traffic *traffic)
{
    if (!timer_is_pending(&traffic->turn)) {
        timer_start(traffic->clock, &traffic->turn, 0, on_turn, traffic);
    }
}

/* --- what changes --- */

static const char *storage_of(const char *storage)
{
    if (str_equal(storage, PODS)) {
        return PODS;
    }
    if (str_equal(storage, SERVICES)) {
        return SERVICES;
    }
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
    if (storage != NULL) {
        take_note(ctx, storage, event->object);
    }
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
    streams_note_all(traffic->streams);
    turn_soon(traffic);
}

void traffic_flow(struct traffic *traffic, const char *host, double per_second, const struct node *headers)
{
    streams_flow(traffic->streams, host, per_second, headers);
    turn_soon(traffic);
}

/* --- what is counted --- */

struct traffic_count traffic_count(const struct traffic *traffic, const char *namespace, const char *workload,
                                   int64_t ago_ms, int64_t window_ms)
{
    return rates_count(traffic->rates, namespace, workload, ago_ms, window_ms);
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
    traffic->endpoints = endpoints_new(traffic->objects);
    traffic->virtual_services = virtual_services_new();
    traffic->rates = rates_new(clock, seed);
    traffic->streams =
        streams_new(&(struct streams_world){traffic->endpoints, traffic->virtual_services, behaviours, traffic->rates});
    for (size_t i = 0; i < sizeof storages / sizeof storages[0]; i++) {
        objects_listen_to(traffic->objects, *storages[i], on_change, traffic);
        objects_each(traffic->objects, *storages[i], NULL, on_existing, &(struct existing){traffic, *storages[i]});
    }
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    objects_unlisten(traffic->objects, on_change, traffic);
    timer_cancel(&traffic->turn);
    streams_free(traffic->streams);
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
