/* What there is: /api, /apis, groups, resources, /version. */
#include "sim/api/discovery.h"

#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/api/inner.h"
#include "sim/api/object.h"
#include "sim/api/reply.h"

static const struct kind *kind_at(const struct request *request, size_t index)
{
    return kinds_at(request->api->kinds, index);
}

/* --- resources of a version --- */

static void set_verbs(struct doc *doc, struct node *resource, const char *verbs)
{
    struct str_list words = {0};
    struct node *list = node_new_array(doc);
    str_list_split(&words, verbs, ' ');
    for (size_t i = 0; i < words.count; i++) {
        node_push_str(doc, list, words.items[i]);
    }
    node_set(doc, resource, "verbs", list);
    str_list_fini(&words);
}

static void set_names(struct doc *doc, struct node *resource, const char *key, const struct str_list *names)
{
    if (names->count == 0) {
        return;
    }
    struct node *list = node_new_array(doc);
    for (size_t i = 0; i < names->count; i++) {
        node_push_str(doc, list, names->items[i]);
    }
    node_set(doc, resource, key, list);
}

static int hex_value(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

/* base64 of the first 8 bytes of a SHA-256, as Kubernetes makes it. */
static void set_hash(struct doc *doc, struct node *resource, const struct kind *kind)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *seed = str_format("%s/%s/%s", kind->group, kind->storage_version, kind->name);
    char digest[65], out[13] = {0};
    unsigned char bytes[9] = {0};
    hash_sha256(seed, strlen(seed), digest);
    for (size_t i = 0; i < 8; i++) {
        bytes[i] = (unsigned char)(hex_value(digest[2 * i]) << 4 | hex_value(digest[2 * i + 1]));
    }
    for (size_t i = 0; i < 3; i++) {
        unsigned bits = (unsigned)bytes[3 * i] << 16 | (unsigned)bytes[3 * i + 1] << 8 | bytes[3 * i + 2];
        for (size_t j = 0; j < 4; j++) {
            out[4 * i + j] = alphabet[bits >> (18 - 6 * j) & 63];
        }
    }
    out[11] = '=';
    node_set_str(doc, resource, "storageVersionHash", out);
    mem_free(seed);
}

static struct node *resource_new(struct doc *doc, const struct kind *kind, const char *subresource)
{
    struct node *resource = node_new_object(doc);
    char *name =
        str_format("%s%s%s", kind->plural, subresource != NULL ? "/" : "", subresource != NULL ? subresource : "");
    node_set_str(doc, resource, "name", name);
    node_set_str(doc, resource, "singularName", subresource != NULL ? "" : kind->singular);
    node_set_bool(doc, resource, "namespaced", kind->is_namespaced);
    mem_free(name);
    return resource;
}

static void add_resources(struct doc *doc, struct node *list, const struct kind *kind)
{
    struct node *resource = resource_new(doc, kind, NULL);
    node_set_str(doc, resource, "kind", kind->name);
    set_verbs(doc, resource,
              kind->is_review   ? "create"
              : kind->is_custom ? "delete deletecollection get list patch create update watch"
                                : "create delete deletecollection get list patch update watch");
    set_names(doc, resource, "shortNames", &kind->short_names);
    set_names(doc, resource, "categories", &kind->categories);
    if (!kind->is_review) {
        set_hash(doc, resource, kind);
    }
    node_push(list, resource);
    if (kind->has_status) {
        struct node *status = resource_new(doc, kind, "status");
        node_set_str(doc, status, "kind", kind->name);
        set_verbs(doc, status, "get patch update");
        node_push(list, status);
    }
    if (kind->has_scale) {
        struct node *scale = resource_new(doc, kind, "scale");
        node_set_str(doc, scale, "group", "autoscaling");
        node_set_str(doc, scale, "version", "v1");
        node_set_str(doc, scale, "kind", "Scale");
        set_verbs(doc, scale, "get patch update");
        node_push(list, scale);
    }
}

static bool serve_version(const struct request *request, const char *group, const char *version)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *list = node_new_array(doc);
    char *group_version = group[0] == '\0' ? str_dup(version) : str_format("%s/%s", group, version);
    doc_set_root(doc, root);
    node_set_str(doc, root, "kind", "APIResourceList");
    if (group[0] != '\0') {
        node_set_str(doc, root, "apiVersion", "v1");
    }
    node_set_str(doc, root, "groupVersion", group_version);
    mem_free(group_version);
    for (size_t i = 0; i < kinds_count(request->api->kinds); i++) {
        const struct kind *kind = kind_at(request, i);
        if (str_equal(kind->group, group) && str_equal(kind->version, version)) {
            add_resources(doc, list, kind);
        }
    }
    bool found = node_count(list) > 0;
    node_set(doc, root, "resources", list);
    if (found) {
        api_reply(request, 200, root);
    }
    doc_free(doc);
    return found;
}

/* --- groups --- */

static struct node *version_new(struct doc *doc, const struct kind *kind)
{
    struct node *version = node_new_object(doc);
    char *group_version = api_version_of(kind);
    node_set_str(doc, version, "groupVersion", group_version);
    node_set_str(doc, version, "version", kind->version);
    mem_free(group_version);
    return version;
}

/* v2 before v1 before v1beta2 before v1alpha1. */
static int64_t rank(const char *version)
{
    int64_t major = 0, minor = 0;
    const char *at = version + 1;
    while (*at >= '0' && *at <= '9') {
        major = major * 10 + (*at++ - '0');
    }
    bool stable = *at == '\0', beta = str_has_prefix(at, "beta");
    at += beta ? 4 : stable ? 0 : strspn(at, "alph");
    while (*at >= '0' && *at <= '9') {
        minor = minor * 10 + (*at++ - '0');
    }
    return (stable ? 2 : beta ? 1 : 0) * 1000000 + major * 1000 + minor;
}

static struct node *group_new(const struct request *request, struct doc *doc, const char *name)
{
    struct node *group = node_new_object(doc), *versions = node_new_array(doc);
    struct str_list seen = {0};
    const struct kind *preferred = NULL;
    for (;;) {
        const struct kind *best = NULL;
        for (size_t i = 0; i < kinds_count(request->api->kinds); i++) {
            const struct kind *kind = kind_at(request, i);
            bool is_new = str_equal(kind->group, name) && !str_list_has(&seen, kind->version);
            if (is_new && (best == NULL || rank(kind->version) > rank(best->version))) {
                best = kind;
            }
        }
        if (best == NULL) {
            break;
        }
        preferred = preferred != NULL ? preferred : best;
        str_list_push(&seen, best->version);
        node_push(versions, version_new(doc, best));
    }
    node_set_str(doc, group, "name", name);
    node_set(doc, group, "versions", versions);
    if (preferred != NULL) {
        node_set(doc, group, "preferredVersion", version_new(doc, preferred));
    }
    str_list_fini(&seen);
    return group;
}

static void serve_groups(const struct request *request)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *groups = node_new_array(doc);
    node_set_str(doc, root, "kind", "APIGroupList");
    node_set_str(doc, root, "apiVersion", "v1");
    const char *last = "";
    for (size_t i = 0; i < kinds_count(request->api->kinds); i++) {
        const char *name = kind_at(request, i)->group;
        if (!str_equal(name, last)) {
            node_push(groups, group_new(request, doc, name));
        }
        last = name;
    }
    node_set(doc, root, "groups", groups);
    api_reply(request, 200, root);
    doc_free(doc);
}

static bool serve_group(const struct request *request, const char *name)
{
    struct doc *doc = doc_new();
    struct node *group = group_new(request, doc, name), *root = node_new_object(doc);
    bool found = node_get(group, "preferredVersion") != NULL;
    node_set_str(doc, root, "kind", "APIGroup");
    node_set_str(doc, root, "apiVersion", "v1");
    struct node_iter it = node_iterate(group);
    while (node_next(&it)) {
        node_set(doc, root, it.key, node_copy(doc, it.value));
    }
    if (found) {
        api_reply(request, 200, root);
    }
    doc_free(doc);
    return found;
}

static void serve_core(const struct request *request)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *versions = node_new_array(doc), *addresses = node_new_array(doc);
    struct node *address = node_new_object(doc);
    const char *host = request->exchange->header(request->exchange, "Host");
    node_set_str(doc, root, "kind", "APIVersions");
    node_push_str(doc, versions, "v1");
    node_set(doc, root, "versions", versions);
    node_set_str(doc, address, "clientCIDR", "0.0.0.0/0");
    node_set_str(doc, address, "serverAddress", host != NULL ? host : "127.0.0.1");
    node_push(addresses, address);
    node_set(doc, root, "serverAddressByClientCIDRs", addresses);
    api_reply(request, 200, root);
    doc_free(doc);
}

static void serve_release(const struct request *request)
{
    static const char *const table[][2] = {
        {"major", "1"},
        {"minor", "36"},
        {"emulationMajor", "1"},
        {"emulationMinor", "36"},
        {"minCompatibilityMajor", "1"},
        {"minCompatibilityMinor", "35"},
        {"gitVersion", API_VERSION},
        {"gitCommit", "sluice"},
        {"gitTreeState", ""},
        {"buildDate", "1970-01-01T00:00:00Z"},
        {"goVersion", "none"},
        {"compiler", "cc"},
        {"platform", "linux/amd64"},
    };
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++) {
        node_set_str(doc, root, table[i][0], table[i][1]);
    }
    api_reply(request, 200, root);
    doc_free(doc);
}

bool discovery_serve(const struct request *request)
{
    const struct str_list *s = &request->segments;
    bool is_get = str_equal(request->exchange->method, "GET");
    if (!is_get || s->count == 0 || s->count > 3) {
        return false;
    }
    const char *first = s->items[0];
    if (s->count == 1 && str_equal(first, "version")) {
        serve_release(request);
    } else if (s->count == 1 && str_equal(first, "api")) {
        serve_core(request);
    } else if (s->count == 1 && str_equal(first, "apis")) {
        serve_groups(request);
    } else if (s->count == 2 && str_equal(first, "api")) {
        return serve_version(request, "", s->items[1]);
    } else if (s->count == 2 && str_equal(first, "apis")) {
        return serve_group(request, s->items[1]);
    } else {
        return s->count == 3 && str_equal(first, "apis") && serve_version(request, s->items[1], s->items[2]);
    }
    return true;
}
