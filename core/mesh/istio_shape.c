#include "mesh/istio_shape.h"

#include <string.h>

const struct kube_resource ISTIO_VIRTUAL_SERVICES = {"networking.istio.io", "v1beta1", "virtualservices",
                                                     "VirtualService"};
const struct kube_resource ISTIO_DESTINATION_RULES = {"networking.istio.io", "v1beta1", "destinationrules",
                                                      "DestinationRule"};

enum keep {
    KEEP_SET,     /* unless it is zero: "", 0, false, an empty list or map */
    KEEP_MAP,     /* as KEEP_SET; the fields are those of its values */
    KEEP_PRESENT, /* whatever is there but null: also an empty object, a zero that was asked for */
    KEEP_NUMBER,  /* always, 0 without a word */
};

struct field {
    const char *key;
    enum keep keep;
    const struct field *fields; /* of the object, the list's items, the map's values; NULL: taken as it is */
};

#define END                                                                                                            \
    {                                                                                                                  \
        NULL, KEEP_SET, NULL                                                                                           \
    }

/* --- VirtualService --- */

static const struct field string_match[] = {
    {"exact", KEEP_SET, NULL}, {"prefix", KEEP_SET, NULL}, {"suffix", KEEP_SET, NULL}, {"regex", KEEP_SET, NULL}, END};

static const struct field header_operations[] = {
    {"set", KEEP_SET, NULL}, {"add", KEEP_SET, NULL}, {"remove", KEEP_SET, NULL}, END};

static const struct field headers[] = {
    {"request", KEEP_PRESENT, header_operations}, {"response", KEEP_PRESENT, header_operations}, END};

static const struct field port[] = {{"number", KEEP_SET, NULL}, {"name", KEEP_SET, NULL}, END};

static const struct field destination[] = {
    {"host", KEEP_PRESENT, NULL}, {"subset", KEEP_SET, NULL}, {"port", KEEP_PRESENT, port}, END};

static const struct field weighted_destination[] = {
    {"destination", KEEP_PRESENT, destination}, {"weight", KEEP_NUMBER, NULL}, {"headers", KEEP_PRESENT, headers}, END};

static const struct field http_match[] = {
    {"name", KEEP_SET, NULL},
    {"uri", KEEP_PRESENT, string_match},
    {"scheme", KEEP_PRESENT, string_match},
    {"method", KEEP_PRESENT, string_match},
    {"authority", KEEP_PRESENT, string_match},
    {"headers", KEEP_MAP, string_match},
    {"port", KEEP_SET, NULL},
    {"sourceLabels", KEEP_SET, NULL},
    {"gateways", KEEP_SET, NULL},
    {"queryParams", KEEP_MAP, string_match},
    {"ignoreUriCase", KEEP_SET, NULL},
    {"withoutHeaders", KEEP_MAP, string_match},
    {"sourceNamespace", KEEP_SET, NULL},
    END,
};

static const struct field uri_and_authority[] = {{"uri", KEEP_SET, NULL}, {"authority", KEEP_SET, NULL}, END};

static const struct field retries[] = {
    {"attempts", KEEP_NUMBER, NULL}, {"perTryTimeout", KEEP_SET, NULL}, {"retryOn", KEEP_SET, NULL}, END};

static const struct field delay[] = {
    {"percent", KEEP_SET, NULL}, {"fixedDelay", KEEP_PRESENT, NULL}, {"exponentialDelay", KEEP_SET, NULL}, END};

static const struct field faulty[] = {{"percent", KEEP_SET, NULL}, {"httpStatus", KEEP_NUMBER, NULL}, END};

static const struct field fault[] = {{"delay", KEEP_PRESENT, delay}, {"abort", KEEP_PRESENT, faulty}, END};

static const struct field percent[] = {{"value", KEEP_SET, NULL}, END};

static const struct field cors_policy[] = {
    {"allowOrigin", KEEP_SET, NULL},      {"allowOrigins", KEEP_SET, string_match},
    {"allowMethods", KEEP_SET, NULL},     {"allowHeaders", KEEP_SET, NULL},
    {"exposeHeaders", KEEP_SET, NULL},    {"maxAge", KEEP_SET, NULL},
    {"allowCredentials", KEEP_SET, NULL}, END};

static const struct field http_route[] = {
    {"name", KEEP_SET, NULL},
    {"match", KEEP_SET, http_match},
    {"route", KEEP_SET, weighted_destination},
    {"redirect", KEEP_PRESENT, uri_and_authority},
    {"rewrite", KEEP_PRESENT, uri_and_authority},
    {"timeout", KEEP_SET, NULL},
    {"retries", KEEP_PRESENT, retries},
    {"fault", KEEP_PRESENT, fault},
    {"mirror", KEEP_PRESENT, destination},
    {"mirrorPercentage", KEEP_PRESENT, percent},
    {"corsPolicy", KEEP_PRESENT, cors_policy},
    {"headers", KEEP_PRESENT, headers},
    END,
};

static const struct field tcp_match[] = {{"destinationSubnet", KEEP_SET, NULL}, {"port", KEEP_SET, NULL},
                                         {"sourceSubnet", KEEP_SET, NULL},      {"sourceLabel", KEEP_SET, NULL},
                                         {"gateways", KEEP_SET, NULL},          END};

static const struct field tcp_route[] = {
    {"match", KEEP_SET, tcp_match}, {"route", KEEP_PRESENT, weighted_destination}, END};

static const struct field virtual_service[] = {{"hosts", KEEP_PRESENT, NULL},
                                               {"gateways", KEEP_SET, NULL},
                                               {"http", KEEP_SET, http_route},
                                               {"tcp", KEEP_SET, tcp_route},
                                               END};

/* --- DestinationRule --- */

static const struct field distribute[] = {{"from", KEEP_SET, NULL}, {"to", KEEP_SET, NULL}, END};

static const struct field failover[] = {{"from", KEEP_SET, NULL}, {"to", KEEP_SET, NULL}, END};

static const struct field locality[] = {{"distribute", KEEP_SET, distribute},
                                        {"failover", KEEP_SET, failover},
                                        {"failover_priority", KEEP_SET, NULL},
                                        {"enabled", KEEP_SET, NULL},
                                        END};

static const struct field cookie[] = {
    {"name", KEEP_PRESENT, NULL}, {"path", KEEP_SET, NULL}, {"ttl", KEEP_PRESENT, NULL}, END};

static const struct field consistent_hash[] = {{"httpHeaderName", KEEP_SET, NULL},
                                               {"httpCookie", KEEP_PRESENT, cookie},
                                               {"useSourceIp", KEEP_SET, NULL},
                                               {"minimumRingSize", KEEP_SET, NULL},
                                               END};

static const struct field load_balancer[] = {{"simple", KEEP_SET, NULL},
                                             {"consistentHash", KEEP_PRESENT, consistent_hash},
                                             {"localityLbSetting", KEEP_PRESENT, locality},
                                             {"warmupDurationSecs", KEEP_SET, NULL},
                                             END};

static const struct field tcp_settings[] = {
    {"maxConnections", KEEP_SET, NULL}, {"connectTimeout", KEEP_SET, NULL}, END};

static const struct field http_settings[] = {{"h2UpgradePolicy", KEEP_SET, NULL},
                                             {"http1MaxPendingRequests", KEEP_SET, NULL},
                                             {"http2MaxRequests", KEEP_SET, NULL},
                                             {"maxRequestsPerConnection", KEEP_SET, NULL},
                                             {"maxRetries", KEEP_SET, NULL},
                                             {"idleTimeout", KEEP_SET, NULL},
                                             END};

static const struct field connection_pool[] = {
    {"tcp", KEEP_PRESENT, tcp_settings}, {"http", KEEP_PRESENT, http_settings}, END};

static const struct field outlier_detection[] = {
    {"consecutiveErrors", KEEP_SET, NULL},
    {"consecutiveGatewayErrors", KEEP_PRESENT, NULL},
    {"consecutive5xxErrors", KEEP_PRESENT, NULL},
    {"splitExternalLocalOriginErrors", KEEP_SET, NULL},
    {"consecutiveLocalOriginFailures", KEEP_PRESENT, NULL},
    {"interval", KEEP_SET, NULL},
    {"baseEjectionTime", KEEP_SET, NULL},
    {"maxEjectionPercent", KEEP_SET, NULL},
    {"minHealthPercent", KEEP_SET, NULL},
    END,
};

static const struct field tls[] = {{"mode", KEEP_PRESENT, NULL},
                                   {"clientCertificate", KEEP_SET, NULL},
                                   {"privateKey", KEEP_SET, NULL},
                                   {"caCertificates", KEEP_SET, NULL},
                                   {"subjectAltNames", KEEP_SET, NULL},
                                   {"sni", KEEP_SET, NULL},
                                   END};

static const struct field traffic_policy[] = {{"loadBalancer", KEEP_PRESENT, load_balancer},
                                              {"connectionPool", KEEP_PRESENT, connection_pool},
                                              {"outlierDetection", KEEP_PRESENT, outlier_detection},
                                              {"tls", KEEP_PRESENT, tls},
                                              END};

/* --- shaping --- */

static bool is_zero(const struct node *value)
{
    double number;
    switch (node_type(value)) {
    case NODE_ABSENT:
    case NODE_NULL:
        return true;
    case NODE_STRING:
        return node_str(value)[0] == '\0';
    case NODE_ARRAY:
    case NODE_OBJECT:
        return node_count(value) == 0;
    default:
        return node_real(value, &number) ? number == 0 : !node_bool_or(value, true);
    }
}

static bool is_kept(const struct node *value, enum keep keep)
{
    bool absent = value == NULL || node_type(value) == NODE_NULL;
    return keep == KEEP_PRESENT ? !absent : !is_zero(value);
}

static struct node *shaped(struct doc *doc, const struct node *value, const struct field *fields);

static struct node *shaped_map(struct doc *doc, const struct node *map, const struct field *fields)
{
    struct node *result = node_new_object(doc);
    struct node_iter it = node_iterate(map);
    while (node_next(&it)) {
        node_set(doc, result, it.key, shaped(doc, it.value, fields));
    }
    return result;
}

static struct node *shaped_object(struct doc *doc, const struct node *object, const struct field *fields)
{
    struct node *result = node_new_object(doc);
    for (; fields->key != NULL; fields++) {
        const struct node *value = node_get(object, fields->key);
        if (fields->keep == KEEP_NUMBER) {
            node_set_int(doc, result, fields->key, node_int_or(value, 0));
        } else if (is_kept(value, fields->keep)) {
            node_set(doc, result, fields->key,
                     fields->keep == KEEP_MAP ? shaped_map(doc, value, fields->fields)
                                              : shaped(doc, value, fields->fields));
        }
    }
    return result;
}

static struct node *shaped(struct doc *doc, const struct node *value, const struct field *fields)
{
    if (value == NULL) {
        return NULL;
    }
    if (fields != NULL && node_type(value) == NODE_ARRAY) {
        struct node *list = node_new_array(doc);
        struct node_iter it = node_iterate(value);
        while (node_next(&it)) {
            node_push(list, shaped(doc, it.value, fields));
        }
        return list;
    }
    return fields != NULL && node_type(value) == NODE_OBJECT ? shaped_object(doc, value, fields)
                                                             : node_copy(doc, value);
}

struct node *istio_shaped_service(struct doc *doc, const struct node *spec)
{
    return shaped(doc, spec, virtual_service);
}

struct node *istio_shaped_routes(struct doc *doc, const struct node *routes, bool tcp)
{
    return shaped(doc, routes, tcp ? tcp_route : http_route);
}

struct node *istio_shaped_policy(struct doc *doc, const struct node *policy)
{
    return shaped(doc, policy, traffic_policy);
}

/* --- what the shapes do not know --- */

static const struct field *find_field(const struct field *fields, const char *key)
{
    for (; fields->key != NULL; fields++) {
        if (strcmp(fields->key, key) == 0) {
            return fields;
        }
    }
    return NULL;
}

static bool is_same_item(struct doc *doc, const struct node *want, const struct node *live, const struct field *fields)
{
    struct node *a = shaped(doc, want, fields), *b = shaped(doc, live, fields);
    if (node_type(a) == NODE_OBJECT && node_type(b) == NODE_OBJECT) {
        node_remove(a, "weight");
        node_remove(b, "weight");
    }
    return node_equal(a, b);
}

static void keep_unknown(struct doc *doc, struct node *want, const struct node *live, const struct field *fields);

static void keep_in_items(struct doc *doc, struct node *want, const struct node *live, const struct field *fields)
{
    struct node_iter it = node_iterate(live);
    while (node_next(&it)) {
        struct node *item = node_item(want, it.index);
        if (node_type(item) == NODE_OBJECT && is_same_item(doc, item, it.value, fields)) {
            keep_unknown(doc, item, it.value, fields);
        }
    }
}

static void keep_in_map(struct doc *doc, struct node *want, const struct node *live, const struct field *fields)
{
    struct node_iter it = node_iterate(live);
    while (node_next(&it)) {
        keep_unknown(doc, node_get(want, it.key), it.value, fields);
    }
}

static void keep_in_field(struct doc *doc, struct node *want, const struct node *live, const struct field *field)
{
    if (field->fields == NULL || want == NULL) {
        return; /* without the field its contents are lost too */
    }
    if (node_type(live) == NODE_ARRAY) {
        keep_in_items(doc, want, live, field->fields);
    } else if (field->keep == KEEP_MAP) {
        keep_in_map(doc, want, live, field->fields);
    } else {
        keep_unknown(doc, want, live, field->fields);
    }
}

static void keep_unknown(struct doc *doc, struct node *want, const struct node *live, const struct field *fields)
{
    if (node_type(want) != NODE_OBJECT || node_type(live) != NODE_OBJECT) {
        return;
    }
    struct node_iter it = node_iterate(live);
    while (node_next(&it)) {
        const struct field *field = find_field(fields, it.key);
        if (field == NULL) {
            node_set(doc, want, it.key, node_copy(doc, it.value));
        } else {
            keep_in_field(doc, node_get(want, it.key), it.value, field);
        }
    }
}

void istio_keep_route(struct doc *doc, struct node *want, const struct node *live, bool tcp)
{
    keep_unknown(doc, want, live, tcp ? tcp_route : http_route);
}

struct node *istio_policy_over(struct doc *doc, const struct node *want, const struct node *live)
{
    struct node *result = want != NULL ? node_copy(doc, want) : node_new_object(doc);
    keep_unknown(doc, result, live, traffic_policy);
    return want != NULL || node_count(result) > 0 ? result : NULL;
}
