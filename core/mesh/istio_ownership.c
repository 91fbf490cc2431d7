#include "mesh/istio_ownership.h"

#include <string.h>

#include "base/str.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "mesh/istio_route.h"

/* True when `host` is one of the cluster's names for the Service `name`. */
static bool host_is(const struct canary_names *names, const char *host, const char *name)
{
    if (host == NULL || !str_has_prefix(host, name)) {
        return false;
    }
    static const char *const domains[] = {"", ".svc", ".svc.cluster.local"};
    const char *rest = host + strlen(name);
    bool is = rest[0] == '\0';
    for (size_t i = 0; !is && i < sizeof domains / sizeof *domains; i++) {
        char *domain = str_format(".%s%s", names->namespace, domains[i]);
        is = strcmp(rest, domain) == 0;
        str_free(&domain);
    }
    return is;
}

static bool is_own_host(const struct canary_names *names, const char *host)
{
    return host_is(names, host, names->apex) || host_is(names, host, names->apex_primary) ||
           host_is(names, host, names->apex_canary);
}

struct destinations {
    size_t own, foreign;
};

/* Counts every destination that a route names, weighted or mirrored, in http, tcp or tls. */
static void count_destinations(const struct canary_names *names, const struct node *part, struct destinations *count)
{
    if (node_type(part) != NODE_OBJECT && node_type(part) != NODE_ARRAY) {
        return;
    }
    struct node_iter it = node_iterate(part);
    while (node_next(&it)) {
        bool destination = it.key != NULL && (strcmp(it.key, "destination") == 0 || strcmp(it.key, "mirror") == 0);
        if (destination && is_own_host(names, node_str(node_get(it.value, "host")))) {
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
        if (!host_is(names, node_str(it.value), names->apex)) {
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

enum plan istio_check_service(const struct canary_names *names, const struct node *live, struct err *err)
{
    const struct node *spec = node_get(live, "spec");
    if (ownership_is_ours(live, names) ||
        (!ownership_is_rivals(live, names) && (is_in_hand(names, spec) || is_about_apex(names, spec)))) {
        return PLAN_DONE;
    }
    return ownership_refuse(&KUBE_VIRTUAL_SERVICES, live, names, "its routes lead elsewhere, too", err);
}

enum plan istio_check_rule(const struct canary_names *names, const char *host, const struct node *live, struct err *err)
{
    if (ownership_is_ours(live, names) ||
        (!ownership_is_rivals(live, names) && host_is(names, node_str(node_at(live, "spec", "host")), host))) {
        return PLAN_DONE;
    }
    return ownership_refuse(&KUBE_DESTINATION_RULES, live, names, "it is about another host", err);
}
