#include "sim/traffic/route.h"

#include <string.h>

#include "base/mem.h"

enum { DELEGATES_MAX = 1 /* Istio: a delegate's routes delegate no further */ };

struct search {
    const struct virtual_services *services;
    const struct route_request *request;
    struct shares *out;
    struct str_list *asked;
};

/* --- shares --- */

void shares_fini(struct shares *shares)
{
    for (size_t i = 0; i < shares->count; i++) {
        str_free(&shares->items[i].service);
    }
    mem_free(shares->items);
    *shares = (struct shares){0};
}

static void add_share(const struct search *search, const char *host, const char *namespace, double part)
{
    struct shares *shares = search->out;
    if (host == NULL || part <= 0) {
        return;
    }
    char *service = route_host(host, namespace);
    shares->items = mem_resize(shares->items, (shares->count + 1) * sizeof(struct share));
    shares->items[shares->count++] = (struct share){service, part};
    str_list_push(search->asked, service);
}

/* --- one route --- */

static double weight_of(const struct node *destination)
{
    double weight = 0;
    node_real(node_get(destination, "weight"), &weight);
    return weight;
}

/* The only destination gets everything, whatever its weight. */
static void split_by_weight(const struct search *search, const struct node *destinations, const char *namespace)
{
    double total = 0;
    struct node_iter it = node_iterate(destinations);
    while (node_next(&it)) {
        total += weight_of(it.value);
    }
    it = node_iterate(destinations);
    while (node_next(&it)) {
        bool is_only = node_count(destinations) == 1;
        double part = is_only ? 1 : total > 0 ? weight_of(it.value) / total : 0;
        add_share(search, node_str(node_at(it.value, "destination", "host")), namespace, part);
    }
}

/* {value: per cent}; absent: all of it. */
static double mirrored_part(const struct node *percentage)
{
    double value = 0; /* {}: a percentage without a value is the protobuf's zero */
    if (percentage == NULL) {
        return 1;
    }
    node_real(node_get(percentage, "value"), &value);
    return value / 100;
}

static void add_mirrors(const struct search *search, const struct node *route, const char *namespace)
{
    const struct node *mirror = node_get(route, "mirror");
    if (mirror != NULL) {
        add_share(search, node_str(node_get(mirror, "host")), namespace,
                  mirrored_part(node_get(route, "mirrorPercentage")));
    }
    struct node_iter it = node_iterate(node_get(route, "mirrors"));
    while (node_next(&it)) {
        add_share(search, node_str(node_at(it.value, "destination", "host")), namespace,
                  mirrored_part(node_get(it.value, "percentage")));
    }
}

static void split_route(const struct search *search, const struct node *route, const char *namespace)
{
    if (node_get(route, "redirect") != NULL || node_get(route, "directResponse") != NULL) {
        return;
    }
    split_by_weight(search, node_get(route, "route"), namespace);
    add_mirrors(search, route, namespace);
}

/* --- the routes of a VirtualService --- */

static bool try_routes(const struct search *search, struct virtual_service in, int depth);

static bool try_delegate(const struct search *search, const struct node *delegate, struct virtual_service in, int depth)
{
    struct virtual_service to;
    const char *namespace = node_str_or(node_get(delegate, "namespace"), in.namespace);
    const char *name = node_str_or(node_get(delegate, "name"), "");
    char *key = str_format("%s/%s", namespace, name);
    str_list_push(search->asked, key);
    mem_free(key);
    return depth < DELEGATES_MAX && virtual_services_get(search->services, namespace, name, &to) &&
           try_routes(search, to, depth + 1);
}

/* The first route that takes the request; a delegating one takes what its delegate takes. */
static bool try_routes(const struct search *search, struct virtual_service in, int depth)
{
    struct node_iter it = node_iterate(node_get(in.spec, "http"));
    while (node_next(&it)) {
        const struct node *delegate = node_get(it.value, "delegate");
        if (!route_matches(node_get(it.value, "match"), search->request)) {
            continue;
        }
        if (delegate != NULL && !try_delegate(search, delegate, in, depth)) {
            continue;
        }
        if (delegate == NULL) {
            split_route(search, it.value, in.namespace);
        }
        return true;
    }
    return false;
}

/* Connections instead of requests; the first route takes them, as ports are as they should be. */
static void try_tcp(const struct search *search, struct virtual_service in)
{
    const struct node *route = node_item(node_get(in.spec, "tcp"), 0);
    if (node_count(node_get(in.spec, "http")) == 0 && route != NULL) {
        split_by_weight(search, node_get(route, "route"), in.namespace);
    }
}

/* A gateway's VirtualService, which need not be there, has delegated to this one. */
static void enter_delegate(const struct search *search)
{
    const char *delegate = search->request->delegate;
    size_t len = strcspn(delegate, "/");
    char *namespace = str_dup_n(delegate, len);
    const char *name = delegate[len] == '/' ? delegate + len + 1 : "";
    struct virtual_service found;
    str_list_push(search->asked, delegate);
    if (virtual_services_get(search->services, namespace, name, &found)) {
        try_routes(search, found, DELEGATES_MAX);
    }
    mem_free(namespace);
}

void route_split(const struct virtual_services *services, const struct route_request *request, bool is_service,
                 struct shares *out, struct str_list *asked)
{
    struct search search = {services, request, out, asked};
    struct virtual_service found;
    *out = (struct shares){0};
    str_list_push(asked, request->host);
    if (request->delegate != NULL) {
        enter_delegate(&search);
    } else if (virtual_services_find(services, request->host, is_service, &found)) {
        if (!try_routes(&search, found, 0)) {
            try_tcp(&search, found);
        }
    } else {
        add_share(&search, request->host, "", 1);
    }
}
