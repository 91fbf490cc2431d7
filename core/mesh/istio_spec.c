#include "mesh/istio_spec.h"

#include <string.h>

#include "canary/ownership.h"
#include "kube/object.h"
#include "mesh/istio_shape.h"

#define KUBECTL_KEY "kubectl.kubernetes.io/last-applied-configuration"

static const struct node *service_of(const struct node *canary)
{
    return node_at(canary, "spec", "service");
}

bool istio_host_is(const struct canary_names *names, const char *host, const char *name)
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

bool istio_is_delegate(const struct node *canary)
{
    return node_bool_or(node_get(service_of(canary), "delegation"), false);
}

bool istio_delegation_check(const struct canary_names *names, const struct node *canary, struct err *err)
{
    const struct node *service = service_of(canary);
    bool own = node_count(node_get(service, "hosts")) > 0 || node_count(node_get(service, "gateways")) > 0;
    if (istio_is_delegate(canary) && own) {
        return err_set(err, ERR_INVALID, "VirtualService %s.%s cannot have hosts and gateways when delegation enabled",
                       names->apex, names->namespace);
    }
    return true;
}

struct node *istio_hosts(struct doc *doc, const struct canary_names *names, const struct node *canary)
{
    struct node *hosts = node_new_array(doc);
    if (istio_is_delegate(canary)) {
        return hosts;
    }
    bool covered = false;
    struct node_iter it = node_iterate(node_get(service_of(canary), "hosts"));
    while (node_next(&it)) {
        covered = covered || node_is(it.value, names->apex) || node_is(it.value, "*");
        node_push(hosts, node_copy(doc, it.value));
    }
    if (!covered) {
        node_push_str(doc, hosts, names->apex);
    }
    return hosts;
}

struct node *istio_gateways(struct doc *doc, const struct node *canary)
{
    if (istio_is_delegate(canary)) {
        return NULL;
    }
    const struct node *gateways = node_get(service_of(canary), "gateways");
    if (node_count(gateways) > 0) {
        return node_copy(doc, gateways);
    }
    struct node *mesh = node_new_array(doc);
    node_push_str(doc, mesh, "mesh");
    return mesh;
}

static struct node *copy_or_empty(struct doc *doc, const struct node *map)
{
    return node_type(map) == NODE_OBJECT ? node_copy(doc, map) : node_new_object(doc);
}

/* Flagger's apex Service and VirtualService share one map of labels and one of annotations, so the VirtualService
 * carries the Service's selector label and the values of its unmanaged keys too. Without spec.service.apex there are
 * no maps to share. */
static struct node *shared_metadata(struct doc *doc, const struct canary_names *names, const struct node *canary,
                                    const struct node *apex, const char *what)
{
    const struct node *wanted = node_get(service_of(canary), "apex");
    struct node *map = copy_or_empty(doc, node_get(wanted, what));
    if (node_type(wanted) != NODE_OBJECT || !object_is_controlled_by(apex, "Canary", names->name)) {
        return map;
    }
    struct node_iter it = node_iterate(node_at(service_of(canary), "unmanagedMetadata", what));
    while (node_next(&it)) {
        const char *key = node_str_or(it.value, "");
        node_set(doc, map, key, node_copy(doc, node_get(node_at(apex, "metadata", what), key)));
    }
    return map;
}

struct node *istio_labels(struct doc *doc, const struct canary_names *names, const struct node *canary,
                          const struct node *apex)
{
    struct node *labels = shared_metadata(doc, names, canary, apex, "labels");
    if (node_type(node_get(service_of(canary), "apex")) == NODE_OBJECT && names->selector_label != NULL) {
        node_set_str(doc, labels, names->selector_label, names->apex);
    }
    return labels;
}

/* The toolkit annotations keep Flux from undoing what the engine writes. */
struct node *istio_annotations(struct doc *doc, const struct canary_names *names, const struct node *canary,
                               const struct node *apex, const struct node *live)
{
    struct node *annotations = shared_metadata(doc, names, canary, apex, "annotations");
    node_set_str(doc, annotations, "kustomize.toolkit.fluxcd.io/reconcile", "disabled");
    node_set_str(doc, annotations, "helm.toolkit.fluxcd.io/driftDetection", "disabled");
    node_set_str(doc, annotations, KUBECTL_KEY, object_annotation(live, KUBECTL_KEY));
    node_set_str(doc, annotations, OWNERSHIP_SIGN, object_annotation(live, OWNERSHIP_SIGN));
    node_set_str(doc, annotations, ISTIO_ORIGINAL_KEY, object_annotation(live, ISTIO_ORIGINAL_KEY));
    return annotations;
}

struct node *istio_rule_spec(struct doc *doc, const struct node *canary, const char *host)
{
    struct node *spec = node_new_object(doc);
    node_set_str(doc, spec, "host", host);
    const struct node *policy = node_get(service_of(canary), "trafficPolicy");
    if (node_type(policy) == NODE_OBJECT) {
        node_set(doc, spec, "trafficPolicy", istio_shaped_policy(doc, policy));
    }
    return spec;
}
