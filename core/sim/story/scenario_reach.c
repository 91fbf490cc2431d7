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
    return true;
}

bool scenario_is_reached(const struct scenario *scenario, struct err *err)
{
    if (!world_is_reached(scenario, &scenario->world, doc_root(scenario->doc), err)) {
        return false;
    }
    for (size_t i = 0; i < scenario->act_count; i++) {
        if (!world_is_reached(scenario, &scenario->acts[i].world, scenario->acts[i].moment.node, err)) {
            return false;
        }
    }
    return true;
}
