#include "sim/api/table_cells.h"

#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/api/object.h"

enum { TEXT_MAX = 64 * 1024 };

/* --- columns --- */

static const struct table_column pods[] = {
    {"Name", "string", 0},
    {"Ready", "string", 0},
    {"Status", "string", 0},
    {"Restarts", "string", 0},
    {"Age", "string", 0},
    {"IP", "string", 1},
    {"Node", "string", 1},
    {"Nominated Node", "string", 1},
    {"Readiness Gates", "string", 1},
    {NULL, NULL, 0},
};
static const struct table_column deployments[] = {
    {"Name", "string", 0},      {"Ready", "string", 0},    {"Up-to-date", "string", 0},
    {"Available", "string", 0}, {"Age", "string", 0},      {"Containers", "string", 1},
    {"Images", "string", 1},    {"Selector", "string", 1}, {NULL, NULL, 0},
};
static const struct table_column replica_sets[] = {
    {"Name", "string", 0},   {"Desired", "integer", 0}, {"Current", "integer", 0},
    {"Ready", "integer", 0}, {"Age", "string", 0},      {"Containers", "string", 1},
    {"Images", "string", 1}, {"Selector", "string", 1}, {NULL, NULL, 0},
};
static const struct table_column daemon_sets[] = {
    {"Name", "string", 0},        {"Desired", "integer", 0},   {"Current", "integer", 0},      {"Ready", "integer", 0},
    {"Up-to-date", "integer", 0}, {"Available", "integer", 0}, {"Node Selector", "string", 0}, {"Age", "string", 0},
    {"Containers", "string", 1},  {"Images", "string", 1},     {"Selector", "string", 1},      {NULL, NULL, 0},
};
static const struct table_column stateful_sets[] = {
    {"Name", "string", 0},       {"Ready", "string", 0},  {"Age", "string", 0},
    {"Containers", "string", 1}, {"Images", "string", 1}, {NULL, NULL, 0},
};
static const struct table_column services[] = {
    {"Name", "string", 0},    {"Type", "string", 0}, {"Cluster-IP", "string", 0}, {"External-IP", "string", 0},
    {"Port(s)", "string", 0}, {"Age", "string", 0},  {"Selector", "string", 1},   {NULL, NULL, 0},
};
static const struct table_column autoscalers[] = {
    {"Name", "string", 0},    {"Reference", "string", 0}, {"Targets", "string", 0}, {"MinPods", "string", 0},
    {"MaxPods", "string", 0}, {"Replicas", "string", 0},  {"Age", "string", 0},     {NULL, NULL, 0},
};
static const struct table_column config_maps[] = {
    {"Name", "string", 0}, {"Data", "string", 0}, {"Age", "string", 0}, {NULL, NULL, 0}};
static const struct table_column secrets[] = {
    {"Name", "string", 0}, {"Type", "string", 0}, {"Data", "string", 0}, {"Age", "string", 0}, {NULL, NULL, 0}};
static const struct table_column namespaces[] = {
    {"Name", "string", 0}, {"Status", "string", 0}, {"Age", "string", 0}, {NULL, NULL, 0}};
static const struct table_column leases[] = {
    {"Name", "string", 0}, {"Holder", "string", 0}, {"Age", "string", 0}, {NULL, NULL, 0}};
static const struct table_column events[] = {
    {"Last Seen", "string", 0}, {"Type", "string", 0},   {"Reason", "string", 0},  {"Object", "string", 0},
    {"Subobject", "string", 1}, {"Source", "string", 1}, {"Message", "string", 0}, {"First Seen", "string", 1},
    {"Count", "string", 1},     {"Name", "string", 1},   {NULL, NULL, 0},
};
static const struct table_column created_at[] = {{"Name", "string", 0}, {"Created At", "date", 0}, {NULL, NULL, 0}};
static const struct table_column plain[] = {{"Name", "string", 0}, {"Age", "string", 0}, {NULL, NULL, 0}};

/* --- cells --- */

static void push_str(const struct table_row *row, const char *text)
{
    node_push_str(row->doc, row->cells, text);
}

static void push_int(const struct table_row *row, int64_t value)
{
    node_push(row->cells, node_new_int(row->doc, value));
}

/* Takes the text. */
static void push_text(const struct table_row *row, char *text)
{
    push_str(row, text);
    mem_free(text);
}

char *api_human_age(int64_t s)
{
    int64_t m = s / 60, h = s / 3600, d = h / 24;
    if (s < -1) {
        return str_dup("<invalid>");
    }
    if (s < 120) {
        return str_format("%llds", (long long)(s < 0 ? 0 : s));
    }
    if (m < 10) {
        return s % 60 == 0 ? str_format("%lldm", (long long)m)
                           : str_format("%lldm%llds", (long long)m, (long long)(s % 60));
    }
    if (m < 180) {
        return str_format("%lldm", (long long)m);
    }
    if (h < 8) {
        return m % 60 == 0 ? str_format("%lldh", (long long)h)
                           : str_format("%lldh%lldm", (long long)h, (long long)(m % 60));
    }
    if (h < 48) {
        return str_format("%lldh", (long long)h);
    }
    if (d < 8) {
        return h % 24 == 0 ? str_format("%lldd", (long long)d)
                           : str_format("%lldd%lldh", (long long)d, (long long)(h % 24));
    }
    if (d < 365 * 2) {
        return str_format("%lldd", (long long)d);
    }
    int64_t rest = d % 365;
    return d < 365 * 8 && rest != 0 ? str_format("%lldy%lldd", (long long)(d / 365), (long long)rest)
                                    : str_format("%lldy", (long long)(d / 365));
}

struct node *cell_age(const struct table_row *row, const struct node *time)
{
    struct err err;
    int64_t then_ms;
    if (node_str(time) == NULL || !time_parse(node_str(time), &then_ms, &err)) {
        return node_new_str(row->doc, "<unknown>");
    }
    int64_t past_ms = row->now_ms - then_ms;
    char *text = api_human_age(past_ms < 0 ? -((-past_ms) / 1000) : past_ms / 1000);
    struct node *cell = node_new_str(row->doc, text);
    mem_free(text);
    return cell;
}

static void push_age(const struct table_row *row)
{
    node_push(row->cells, cell_age(row, node_at(row->object, "metadata", "creationTimestamp")));
}

static const char *or_none(const char *text)
{
    return str_empty(text) ? "<none>" : text;
}

/* Names or images of the containers, with commas between. */
static void push_containers(const struct table_row *row, const char *key)
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    struct node_iter it = node_iterate(node_at(row->object, "spec", "template", "spec", "containers"));
    while (node_next(&it)) {
        buf_printf(&b, "%s%s", b.len > 0 ? "," : "", node_str_or(node_get(it.value, key), ""));
    }
    push_str(row, buf_str(&b));
    buf_fini(&b);
}

static void push_labels(const struct table_row *row, const struct node *labels)
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    struct node_iter it = node_iterate(labels);
    while (node_next(&it)) {
        buf_printf(&b, "%s%s=%s", b.len > 0 ? "," : "", it.key, node_str_or(it.value, ""));
    }
    push_str(row, or_none(buf_str(&b)));
    buf_fini(&b);
}

static void push_template(const struct table_row *row)
{
    push_containers(row, "name");
    push_containers(row, "image");
    push_labels(row, node_at(row->object, "spec", "selector", "matchLabels"));
}

static int64_t number(const struct table_row *row, const char *part, const char *key)
{
    return node_int_or(node_at(row->object, part, key), 0);
}

/* --- kinds --- */

static const char *pod_status(const struct node *pod)
{
    const char *reason = node_str_or(node_at(pod, "status", "reason"), "");
    const char *status = reason[0] != '\0' ? reason : node_str_or(node_at(pod, "status", "phase"), "");
    struct node_iter it = node_iterate(node_at(pod, "status", "containerStatuses"));
    while (node_next(&it)) {
        const char *waiting = node_str_or(node_at(it.value, "state", "waiting", "reason"), "");
        const char *ended = node_str_or(node_at(it.value, "state", "terminated", "reason"), "");
        if (waiting[0] != '\0') {
            status = waiting;
        } else if (ended[0] != '\0') {
            status = ended;
        }
    }
    return meta_str(pod, "deletionTimestamp")[0] != '\0' ? "Terminating" : status;
}

static void pod_cells(const struct table_row *row)
{
    int64_t ready = 0, restarts = 0;
    struct node_iter it = node_iterate(node_at(row->object, "status", "containerStatuses"));
    while (node_next(&it)) {
        ready += node_bool_or(node_get(it.value, "ready"), false);
        restarts += node_int_or(node_get(it.value, "restartCount"), 0);
    }
    size_t containers = node_count(node_at(row->object, "spec", "containers"));
    push_text(row, str_format("%lld/%zu", (long long)ready, containers));
    push_str(row, pod_status(row->object));
    push_text(row, str_format("%lld", (long long)restarts));
    push_age(row);
    push_str(row, or_none(node_str(node_at(row->object, "status", "podIP"))));
    push_str(row, or_none(node_str(node_at(row->object, "spec", "nodeName"))));
    push_str(row, or_none(node_str(node_at(row->object, "status", "nominatedNodeName"))));
    push_str(row, "<none>");
}

static void deployment_cells(const struct table_row *row)
{
    push_text(row, str_format("%lld/%lld", (long long)number(row, "status", "readyReplicas"),
                              (long long)number(row, "spec", "replicas")));
    push_int(row, number(row, "status", "updatedReplicas"));
    push_int(row, number(row, "status", "availableReplicas"));
    push_age(row);
    push_template(row);
}

static void replica_set_cells(const struct table_row *row)
{
    push_int(row, number(row, "spec", "replicas"));
    push_int(row, number(row, "status", "replicas"));
    push_int(row, number(row, "status", "readyReplicas"));
    push_age(row);
    push_template(row);
}

static void daemon_set_cells(const struct table_row *row)
{
    static const char *const counts[] = {"desiredNumberScheduled", "currentNumberScheduled", "numberReady",
                                         "updatedNumberScheduled", "numberAvailable"};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
        push_int(row, number(row, "status", counts[i]));
    }
    push_labels(row, node_at(row->object, "spec", "template", "spec", "nodeSelector"));
    push_age(row);
    push_template(row);
}

static void stateful_set_cells(const struct table_row *row)
{
    push_text(row, str_format("%lld/%lld", (long long)number(row, "status", "readyReplicas"),
                              (long long)number(row, "spec", "replicas")));
    push_age(row);
    push_containers(row, "name");
    push_containers(row, "image");
}

static void push_ports(const struct table_row *row)
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    struct node_iter it = node_iterate(node_at(row->object, "spec", "ports"));
    while (node_next(&it)) {
        buf_printf(&b, "%s%lld", b.len > 0 ? "," : "", (long long)node_int_or(node_get(it.value, "port"), 0));
        if (node_get(it.value, "nodePort") != NULL) {
            buf_printf(&b, ":%lld", (long long)node_int_or(node_get(it.value, "nodePort"), 0));
        }
        buf_printf(&b, "/%s", node_str_or(node_get(it.value, "protocol"), ""));
    }
    push_str(row, or_none(buf_str(&b)));
    buf_fini(&b);
}

static void service_cells(const struct table_row *row)
{
    const struct node *spec = node_get(row->object, "spec");
    const char *type = node_str_or(node_get(spec, "type"), "");
    const char *external = str_equal(type, "LoadBalancer")   ? "<pending>"
                           : str_equal(type, "ExternalName") ? node_str_or(node_get(spec, "externalName"), "")
                                                             : "<none>";
    push_str(row, type);
    push_str(row, or_none(node_str(node_get(spec, "clusterIP"))));
    push_str(row, external);
    push_ports(row);
    push_age(row);
    push_labels(row, node_get(spec, "selector"));
}

static const struct node *current_metric(const struct node *status, const char *name)
{
    struct node_iter it = node_iterate(node_get(status, "currentMetrics"));
    while (node_next(&it)) {
        if (node_is(node_at(it.value, "resource", "name"), name)) {
            return node_at(it.value, "resource", "current");
        }
    }
    return NULL;
}

static void push_targets(const struct table_row *row)
{
    struct buf b;
    buf_init(&b, TEXT_MAX);
    const struct node *status = node_get(row->object, "status");
    struct node_iter it = node_iterate(node_at(row->object, "spec", "metrics"));
    while (node_next(&it)) {
        const char *name = node_str_or(node_at(it.value, "resource", "name"), "");
        const struct node *wanted = node_at(it.value, "resource", "target", "averageUtilization");
        const struct node *live = node_get(current_metric(status, name), "averageUtilization");
        char *shown = live != NULL ? str_format("%lld%%", (long long)node_int_or(live, 0)) : str_dup("<unknown>");
        buf_printf(&b, "%s%s: %s/%lld%%", b.len > 0 ? ", " : "", name, shown, (long long)node_int_or(wanted, 0));
        mem_free(shown);
    }
    push_str(row, or_none(buf_str(&b)));
    buf_fini(&b);
}

static void autoscaler_cells(const struct table_row *row)
{
    const struct node *target = node_at(row->object, "spec", "scaleTargetRef");
    push_text(
        row, str_format("%s/%s", node_str_or(node_get(target, "kind"), ""), node_str_or(node_get(target, "name"), "")));
    push_targets(row);
    push_text(row, str_format("%lld", (long long)number(row, "spec", "minReplicas")));
    push_int(row, number(row, "spec", "maxReplicas"));
    push_int(row, number(row, "status", "currentReplicas"));
    push_age(row);
}

static void event_cells(const struct table_row *row)
{
    const struct node *about = node_get(row->object, "involvedObject");
    const struct node *last = node_get(row->object, "lastTimestamp"), *first = node_get(row->object, "firstTimestamp");
    char *kind = str_dup(node_str_or(node_get(about, "kind"), ""));
    for (char *c = kind; *c != '\0'; c++) {
        if (*c >= 'A' && *c <= 'Z') {
            *c += 'a' - 'A';
        }
    }
    if (node_str(first) == NULL) {
        first = node_get(row->object, "eventTime");
    }
    node_push(row->cells, cell_age(row, node_str(last) != NULL ? last : first));
    push_str(row, node_str_or(node_get(row->object, "type"), ""));
    push_str(row, node_str_or(node_get(row->object, "reason"), ""));
    push_text(row, str_format("%s/%s", kind, node_str_or(node_get(about, "name"), "")));
    push_str(row, node_str_or(node_get(about, "fieldPath"), ""));
    const char *component = node_str_or(node_at(row->object, "source", "component"), "");
    push_str(row, component[0] != '\0' ? component : node_str_or(node_get(row->object, "reportingComponent"), ""));
    push_str(row, node_str_or(node_get(row->object, "message"), ""));
    node_push(row->cells, cell_age(row, first));
    push_int(row, node_int_or(node_get(row->object, "count"), 1));
    push_str(row, meta_str(row->object, "name"));
    mem_free(kind);
}

static void config_map_cells(const struct table_row *row)
{
    push_int(row,
             (int64_t)(node_count(node_get(row->object, "data")) + node_count(node_get(row->object, "binaryData"))));
    push_age(row);
}

static void secret_cells(const struct table_row *row)
{
    push_str(row, node_str_or(node_get(row->object, "type"), ""));
    push_int(row, (int64_t)node_count(node_get(row->object, "data")));
    push_age(row);
}

static void namespace_cells(const struct table_row *row)
{
    push_str(row, node_str_or(node_at(row->object, "status", "phase"), ""));
    push_age(row);
}

static void lease_cells(const struct table_row *row)
{
    push_str(row, node_str_or(node_at(row->object, "spec", "holderIdentity"), ""));
    push_age(row);
}

static void created_at_cells(const struct table_row *row)
{
    push_str(row, meta_str(row->object, "creationTimestamp"));
}

/* --- the table --- */

static const struct {
    const char *storage;
    const struct table_column *columns;
    void (*cells)(const struct table_row *row); /* behind the name */
} kinds[] = {
    {"/pods", pods, pod_cells},
    {"apps/deployments", deployments, deployment_cells},
    {"apps/replicasets", replica_sets, replica_set_cells},
    {"apps/daemonsets", daemon_sets, daemon_set_cells},
    {"apps/statefulsets", stateful_sets, stateful_set_cells},
    {"/services", services, service_cells},
    {"autoscaling/horizontalpodautoscalers", autoscalers, autoscaler_cells},
    {"/configmaps", config_maps, config_map_cells},
    {"/secrets", secrets, secret_cells},
    {"/namespaces", namespaces, namespace_cells},
    {"coordination.k8s.io/leases", leases, lease_cells},
    {"/events", events, event_cells},
    {"apiextensions.k8s.io/customresourcedefinitions", created_at, created_at_cells},
    {"rbac.authorization.k8s.io/clusterroles", created_at, created_at_cells},
    {"rbac.authorization.k8s.io/roles", created_at, created_at_cells},
};

const struct table_column *table_columns(const struct kind *kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_equal(kinds[i].storage, kind->storage)) {
            return kinds[i].columns;
        }
    }
    return plain;
}

void table_cells(const struct table_row *row, const struct kind *kind)
{
    bool is_event = str_equal(kind->storage, "/events");
    if (!is_event) {
        push_str(row, meta_str(row->object, "name"));
    }
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (str_equal(kinds[i].storage, kind->storage)) {
            kinds[i].cells(row);
            return;
        }
    }
    push_age(row);
}
