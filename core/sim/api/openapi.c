/* OpenAPI: enough for kubectl to leave validation to the server and to explain kinds; version 3 in JSON, and version 2
 * for old clients. */
#include "sim/api/openapi.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/api/inner.h"
#include "sim/api/openapi_v2.h"
#include "sim/api/reply.h"
#include "sim/kinds/schema.h"
#include "sim/kinds/type.h"

#define PREFIX "io.k8s."

enum { V2_MAX = 64 * 1024 * 1024 };

/* --- the index --- */

static char *path_of(const struct kind *kind)
{
    return kind->group[0] == '\0' ? str_format("api/%s", kind->version)
                                  : str_format("apis/%s/%s", kind->group, kind->version);
}

/* The hash tells clients when to read again: it changes when a kind comes or goes. */
static void serve_index(const struct request *request)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc), *paths = node_ensure_object(doc, root, "paths");
    for (size_t i = 0; i < kinds_count(request->api->kinds); i++) {
        const struct kind *kind = kinds_at(request->api->kinds, i);
        char *path = path_of(kind);
        char *url = str_format("/openapi/v3/%s?hash=%zu-%lld", path, kinds_count(request->api->kinds),
                               kind->is_custom ? (long long)objects_version(request->api->objects) : 0);
        node_set_str(doc, node_ensure_object(doc, paths, path), "serverRelativeURL", url);
        mem_free(path);
        mem_free(url);
    }
    api_reply(request, 200, root);
    doc_free(doc);
}

/* --- a group's document --- */

static struct node *kind_mark(struct doc *doc, const struct kind *kind)
{
    struct node *mark = node_new_object(doc);
    node_set_str(doc, mark, "group", kind->group);
    node_set_str(doc, mark, "kind", kind->name);
    node_set_str(doc, mark, "version", kind->version);
    return mark;
}

static void add_patch(struct doc *doc, struct node *paths, const struct kind *kind)
{
    char *base = path_of(kind);
    char *path =
        str_format("/%s/%s%s/{name}", base, kind->is_namespaced ? "namespaces/{namespace}/" : "", kind->plural);
    struct node *operation = node_ensure_object(doc, node_ensure_object(doc, paths, path), "patch");
    struct node *parameters = node_new_array(doc), *parameter = node_new_object(doc);
    node_set_str(doc, parameter, "name", "fieldValidation");
    node_set_str(doc, parameter, "in", "query");
    node_set_str(doc, node_ensure_object(doc, parameter, "schema"), "type", "string");
    node_push(parameters, parameter);
    node_set(doc, operation, "parameters", parameters);
    node_set_str(doc, operation, "x-kubernetes-action", "patch");
    node_set(doc, operation, "x-kubernetes-group-version-kind", kind_mark(doc, kind));
    mem_free(base);
    mem_free(path);
}

/* What every object has, and CRDs need not say. */
static void add_head(struct doc *doc, struct node *schemas, struct node *schema)
{
    struct node *properties = node_ensure_object(doc, schema, "properties"), *metadata = node_new_object(doc);
    static const char *const texts[] = {"apiVersion", "kind"};
    for (size_t i = 0; i < 2; i++) {
        node_set_str(doc, node_ensure_object(doc, properties, texts[i]), "type", "string");
    }
    struct node *all = node_new_array(doc), *reference = node_new_object(doc);
    node_set_str(doc, reference, "$ref", "#/components/schemas/" PREFIX "ObjectMeta");
    node_push(all, reference);
    node_set(doc, metadata, "allOf", all);
    node_set(doc, properties, "metadata", metadata);
    type_describe(type_find("ObjectMeta"), doc, schemas, PREFIX);
}

static void add_schema(struct doc *doc, struct node *schemas, const struct kind *kind)
{
    char *name = kind->is_custom ? str_format("%s.%s.%s", kind->group, kind->version, kind->name)
                                 : str_format(PREFIX "%s", kind->name);
    if (kind->is_custom) {
        const struct node *openapi = kind->schema != NULL ? schema_openapi(kind->schema) : NULL;
        struct node *schema = openapi != NULL ? node_copy(doc, openapi) : node_new_object(doc);
        node_set_str(doc, schema, "type", "object");
        node_set(doc, schemas, name, schema);
        add_head(doc, schemas, schema);
    } else {
        type_describe(type_find(kind->name), doc, schemas, PREFIX);
    }
    struct node *marks = node_new_array(doc);
    node_push(marks, kind_mark(doc, kind));
    node_set(doc, node_get(schemas, name), "x-kubernetes-group-version-kind", marks);
    mem_free(name);
}

static void serve_v2(const struct request *request)
{
    struct doc *doc = doc_new();
    struct node *schemas = node_new_object(doc);
    struct buf b;
    for (size_t i = 0; i < kinds_count(request->api->kinds); i++) {
        add_schema(doc, schemas, kinds_at(request->api->kinds, i));
    }
    buf_init(&b, V2_MAX);
    openapi_v2_write(schemas, request->api->kinds, &b);
    exchange_answer(request->exchange, 200, "application/com.github.proto-openapi.spec.v2.v1.0+protobuf", buf_str(&b),
                    b.len);
    buf_fini(&b);
    doc_free(doc);
}

static bool serve_group(const struct request *request, const char *group, const char *version)
{
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    node_set_str(doc, root, "openapi", "3.0.0");
    struct node *info = node_ensure_object(doc, root, "info");
    node_set_str(doc, info, "title", "Kubernetes");
    node_set_str(doc, info, "version", API_VERSION);
    struct node *paths = node_ensure_object(doc, root, "paths");
    struct node *schemas = node_ensure_object(doc, node_ensure_object(doc, root, "components"), "schemas");
    bool found = false;
    for (size_t i = 0; i < kinds_count(request->api->kinds); i++) {
        const struct kind *kind = kinds_at(request->api->kinds, i);
        if (!str_equal(kind->group, group) || !str_equal(kind->version, version)) {
            continue;
        }
        add_patch(doc, paths, kind);
        add_schema(doc, schemas, kind);
        found = true;
    }
    if (found) {
        api_reply(request, 200, root);
    }
    doc_free(doc);
    return found;
}

bool openapi_serve(const struct request *request)
{
    const struct str_list *s = &request->segments;
    if (s->count < 2 || !str_equal(s->items[0], "openapi") || !str_equal(request->exchange->method, "GET")) {
        return false;
    }
    if (s->count == 2 && str_equal(s->items[1], "v2")) {
        serve_v2(request);
        return true;
    }
    if (!str_equal(s->items[1], "v3")) {
        return false;
    }
    if (s->count == 2) {
        serve_index(request);
        return true;
    }
    if (s->count == 4 && str_equal(s->items[2], "api")) {
        return serve_group(request, "", s->items[3]);
    }
    return s->count == 5 && str_equal(s->items[2], "apis") && serve_group(request, s->items[3], s->items[4]);
}
