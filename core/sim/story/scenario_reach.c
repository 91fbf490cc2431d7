/* What of a scenario's world nothing in it ever reaches: most likely a name is misspelt. */
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/story/scenario_inner.h"
#include "sim/traffic/virtual_services.h"

/* --- every text that the story brings into the cluster --- */

typedef bool match_fn(const char *text, const char *wanted);

static bool has_text(const struct node *node, match_fn *match, const char *wanted)
{
    const char *text = node_str(node);
    if (text != NULL) {
        return match(text, wanted);
    }
    struct node_iter it = node_iterate(node);
    while (node_next(&it)) {
        if (has_text(it.value, match, wanted)) {
            return true;
        }
    }
    return false;
}

typedef bool holds_fn(const struct node *objects, const char *wanted);

static bool brings(const struct scenario *scenario, holds_fn *holds, const char *wanted)
{
    bool found = holds(doc_root(scenario->objects), wanted);
    for (size_t i = 0; i < scenario->act_count && !found; i++) {
        for (size_t j = 0; j < scenario->acts[i].order_count && !found; j++) {
            const struct scenario_order *order = &scenario->acts[i].orders[j];
            /* An order's own node has the image that is set, and the patch. */
            found = holds(doc_root(order->objects), wanted) || holds(order->node, wanted);
        }
    }
    return found;
}

/* --- versions --- */

/* A version is the end of an image's name. */
static bool is_image(const char *text, const char *version)
{
    return str_has_suffix(text, version);
}

static bool holds_image(const struct node *objects, const char *version)
{
    return has_text(objects, is_image, version);
}

/* --- hosts --- */

/* A VirtualService's host may begin with "*". */
static bool is_host(const char *text, const char *host)
{
    return text[0] == '*' ? str_has_suffix(host, text + 1) : strcmp(text, host) == 0;
}

/* NAME and NAME.NAMESPACE, and what the engine makes beside it. */
static bool is_service(const char *name, const char *namespace, const char *host)
{
    static const char *const endings[] = {"", "-primary", "-canary"};
    bool found = false;
    for (size_t i = 0; i < sizeof endings / sizeof endings[0] && !found && name != NULL; i++) {
        char *service = str_format("%s%s", name, endings[i]);
        char *whole = route_host(service, namespace);
        found = strcmp(host, whole) == 0;
        mem_free(whole);
        mem_free(service);
    }
    return found;
}

static bool holds_host(const struct node *objects, const char *host)
{
    bool found = has_text(objects, is_host, host);
    struct node_iter it = node_iterate(objects);
    while (!found && node_next(&it)) {
        const struct node *spec = node_get(it.value, "spec");
        const char *namespace = node_str_or(node_at(it.value, "metadata", "namespace"), "default");
        found = is_service(node_str(node_at(it.value, "metadata", "name")), namespace, host) ||
                is_service(node_str(node_at(spec, "service", "name")), namespace, host) ||
                is_service(node_str(node_at(spec, "targetRef", "name")), namespace, host);
    }
    return found;
}

/* --- URLs --- */

static bool is_below(const char *text, const char *url)
{
    return str_has_prefix(text, url);
}

static bool holds_url(const struct node *objects, const char *url)
{
    return has_text(objects, is_below, url);
}

static bool is_url_of(const char *text, const char *host)
{
    const char *at = strstr(text, "://");
    size_t len = strlen(host);
    return at != NULL && strncmp(at + 3, host, len) == 0 && strchr("/?#", at[3 + len]) != NULL;
}

static bool holds_url_of(const struct node *objects, const char *host)
{
    return has_text(objects, is_url_of, host);
}

/* --- workloads and Canaries --- */

/* NAMESPACE/NAME */
static bool is_named(const struct node *object, const char *wanted)
{
    char *name = str_format("%s/%s", node_str_or(node_at(object, "metadata", "namespace"), "default"),
                            node_str_or(node_at(object, "metadata", "name"), ""));
    size_t len = strlen(name);
    bool found = strncmp(name, wanted, len) == 0 && (wanted[len] == '\0' || strcmp(wanted + len, "-primary") == 0);
    mem_free(name);
    return found;
}

static bool holds_workload(const struct node *objects, const char *wanted)
{
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        bool has_pods = node_is(node_get(it.value, "kind"), "Pod") || node_at(it.value, "spec", "template") != NULL;
        if (has_pods && is_named(it.value, wanted)) {
            return true;
        }
    }
    return false;
}

static bool holds_canary(const struct node *objects, const char *wanted)
{
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        bool is_canary = node_is(node_get(it.value, "kind"), "Canary");
        if (is_canary && is_named(it.value, wanted) && !str_has_suffix(wanted, "-primary")) {
            return true;
        }
    }
    return false;
}

/* `canary` NULL: every one is meant. */
static bool canary_is_there(const struct scenario *scenario, const struct node *owner, const char *canary,
                            struct err *err)
{
    struct form form = scenario->form;
    form.err = err;
    return canary == NULL || brings(scenario, holds_canary, canary) ||
           form_refuse_field(&form, owner, "canary", "\"%s\", no object and no act of the story brings that Canary",
                             canary);
}

/* --- faults and hooks --- */

static bool fault_is_reached(const struct scenario *scenario, const struct scenario_fault *fault, struct err *err)
{
    struct form form = scenario->form;
    form.err = err;
    if (fault->kind == FAULT_REQUESTS) {
        bool is_ours = strcmp(fault->host, "kubernetes") == 0 || strcmp(fault->host, "prometheus") == 0;
        return is_ours || brings(scenario, holds_url_of, fault->host) ||
               form_refuse_field(&form, node_get(fault->node, "requests"), "host",
                                 "\"%s\", wanted kubernetes, prometheus or the host of a hook of the story's Canaries",
                                 fault->host);
    }
    if (fault->kind != FAULT_PODS || fault->workload == NULL) {
        return true;
    }
    char *name = str_format("%s/%s", fault->namespace != NULL ? fault->namespace : "default", fault->workload);
    bool found = brings(scenario, holds_workload, name);
    if (!found) {
        form_refuse_field(&form, node_get(fault->node, "pods"), "workload",
                          "\"%s\", no object and no act of the story brings a workload %s", fault->workload, name);
    }
    mem_free(name);
    return found;
}

static bool faults_and_hooks_are_reached(const struct scenario *scenario, const struct scenario_world *world,
                                         const struct node *owner, struct err *err)
{
    struct form form = scenario->form;
    form.err = err;
    for (size_t i = 0; i < world->fault_count; i++) {
        if (!fault_is_reached(scenario, &world->faults[i], err)) {
            return false;
        }
    }
    for (size_t i = 0; i < world->hook_count; i++) {
        const char *url = world->hooks[i].url;
        if (!brings(scenario, holds_url, url)) {
            return form_refuse_field(&form, node_item(node_get(owner, "hooks"), i), "url",
                                     "\"%s\", no Canary of the story calls it", url);
        }
    }
    return true;
}

/* --- the whole --- */

static bool world_is_reached(const struct scenario *scenario, const struct scenario_world *world,
                             const struct node *owner, struct err *err)
{
    struct form form = scenario->form;
    form.err = err;
    const struct node *versions = node_get(owner, "versions"), *traffic = node_get(owner, "traffic");
    for (size_t i = 0; i < world->version_count; i++) {
        const char *image = world->versions[i].image;
        if (!brings(scenario, holds_image, image)) {
            return form_refuse_field(&form, versions, image,
                                     "no object and no act of the story has an image that ends with %s", image);
        }
    }
    for (size_t i = 0; i < world->flow_count; i++) {
        char *host = route_host(world->flows[i].host, "");
        bool found = brings(scenario, holds_host, world->flows[i].host) || brings(scenario, holds_host, host);
        mem_free(host);
        if (!found) {
            return form_refuse_field(&form, node_item(traffic, i), "host",
                                     "\"%s\", wanted a host of a Service, Canary or VirtualService of the story, such "
                                     "as NAME.NAMESPACE",
                                     world->flows[i].host);
        }
    }
    return faults_and_hooks_are_reached(scenario, world, owner, err);
}

bool scenario_is_reached(const struct scenario *scenario, struct err *err)
{
    if (!world_is_reached(scenario, &scenario->world, doc_root(scenario->doc), err)) {
        return false;
    }
    for (size_t i = 0; i < scenario->act_count; i++) {
        const struct scenario_moment *moment = &scenario->acts[i].moment;
        if (!canary_is_there(scenario, moment->when, moment->canary, err) ||
            !world_is_reached(scenario, &scenario->acts[i].world, moment->node, err)) {
            return false;
        }
    }
    for (size_t i = 0; i < scenario->expectation_count; i++) {
        if (!canary_is_there(scenario, scenario->expectations[i].node, scenario->expectations[i].canary, err)) {
            return false;
        }
    }
    return canary_is_there(scenario, scenario->end.when, scenario->end.canary, err);
}
