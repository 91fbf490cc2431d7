/* The listener only takes notes: it keeps the graph, and queues whom a change concerns. A timer without delay empties the queue; who is queued meanwhile waits for
 * the next turn, so that clients see a change before its consequences. */
#include "sim/controllers/controllers.h"

#include "base/mem.h"
#include "sim/controllers/controller.h"

/* --- the queue --- */

static void on_turn(struct timer *timer, void *ctx);

static void unqueue(struct controllers *c, struct vertex *vertex)
{
    if (!vertex->is_queued) {
        return;
    }
    if (vertex->previous_queued != NULL) {
        vertex->previous_queued->next_queued = vertex->next_queued;
    } else {
        c->first = vertex->next_queued;
    }
    if (vertex->next_queued != NULL) {
        vertex->next_queued->previous_queued = vertex->previous_queued;
    } else {
        c->last = vertex->previous_queued;
    }
    vertex->next_queued = vertex->previous_queued = NULL;
    vertex->is_queued = false;
}

void controller_wake(struct controllers *c, struct vertex *vertex)
{
    if (vertex->is_queued || vertex->storage == NULL) {
        return;
    }
    vertex->is_queued = true;
    vertex->turn = c->turn;
    vertex->previous_queued = c->last;
    if (c->last != NULL) {
        c->last->next_queued = vertex;
    } else {
        c->first = vertex;
    }
    c->last = vertex;
    if (!timer_is_pending(&c->timer)) {
        timer_start(c->clock, &c->timer, 0, on_turn, c);
    }
}

static void on_later(struct timer *timer, void *ctx)
{
    struct vertex *vertex = ctx;
    controller_wake(vertex->controllers, vertex);
}

void controller_wake_later(struct controllers *c, struct vertex *vertex, int64_t delay_ms)
{
    int64_t when_ms = clock_mono_ms(c->clock) + delay_ms;
    vertex->controllers = c;
    if (!timer_is_pending(&vertex->timer) || when_ms < vertex->timer.when_ms) {
        timer_start(c->clock, &vertex->timer, delay_ms, on_later, vertex);
    }
}

void controller_wake_dependents(struct controllers *c, struct vertex *vertex, enum species species)
{
    for (struct edge *edge = vertex->dependents; edge != NULL; edge = edge->next_dependent) {
        if (edge->dependent->species == species) {
            controller_wake(c, edge->dependent);
        }
    }
}

static void look(struct controllers *c, struct vertex *vertex)
{
    static void (*const looks[SPECIES_COUNT])(struct controllers *, struct vertex *) = {
        [SPECIES_DEPLOYMENT] = deployment_look, [SPECIES_REPLICA_SET] = replica_set_look,
        [SPECIES_DAEMON_SET] = daemon_set_look, [SPECIES_POD] = pod_look,
        [SPECIES_AUTOSCALER] = autoscaler_look, [SPECIES_NAMESPACE] = namespace_look,
    };
    timer_cancel(&vertex->timer);
    if (garbage_look(c, vertex) && looks[vertex->species] != NULL) {
        looks[vertex->species](c, vertex);
    }
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct controllers *c = ctx;
    uint64_t turn = c->turn++;
    while (c->first != NULL && c->first->turn <= turn) {
        struct vertex *vertex = c->first;
        unqueue(c, vertex);
        look(c, vertex);
    }
}

/* --- the listener --- */

static enum species species_of(const struct controllers *c, const char *storage)
{
    for (enum species s = SPECIES_OTHER + 1; s < SPECIES_COUNT; s++) {
        if (str_equal(c->kinds[s]->storage, storage)) {
            return s;
        }
    }
    return SPECIES_OTHER;
}

static void introduce(struct controllers *c, struct vertex *vertex, const char *storage, const struct node *object)
{
    vertex->storage = str_dup(storage);
    vertex->namespace = str_dup(node_str(node_at(object, "metadata", "namespace")));
    vertex->name = str_dup(item_name(object));
    vertex->species = species_of(c, storage);
    if (vertex->namespace != NULL) {
        namespace_count(c, vertex->namespace, 1);
    }
    if (vertex->species == SPECIES_NAMESPACE) {
        namespace_note(c, vertex);
    }
}

static bool is_owner(const struct vertex *vertex, const char *uid)
{
    const struct edge *edge = vertex->owners;
    while (edge != NULL && !(edge->is_reference && str_equal(edge->owner->key, uid))) {
        edge = edge->next_owner;
    }
    return edge != NULL;
}

static void link_owners(struct controllers *c, struct vertex *vertex, const struct node *object)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    graph_unlink(&c->graph, vertex, true);
    while (node_next(&it)) {
        const char *uid = node_str(node_get(it.value, "uid"));
        if (!str_empty(uid) && !is_owner(vertex, uid)) {
            graph_link(vertex, graph_ensure(&c->graph, uid), true)->blocks =
                node_bool_or(node_get(it.value, "blockOwnerDeletion"), false);
        }
    }
}

static bool is_workload(const struct vertex *vertex)
{
    return vertex->species == SPECIES_DEPLOYMENT || vertex->species == SPECIES_REPLICA_SET ||
           vertex->species == SPECIES_DAEMON_SET;
}

/* A Pod concerns its ReplicaSet, a ReplicaSet its Deployment. A Deployment that recreates waits until the last Pod has gone, which no status of a ReplicaSet tells. */
static void wake_owners(struct controllers *c, struct vertex *vertex, bool is_gone)
{
    for (struct edge *edge = vertex->owners; edge != NULL; edge = edge->next_owner) {
        if (!edge->is_reference) {
            continue;
        }
        if (is_workload(edge->owner) || edge->owner->is_foreground) {
            controller_wake(c, edge->owner);
        }
        if (is_gone && edge->owner->species == SPECIES_REPLICA_SET) {
            wake_owners(c, edge->owner, false);
        }
    }
}

/* Down the path of two keys. */
static bool differs(const struct objects_event *event, const char *a, const char *b)
{
    return event->before == NULL || !node_equal(node_at(event->object, a, b), node_at(event->before, a, b));
}

static void note(struct controllers *c, struct vertex *vertex, const struct objects_event *event)
{
    bool is_new = vertex->storage == NULL;
    if (is_new) {
        introduce(c, vertex, event->storage, event->object);
    }
    bool owners_changed = is_new || differs(event, "metadata", "ownerReferences");
    if (owners_changed) {
        wake_owners(c, vertex, false);
    }
    if (owners_changed) {
        link_owners(c, vertex, event->object);
    }
    garbage_note(c, vertex, event->object);
    vertex->is_over = vertex->species == SPECIES_POD && pod_is_over(event->object);
    if (vertex->species == SPECIES_OTHER) {
        return;
    }
    if (vertex->species == SPECIES_AUTOSCALER && (is_new || differs(event, "spec", "scaleTargetRef"))) {
        autoscaler_note(c, vertex, event->object);
    }
    if (is_new || differs(event, "spec", "replicas")) {
        scale_note(c, event->object);
    }
    if (owners_changed || differs(event, "metadata", "labels")) {
        adoption_note(c, vertex, event->object);
    }
    controller_wake(c, vertex);
    wake_owners(c, vertex, false);
}

static void note_gone(struct controllers *c, struct vertex *vertex, const struct node *object)
{
    scale_note(c, object);
    wake_owners(c, vertex, true);
    garbage_note_gone(c, vertex);
    unqueue(c, vertex);
    timer_cancel(&vertex->timer);
    if (vertex->namespace != NULL) {
        namespace_count(c, vertex->namespace, -1);
    }
    str_free(&vertex->storage);
    str_free(&vertex->namespace);
    str_free(&vertex->name);
    vertex->species = SPECIES_OTHER;
    graph_unlink(&c->graph, vertex, true);
    graph_unlink(&c->graph, vertex, false);
    graph_release(&c->graph, vertex);
}

static void on_event(void *ctx, const struct objects_event *event)
{
    struct controllers *c = ctx;
    const char *uid = item_uid(event->object);
    if (str_empty(uid)) {
        return;
    }
    struct vertex *vertex = graph_ensure(&c->graph, uid);
    if (event->change != OBJECTS_DELETED) {
        note(c, vertex, event);
    } else if (vertex->storage != NULL) {
        note_gone(c, vertex, event->object);
    }
}

/* --- life --- */

struct found {
    struct controllers *c;
    const char *storage;
};

static bool on_found(void *ctx, const struct node *object)
{
    struct found *found = ctx;
    on_event(found->c, &(struct objects_event){.change = OBJECTS_ADDED, .storage = found->storage, .object = object});
    return true;
}

static void note_all(struct controllers *c)
{
    struct kinds *kinds = api_kinds(c->api);
    for (size_t i = 0; i < kinds_count(kinds); i++) {
        struct found found = {.c = c, .storage = kinds_at(kinds, i)->storage};
        objects_each(c->objects, found.storage, NULL, on_found, &found);
    }
}

struct controllers *controllers_new(struct api *api, struct clock *clock, const struct behaviours *behaviours)
{
    struct controllers *c = mem_new(struct controllers);
    *c = (struct controllers){.api = api, .objects = api_objects(api), .clock = clock, .behaviours = behaviours};
    struct kinds *kinds = api_kinds(api);
    c->kinds[SPECIES_DEPLOYMENT] = kinds_find(kinds, "apps", "v1", "deployments");
    c->kinds[SPECIES_REPLICA_SET] = kinds_find(kinds, "apps", "v1", "replicasets");
    c->kinds[SPECIES_DAEMON_SET] = kinds_find(kinds, "apps", "v1", "daemonsets");
    c->kinds[SPECIES_POD] = kinds_find(kinds, "", "v1", "pods");
    c->kinds[SPECIES_AUTOSCALER] = kinds_find(kinds, "autoscaling", "v2", "horizontalpodautoscalers");
    c->kinds[SPECIES_NAMESPACE] = kinds_find(kinds, "", "v1", "namespaces");
    graph_init(&c->graph);
    note_all(c);
    objects_listen(c->objects, on_event, c);
    return c;
}

static void stop_timer(void *ctx, struct vertex *vertex)
{
    timer_cancel(&vertex->timer);
}

static void wake_pod(void *ctx, struct vertex *vertex)
{
    if (vertex->species == SPECIES_POD) {
        controller_wake(ctx, vertex);
    }
}

void controllers_set_full(struct controllers *c, bool full)
{
    c->is_full = full;
    graph_each(&c->graph, wake_pod, c);
}

void controllers_free(struct controllers *c)
{
    if (c == NULL) {
        return;
    }
    objects_unlisten(c->objects, on_event, c);
    while (c->first != NULL) {
        unqueue(c, c->first);
    }
    timer_cancel(&c->timer);
    graph_each(&c->graph, stop_timer, NULL);
    graph_fini(&c->graph);
    mem_free(c);
}
