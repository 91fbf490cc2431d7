#include "sim/api/builtin/service.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/builtin/port.h"
#include "sim/api/failure.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/kinds/naming.h"

enum { NODE_PORT_FIRST = 30000, NODE_PORT_COUNT = 2768 };

/* --- defaults --- */

static bool is_headless(const struct node *spec)
{
    return node_is(node_get(spec, "clusterIP"), "None");
}

static bool has_node_ports(const char *type)
{
    return str_equal(type, "NodePort") || str_equal(type, "LoadBalancer");
}

static void default_ports(struct doc *doc, struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "ports"));
    while (node_next(&it)) {
        const struct node *target = node_get(it.value, "targetPort");
        set_default_str(doc, it.value, "protocol", "TCP");
        if (target == NULL || node_is(target, "") || (node_type(target) == NODE_INT && node_int_or(target, 0) == 0)) {
            node_set(doc, it.value, "targetPort", node_copy(doc, node_get(it.value, "port")));
        }
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
    if (has_node_ports(type)) {
        set_default_str(doc, spec, "externalTrafficPolicy", "Cluster");
    }
    if (str_equal(type, "LoadBalancer") && node_get(spec, "allocateLoadBalancerNodePorts") == NULL) {
        node_set_bool(doc, spec, "allocateLoadBalancerNodePorts", true);
    }
    if (node_is(node_get(spec, "sessionAffinity"), "ClientIP")) {
        struct node *config = node_ensure_object(doc, spec, "sessionAffinityConfig");
        set_default_int(doc, node_ensure_object(doc, config, "clientIP"), "timeoutSeconds", 10800);
    }
    if (!str_equal(type, "ExternalName")) {
        set_default_str(doc, spec, "internalTrafficPolicy", "Cluster");
    }
    if (is_new) {
        node_remove(doc_root(doc), "status");
    }
}

static void allocate_ports(struct api *api, struct doc *doc, struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "ports"));
    while (node_next(&it)) {
        if (node_int_or(node_get(it.value, "nodePort"), 0) == 0) {
            node_set_int(doc, it.value, "nodePort", NODE_PORT_FIRST + (int64_t)(++api->names_given % NODE_PORT_COUNT));
        }
    }
}

void service_allocate(struct api *api, struct doc *doc)
{
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    const char *type = node_str_or(node_get(spec, "type"), "");
    if (has_node_ports(type)) {
        allocate_ports(api, doc, spec);
    }
    if (str_equal(type, "ExternalName")) {
        return;
    }
    allocate_address(api, doc, spec);
    default_families(doc, spec);
}

void service_keep(struct doc *doc, const struct node *existing)
{
    struct node *spec = node_ensure_object(doc, doc_root(doc), "spec");
    const struct node *before = node_get(existing, "spec");
    if (str_empty(node_str(node_get(spec, "clusterIP"))) && !node_is(node_get(spec, "type"), "ExternalName")) {
        node_set(doc, spec, "clusterIP", node_copy(doc, node_get(before, "clusterIP")));
    }
    struct node_iter it = node_iterate(node_get(spec, "ports"));
    while (node_next(&it)) {
        const struct node *port = node_get(node_item(node_get(before, "ports"), it.index), "nodePort");
        const char *type = node_str_or(node_get(spec, "type"), "ClusterIP");
        if (node_get(it.value, "nodePort") == NULL && node_is(node_get(before, "type"), type)) {
            node_set(doc, it.value, "nodePort", node_copy(doc, port));
        } else if (!has_node_ports(type) && node_equal(node_get(it.value, "nodePort"), port)) {
            node_remove(it.value, "nodePort"); /* of the type that it had */
        }
    }
}

void service_drop(struct doc *doc, const struct node *existing)
{
    struct node *spec = node_get(doc_root(doc), "spec");
    const struct node *before = node_get(existing, "spec");
    bool had = has_node_ports(node_str_or(node_get(before, "type"), ""));
    bool has = has_node_ports(node_str_or(node_get(spec, "type"), ""));
    if (had && !has && node_equal(node_get(spec, "externalTrafficPolicy"), node_get(before, "externalTrafficPolicy"))) {
        node_remove(spec, "externalTrafficPolicy");
    }
}

/* --- rules --- */

static void check_name(const struct node *ports, size_t index, const char *field, struct doc *causes)
{
    const char *name = node_str_or(node_get(node_item(ports, index), "name"), "");
    char *place = str_format("%s.name", field), *why = naming_label(name), *shown = str_format("\"%s\"", name);
    if (name[0] == '\0' && node_count(ports) > 1) {
        cause_required(causes, place, NULL);
    }
    if (name[0] != '\0' && why != NULL) {
        cause_invalid_str(causes, place, name, "%s", why);
    }
    if (name[0] != '\0' && name_is_taken(ports, index, name)) {
        cause_duplicate(causes, place, shown);
    }
    mem_free(shown);
    mem_free(why);
    mem_free(place);
}

static void check_target(const struct node *target, const char *field, struct doc *causes)
{
    if (node_str(target) != NULL) {
        port_check_name(node_str(target), field, causes);
    }
    port_check_number(target, field, causes);
}

static void check_port(const struct node *ports, size_t index, struct doc *causes)
{
    const struct node *port = node_item(ports, index);
    char *field = str_format("spec.ports[%zu]", index);
    char *number = str_format("%s.port", field), *target = str_format("%s.targetPort", field);
    check_name(ports, index, field, causes);
    port_check_number(node_get(port, "port"), number, causes);
    port_check_protocol(port, field, causes);
    check_target(node_get(port, "targetPort"), target, causes);
    mem_free(target);
    mem_free(number);
    mem_free(field);
}

static bool is_twice(const struct node *ports, size_t index, const char *key)
{
    const struct node *port = node_item(ports, index);
    for (size_t i = 0; i < index; i++) {
        const struct node *other = node_item(ports, i);
        if (node_equal(node_get(port, key), node_get(other, key)) &&
            node_equal(node_get(port, "protocol"), node_get(other, "protocol"))) {
            return true;
        }
    }
    return false;
}

static void check_node_ports(const struct node *ports, const char *type, struct doc *causes)
{
    for (size_t pass = 0; pass < 2; pass++) {
        struct node_iter it = node_iterate(ports);
        while (node_next(&it)) {
            char *field = str_format("spec.ports[%zu].nodePort", it.index);
            int64_t number = node_int_or(node_get(it.value, "nodePort"), 0);
            if (pass == 0 && number != 0 && str_equal(type, "ClusterIP")) {
                cause_forbidden(causes, field, "may not be used when `type` is 'ClusterIP'");
            }
            if (pass == 1 && number != 0 && is_twice(ports, it.index, "nodePort")) {
                cause_invalid(causes, field, node_get(it.value, "nodePort"), "provided port is already allocated");
            }
            mem_free(field);
        }
    }
}

/* What is there twice is shown as Go has it in memory. */
static void check_twice(const struct node *ports, struct doc *causes)
{
    struct node_iter it = node_iterate(ports);
    while (node_next(&it)) {
        char *field = str_format("spec.ports[%zu]", it.index);
        char *shown = str_format(
            "{\"Name\":\"\",\"Protocol\":\"%s\",\"AppProtocol\":null,\"Port\":%lld,\"TargetPort\":0,"
            "\"NodePort\":0}",
            node_str_or(node_get(it.value, "protocol"), ""), (long long)node_int_or(node_get(it.value, "port"), 0));
        if (is_twice(ports, it.index, "port")) {
            cause_duplicate(causes, field, shown);
        }
        mem_free(shown);
        mem_free(field);
    }
}

static void check_selector(const struct node *spec, struct doc *causes)
{
    struct node_iter it = node_iterate(node_get(spec, "selector"));
    while (node_next(&it)) {
        const char *value = node_str_or(it.value, "");
        char *key_why = naming_qualified(it.key), *value_why = naming_label_value(value);
        if (key_why != NULL) {
            cause_invalid_str(causes, "spec.selector", it.key, "%s", key_why);
        }
        if (value_why != NULL) {
            cause_invalid_str(causes, "spec.selector", value, "%s", value_why);
        }
        mem_free(key_why);
        mem_free(value_why);
    }
}

static void check_choice(const struct node *spec, const char *key, const char *const *known, const char *shown_known,
                         struct doc *causes)
{
    const char *value = node_str_or(node_get(spec, key), "");
    for (; *known != NULL; known++) {
        if (str_equal(value, *known)) {
            return;
        }
    }
    char *field = str_format("spec.%s", key), *shown = str_format("\"%s\"", value);
    cause_unsupported(causes, field, shown, shown_known);
    mem_free(shown);
    mem_free(field);
}

static void check_type(const struct node *spec, const char *type, struct doc *causes)
{
    if (is_headless(spec) && has_node_ports(type)) {
        cause_invalid_str(causes, "spec.clusterIPs[0]", "None", "may not be set to 'None' for %s services", type);
    }
    if (str_equal(type, "ExternalName") && str_empty(node_str(node_get(spec, "externalName")))) {
        cause_required(causes, "spec.externalName", NULL);
    }
}

void service_validate(const struct node *service, struct doc *causes)
{
    static const char *const types[] = {"ClusterIP", "ExternalName", "LoadBalancer", "NodePort", NULL};
    static const char *const affinities[] = {"ClientIP", "None", NULL};
    const struct node *spec = node_get(service, "spec"), *ports = node_get(spec, "ports");
    const char *type = node_str_or(node_get(spec, "type"), "");
    if (node_count(ports) == 0 && !is_headless(spec) && !str_equal(type, "ExternalName")) {
        cause_required(causes, "spec.ports", NULL);
    }
    check_type(spec, type, causes);
    for (size_t i = 0; i < node_count(ports); i++) {
        check_port(ports, i, causes);
    }
    check_selector(spec, causes);
    check_choice(spec, "sessionAffinity", affinities, "\"ClientIP\", \"None\"", causes);
    check_choice(spec, "type", types, "\"ClusterIP\", \"ExternalName\", \"LoadBalancer\", \"NodePort\"", causes);
    check_node_ports(ports, type, causes);
    check_twice(ports, causes);
}
