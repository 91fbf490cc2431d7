#include "workload/service.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "workload/facts.h"
#include "workload/metadata.h"

void service_prune(struct doc *object, const struct node *managers)
{
    struct node *root = doc_root(object);
    static const char *const kept[] = {"ports", "selector"};
    struct node *spec = node_new_object(object);
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        node_set(object, spec, kept[i], node_copy(object, node_at(root, "spec", kept[i])));
    }
    node_set(object, root, "spec", spec);
    node_remove(root, "status");
}

/* Everything the three roles are planned from. */
struct wish {
    const struct stores *stores;
    const struct canary_names *names;
    const struct node *canary, *service, *target;
    const struct selector *selector;
    const char *name;        /* of the Service */
    const struct node *role; /* custom labels and annotations */
    char *selector_value;    /* owned */
};

static struct wish wish_of(const struct service_options *options)
{
    const struct canary_names *names = options->names;
    const struct selector *selector = options->selector;
    struct wish wish = {
        .stores = options->stores,
        .names = names,
        .canary = options->canary,
        .service = node_at(options->canary, "spec", "service"),
        .target = options->target,
        .selector = selector,
    };
    switch (options->role) {
    case SERVICE_CANARY:
        wish.name = names->apex_canary;
        wish.role = node_get(wish.service, "canary");
        wish.selector_value = str_dup(selector->value);
        return wish;
    case SERVICE_PRIMARY:
        wish.name = names->apex_primary;
        wish.role = node_get(wish.service, "primary");
        break;
    case SERVICE_APEX:
        wish.name = names->apex;
        wish.role = node_get(wish.service, "apex");
        break;
    }
    wish.selector_value = str_format("%s-primary", selector->value);
    return wish;
}

/* --- ports --- */

/* NULL: the Service's own port. As in Flagger, 0 counts as absent. */
static const struct node *target_port_of(const struct node *service)
{
    const struct node *port = node_get(service, "targetPort");
    bool said = node_type(port) == NODE_STRING ? !node_is(port, "0") : node_int_or(port, 0) != 0;
    return said ? port : NULL;
}

static struct node *own_port(struct doc *doc, const struct wish *wish)
{
    const struct node *service = wish->service, *target_port = target_port_of(service);
    const char *name = node_str_or(node_get(service, "portName"), "");
    struct node *port = node_new_object(doc);
    node_set_str(doc, port, "name", name[0] != '\0' ? name : "http");
    node_set_str(doc, port, "protocol", "TCP");
    node_set(doc, port, "port", node_copy(doc, node_get(service, "port")));
    node_set(doc, port, "targetPort", node_copy(doc, target_port != NULL ? target_port : node_get(service, "port")));
    if (!str_empty(node_str(node_get(service, "appProtocol")))) {
        node_set(doc, port, "appProtocol", node_copy(doc, node_get(service, "appProtocol")));
    }
    return port;
}

/* The container port behind the Service's own port. */
static bool is_own_port(const struct wish *wish, const struct node *port)
{
    const struct node *target_port = target_port_of(wish->service);
    if (node_type(target_port) == NODE_STRING) {
        return node_equal(node_get(port, "name"), target_port);
    }
    return node_equal(node_get(port, "port"), target_port != NULL ? target_port : node_get(wish->service, "port"));
}

static bool is_sidecar(const struct node *port)
{
    return node_is(node_get(port, "container"), "istio-proxy") || node_is(node_get(port, "container"), "envoy");
}

static struct node *discovered_port(struct doc *doc, const struct node *port)
{
    const char *name = node_str_or(node_get(port, "name"), "");
    char *made = NULL;
    if (name[0] == '\0') {
        name = made = str_format("tcp-%s-%lld", node_str_or(node_get(port, "container"), ""),
                                 (long long)node_int_or(node_get(port, "index"), 0));
    }
    struct node *out = node_new_object(doc);
    node_set_str(doc, out, "name", name);
    node_set_str(doc, out, "protocol", "TCP");
    node_set(doc, out, "port", node_copy(doc, node_get(port, "port")));
    node_set(doc, out, "targetPort", node_copy(doc, node_get(port, "port")));
    str_free(&made);
    return out;
}

static const struct node *port_named(const struct node *ports, const char *name)
{
    struct node_iter it = node_iterate(ports);
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "name"), name)) {
            return it.value;
        }
    }
    return NULL;
}

static bool has_number(const struct node *ports, const struct node *number)
{
    struct node_iter it = node_iterate(ports);
    while (node_next(&it)) {
        if (node_equal(node_get(it.value, "port"), number)) {
            return true;
        }
    }
    return false;
}

/* The API server refuses a Service that has a port name or number twice. So a discovered port with the number of
 * another is left out, and one with the name of another gets a longer name. */
static void push_discovered(struct doc *doc, struct node *ports, const struct node *discovered)
{
    const struct node *number = node_get(discovered, "port");
    if (has_number(ports, number)) {
        return;
    }
    struct node *port = node_copy(doc, discovered);
    const char *name = node_str(node_get(port, "name"));
    if (port_named(ports, name) != NULL) {
        char *longer = str_format("%s-%lld", name, (long long)node_int_or(number, 0));
        node_set_str(doc, port, "name", longer);
        str_free(&longer);
    }
    node_push(ports, port);
}

/* The Service's own port, then the discovered ports in the order of the containers. Of discovered ports with the
 * same name the later wins. */
static struct node *wanted_ports(struct doc *doc, const struct wish *wish)
{
    struct node *by_name = node_new_object(doc);
    if (node_bool_or(node_get(wish->service, "portDiscovery"), false)) {
        struct node_iter it = node_iterate(node_at(wish->target, "sluice", "ports"));
        while (node_next(&it)) {
            if (!is_sidecar(it.value) && !is_own_port(wish, it.value)) {
                struct node *port = discovered_port(doc, it.value);
                node_set(doc, by_name, node_str(node_get(port, "name")), port);
            }
        }
    }
    struct node *ports = node_new_array(doc);
    node_push(ports, own_port(doc, wish));
    struct node_iter it = node_iterate(by_name);
    while (node_next(&it)) {
        push_discovered(doc, ports, it.value);
    }
    return ports;
}

/* Keeps the node ports that the API server has chosen. */
static void keep_node_ports(struct doc *doc, const struct node *ports, const struct node *live)
{
    struct node_iter it = node_iterate(ports);
    while (node_next(&it)) {
        const char *name = node_str(node_get(it.value, "name"));
        node_set(doc, it.value, "nodePort", node_copy(doc, node_get(port_named(live, name), "nodePort")));
    }
}

/* Compares ports without regard to their order. */
static bool ports_equal(const struct node *live, const struct node *want)
{
    if (node_count(live) != node_count(want)) {
        return false;
    }
    struct node_iter it = node_iterate(want);
    while (node_next(&it)) {
        if (!node_equal(port_named(live, node_str_or(node_get(it.value, "name"), "")), it.value)) {
            return false;
        }
    }
    return true;
}

/* --- metadata --- */

static const char *const toolkit[][2] = {
    {"kustomize.toolkit.fluxcd.io/reconcile", "disabled"},
    {"helm.toolkit.fluxcd.io/driftDetection", "disabled"},
};

static void add_toolkit(struct doc *doc, struct node *annotations)
{
    for (size_t i = 0; i < sizeof toolkit / sizeof *toolkit; i++) {
        node_set_str(doc, annotations, toolkit[i][0], toolkit[i][1]);
    }
}

static struct node *copy_or_empty(struct doc *doc, const struct node *map)
{
    return node_type(map) == NODE_OBJECT ? node_copy(doc, map) : node_new_object(doc);
}

static struct node *wanted_labels(struct doc *doc, const struct wish *wish)
{
    struct node *labels = copy_or_empty(doc, node_get(wish->role, "labels"));
    node_set_str(doc, labels, wish->selector->key, wish->name);
    return labels;
}

static struct node *wanted_annotations(struct doc *doc, const struct wish *wish)
{
    struct node *annotations = copy_or_empty(doc, node_get(wish->role, "annotations"));
    add_toolkit(doc, annotations);
    return annotations;
}

/* Keeps the live values of the keys that the Canary leaves to others. */
static void keep_unmanaged(struct doc *doc, const struct wish *wish, const char *what, struct node *want,
                           const struct node *live)
{
    struct node_iter it = node_iterate(node_at(wish->service, "unmanagedMetadata", what));
    while (node_next(&it)) {
        const char *key = node_str(it.value);
        if (key != NULL) {
            node_set(doc, want, key, node_copy(doc, node_get(live, key)));
        }
    }
}

static struct node *wanted_selector(struct doc *doc, const struct wish *wish)
{
    struct node *selector = node_new_object(doc);
    node_set_str(doc, selector, wish->selector->key, wish->selector_value);
    return selector;
}

/* --- plans --- */

static enum plan create_service(const struct wish *wish, struct kube_write *write)
{
    struct doc *body = object_new(&KUBE_SERVICES, wish->names->namespace, wish->name);
    struct node *root = doc_root(body), *metadata = node_get(root, "metadata");
    node_set(body, metadata, "labels", wanted_labels(body, wish));
    node_set(body, metadata, "annotations", wanted_annotations(body, wish));
    struct node *owners = node_new_array(body);
    node_push(owners, canary_owner_reference(body, wish->names));
    node_set(body, metadata, "ownerReferences", owners);
    struct node *spec = node_ensure_object(body, root, "spec");
    node_set_str(body, spec, "type", "ClusterIP");
    if (node_bool_or(node_get(wish->service, "headless"), false)) {
        node_set_str(body, spec, "clusterIP", "None");
    }
    node_set(body, spec, "selector", wanted_selector(body, wish));
    node_set(body, spec, "ports", wanted_ports(body, wish));
    if (!str_empty(node_str(node_get(wish->service, "trafficDistribution")))) {
        node_set(body, spec, "trafficDistribution", node_copy(body, node_get(wish->service, "trafficDistribution")));
    }
    return kube_write_create(write, &KUBE_SERVICES, body, "reconcileService failed: service %s.%s create error",
                             wish->name, wish->names->namespace);
}

static void diff_spec(struct doc *patch, const struct wish *wish, const struct node *live)
{
    const struct node *live_ports = node_at(live, "spec", "ports"), *live_selector = node_at(live, "spec", "selector");
    struct node *ports = wanted_ports(patch, wish), *selector = wanted_selector(patch, wish);
    keep_node_ports(patch, ports, live_ports);
    if (!ports_equal(live_ports, ports)) {
        node_set(patch, node_ensure_object(patch, doc_root(patch), "spec"), "ports", ports);
    }
    if (!node_equal(live_selector, selector)) {
        node_set(patch, node_ensure_object(patch, doc_root(patch), "spec"), "selector",
                 kube_merge_diff(patch, live_selector, selector));
    }
}

static void diff_metadata(struct doc *patch, const struct wish *wish, const struct node *live, const char *what,
                          struct node *want)
{
    const struct node *is = node_at(live, "metadata", what);
    keep_unmanaged(patch, wish, what, want, is);
    struct node *diff = kube_merge_diff(patch, is, want);
    if (diff != NULL) {
        node_set(patch, node_ensure_object(patch, doc_root(patch), "metadata"), what, diff);
    }
}

/* --- whose it is --- */

/* True for a selector that an engine, for example Flagger, has already pointed at the primary. */
static bool chooses_primary(const struct wish *wish, const struct node *selector)
{
    char *value = str_format("%s-primary", wish->selector->value);
    bool is = node_count(selector) == 1 && node_is(node_get(selector, wish->selector->key), value);
    str_free(&value);
    return is;
}

struct others {
    const struct workload_kind *kind;
    const struct canary_names *names;
    const struct node *selector;
    bool found;
};

static bool look_for_others(void *ctx, const char *namespace, const char *name, const struct doc *object)
{
    struct others *others = ctx;
    const struct node *workload = doc_root(object);
    bool known = others->kind == workload_of(others->names) &&
                 (strcmp(name, others->names->target) == 0 || strcmp(name, others->names->target_primary) == 0);
    others->found = others->kind->replicas(workload) > 0 && !known && facts_is_chosen_by(workload, others->selector);
    return !others->found;
}

static bool is_about_target(const struct wish *wish, const struct node *live)
{
    const struct node *selector = node_at(live, "spec", "selector");
    if (!facts_is_chosen_by(wish->target, selector) && !chooses_primary(wish, selector)) {
        return false;
    }
    struct others others = {.names = wish->names, .selector = selector};
    for (size_t i = 0; !others.found && (others.kind = workload_kind_at(i)) != NULL; i++) {
        store_each(stores_of(wish->stores, others.kind->store.resource), wish->names->namespace, look_for_others,
                   &others);
    }
    return !others.found;
}

static bool may_be_written(const struct wish *wish, const struct node *live)
{
    return ownership_is_ours(live, wish->names) ||
           (!ownership_is_rivals(live, wish->names) && is_about_target(wish, live));
}

/* --- repair --- */

/* A Service that the Canary does not own gets our ports and selector, and the two annotations that keep Flux from
 * undoing them. */
static enum plan repair_service(const struct wish *wish, const struct node *live, struct kube_write *write,
                                struct err *err)
{
    struct doc *patch = doc_new();
    doc_set_root(patch, node_new_object(patch));
    diff_spec(patch, wish, live);
    if (object_is_controlled_by(live, "Canary", wish->names->name)) {
        diff_metadata(patch, wish, live, "labels", wanted_labels(patch, wish));
        diff_metadata(patch, wish, live, "annotations", wanted_annotations(patch, wish));
    } else if (node_count(doc_root(patch)) > 0) {
        struct node *metadata = node_ensure_object(patch, doc_root(patch), "metadata");
        add_toolkit(patch, node_ensure_object(patch, metadata, "annotations"));
    }
    if (node_count(doc_root(patch)) == 0) {
        doc_free(patch);
        return PLAN_DONE;
    }
    if (!may_be_written(wish, live)) {
        doc_free(patch);
        return ownership_refuse(&KUBE_SERVICES, live, wish->names, "it chooses Pods that are not the target's alone",
                                err);
    }
    return kube_write_patch(write, &KUBE_SERVICES, live, patch, "reconcileService failed: service %s update error",
                            wish->name);
}

enum plan service_plan(const struct service_options *options, struct kube_write *write, struct err *err)
{
    struct wish wish = wish_of(options);
    struct doc *live = store_find(stores_of(options->stores, &KUBE_SERVICES), wish.names->namespace, wish.name);
    enum plan plan = live == NULL ? create_service(&wish, write) : repair_service(&wish, doc_root(live), write, err);
    doc_free(live);
    str_free(&wish.selector_value);
    return plan;
}
