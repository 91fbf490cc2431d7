#include "mesh/istio_ownership.h"

#include <string.h>

#include "base/str.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "mesh/istio_route.h"
#include "mesh/istio_shape.h"
#include "mesh/istio_spec.h"

static bool is_own_host(const struct canary_names *names, const char *host)
{
    return istio_host_is(names, host, names->apex) || istio_host_is(names, host, names->apex_primary) ||
           istio_host_is(names, host, names->apex_canary);
}

struct destinations {
    size_t own, foreign;
};

/* A route that sends requests to no destination: a Canary cannot say such a route, so it would be lost. */
static bool answers_itself(const char *key, const struct node *value)
{
    static const char *const keys[] = {"delegate", "redirect", "directResponse"};
    bool is = false;
    for (size_t i = 0; key != NULL && !is && i < sizeof keys / sizeof *keys; i++) {
        is = strcmp(key, keys[i]) == 0;
    }
    return is && node_type(value) != NODE_NULL;
}

/* Counts every destination that a route names, weighted or mirrored, in http, tcp or tls. */
static void count_destinations(const struct canary_names *names, const struct node *part, struct destinations *count)
{
    if (node_type(part) != NODE_OBJECT && node_type(part) != NODE_ARRAY) {
        return;
    }
    struct node_iter it = node_iterate(part);
    while (node_next(&it)) {
        bool destination = it.key != NULL && (strcmp(it.key, "destination") == 0 || strcmp(it.key, "mirror") == 0);
        if (answers_itself(it.key, it.value)) {
            count->foreign++;
        } else if (destination && is_own_host(names, node_str(node_get(it.value, "host")))) {
            count->own++;
        } else if (destination) {
            count->foreign++;
        } else {
            count_destinations(names, it.value, count);
        }
    }
}

static bool has_own_hosts_only(const struct canary_names *names, const struct node *spec)
{
    struct node_iter it = node_iterate(node_get(spec, "hosts"));
    while (node_next(&it)) {
        if (!istio_host_is(names, node_str(it.value), names->apex)) {
            return false;
        }
    }
    return true;
}

static bool is_in_hand(const struct canary_names *names, const struct node *spec)
{
    struct istio_shares shares;
    return istio_shares_read(spec, false, names, &shares) || istio_shares_read(spec, true, names, &shares);
}

static bool is_about_apex(const struct canary_names *names, const struct node *spec)
{
    struct destinations count = {0};
    count_destinations(names, spec, &count);
    return count.foreign == 0 && (count.own > 0 || has_own_hosts_only(names, spec));
}

enum plan istio_check_service(const struct router *router, const struct canary_names *names, const struct node *live,
                              struct err *err)
{
    const struct node *spec = node_get(live, "spec");
    if (ownership_is_ours(live, names) ||
        (!ownership_is_rivals(live, names) &&
         ((!router->owned && is_in_hand(names, spec)) || is_about_apex(names, spec)))) {
        return PLAN_DONE;
    }
    return ownership_refuse(&ISTIO_VIRTUAL_SERVICES, live, names,
                            "some of its routes lead elsewhere, delegate, redirect or answer", err);
}

enum plan istio_check_rule(const struct canary_names *names, const char *host, const struct node *live, struct err *err)
{
    if (ownership_is_ours(live, names) ||
        (!ownership_is_rivals(live, names) && istio_host_is(names, node_str(node_at(live, "spec", "host")), host))) {
        return PLAN_DONE;
    }
    return ownership_refuse(&ISTIO_DESTINATION_RULES, live, names, "it is about another host", err);
}
