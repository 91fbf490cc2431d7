#include "mesh/istio_route.h"

#include <string.h>

#include "base/str.h"
#include "mesh/istio_shape.h"

bool istio_is_tcp(const struct node *canary)
{
    return canary_is_tcp(canary);
}

/* --- building --- */

/* A gateway outside the mesh and a delegating route cannot tell which of a Service's discovered ports is meant. */
static bool needs_port(const struct node *service)
{
    if (!node_bool_or(node_get(service, "portDiscovery"), false)) {
        return false;
    }
    const struct node *first = node_item(node_get(service, "gateways"), 0);
    return node_bool_or(node_get(service, "delegation"), false) || (first != NULL && !node_is(first, "mesh"));
}

static void push_destination(struct doc *doc, struct node *list, const struct node *service, const char *host,
                             int weight_pct)
{
    struct node *weighted = node_new_object(doc);
    struct node *destination = node_ensure_object(doc, weighted, "destination");
    node_set_str(doc, destination, "host", host);
    if (needs_port(service)) {
        node_set_int(doc, node_ensure_object(doc, destination, "port"), "number",
                     node_int_or(node_get(service, "port"), 0));
    }
    node_set_int(doc, weighted, "weight", weight_pct);
    node_push(list, weighted);
}

static struct node *both_sides(struct doc *doc, const struct canary_names *names, const struct node *service,
                               const struct istio_shares *shares)
{
    struct node *list = node_new_array(doc);
    push_destination(doc, list, service, names->apex_primary, shares->primary_pct);
    push_destination(doc, list, service, names->apex_canary, shares->canary_pct);
    return list;
}

static bool says_something(const struct node *value)
{
    switch (node_type(value)) {
    case NODE_ABSENT:
    case NODE_NULL:
        return false;
    case NODE_STRING:
        return node_str(value)[0] != '\0';
    case NODE_ARRAY:
        return node_count(value) > 0;
    default:
        return true;
    }
}

static void copy_set(struct doc *doc, struct node *to, const struct node *from, const char *key)
{
    const struct node *value = node_get(from, key);
    if (says_something(value)) {
        node_set(doc, to, key, node_copy(doc, value));
    }
}

/* A route with the settings of spec.service; `match` moves in, NULL: none. */
static struct node *new_http_route(struct doc *doc, const struct node *service, struct node *match,
                                   struct node *destinations)
{
    struct node *route = node_new_object(doc);
    node_set(doc, route, "match", match);
    static const char *const settings[] = {"rewrite", "timeout", "retries", "corsPolicy", "headers"};
    for (size_t i = 0; i < sizeof settings / sizeof settings[0]; i++) {
        copy_set(doc, route, service, settings[i]);
    }
    node_set(doc, route, "route", destinations);
    return route;
}

static struct node *service_match(struct doc *doc, const struct node *service)
{
    const struct node *match = node_get(service, "match");
    return says_something(match) ? node_copy(doc, match) : NULL;
}

static struct node *merge_condition(struct doc *doc, const struct node *analysis, const struct node *service)
{
    struct node *merged = node_copy(doc, service);
    copy_set(doc, merged, analysis, "headers");
    copy_set(doc, merged, analysis, "sourceLabels");
    copy_set(doc, merged, analysis, "queryParams"); /* dropped, the Service's condition alone would choose: everybody */
    return merged;
}

/* Each condition of the analysis with each of the Service's: a request must satisfy both to reach the canary. */
static struct node *merged_match(struct doc *doc, const struct node *analysis, const struct node *service)
{
    if (node_count(service) == 0) {
        return node_copy(doc, analysis);
    }
    struct node *list = node_new_array(doc);
    struct node_iter outer = node_iterate(analysis);
    while (node_next(&outer)) {
        struct node_iter inner = node_iterate(service);
        while (node_next(&inner)) {
            node_push(list, merge_condition(doc, outer.value, inner.value));
        }
    }
    return list;
}

static void set_mirror(struct doc *doc, struct node *route, const struct istio_shares *shares)
{
    if (shares->mirror != NULL) {
        node_set(doc, route, "mirror", node_copy(doc, shares->mirror));
        node_set(doc, route, "mirrorPercentage", node_copy(doc, shares->mirror_percent));
    }
}

static struct node *build_tcp(struct doc *doc, const struct canary_names *names, const struct node *service,
                              const struct istio_shares *shares)
{
    struct node *route = node_new_object(doc);
    if (node_count(node_get(service, "match")) > 0) {
        struct node *match = node_new_array(doc);
        struct node_iter it = node_iterate(node_get(service, "match"));
        while (node_next(&it)) {
            struct node *condition = node_new_object(doc);
            copy_set(doc, condition, it.value, "port");
            node_push(match, condition);
        }
        node_set(doc, route, "match", match);
    }
    node_set(doc, route, "route", both_sides(doc, names, service, shares));
    struct node *list = node_new_array(doc);
    node_push(list, route);
    return istio_shaped_routes(doc, list, true);
}

/* The second route has one destination only, which gets all traffic whatever its weight is; the primary's weight stands
 * there because tools compare it with what Flagger writes. */
static void push_unmatched(struct doc *doc, struct node *list, const struct canary_names *names,
                           const struct node *service, const struct istio_shares *shares)
{
    struct node *primary_only = node_new_array(doc);
    push_destination(doc, primary_only, service, names->apex_primary, shares->primary_pct);
    node_push(list, new_http_route(doc, service, service_match(doc, service), primary_only));
}

struct node *istio_routes_build(struct doc *doc, const struct canary_names *names, const struct node *canary,
                                const struct istio_shares *shares)
{
    const struct node *service = node_at(canary, "spec", "service");
    if (istio_is_tcp(canary)) {
        return build_tcp(doc, names, service, shares);
    }
    const struct node *conditions = node_at(canary, "spec", "analysis", "match");
    bool ab_test = node_count(conditions) > 0;
    struct node *match =
        ab_test ? merged_match(doc, conditions, node_get(service, "match")) : service_match(doc, service);
    struct node *first = new_http_route(doc, service, match, both_sides(doc, names, service, shares));
    set_mirror(doc, first, shares);
    struct node *list = node_new_array(doc);
    node_push(list, first);
    if (ab_test) {
        push_unmatched(doc, list, names, service, shares);
    }
    return istio_shaped_routes(doc, list, false);
}

/* --- reading --- */

static const char *host_of(const struct node *weighted)
{
    return node_str_or(node_at(weighted, "destination", "host"), "");
}

static bool leads_to(const struct node *route, const char *host)
{
    struct node_iter it = node_iterate(node_get(route, "route"));
    while (node_next(&it)) {
        if (strcmp(host_of(it.value), host) == 0) {
            return true;
        }
    }
    return false;
}

static const struct node *last_route_to(const struct node *routes, const char *host)
{
    const struct node *last = NULL;
    struct node_iter it = node_iterate(routes);
    while (node_next(&it)) {
        if (leads_to(it.value, host)) {
            last = it.value;
        }
    }
    return last;
}

bool istio_shares_read(const struct node *spec, bool tcp, const struct canary_names *names, struct istio_shares *shares)
{
    *shares = (struct istio_shares){0};
    const struct node *route = last_route_to(node_get(spec, tcp ? "tcp" : "http"), names->apex_canary);
    struct node_iter it = node_iterate(node_get(route, "route"));
    while (node_next(&it)) {
        int weight = (int)node_int_or(node_get(it.value, "weight"), 0);
        if (strcmp(host_of(it.value), names->apex_primary) == 0) {
            shares->primary_pct = weight;
        } else if (strcmp(host_of(it.value), names->apex_canary) == 0) {
            shares->canary_pct = weight;
        }
    }
    if (!tcp && !str_empty(node_str(node_at(route, "mirror", "host")))) {
        shares->mirror = node_get(route, "mirror");
        shares->mirror_percent = node_get(route, "mirrorPercentage");
    }
    return shares->primary_pct != 0 || shares->canary_pct != 0;
}

/* --- keeping --- */

static bool leads_where(const struct node *route, const struct node *other)
{
    struct node_iter it = node_iterate(node_get(route, "route"));
    while (node_next(&it)) {
        if (!leads_to(other, host_of(it.value))) {
            return false;
        }
    }
    return true;
}

void istio_routes_keep(struct doc *doc, struct node *routes, const struct node *live, bool tcp)
{
    struct node_iter it = node_iterate(live);
    while (node_next(&it)) {
        struct node *route = node_item(routes, it.index);
        if (route == NULL || !leads_where(route, it.value) || !leads_where(it.value, route)) {
            continue;
        }
        istio_keep_route(doc, route, it.value, tcp);
        if (node_get(route, "mirror") != NULL) {
            node_remove(route, "mirrors"); /* Istio takes one or the other */
        }
    }
}

/* --- comparing --- */

struct node *istio_normal(struct doc *doc, const struct node *value)
{
    if (!says_something(value)) {
        return NULL;
    }
    struct node_iter it = node_iterate(value);
    if (node_type(value) == NODE_ARRAY) {
        struct node *list = node_new_array(doc);
        while (node_next(&it)) {
            struct node *item = istio_normal(doc, it.value);
            node_push(list, item != NULL ? item : node_new_null(doc));
        }
        return list;
    }
    if (node_type(value) == NODE_OBJECT) {
        struct node *object = node_new_object(doc);
        while (node_next(&it)) {
            node_set(doc, object, it.key, istio_normal(doc, it.value));
        }
        return object;
    }
    return node_copy(doc, value);
}

static void remove_shares(struct node *route)
{
    node_remove(route, "mirror");
    node_remove(route, "mirrorPercentage");
    struct node_iter it = node_iterate(node_get(route, "route"));
    while (node_next(&it)) {
        node_remove(it.value, "weight");
    }
}

struct node *istio_routes_normal(struct doc *doc, const struct node *routes, bool tcp, bool with_shares)
{
    struct node *list = node_new_array(doc);
    struct node_iter it = node_iterate(routes);
    while (node_next(&it)) {
        struct node *route = istio_normal(doc, istio_shaped_routes(doc, it.value, tcp));
        if (!with_shares) {
            remove_shares(route);
        }
        node_push(list, route);
    }
    return list;
}

bool istio_matches_same(const struct node *spec, bool tcp, const struct canary_names *names, const struct node *want)
{
    struct doc *doc = doc_new();
    const struct node *live = last_route_to(node_get(spec, tcp ? "tcp" : "http"), names->apex_canary);
    const struct node *is = istio_normal(doc, istio_shaped_routes(doc, live, tcp));
    const struct node *should = istio_normal(doc, istio_shaped_routes(doc, node_item(want, 0), tcp));
    bool same = node_equal(node_get(is, "match"), node_get(should, "match"));
    doc_free(doc);
    return same;
}
