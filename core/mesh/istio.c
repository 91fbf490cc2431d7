/* Istio: two DestinationRules and one VirtualService per Canary.
 *
 * Objects are compared as Flagger's types know them (istio_shape.h), so that Flagger and Sluice see the same
 * differences. Fields that these types do not know survive every write. Writes are merge patches guarded by
 * resourceVersion. A repair keeps the live weights as long as they are for the same requests. The weights never
 * decide whether a repair is needed. */
#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "canary/ownership.h"
#include "kube/object.h"
#include "mesh/host_index.h"
#include "mesh/istio_ownership.h"
#include "mesh/istio_route.h"
#include "mesh/istio_shape.h"
#include "mesh/istio_spec.h"
#include "mesh/istio_warning.h"
#include "mesh/router.h"

static bool normally_equal(const struct node *a, const struct node *b)
{
    struct doc *doc = doc_new();
    const struct node *left = istio_normal(doc, a), *right = istio_normal(doc, b);
    bool equal = left == NULL || right == NULL ? left == right : node_equal(left, right);
    doc_free(doc);
    return equal;
}

static bool routes_same(const struct node *a, const struct node *b, bool tcp, bool with_shares)
{
    struct doc *doc = doc_new();
    bool equal =
        node_equal(istio_routes_normal(doc, a, tcp, with_shares), istio_routes_normal(doc, b, tcp, with_shares));
    doc_free(doc);
    return equal;
}

/* `value` moves under `key`; without one the patch takes the key away. */
static void patch_set(struct doc *patch, struct node *object, const char *key, struct node *value)
{
    node_set(patch, object, key, value != NULL ? value : node_new_null(patch));
}

static const char *const rule_fields[] = {"host", "trafficPolicy", "subsets", NULL};

static void own(const struct router *router, const struct canary_names *names, struct doc *object)
{
    if (router->owned) {
        struct node *owners = node_new_array(object);
        node_push(owners, canary_owner_reference(object, names));
        node_set(object, node_get(doc_root(object), "metadata"), "ownerReferences", owners);
    }
}

/* --- DestinationRules --- */

static enum plan create_rule(const struct router *router, const struct canary_names *names, const struct node *canary,
                             const char *host, struct kube_write *write)
{
    struct doc *body = object_new(&ISTIO_DESTINATION_RULES, names->namespace, host);
    own(router, names, body);
    node_set(body, doc_root(body), "spec", istio_rule_spec(body, canary, host));
    return kube_write_create(write, &ISTIO_DESTINATION_RULES, body,
                             "reconcileDestinationRule failed: DestinationRule %s.%s create error", host,
                             names->namespace);
}

static enum plan repair_rule(const struct canary_names *names, const struct node *canary, const char *host,
                             const struct node *live, struct kube_write *write, struct err *err)
{
    struct doc *patch = doc_new();
    struct node *want = istio_rule_spec(patch, canary, host), *spec = node_new_object(patch);
    for (size_t i = 0; rule_fields[i] != NULL; i++) {
        const struct node *is = node_at(live, "spec", rule_fields[i]), *should = node_get(want, rule_fields[i]);
        bool policy = strcmp(rule_fields[i], "trafficPolicy") == 0, same;
        if (policy) {
            should = istio_policy_over(patch, should, is);
            same = normally_equal(istio_shaped_policy(patch, is), istio_shaped_policy(patch, should));
        } else {
            same = normally_equal(is, should);
        }
        if (!same) {
            patch_set(patch, spec, rule_fields[i], kube_merge_diff(patch, is, should));
        }
    }
    if (node_count(spec) == 0) {
        doc_free(patch);
        return PLAN_DONE;
    }
    if (istio_check_rule(names, host, live, err) != PLAN_DONE) {
        doc_free(patch);
        return PLAN_FOREIGN;
    }
    doc_set_root(patch, node_new_object(patch));
    node_set(patch, doc_root(patch), "spec", spec);
    return kube_write_patch(write, &ISTIO_DESTINATION_RULES, live, patch,
                            "reconcileDestinationRule failed: DestinationRule %s.%s update error", host,
                            names->namespace);
}

static enum plan plan_rule(const struct router *router, const struct canary_names *names, const struct node *canary,
                           const char *host, struct kube_write *write, struct err *err)
{
    struct doc *live = store_find(stores_of(router->stores, &ISTIO_DESTINATION_RULES), names->namespace, host);
    if (live == NULL) {
        return create_rule(router, names, canary, host, write);
    }
    enum plan plan = repair_rule(names, canary, host, doc_root(live), write, err);
    doc_free(live);
    return plan;
}

/* --- the VirtualService --- */

static enum plan create_service(const struct router *router, const struct canary_names *names,
                                const struct node *canary, const struct node *apex, struct kube_write *write)
{
    struct doc *body = object_new(&ISTIO_VIRTUAL_SERVICES, names->namespace, names->apex);
    struct node *metadata = node_get(doc_root(body), "metadata");
    struct node *labels = istio_labels(body, names, canary, apex);
    if (node_count(labels) > 0) {
        node_set(body, metadata, "labels", labels);
    }
    node_set(body, metadata, "annotations", istio_annotations(body, names, canary, apex, NULL));
    own(router, names, body);
    struct node *spec = node_ensure_object(body, doc_root(body), "spec");
    node_set(body, spec, "hosts", istio_hosts(body, names, canary));
    node_set(body, spec, "gateways", istio_gateways(body, canary));
    node_set(body, spec, istio_is_tcp(canary) ? "tcp" : "http",
             istio_routes_build(body, names, canary, &(struct istio_shares){.primary_pct = 100}));
    return kube_write_create(write, &ISTIO_VIRTUAL_SERVICES, body,
                             "reconcileVirtualService failed: VirtualService %s.%s create error", names->apex,
                             names->namespace);
}

/* The routes that a repair writes. They keep the live weights, unless the object names neither side, or its weights
 * are for other requests or another protocol: then all traffic goes to the primary. */
static struct node *routes_to_keep(struct doc *doc, const struct canary_names *names, const struct node *canary,
                                   const struct node *spec)
{
    static const struct istio_shares at_rest = {.primary_pct = 100};
    struct istio_shares shares;
    bool tcp = istio_is_tcp(canary);
    if (!istio_shares_read(spec, tcp, names, &shares)) {
        return istio_routes_build(doc, names, canary, &at_rest);
    }
    struct node *want = istio_routes_build(doc, names, canary, &shares);
    return istio_matches_same(spec, tcp, names, want) ? want : istio_routes_build(doc, names, canary, &at_rest);
}

static void diff_names(struct doc *patch, struct node *spec, const char *key, const struct node *live,
                       struct node *want)
{
    if (!normally_equal(node_get(live, key), want)) {
        patch_set(patch, spec, key, want);
    }
}

static void diff_routes(struct doc *patch, struct node *spec, const struct canary_names *names,
                        const struct node *canary, const struct node *live)
{
    const char *used = istio_is_tcp(canary) ? "tcp" : "http", *unused = istio_is_tcp(canary) ? "http" : "tcp";
    struct node *want = routes_to_keep(patch, names, canary, live);
    if (!routes_same(node_get(live, used), want, istio_is_tcp(canary), false)) {
        istio_routes_keep(patch, want, node_get(live, used), istio_is_tcp(canary));
        node_set(patch, spec, used, want);
    }
    if (node_count(node_get(live, unused)) > 0) {
        patch_set(patch, spec, unused, NULL);
    }
}

/* The part of the spec that must change; NULL when nothing must. The hosts and gateways of a delegate alone are no
 * drift, but the next write corrects them. */
static struct node *diff_spec(struct doc *patch, const struct canary_names *names, const struct node *canary,
                              const struct node *live)
{
    struct node *spec = node_new_object(patch);
    diff_routes(patch, spec, names, canary, live);
    if (istio_is_delegate(canary) && node_count(spec) == 0) {
        return NULL;
    }
    diff_names(patch, spec, "hosts", live, istio_hosts(patch, names, canary));
    diff_names(patch, spec, "gateways", live, istio_gateways(patch, canary));
    return node_count(spec) > 0 ? spec : NULL;
}

static void diff_metadata(struct doc *patch, struct node *metadata, const char *key, const struct node *live,
                          struct node *want)
{
    if (node_count(live) > 0 || node_count(want) > 0) {
        node_set(patch, metadata, key, kube_merge_diff(patch, live, want));
    }
}

static void remember_original(struct doc *patch, struct node *annotations, const struct node *live)
{
    if (object_annotation(live, "kubectl.kubernetes.io/last-applied-configuration") == NULL) {
        char *text = node_to_text(istio_shaped_service(patch, node_get(live, "spec")));
        node_set_str(patch, annotations, ISTIO_ORIGINAL_KEY, text);
        str_free(&text);
    }
}

static enum plan repair_service(const struct router *router, const struct canary_names *names,
                                const struct node *canary, const struct node *apex, const struct node *live,
                                struct kube_write *write, struct err *err)
{
    struct doc *patch = doc_new();
    struct node *root = node_new_object(patch), *metadata = node_new_object(patch);
    struct node *annotations = istio_annotations(patch, names, canary, apex, live);
    struct node *spec = diff_spec(patch, names, canary, node_get(live, "spec"));
    doc_set_root(patch, root);
    if (spec != NULL) {
        remember_original(patch, annotations, live);
        node_set(patch, root, "spec", spec);
    }
    diff_metadata(patch, metadata, "labels", node_at(live, "metadata", "labels"),
                  istio_labels(patch, names, canary, apex));
    diff_metadata(patch, metadata, "annotations", node_at(live, "metadata", "annotations"), annotations);
    if (spec == NULL && node_count(metadata) == 0) {
        doc_free(patch);
        return PLAN_DONE;
    }
    if (istio_check_service(router, names, live, err) != PLAN_DONE) {
        doc_free(patch);
        return PLAN_FOREIGN;
    }
    node_set(patch, root, "metadata", metadata);
    return kube_write_patch(write, &ISTIO_VIRTUAL_SERVICES, live, patch,
                            "reconcileVirtualService failed: VirtualService %s.%s update error", names->apex,
                            names->namespace);
}

static enum plan plan_service(const struct router *router, const struct canary_names *names, const struct node *canary,
                              struct kube_write *write, struct err *err)
{
    struct doc *live = store_find(stores_of(router->stores, &ISTIO_VIRTUAL_SERVICES), names->namespace, names->apex);
    struct doc *apex = store_find(stores_of(router->stores, &KUBE_SERVICES), names->namespace, names->apex);
    enum plan plan = live == NULL ? create_service(router, names, canary, doc_root(apex), write)
                                  : repair_service(router, names, canary, doc_root(apex), doc_root(live), write, err);
    doc_free(apex);
    doc_free(live);
    return plan;
}

enum { CANARY_RULE, PRIMARY_RULE, VIRTUAL_SERVICE, ROUTING_OBJECTS };

static enum plan reconcile(const struct router *router, const struct canary_names *names, const struct node *canary,
                           size_t object, struct kube_write *write, struct err *err)
{
    assert(object < ROUTING_OBJECTS);
    if (object != VIRTUAL_SERVICE) {
        const char *host = object == CANARY_RULE ? names->apex_canary : names->apex_primary;
        return plan_rule(router, names, canary, host, write, err);
    }
    if (!istio_delegation_check(names, canary, err)) {
        err_wrap(err, "reconcileVirtualService failed");
        return PLAN_FAILED;
    }
    return plan_service(router, names, canary, write, err);
}

/* --- weights --- */

/* Where the apex Service is another Canary's, so are the routes behind it, also when nothing on them says so. */
static enum plan check_apex(const struct router *router, const struct canary_names *names, struct err *err)
{
    struct doc *apex = store_find(stores_of(router->stores, &KUBE_SERVICES), names->namespace, names->apex);
    bool rivals = apex != NULL && ownership_is_rivals(doc_root(apex), names);
    enum plan plan = rivals ? ownership_refuse(&KUBE_SERVICES, doc_root(apex), names, "", err) : PLAN_DONE;
    doc_free(apex);
    return plan;
}

static struct doc *find_service(const struct router *router, const struct canary_names *names, struct err *err)
{
    struct doc *live = store_find(stores_of(router->stores, &ISTIO_VIRTUAL_SERVICES), names->namespace, names->apex);
    if (live == NULL) {
        err_set(err, ERR_NOT_FOUND,
                "VirtualService %s.%s get query error virtualservices.networking.istio.io \"%s\" not found",
                names->apex, names->namespace, names->apex);
    }
    return live;
}

static bool is_this_canarys(const struct router *router, const struct canary_names *names, const struct doc *live,
                            struct err *err)
{
    return istio_check_service(router, names, doc_root(live), err) == PLAN_DONE &&
           check_apex(router, names, err) == PLAN_DONE;
}

static bool get_routes(const struct router *router, const struct canary_names *names, const struct node *canary,
                       struct routes *routes, struct err *err)
{
    struct doc *live = find_service(router, names, err);
    if (live == NULL) {
        return false;
    }
    struct istio_shares shares;
    bool found = istio_shares_read(node_get(doc_root(live), "spec"), istio_is_tcp(canary), names, &shares);
    *routes = (struct routes){shares.primary_pct, shares.canary_pct, shares.mirror != NULL};
    if (!found) {
        err_set(err, ERR_INVALID, "VirtualService %s.%s does not contain routes for %s-primary and %s-canary",
                names->apex, names->namespace, names->apex, names->apex);
    }
    /* The shares of another one are none of this Canary's. */
    bool known = found && is_this_canarys(router, names, live, err);
    doc_free(live);
    return known;
}

/* Nothing is mirrored in an A/B test or over TCP, as in Flagger. */
static void add_mirror(struct doc *doc, const struct canary_names *names, const struct node *canary,
                       struct istio_shares *shares)
{
    const struct node *analysis = node_at(canary, "spec", "analysis");
    if (istio_is_tcp(canary) || node_count(node_get(analysis, "match")) > 0) {
        return;
    }
    struct node *mirror = node_new_object(doc);
    node_set_str(doc, mirror, "host", names->apex_canary);
    shares->mirror = mirror;
    int64_t weight_pct = node_int_or(node_get(analysis, "mirrorWeight"), 0);
    if (weight_pct > 0) {
        struct node *percent = node_new_object(doc);
        node_set_int(doc, percent, "value", weight_pct);
        shares->mirror_percent = percent;
    }
}

static enum plan shift(const struct canary_names *names, const struct node *canary, const struct routes *want,
                       const struct node *live, struct kube_write *write)
{
    const char *key = istio_is_tcp(canary) ? "tcp" : "http";
    struct doc *patch = doc_new();
    struct istio_shares shares = {.primary_pct = want->primary_pct, .canary_pct = want->canary_pct};
    if (want->mirrored) {
        add_mirror(patch, names, canary, &shares);
    }
    struct node *routes = istio_routes_build(patch, names, canary, &shares);
    if (routes_same(node_at(live, "spec", key), routes, istio_is_tcp(canary), true)) {
        doc_free(patch);
        return PLAN_DONE;
    }
    doc_set_root(patch, node_new_object(patch));
    struct node *spec = node_ensure_object(patch, doc_root(patch), "spec");
    istio_routes_keep(patch, routes, node_at(live, "spec", key), istio_is_tcp(canary));
    node_set(patch, spec, key, routes);
    return kube_write_patch(write, &ISTIO_VIRTUAL_SERVICES, live, patch, "VirtualService %s.%s update failed",
                            names->apex, names->namespace);
}

static enum plan set_routes(const struct router *router, const struct canary_names *names, const struct node *canary,
                            const struct routes *want, struct kube_write *write, struct err *err)
{
    assert(want->primary_pct >= 0 && want->canary_pct >= 0 && want->primary_pct + want->canary_pct == 100);
    struct doc *live = find_service(router, names, err);
    if (live == NULL) {
        return PLAN_FAILED;
    }
    enum plan plan =
        is_this_canarys(router, names, live, err) ? shift(names, canary, want, doc_root(live), write) : PLAN_FAILED;
    doc_free(live);
    return plan;
}

/* Both keep their whole specs: fields that the engine does not know stay through every write. */
static const struct store_plan stores[] = {{&ISTIO_VIRTUAL_SERVICES, NULL, false},
                                           {&ISTIO_DESTINATION_RULES, NULL, false}};

static void open_router(struct router *router)
{
    router->memory = host_index_new(stores_of(router->stores, &ISTIO_VIRTUAL_SERVICES));
}

static void close_router(struct router *router)
{
    host_index_free(router->memory);
    router->memory = NULL;
}

const struct router_ops istio_router = {
    .provider = "istio",
    .stores = stores,
    .store_count = sizeof stores / sizeof stores[0],
    .open = open_router,
    .close = close_router,
    .objects = ROUTING_OBJECTS,
    .reconcile = reconcile,
    .get_routes = get_routes,
    .set_routes = set_routes,
    .warnings = istio_warnings,
};
