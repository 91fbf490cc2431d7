#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "sim/kinds/builtin_types.h"
#include "sim/kinds/type_inner.h"

/* Parsed once, at first use, and kept: it is as constant as the text it comes from. */
static struct type *table;
static size_t table_count;

/* --- the table --- */

static enum scalar scalar_of(const char *name)
{
    static const struct {
        const char *name;
        enum scalar scalar;
    } words[] = {
        {"string", IS_STRING},   {"bool", IS_BOOL},         {"int32", IS_INT},
        {"int64", IS_INT},       {"int", IS_INT},           {"uint16", IS_INT},
        {"uint32", IS_INT},      {"float64", IS_FLOAT},     {"bytes", IS_BYTES},
        {"Time", IS_TIME},       {"MicroTime", IS_TIME},    {"Raw", IS_RAW},
        {"Duration", IS_STRING}, {"Quantity", IS_QUANTITY}, {"IntOrString", IS_INT_OR_STRING},
    };
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i].name, name)) {
            return words[i].scalar;
        }
    }
    return IS_STRUCT;
}

/* "7", or "2/7" */
static void parse_number(struct field *field, const char *text)
{
    const char *slash = strchr(text, '/');
    field->within = slash != NULL ? (unsigned)strtoul(text, NULL, 10) : 0;
    field->number = (unsigned)strtoul(slash != NULL ? slash + 1 : text, NULL, 10);
}

/* "merge/name" */
static void parse_patch(struct field *field, const char *text)
{
    const char *slash = strchr(text, '/');
    if (text[0] == '\0') {
        return;
    }
    field->patch_strategy = str_dup_n(text, slash != NULL ? (size_t)(slash - text) : strlen(text));
    field->merge_key = slash != NULL ? str_dup(slash + 1) : NULL;
}

/* "name:flags:type:number:patch" */
static struct field parse_field(const char *text)
{
    struct str_list parts = {0};
    str_list_split(&parts, text, ':');
    assert(parts.count == 5);
    const char *flags = parts.items[1], *type = parts.items[2];
    struct field field = {
        .name = str_dup(parts.items[0]),
        .name_len = strlen(parts.items[0]),
        .is_pointer = strchr(flags, 'p') != NULL,
        .omit_empty = strchr(flags, 'o') != NULL,
        .omit_zero = strchr(flags, 'z') != NULL,
        .shape = str_has_prefix(type, "[]")   ? SHAPE_LIST
                 : str_has_prefix(type, "{}") ? SHAPE_MAP
                                              : SHAPE_PLAIN,
    };
    field.type_name = str_dup(field.shape == SHAPE_PLAIN ? type : type + 2);
    field.scalar = str_has_prefix(field.type_name, "[]") ? IS_RAW : scalar_of(field.type_name);
    parse_number(&field, parts.items[3]);
    parse_patch(&field, parts.items[4]);
    str_list_fini(&parts);
    return field;
}

static struct type parse_type(const char *line)
{
    struct str_list words = {0};
    str_list_split(&words, line, ' ');
    struct type type = {.name = str_dup(words.items[0])};
    type.fields = mem_alloc_array(words.count, sizeof(struct field));
    for (size_t i = 1; i < words.count; i++) {
        if (words.items[i][0] != '\0') {
            type.fields[type.count++] = parse_field(words.items[i]);
        }
    }
    str_list_fini(&words);
    return type;
}

static int by_name(const void *left, const void *right)
{
    const struct type *a = left, *b = right;
    return strcmp(a->name, b->name);
}

static const struct type *find_in_table(const char *name)
{
    const struct type wanted = {.name = (char *)(uintptr_t)name};
    return bsearch(&wanted, table, table_count, sizeof *table, by_name);
}

static void link_types(void)
{
    for (size_t i = 0; i < table_count; i++) {
        for (size_t j = 0; j < table[i].count; j++) {
            struct field *field = &table[i].fields[j];
            field->type = field->scalar == IS_STRUCT ? find_in_table(field->type_name) : NULL;
            assert(field->type != NULL || field->scalar != IS_STRUCT);
        }
    }
}

static void parse_table(void)
{
    struct str_list lines = {0};
    str_list_split(&lines, builtin_types, '\n');
    table = mem_alloc_array(lines.count, sizeof(struct type));
    for (size_t i = 0; i < lines.count; i++) {
        if (lines.items[i][0] != '\0') {
            table[table_count++] = parse_type(lines.items[i]);
        }
    }
    str_list_fini(&lines);
    qsort(table, table_count, sizeof *table, by_name);
    link_types();
}

const struct type *type_find(const char *name)
{
    if (table == NULL) {
        parse_table();
    }
    return find_in_table(name);
}

/* --- describing --- */

static struct node *describe_scalar(struct doc *doc, const struct field *field, const char *prefix)
{
    static const char *const words[] = {
        [IS_STRING] = "string", [IS_BOOL] = "boolean", [IS_INT] = "integer",          [IS_FLOAT] = "number",
        [IS_BYTES] = "string",  [IS_TIME] = "string",  [IS_INT_OR_STRING] = "string", [IS_QUANTITY] = "string"};
    struct node *schema = node_new_object(doc);
    if (field->scalar == IS_STRUCT) {
        char *reference = str_format("#/components/schemas/%s%s", prefix, field->type->name);
        struct node *all = node_new_array(doc), *first = node_new_object(doc);
        node_set_str(doc, first, "$ref", reference);
        node_push(all, first);
        node_set(doc, schema, "allOf", all);
        mem_free(reference);
    } else if (field->scalar != IS_RAW) { /* which is anything */
        node_set_str(doc, schema, "type", words[field->scalar]);
        if (field->scalar == IS_INT_OR_STRING) {
            node_set_str(doc, schema, "format", "int-or-string");
        } else if (field->scalar == IS_TIME) {
            node_set_str(doc, schema, "format", "date-time");
        }
    }
    return schema;
}

static struct node *describe_field(struct doc *doc, const struct field *field, const char *prefix)
{
    struct node *one = describe_scalar(doc, field, prefix);
    if (field->shape == SHAPE_PLAIN) {
        return one;
    }
    struct node *schema = node_new_object(doc);
    node_set_str(doc, schema, "type", field->shape == SHAPE_LIST ? "array" : "object");
    node_set(doc, schema, field->shape == SHAPE_LIST ? "items" : "additionalProperties", one);
    return schema;
}

void type_describe(const struct type *type, struct doc *doc, struct node *schemas, const char *prefix)
{
    char *name = str_format("%s%s", prefix, type->name);
    bool is_known = node_get(schemas, name) != NULL;
    struct node *schema = is_known ? NULL : node_new_object(doc);
    node_set(doc, schemas, name, schema);
    mem_free(name);
    if (is_known) {
        return;
    }
    node_set_str(doc, schema, "type", "object");
    struct node *properties = node_ensure_object(doc, schema, "properties");
    for (size_t i = 0; i < type->count; i++) {
        const struct field *field = &type->fields[i];
        struct node *property = describe_field(doc, field, prefix);
        node_set_str(doc, property, "x-kubernetes-patch-strategy", field->patch_strategy);
        node_set_str(doc, property, "x-kubernetes-patch-merge-key", field->merge_key);
        node_set(doc, properties, field->name, property);
        if (field->type != NULL) {
            type_describe(field->type, doc, schemas, prefix);
        }
    }
}
