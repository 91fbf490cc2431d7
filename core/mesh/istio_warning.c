#include "mesh/istio_warning.h"

#include <inttypes.h>
#include <string.h>

#include "base/str.h"
#include "kube/object.h"
#include "mesh/host_index.h"
#include "mesh/istio_shape.h"
#include "mesh/istio_spec.h"

enum { HTTP_PORT = 80 };

/* The Canary that is checked. */
struct subject {
    const struct router *router;
    const struct canary_names *names;
    const struct node *service; /* spec.service */
    struct str_list hosts, gateways;
    bool in_mesh, at_gateway;
    struct str_list *texts, *objects;
};

static void subject_init(struct subject *s, const struct node *canary)
{
    struct doc *scratch = doc_new();
    struct node_iter it = node_iterate(istio_hosts(scratch, s->names, canary));
    while (node_next(&it)) {
        str_list_push(&s->hosts, node_str_or(it.value, ""));
    }
    host_index_gateways(istio_gateways(scratch, canary), s->names->namespace, &s->gateways);
    s->in_mesh = str_list_has(&s->gateways, "mesh");
    s->at_gateway = s->gateways.count > (s->in_mesh ? 1 : 0);
    doc_free(scratch);
}

static void subject_fini(struct subject *s)
{
    str_list_fini(&s->hosts);
    str_list_fini(&s->gateways);
}

static void push(struct str_list *texts, char *text)
{
    str_list_push(texts, text);
    str_free(&text);
}

/* --- another VirtualService for the same host --- */

/* istiod sorts them so. */
static bool is_older(const struct host_claim *claim, const struct canary_names *names, const char *created)
{
    int order = strcmp(claim->created, created);
    if (order == 0) {
        char *theirs = str_format("%s.%s", claim->name, claim->namespace);
        char *ours = str_format("%s.%s", names->apex, names->namespace);
        order = strcmp(theirs, ours);
        str_free(&theirs);
        str_free(&ours);
    }
    return order < 0;
}

static bool is_ours(const struct host_claim *claim, const struct canary_names *names)
{
    return strcmp(claim->name, names->apex) == 0 && strcmp(claim->namespace, names->namespace) == 0;
}

/* The gateway at which this older claim overrides ours; NULL: at none. A sidecar knows one VirtualService per host,
 * the oldest. A gateway has the routes of all, the oldest first. */
static const char *where_it_rules(const struct subject *s, const struct host_claim *claim)
{
    if (s->in_mesh && str_list_has(&claim->gateways, "mesh")) {
        return "mesh";
    }
    for (size_t i = 0; claim->takes_all && i < claim->gateways.count; i++) {
        if (str_list_has(&s->gateways, claim->gateways.items[i])) {
            return claim->gateways.items[i];
        }
    }
    return NULL;
}

static void look_for_rivals(const struct subject *s, const char *host, const char *created)
{
    const struct host_claim *claim = host_index_find(s->router->memory, s->names->namespace, host);
    for (; claim != NULL; claim = claim->next) {
        bool is_near = strcmp(claim->namespace, s->names->namespace) == 0;
        if (is_ours(claim, s->names) || (!is_near && !host_claim_reaches(claim, s->names->namespace)) ||
            !is_older(claim, s->names, created)) {
            continue;
        }
        const char *where = where_it_rules(s, claim);
        if (where == NULL) {
            continue;
        }
        push(s->texts, str_format("VirtualService %s.%s is older and has host %s too (gateway %s): "
                                  "requests follow its routes, not the weights of VirtualService %s.%s",
                                  claim->name, claim->namespace, host, where, s->names->apex, s->names->namespace));
        if (is_near && s->objects != NULL) {
            str_list_push(s->objects, claim->name);
        }
    }
}

static void check_rivals(const struct subject *s)
{
    struct doc *live =
        store_find(stores_of(s->router->stores, &ISTIO_VIRTUAL_SERVICES), s->names->namespace, s->names->apex);
    const char *created = node_str(node_at(doc_root(live), "metadata", "creationTimestamp"));
    for (size_t i = 0; created != NULL && i < s->hosts.count; i++) {
        look_for_rivals(s, s->hosts.items[i], created);
    }
    doc_free(live);
}

/* --- the Service --- */

/* For a headless Service the client chooses the Pod, and the sidecar sends the request there. */
static void check_headless(const struct subject *s)
{
    if (s->in_mesh && node_bool_or(node_get(s->service, "headless"), false)) {
        str_list_push(s->texts, "spec.service.headless: sidecars send requests to the Pod that the client has chosen, "
                                "whatever the weights are; only gateways follow them");
    }
}

static bool names_a_port(const struct subject *s)
{
    const char *first = s->gateways.items[0];
    return node_bool_or(node_get(s->service, "portDiscovery"), false) && strcmp(first, "mesh") != 0;
}

/* For a host that is no Service, a sidecar listens at port 80 only. If the destination names no port, the sidecar
 * takes 80 for it. */
static void check_outside_hosts(const struct subject *s)
{
    int64_t port = node_int_or(node_get(s->service, "port"), HTTP_PORT);
    for (size_t i = 0; s->in_mesh && port != HTTP_PORT && !names_a_port(s) && i < s->hosts.count; i++) {
        const char *host = s->hosts.items[i];
        if (strchr(host, '*') != NULL || istio_host_is(s->names, host, s->names->apex)) {
            continue;
        }
        push(s->texts, str_format("spec.service.port %" PRId64 ": requests from inside of the mesh to %s are answered "
                                  "with 503, as sidecars look for port 80 behind a host that is no Service",
                                  port, host));
    }
}

static size_t live_ports(const struct subject *s)
{
    struct doc *apex = store_find(stores_of(s->router->stores, &KUBE_SERVICES), s->names->namespace, s->names->apex);
    size_t count = node_count(node_at(doc_root(apex), "spec", "ports"));
    doc_free(apex);
    return count;
}

/* Of several ports, a destination without a port number means the listener's port. At a gateway that is the wrong
 * port. With a number, callers of the other ports get the wrong one. */
static void check_discovered_ports(const struct subject *s)
{
    if (!s->in_mesh || !s->at_gateway || !node_bool_or(node_get(s->service, "portDiscovery"), false) ||
        live_ports(s) < 2) {
        return;
    }
    int64_t port = node_int_or(node_get(s->service, "port"), HTTP_PORT);
    if (names_a_port(s)) {
        push(s->texts, str_format("spec.service.portDiscovery with a gateway and mesh: requests from inside of the "
                                  "mesh to the other ports of %s go to port %" PRId64,
                                  s->names->apex, port));
    } else {
        push(s->texts,
             str_format("spec.service.portDiscovery with mesh as the first of gateways: requests through "
                        "the others are answered with 503 unless they listen at port %" PRId64 "; name a gateway first",
                        port));
    }
}

void istio_warnings(const struct router *router, const struct canary_names *names, const struct node *canary,
                    struct str_list *texts, struct str_list *objects)
{
    if (istio_is_delegate(canary)) {
        return; /* the root VirtualService has the hosts and gateways of a delegate */
    }
    struct subject s = {.router = router,
                        .names = names,
                        .service = node_at(canary, "spec", "service"),
                        .texts = texts,
                        .objects = objects};
    subject_init(&s, canary);
    if (router->memory != NULL) {
        check_rivals(&s);
    }
    check_headless(&s);
    check_outside_hosts(&s);
    check_discovered_ports(&s);
    subject_fini(&s);
}
