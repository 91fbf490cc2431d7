/* The listener only takes notes: it keeps the graph, and queues whom a change concerns. */
#include "sim/controllers/controllers.h"

#include "base/mem.h"
#include "base/str.h"
#include "sim/controllers/adoption.h"
#include "sim/controllers/autoscaler.h"
#include "sim/controllers/controller.h"
#include "sim/controllers/daemon_set.h"
#include "sim/controllers/deployment/look.h"
#include "sim/controllers/garbage.h"
#include "sim/controllers/graph.h"
#include "sim/controllers/item.h"
#include "sim/controllers/namespace.h"
#include "sim/controllers/pod.h"
#include "sim/controllers/queue.h"
#include "sim/controllers/replica_set.h"

/* --- the looks --- */

static void look(struct controllers *c, struct item *item)
{
    static void (*const looks[ITEM_COUNT])(struct controllers *, struct item *) = {
        [ITEM_DEPLOYMENT] = deployment_look, [ITEM_REPLICA_SET] = replica_set_look,
        [ITEM_DAEMON_SET] = daemon_set_look, [ITEM_POD] = pod_look,
        [ITEM_AUTOSCALER] = autoscaler_look, [ITEM_NAMESPACE] = namespace_look,
    };
    if (garbage_look(c, item) && looks[item->kind] != NULL) {
        looks[item->kind](c, item);
    }
}

/* --- the listener --- */

static enum item_kind kind_of(const struct controllers *c, const char *storage)
{
    for (enum item_kind s = ITEM_OTHER + 1; s < ITEM_COUNT; s++) {
        if (str_equal(c->kinds[s]->storage, storage)) {
            return s;
        }
    }
    return ITEM_OTHER;
}

static void introduce(struct controllers *c, struct item *item, const char *storage, const struct node *object)
{
    item->storage = str_dup(storage);
    item->namespace = str_dup(node_str(node_at(object, "metadata", "namespace")));
    item->name = str_dup(item_name(object));
    item->kind = kind_of(c, storage);
    if (item->namespace != NULL) {
        namespace_count(c, item->namespace, 1);
    }
    if (item->kind == ITEM_NAMESPACE) {
        namespace_note(c, item);
    }
}

static bool is_owner(const struct item *item, const char *uid)
{
    const struct edge *edge = item->owners;
    while (edge != NULL && !(edge->is_reference && str_equal(edge->owner->key, uid))) {
        edge = edge->next_owner;
    }
    return edge != NULL;
}

static void link_owners(struct controllers *c, struct item *item, const struct node *object)
{
    struct node_iter it = node_iterate(node_at(object, "metadata", "ownerReferences"));
    graph_unlink(&c->graph, item, true);
    while (node_next(&it)) {
        const char *uid = node_str(node_get(it.value, "uid"));
        if (!str_empty(uid) && !is_owner(item, uid)) {
            graph_link(item, graph_ensure(&c->graph, uid), true)->blocks =
                node_bool_or(node_get(it.value, "blockOwnerDeletion"), false);
        }
    }
}

static bool is_workload(const struct item *item)
{
    return item->kind == ITEM_DEPLOYMENT || item->kind == ITEM_REPLICA_SET || item->kind == ITEM_DAEMON_SET;
}

/* A Pod concerns its ReplicaSet, a ReplicaSet its Deployment. A Deployment that recreates waits until the last Pod has
 * gone, which no status of a ReplicaSet tells. */
static void wake_owners(struct controllers *c, struct item *item, bool is_gone)
{
    for (struct edge *edge = item->owners; edge != NULL; edge = edge->next_owner) {
        if (!edge->is_reference) {
            continue;
        }
        if (is_workload(edge->owner) || edge->owner->is_foreground) {
            controller_wake(c, edge->owner);
        }
        if (is_gone && edge->owner->kind == ITEM_REPLICA_SET) {
            wake_owners(c, edge->owner, false);
        }
    }
}

/* Down the path of two keys. */
static bool differs(const struct objects_event *event, const char *a, const char *b)
{
    return event->before == NULL || !node_equal(node_at(event->object, a, b), node_at(event->before, a, b));
}

static void note(struct controllers *c, struct item *item, const struct objects_event *event)
{
    bool is_new = item->storage == NULL;
    if (is_new) {
        introduce(c, item, event->storage, event->object);
    }
    bool owners_changed = is_new || differs(event, "metadata", "ownerReferences");
    if (owners_changed) {
        wake_owners(c, item, false);
    }
    if (owners_changed) {
        link_owners(c, item, event->object);
    }
    garbage_note(c, item, event->object);
    item->is_over = item->kind == ITEM_POD && pod_is_over(event->object);
    if (item->kind == ITEM_OTHER) {
        return;
    }
    if (item->kind == ITEM_AUTOSCALER && (is_new || differs(event, "spec", "scaleTargetRef"))) {
        autoscaler_note(c, item, event->object);
    }
    if (is_new || differs(event, "spec", "replicas")) {
        scale_note(c, event->object);
    }
    if (owners_changed || differs(event, "metadata", "labels")) {
        adoption_note(c, item, event->object);
    }
    controller_wake(c, item);
    wake_owners(c, item, false);
}

static void note_gone(struct controllers *c, struct item *item, const struct node *object)
{
    scale_note(c, object);
    wake_owners(c, item, true);
    garbage_note_gone(c, item);
    controller_unqueue(c, item);
    timer_cancel(&item->timer);
    if (item->namespace != NULL) {
        namespace_count(c, item->namespace, -1);
    }
    str_free(&item->storage);
    str_free(&item->namespace);
    str_free(&item->name);
    item->kind = ITEM_OTHER;
    graph_unlink(&c->graph, item, true);
    graph_unlink(&c->graph, item, false);
    graph_release(&c->graph, item);
}

static void on_event(void *ctx, const struct objects_event *event)
{
    struct controllers *c = ctx;
    const char *uid = item_uid(event->object);
    if (str_empty(uid)) {
        return;
    }
    struct item *item = graph_ensure(&c->graph, uid);
    if (event->change != OBJECTS_DELETED) {
        note(c, item, event);
    } else if (item->storage != NULL) {
        note_gone(c, item, event->object);
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
    *c = (struct controllers){
        .api = api, .objects = api_objects(api), .clock = clock, .behaviours = behaviours, .look = look};
    struct kinds *kinds = api_kinds(api);
    c->kinds[ITEM_DEPLOYMENT] = kinds_find(kinds, "apps", "v1", "deployments");
    c->kinds[ITEM_REPLICA_SET] = kinds_find(kinds, "apps", "v1", "replicasets");
    c->kinds[ITEM_DAEMON_SET] = kinds_find(kinds, "apps", "v1", "daemonsets");
    c->kinds[ITEM_POD] = kinds_find(kinds, "", "v1", "pods");
    c->kinds[ITEM_AUTOSCALER] = kinds_find(kinds, "autoscaling", "v2", "horizontalpodautoscalers");
    c->kinds[ITEM_NAMESPACE] = kinds_find(kinds, "", "v1", "namespaces");
    graph_init(&c->graph);
    note_all(c);
    objects_listen(c->objects, on_event, c);
    return c;
}

static void stop_timer(void *ctx, struct item *item)
{
    timer_cancel(&item->timer);
}

static void wake_pod(void *ctx, struct item *item)
{
    if (item->kind == ITEM_POD) {
        controller_wake(ctx, item);
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
        controller_unqueue(c, c->first);
    }
    timer_cancel(&c->timer);
    graph_each(&c->graph, stop_timer, NULL);
    graph_fini(&c->graph);
    mem_free(c);
}
