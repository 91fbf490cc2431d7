/* Versions, traffic and hooks of a scenario. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/story/scenario_inner.h"

/* --- versions --- */

static bool read_ready(const struct form *form, const struct node *node, struct behaviour *behaviour)
{
    if (node_is(node_get(node, "ready"), "never")) {
        behaviour->ready_ms = -1;
        return true;
    }
    return form_duration(form, node, "ready", &behaviour->ready_ms);
}

static bool read_latency(const struct form *form, const struct node *node, const char *key, double *out_ms)
{
    int64_t ms = 0;
    if (!form_duration(form, node, key, &ms)) {
        return false;
    }
    *out_ms = (double)ms;
    return true;
}

static bool read_version(const struct form *form, const struct node *node, struct scenario_version *version)
{
    static const char *const fields[] = {"errors", "latency", "p99", "ready", NULL};
    struct behaviour *behaviour = &version->change.to;
    bool ok = form_fields(form, node, fields) && form_share(form, node, "errors", &behaviour->errors) &&
              read_latency(form, node, "latency", &behaviour->latency_ms) &&
              read_latency(form, node, "p99", &behaviour->latency_p99_ms) && read_ready(form, node, behaviour);
    for (size_t i = 0; fields[i] != NULL; i++) {
        version->change.said |= form_has(node, fields[i]) ? 1U << i : 0;
    }
    bool has_both = (version->change.said & BEHAVIOUR_LATENCY) && (version->change.said & BEHAVIOUR_P99);
    if (ok && has_both && behaviour->latency_p99_ms < behaviour->latency_ms) {
        return form_refuse_field(form, node, "p99", "%s, wanted no less than the latency",
                                 node_str(node_get(node, "p99")));
    }
    return ok;
}

static bool read_versions(const struct form *form, const struct node *object, struct scenario_world *world)
{
    const struct node *versions = NULL;
    if (!form_mapping(form, object, "versions", &versions)) {
        return false;
    }
    world->versions = mem_alloc_array(node_count(versions), sizeof *world->versions);
    struct node_iter it = node_iterate(versions);
    while (node_next(&it)) {
        struct scenario_version *version = &world->versions[world->version_count++];
        version->image = it.key;
        if (!read_version(form, it.value, version)) {
            return false;
        }
    }
    return true;
}

/* --- traffic --- */

static bool read_headers(const struct form *form, const struct node *node, const struct node **headers)
{
    if (!form_mapping(form, node, "headers", headers)) {
        return false;
    }
    struct node_iter it = node_iterate(*headers);
    while (node_next(&it)) {
        if (node_str(it.value) == NULL) {
            return form_refuse(form, it.value, "wanted a text: the value of a header");
        }
    }
    return true;
}

static bool read_flow(const struct form *form, const struct node *node, struct scenario_flow *flow)
{
    static const char *const fields[] = {"host", "perSecond", "headers", NULL};
    return form_fields(form, node, fields) && form_need(form, node, "host") && form_need(form, node, "perSecond") &&
           form_str(form, node, "host", &flow->host) && form_amount(form, node, "perSecond", &flow->per_second) &&
           read_headers(form, node, &flow->headers);
}

static bool read_traffic(const struct form *form, const struct node *object, struct scenario_world *world)
{
    const struct node *flows = NULL;
    if (!form_list(form, object, "traffic", &flows)) {
        return false;
    }
    world->flows = mem_alloc_array(node_count(flows), sizeof *world->flows);
    struct node_iter it = node_iterate(flows);
    while (node_next(&it)) {
        if (!read_flow(form, it.value, &world->flows[world->flow_count++])) {
            return false;
        }
    }
    return true;
}

/* --- hooks --- */

static bool is_text(const char *bytes, size_t len, const char *text)
{
    return strlen(text) == len && strncmp(bytes, text, len) == 0;
}

static bool read_url(const struct form *form, const struct node *node, const char **url)
{
    if (!form_need(form, node, "url") || !form_str(form, node, "url", url)) {
        return false;
    }
    bool has_scheme = str_has_prefix(*url, "http://") || str_has_prefix(*url, "https://");
    const char *host = has_scheme ? strstr(*url, "://") + 3 : "";
    size_t len = strcspn(host, "/");
    if (len == 0 || strpbrk(host, "?#@") != NULL) {
        return form_refuse_field(form, node, "url", "\"%s\", wanted http://HOST/PATH", *url);
    }
    if (is_text(host, len, "kubernetes") || is_text(host, len, "prometheus")) {
        return form_refuse_field(form, node, "url", "\"%s\", wanted another host: this one is the cluster's own", *url);
    }
    return true;
}

/* A gate is a hook whose answer means open or closed. */
static bool read_gate(const struct form *form, const struct node *node, struct scenario_hook *hook)
{
    static const char *const words[] = {"open", "closed", NULL};
    static const int statuses[] = {200, 403};
    int word = -1;
    if (!form_word(form, node, "gate", words, &word)) {
        return false;
    }
    if (word >= 0 && form_has(node, "status")) {
        return form_refuse_field(form, node, "status", "a gate is open or closed; wanted either gate or status");
    }
    if (word >= 0) {
        hook->status = statuses[word];
    }
    return true;
}

static bool read_hook(const struct form *form, const struct node *node, struct scenario_hook *hook)
{
    static const char *const fields[] = {"url", "gate", "status", "body", "delay", "hangs", NULL};
    int64_t status = 200;
    if (!form_fields(form, node, fields) || !read_url(form, node, &hook->url) ||
        !form_int(form, node, "status", 200, 599, &status)) {
        return false;
    }
    hook->status = (int)status;
    return read_gate(form, node, hook) && form_str(form, node, "body", &hook->body) &&
           form_duration(form, node, "delay", &hook->delay_ms) && form_bool(form, node, "hangs", &hook->hangs);
}

static bool read_hooks(const struct form *form, const struct node *object, struct scenario_world *world)
{
    const struct node *hooks = NULL;
    if (!form_list(form, object, "hooks", &hooks)) {
        return false;
    }
    world->hooks = mem_alloc_array(node_count(hooks), sizeof *world->hooks);
    struct node_iter it = node_iterate(hooks);
    while (node_next(&it)) {
        if (!read_hook(form, it.value, &world->hooks[world->hook_count++])) {
            return false;
        }
    }
    return true;
}

/* --- the whole --- */

static bool read_faults(const struct form *form, const struct node *object, struct scenario_world *world)
{
    const struct node *faults = NULL;
    if (!form_list(form, object, "faults", &faults)) {
        return false;
    }
    world->faults = mem_alloc_array(node_count(faults), sizeof *world->faults);
    struct node_iter it = node_iterate(faults);
    while (node_next(&it)) {
        if (!scenario_fault_read(form, it.value, &world->faults[world->fault_count++])) {
            return false;
        }
    }
    return true;
}

bool scenario_world_read(const struct form *form, const struct node *object, struct scenario_world *world)
{
    return read_versions(form, object, world) && read_traffic(form, object, world) && read_hooks(form, object, world) &&
           read_faults(form, object, world);
}

void scenario_world_fini(struct scenario_world *world)
{
    mem_free(world->versions);
    mem_free(world->flows);
    mem_free(world->hooks);
    mem_free(world->faults);
}
