#include <string.h>

#include "base/mem.h"
#include "sim/api_inner.h"

enum { PORT_MAX = 65535, NODE_PORT_FIRST = 30000, NODE_PORT_COUNT = 2768 };

/* --- defaults --- */

static bool is_headless(const struct node *spec)
{
    return node_is(node_get(spec, "clusterIP"), "None");
}

static void default_ports(struct doc *doc, struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "ports"));
    while (node_next(&it)) {
        const struct node *target = node_get(it.value, "targetPort");
        set_default_str(doc, it.value, "protocol", "TCP");
        if (!target || node_is(target, "") || (node_type(target) == NODE_INT && node_int_or(target, 0) == 0))
            node_set(doc, it.value, "targetPort", node_copy(doc, node_get(it.value, "port")));
    }
}

static void set_address(struct doc *doc, struct node *spec, const char *address)
{
    struct node *all = node_new_array(doc);
    node_set_str(doc, spec, "clusterIP", address);
    node_push_str(doc, all, address);
    node_set(doc, spec, "clusterIPs", all);
}

/* In the range that the cluster of the tests has, too. */
static void allocate_address(struct api *api, struct doc *doc, struct node *spec)
{
    const char *said = node_str_or(node_get(spec, "clusterIP"), "");
    if (said[0] != '\0') {
        char *address = str_dup(said);
        set_address(doc, spec, address);
        mem_free(address);
        return;
    }
    uint64_t n = ++api->names_given;
    char *address = str_format("127.96.%u.%u", (unsigned)(n / 254 % 256), (unsigned)(n % 254 + 1));
    set_address(doc, spec, address);
    mem_free(address);
}

static void default_families(struct doc *doc, struct node *spec)
{
    if (node_count(node_get(spec, "ipFamilies")) == 0) {
        struct node *families = node_new_array(doc);
        node_push_str(doc, families, "IPv4");
        node_set(doc, spec, "ipFamilies", families);
    }
    set_default_str(doc, spec, "ipFamilyPolicy", "SingleStack");
}

void service_default(struct doc *doc, bool is_new)
{
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    set_default_str(doc, spec, "type", "ClusterIP");
    set_default_str(doc, spec, "sessionAffinity", "None");
    default_ports(doc, spec);
    const char *type = node_str_or(node_get(spec, "type"), "");
    if (str_equal(type, "NodePort") || str_equal(type, "LoadBalancer"))
        set_default_str(doc, spec, "externalTrafficPolicy", "Cluster");
    if (str_equal(type, "LoadBalancer") && !node_get(spec, "allocateLoadBalancerNodePorts"))
        node_set_bool(doc, spec, "allocateLoadBalancerNodePorts", true);
    if (node_is(node_get(spec, "sessionAffinity"), "ClientIP")) {
        struct node *config = node_ensure_object(doc, spec, "sessionAffinityConfig");
        set_default_int(doc, node_ensure_object(doc, config, "clientIP"), "timeoutSeconds", 10800);
    }
    if (!str_equal(type, "ExternalName"))
        set_default_str(doc, spec, "internalTrafficPolicy", "Cluster");
    if (is_new)
        node_remove(doc_root(doc), "status");
}

static void allocate_ports(struct api *api, struct doc *doc, struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "ports"));
    while (node_next(&it))
        if (node_int_or(node_get(it.value, "nodePort"), 0) == 0)
            node_set_int(doc, it.value, "nodePort", NODE_PORT_FIRST + (int64_t)(++api->names_given % NODE_PORT_COUNT));
}

void service_allocate(struct api *api, struct doc *doc)
{
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    const char *type = node_str_or(node_get(spec, "type"), "");
    if (str_equal(type, "NodePort") || str_equal(type, "LoadBalancer"))
        allocate_ports(api, doc, spec);
    if (str_equal(type, "ExternalName"))
        return;
    allocate_address(api, doc, spec);
    default_families(doc, spec);
}

void service_keep(struct doc *doc, const struct node *existing)
{
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    const struct node *before = node_get(existing, "spec");
    if (str_empty(node_str(node_get(spec, "clusterIP"))) && !node_is(node_get(spec, "type"), "ExternalName"))
        node_set(doc, spec, "clusterIP", node_copy(doc, node_get(before, "clusterIP")));
    struct node_iter it = node_iterate(node_get(spec, "ports"));
    while (node_next(&it)) {
        const struct node *port = node_get(node_item(node_get(before, "ports"), it.index), "nodePort");
        bool keeps = node_is(node_get(before, "type"), node_str_or(node_get(spec, "type"), "ClusterIP"));
        if (!node_get(it.value, "nodePort") && keeps)
            node_set(doc, it.value, "nodePort", node_copy(doc, port));
    }
}

/* --- rules --- */

static void check_port(const struct node *port, const char *key, size_t index, struct doc *causes)
{
    const struct node *value = node_get(port, key);
    int64_t number = node_int_or(value, 0);
    char *field = str_format("spec.ports[%zu].%s", index, key);
    if (node_type(value) == NODE_INT && (number < 1 || number > PORT_MAX))
        cause_invalid(causes, field, value, "must be between 1 and 65535, inclusive");
    mem_free(field);
}

static void check_port_names(const struct node *ports, struct doc *causes)
{
    struct node_iter it = node_iterate(ports);
    while (node_count(ports) > 1 && node_next(&it)) {
        char *field = str_format("spec.ports[%zu].name", it.index);
        if (str_empty(node_str(node_get(it.value, "name"))))
            cause_required(causes, field, NULL);
        mem_free(field);
    }
}

void service_validate(const struct node *service, struct doc *causes)
{
    const struct node *spec = node_get(service, "spec"), *ports = node_get(spec, "ports");
    const char *type = node_str_or(node_get(spec, "type"), "");
    bool known = str_equal(type, "ClusterIP") || str_equal(type, "ExternalName") || str_equal(type, "LoadBalancer") ||
                 str_equal(type, "NodePort");
    if (node_count(ports) == 0 && !is_headless(spec) && !str_equal(type, "ExternalName"))
        cause_required(causes, "spec.ports", NULL);
    check_port_names(ports, causes);
    struct node_iter it = node_iterate(ports);
    while (node_next(&it)) {
        check_port(it.value, "port", it.index, causes);
        check_port(it.value, "targetPort", it.index, causes);
    }
    if (!known) {
        char *shown = str_format("\"%s\"", type);
        cause_unsupported(causes, "spec.type", shown,
                          "\"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"");
        mem_free(shown);
    }
}
