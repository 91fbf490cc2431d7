#include "sim/api/openapi_v2.h"

#include <string.h>

#include "base/mem.h"
#include "base/str.h"

enum { MESSAGE_MAX = 64 * 1024 * 1024 };

/* Numbers of gnostic's OpenAPIv2.proto. */
enum {
    DOCUMENT_SWAGGER = 1,
    DOCUMENT_INFO = 2,
    DOCUMENT_PATHS = 8,
    DOCUMENT_DEFINITIONS = 9,
    NAMED_NAME = 1,
    NAMED_VALUE = 2,
    SCHEMA_REF = 1,
    SCHEMA_FORMAT = 2,
    SCHEMA_DESCRIPTION = 4,
    SCHEMA_REQUIRED = 19,
    SCHEMA_ADDITIONAL = 21,
    SCHEMA_TYPE = 22,
    SCHEMA_ITEMS = 23,
    SCHEMA_PROPERTIES = 25,
    SCHEMA_EXTENSION = 31,
    PATHS_PATH = 2,
    PATH_PATCH = 8,
    OPERATION_PARAMETERS = 8,
    OPERATION_EXTENSION = 13,
    QUERY_IN = 2,
    QUERY_NAME = 4,
    QUERY_TYPE = 6,
    ANY_YAML = 2,
};

/* --- the wire --- */

static void put_varint(struct buf *b, uint64_t value)
{
    while (value >= 0x80) {
        buf_append_char(b, (char)(value | 0x80));
        value >>= 7;
    }
    buf_append_char(b, (char)value);
}

static void put_bytes(struct buf *b, unsigned number, const char *bytes, size_t len)
{
    put_varint(b, number << 3 | 2);
    put_varint(b, len);
    buf_append(b, bytes, len);
}

static void put_str(struct buf *b, unsigned number, const char *text)
{
    if (text != NULL) {
        put_bytes(b, number, text, strlen(text));
    }
}

/* Ends `message`. */
static void put_message(struct buf *b, unsigned number, struct buf *message)
{
    put_bytes(b, number, buf_str(message), message->len);
    buf_fini(message);
}

static void begin(struct buf *message)
{
    buf_init(message, MESSAGE_MAX);
}

/* "x-…" with a value of any shape, which JSON is YAML enough for. */
static void put_extension(struct buf *b, unsigned number, const char *name, const struct node *value)
{
    struct buf named, any;
    char *yaml = node_to_text(value);
    begin(&named);
    begin(&any);
    put_str(&any, ANY_YAML, yaml);
    put_str(&named, NAMED_NAME, name);
    put_message(&named, NAMED_VALUE, &any);
    put_message(b, number, &named);
    mem_free(yaml);
}

/* --- schemas --- */

static void put_schema(struct buf *b, unsigned number, const struct node *schema);

static void put_named(struct buf *b, unsigned number, const char *name, const struct node *schema)
{
    struct buf named;
    begin(&named);
    put_str(&named, NAMED_NAME, name);
    put_schema(&named, NAMED_VALUE, schema);
    put_message(b, number, &named);
}

/* "#/components/schemas/x" is "#/definitions/x" here, and stands alone. */
static bool put_reference(struct buf *b, const struct node *schema)
{
    const char *reference = node_str(node_get(node_item(node_get(schema, "allOf"), 0), "$ref"));
    const char *name = reference != NULL ? strrchr(reference, '/') : NULL;
    char *local = name != NULL ? str_format("#/definitions/%s", name + 1) : NULL;
    put_str(b, SCHEMA_REF, local);
    mem_free(local);
    return name != NULL;
}

static void put_type(struct buf *b, const struct node *schema)
{
    struct buf type;
    const char *name = node_str(node_get(schema, "type"));
    if (name == NULL) {
        return;
    }
    begin(&type);
    put_str(&type, 1, name);
    put_message(b, SCHEMA_TYPE, &type);
}

/* What keeps unknown fields is told without its fields, or clients would refuse them. */
static void put_members(struct buf *b, const struct node *schema)
{
    struct buf members;
    bool is_open = node_bool_or(node_get(schema, "x-kubernetes-preserve-unknown-fields"), false);
    const struct node *properties = node_get(schema, "properties"), *items = node_get(schema, "items");
    const struct node *additional = node_get(schema, "additionalProperties");
    if (properties != NULL && !is_open) {
        begin(&members);
        struct node_iter it = node_iterate(properties);
        while (node_next(&it)) {
            put_named(&members, 1, it.key, it.value);
        }
        put_message(b, SCHEMA_PROPERTIES, &members);
    }
    if (items != NULL) {
        begin(&members);
        put_schema(&members, 1, items);
        put_message(b, SCHEMA_ITEMS, &members);
    }
    if (node_type(additional) == NODE_OBJECT) {
        begin(&members);
        put_schema(&members, 1, additional);
        put_message(b, SCHEMA_ADDITIONAL, &members);
    }
}

static void put_extensions(struct buf *b, const struct node *schema)
{
    static const char *const names[] = {"x-kubernetes-group-version-kind", "x-kubernetes-patch-strategy",
                                        "x-kubernetes-patch-merge-key"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (node_get(schema, names[i]) != NULL) {
            put_extension(b, SCHEMA_EXTENSION, names[i], node_get(schema, names[i]));
        }
    }
}

static void put_schema(struct buf *b, unsigned number, const struct node *schema)
{
    struct buf message;
    begin(&message);
    if (!put_reference(&message, schema)) {
        bool is_either = node_bool_or(node_get(schema, "x-kubernetes-int-or-string"), false);
        put_str(&message, SCHEMA_FORMAT, is_either ? "int-or-string" : node_str(node_get(schema, "format")));
        put_str(&message, SCHEMA_DESCRIPTION, node_str(node_get(schema, "description")));
        struct node_iter it = node_iterate(node_get(schema, "required"));
        while (node_next(&it)) {
            put_str(&message, SCHEMA_REQUIRED, node_str(it.value));
        }
        put_type(&message, schema);
        put_members(&message, schema);
    }
    put_extensions(&message, schema);
    put_message(b, number, &message);
}

/* --- paths --- */

static void put_dry_run(struct buf *operation)
{
    struct buf query, non_body, parameter, item;
    begin(&query);
    put_str(&query, QUERY_IN, "query");
    put_str(&query, QUERY_NAME, "dryRun");
    put_str(&query, QUERY_TYPE, "string");
    begin(&non_body);
    put_message(&non_body, 3, &query);
    begin(&parameter);
    put_message(&parameter, 2, &non_body);
    begin(&item);
    put_message(&item, 1, &parameter);
    put_message(operation, OPERATION_PARAMETERS, &item);
}

static void put_path(struct buf *paths, const struct kind *kind)
{
    struct buf operation, item, named;
    struct doc *doc = doc_new();
    struct node *mark = node_new_object(doc);
    char *path = str_format("/%s/%s/%s/{name}", kind->group, kind->version, kind->plural);
    node_set_str(doc, mark, "group", kind->group);
    node_set_str(doc, mark, "kind", kind->name);
    node_set_str(doc, mark, "version", kind->version);
    begin(&operation);
    put_dry_run(&operation);
    put_extension(&operation, OPERATION_EXTENSION, "x-kubernetes-group-version-kind", mark);
    begin(&item);
    put_message(&item, PATH_PATCH, &operation);
    begin(&named);
    put_str(&named, NAMED_NAME, path);
    put_message(&named, NAMED_VALUE, &item);
    put_message(paths, PATHS_PATH, &named);
    mem_free(path);
    doc_free(doc);
}

void openapi_v2_write(const struct node *schemas, const struct kinds *kinds, struct buf *out)
{
    struct buf info, paths, definitions;
    begin(&info);
    put_str(&info, 1, "Kubernetes");
    put_str(&info, 2, "1");
    put_str(out, DOCUMENT_SWAGGER, "2.0");
    put_message(out, DOCUMENT_INFO, &info);
    begin(&paths);
    for (size_t i = 0; i < kinds_count(kinds); i++) {
        put_path(&paths, kinds_at(kinds, i));
    }
    put_message(out, DOCUMENT_PATHS, &paths);
    begin(&definitions);
    struct node_iter it = node_iterate(schemas);
    while (node_next(&it)) {
        put_named(&definitions, 1, it.key, it.value);
    }
    put_message(out, DOCUMENT_DEFINITIONS, &definitions);
}
