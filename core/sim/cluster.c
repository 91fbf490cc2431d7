#include "sim/cluster.h"

#include "base/mem.h"
#include "sim/controllers/controllers.h"

struct cluster {
    struct clock *clock;
    struct network *network;
    struct api *api;
    struct behaviours *behaviours;
    struct controllers *controllers;
    struct traffic *traffic;
    struct prometheus *prometheus;
};

struct cluster *cluster_new(struct clock *clock, uint64_t seed)
{
    struct cluster *c = mem_new(struct cluster);
    c->clock = clock;
    c->network = network_new(clock);
    c->api = api_new(clock);
    c->behaviours = behaviours_new();
    c->controllers = controllers_new(c->api, clock, c->behaviours);
    c->traffic = traffic_new(c->api, clock, c->behaviours, seed);
    c->prometheus = prometheus_new(clock, c->traffic);
    network_host(c->network, "kubernetes", api_serve, c->api);
    network_host(c->network, "prometheus", prometheus_serve, c->prometheus);
    return c;
}

void cluster_free(struct cluster *c)
{
    prometheus_free(c->prometheus);
    traffic_free(c->traffic);
    controllers_free(c->controllers);
    behaviours_free(c->behaviours);
    api_free(c->api);
    network_free(c->network);
    mem_free(c);
}

struct clock *cluster_clock(struct cluster *c)
{
    return c->clock;
}

struct network *cluster_network(struct cluster *c)
{
    return c->network;
}

struct api *cluster_api(struct cluster *c)
{
    return c->api;
}

struct behaviours *cluster_behaviours(struct cluster *c)
{
    return c->behaviours;
}

struct traffic *cluster_traffic(struct cluster *c)
{
    return c->traffic;
}

struct prometheus *cluster_prometheus(struct cluster *c)
{
    return c->prometheus;
}

const struct kind *cluster_kind(struct cluster *c, const struct node *object, struct err *err)
{
    const struct kind *kind = kinds_of(api_kinds(c->api), object);
    const char *kind_name = node_str_or(node_get(object, "kind"), "");
    const char *name = node_str_or(node_at(object, "metadata", "name"), "");
    if (kind_name[0] == '\0') {
        err_set(err, ERR_INVALID, "an object \"%s\": the field kind is missing", name);
    } else if (kind == NULL) {
        err_set(err, ERR_INVALID, "%s %s: the cluster has no kind %s in version %s", kind_name, name, kind_name,
                node_str_or(node_get(object, "apiVersion"), ""));
    }
    return kind;
}

void cluster_set_full(struct cluster *c, bool full)
{
    controllers_set_full(c->controllers, full);
}

bool cluster_create(struct cluster *c, const struct node *objects, struct err *err)
{
    struct node_iter it = node_iterate(objects);
    while (node_next(&it)) {
        const char *name = node_str_or(node_at(it.value, "metadata", "name"), "");
        const char *kind_name = node_str_or(node_get(it.value, "kind"), "");
        const struct kind *kind = cluster_kind(c, it.value, err);
        if (kind == NULL) {
            return false;
        }
        struct doc *created = api_create(c->api, kind, it.value, err);
        if (created == NULL) {
            return err_wrap(err, "%s %s", kind_name, name);
        }
        doc_free(created);
    }
    return true;
}
