/* Pods, and the templates of everything that makes pods. */
#include "sim/api/builtin/pod.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/builtin/port.h"
#include "sim/api/failure.h"
#include "sim/api/object.h"
#include "sim/kinds/naming.h"

/* --- defaults --- */

/* "registry/web" and "web:latest" are pulled each time, "web:1" and a digest when they are not there. */
static const char *pull_policy(const char *image)
{
    const char *name = strrchr(image, '/');
    const char *tag = strchr(name != NULL ? name : image, ':');
    if (strchr(image, '@') != NULL) {
        return "IfNotPresent";
    }
    return tag == NULL || str_equal(tag, ":latest") ? "Always" : "IfNotPresent";
}

static void default_probe(struct doc *doc, struct node *container, const char *key)
{
    struct node *probe = node_get(container, key);
    if (probe == NULL) {
        return;
    }
    static const struct {
        const char *key;
        int64_t value;
    } defaults[] = {{"timeoutSeconds", 1}, {"periodSeconds", 10}, {"successThreshold", 1}, {"failureThreshold", 3}};
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        if (node_int_or(node_get(probe, defaults[i].key), 0) == 0) {
            node_set_int(doc, probe, defaults[i].key, defaults[i].value);
        }
    }
    struct node *http = node_get(probe, "httpGet");
    if (http != NULL) {
        set_default_str(doc, http, "path", "/");
        set_default_str(doc, http, "scheme", "HTTP");
    }
}

static void default_env(struct doc *doc, struct node *container)
{
    struct node_iter it = node_iterate(node_get(container, "env"));
    while (node_next(&it)) {
        struct node *reference = node_at(it.value, "valueFrom", "fieldRef");
        if (reference != NULL) {
            set_default_str(doc, reference, "apiVersion", "v1");
        }
    }
}

static void default_container(struct doc *doc, struct node *container)
{
    struct node_iter ports = node_iterate(node_get(container, "ports"));
    while (node_next(&ports)) {
        set_default_str(doc, ports.value, "protocol", "TCP");
    }
    set_default_str(doc, container, "terminationMessagePath", "/dev/termination-log");
    set_default_str(doc, container, "terminationMessagePolicy", "File");
    set_default_str(doc, container, "imagePullPolicy", pull_policy(node_str_or(node_get(container, "image"), "")));
    default_probe(doc, container, "livenessProbe");
    default_probe(doc, container, "readinessProbe");
    default_probe(doc, container, "startupProbe");
    default_env(doc, container);
}

static void default_volume(struct doc *doc, struct node *volume)
{
    static const char *const with_mode[] = {"configMap", "secret", "projected", "downwardAPI"};
    for (size_t i = 0; i < sizeof with_mode / sizeof with_mode[0]; i++) {
        struct node *source = node_get(volume, with_mode[i]);
        if (source != NULL) {
            set_default_int(doc, source, "defaultMode", 0644);
        }
    }
    struct node *claim = node_at(volume, "ephemeral", "volumeClaimTemplate", "spec");
    if (claim != NULL) {
        set_default_str(doc, claim, "volumeMode", "Filesystem");
    }
    if (node_count(volume) == 1) {
        node_ensure_object(doc, volume, "emptyDir");
    }
}

void pod_default(struct doc *doc, struct node *spec)
{
    static const char *const lists[] = {"containers", "initContainers"};
    for (size_t i = 0; i < 2; i++) {
        struct node_iter it = node_iterate(node_get(spec, lists[i]));
        while (node_next(&it)) {
            default_container(doc, it.value);
        }
    }
    struct node_iter volumes = node_iterate(node_get(spec, "volumes"));
    while (node_next(&volumes)) {
        default_volume(doc, volumes.value);
    }
    set_default_str(doc, spec, "restartPolicy", "Always");
    set_default_int(doc, spec, "terminationGracePeriodSeconds", 30);
    set_default_str(doc, spec, "dnsPolicy", "ClusterFirst");
    node_ensure_object(doc, spec, "securityContext");
    set_default_str(doc, spec, "schedulerName", "default-scheduler");
    const char *account = node_str(node_get(spec, "serviceAccountName"));
    if (str_empty(account)) {
        account = node_str(node_get(spec, "serviceAccount"));
    }
    if (!str_empty(account)) {
        char *copy = str_dup(account);
        node_set_str(doc, spec, "serviceAccountName", copy);
        node_set_str(doc, spec, "serviceAccount", copy);
        mem_free(copy);
    }
}

/* --- rules --- */

static void check_container(const struct node *container, const struct node *names, const char *path, size_t index,
                            struct doc *causes)
{
    const char *name = node_str_or(node_get(container, "name"), ""),
               *image = node_str_or(node_get(container, "image"), "");
    char *name_field = str_format("%s[%zu].name", path, index), *image_field = str_format("%s[%zu].image", path, index);
    char *why = naming_label(name);
    if (name[0] == '\0') {
        cause_required(causes, name_field, NULL);
    } else if (why != NULL) {
        cause_invalid_str(causes, name_field, name, "%s", why);
    } else if (node_get(names, name) != NULL) {
        char *shown = str_format("\"%s\"", name);
        cause_duplicate(causes, name_field, shown);
        mem_free(shown);
    }
    if (image[0] == '\0') {
        cause_required(causes, image_field, NULL);
    }
    mem_free(why);
    mem_free(name_field);
    mem_free(image_field);
}

static void check_container_port(const struct node *ports, size_t index, const char *field, struct doc *causes)
{
    const struct node *port = node_item(ports, index), *number = node_get(port, "containerPort");
    const char *name = node_str_or(node_get(port, "name"), "");
    char *name_field = str_format("%s.name", field), *number_field = str_format("%s.containerPort", field);
    char *shown = str_format("\"%s\"", name);
    bool is_named = name[0] != '\0', is_valid = !is_named || port_check_name(name, name_field, causes);
    if (is_valid && is_named && name_is_taken(ports, index, name)) {
        cause_duplicate(causes, name_field, shown);
    }
    if (node_int_or(number, 0) == 0) {
        cause_required(causes, number_field, NULL);
    } else {
        port_check_number(number, number_field, causes);
    }
    port_check_protocol(port, field, causes);
    mem_free(shown);
    mem_free(number_field);
    mem_free(name_field);
}

static void check_container_ports(const struct node *container, const char *path, size_t index, struct doc *causes)
{
    const struct node *ports = node_get(container, "ports");
    for (size_t i = 0; i < node_count(ports); i++) {
        char *field = str_format("%s[%zu].ports[%zu]", path, index, i);
        check_container_port(ports, i, field, causes);
        mem_free(field);
    }
}

static void check_containers(const struct node *containers, const char *path, struct doc *causes)
{
    struct doc *seen = doc_new();
    struct node *names = node_new_object(seen);
    struct node_iter it = node_iterate(containers);
    while (node_next(&it)) {
        check_container(it.value, names, path, it.index, causes);
        check_container_ports(it.value, path, it.index, causes);
        node_set_bool(seen, names, node_str_or(node_get(it.value, "name"), ""), true);
    }
    doc_free(seen);
}

static void check_volumes(const struct node *volumes, const char *path, struct doc *causes)
{
    struct node_iter it = node_iterate(volumes);
    while (node_next(&it)) {
        const char *name = node_str_or(node_get(it.value, "name"), "");
        char *field = str_format("%s.volumes[%zu].name", path, it.index), *why = naming_label(name);
        char *shown = str_format("\"%s\"", name);
        if (name[0] == '\0') {
            cause_required(causes, field, NULL);
        } else if (why != NULL) {
            cause_invalid_str(causes, field, name, "%s", why);
        } else if (name_is_taken(volumes, it.index, name)) {
            cause_duplicate(causes, field, shown);
        }
        mem_free(shown);
        mem_free(why);
        mem_free(field);
    }
}

static bool has_volume(const struct node *spec, const char *name)
{
    struct node_iter it = node_iterate(node_get(spec, "volumes"));
    while (node_next(&it)) {
        if (node_is(node_get(it.value, "name"), name)) {
            return true;
        }
    }
    return false;
}

static void check_mounts(const struct node *spec, const char *path, struct doc *causes)
{
    struct node_iter containers = node_iterate(node_get(spec, "containers"));
    while (node_next(&containers)) {
        struct node_iter mounts = node_iterate(node_get(containers.value, "volumeMounts"));
        while (node_next(&mounts)) {
            const char *name = node_str_or(node_get(mounts.value, "name"), "");
            char *field = str_format("%s.containers[%zu].volumeMounts[%zu].name", path, containers.index, mounts.index);
            if (!has_volume(spec, name)) {
                char *text = str_format("Not found: \"%s\"", name);
                struct node *cause = node_new_object(causes);
                node_set_str(causes, cause, "reason", "FieldValueNotFound");
                node_set_str(causes, cause, "message", text);
                node_set_str(causes, cause, "field", field);
                node_push(doc_root(causes), cause);
                mem_free(text);
            }
            mem_free(field);
        }
    }
}

void pod_validate(const struct node *spec, const char *path, struct doc *causes)
{
    char *containers = str_format("%s.containers", path), *init = str_format("%s.initContainers", path);
    check_volumes(node_get(spec, "volumes"), path, causes);
    if (node_count(node_get(spec, "containers")) == 0) {
        cause_required(causes, containers, NULL);
    }
    check_containers(node_get(spec, "containers"), containers, causes);
    check_containers(node_get(spec, "initContainers"), init, causes);
    check_mounts(spec, path, causes);
    mem_free(containers);
    mem_free(init);
}
