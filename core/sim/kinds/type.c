#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "sim/kinds/builtin_types.h"
#include "sim/kinds/quantity.h"
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

static const struct type *find_in_table(const char *name)
{
    for (size_t i = 0; i < table_count; i++) {
        if (str_equal(table[i].name, name)) {
            return &table[i];
        }
    }
    return NULL;
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
    link_types();
}

const struct type *type_find(const char *name)
{
    if (table == NULL) {
        parse_table();
    }
    return find_in_table(name);
}

/* --- converting --- */

struct conversion {
    struct doc *doc;
    struct str_list *unknown;
    struct err *err;
    struct buf path; /* "spec.template.spec.containers[0].image" */
    bool failed;
};

static const char *json_word(const struct node *value)
{
    switch (node_type(value)) {
    case NODE_BOOL:
        return "bool";
    case NODE_STRING:
        return "string";
    case NODE_ARRAY:
        return "array";
    case NODE_OBJECT:
        return "object";
    default:
        return "number";
    }
}

/* Go's path has no indices. */
static void mismatch(struct conversion *c, const struct type *in, const struct node *value, const char *go_type)
{
    if (c->failed) {
        return;
    }
    char *path = str_dup(buf_str(&c->path));
    size_t out = 0;
    bool in_brackets = false;
    for (const char *at = path; *at != '\0'; at++) {
        in_brackets = *at == '[' || (in_brackets && at[-1] != ']');
        if (!in_brackets) {
            path[out++] = *at;
        }
    }
    path[out] = '\0';
    err_set(c->err, ERR_INVALID, "json: cannot unmarshal %s into Go struct field %s.%s of type %s", json_word(value),
            in->name, path, go_type);
    mem_free(path);
    c->failed = true;
}

static void push_path(struct conversion *c, const char *key)
{
    if (c->path.len > 0 && key[0] != '[') {
        buf_append_char(&c->path, '.');
    }
    buf_append_str(&c->path, key);
}

static void pop_path(struct conversion *c, size_t len)
{
    struct buf *b = &c->path;
    b->len = len;
    if (b->data != NULL) {
        b->data[len] = '\0';
    }
}

static struct node *convert_struct(struct conversion *c, const struct type *type, const struct node *value);

static bool is_none(const struct node *value)
{
    return node_type(value) == NODE_ABSENT || node_type(value) == NODE_NULL;
}

static const char *go_type_of(const struct field *field, char *space, size_t size)
{
    bool is_struct = field->scalar == IS_STRUCT;
    char *text = str_format("%s%s%s",
                            field->shape == SHAPE_LIST  ? "[]"
                            : field->shape == SHAPE_MAP ? "map[string]"
                                                        : "",
                            is_struct ? "v1." : "", field->type_name);
    str_copy(space, size, text);
    mem_free(text);
    return space;
}

static struct node *convert_time(struct conversion *c, const struct field *field, const struct node *value)
{
    int64_t wall_ms;
    struct err err;
    const char *text = node_str(value);
    char written[32];
    if (text != NULL && !time_parse(text, &wall_ms, &err) && !c->failed) {
        bool micro = str_equal(field->type_name, "MicroTime");
        err_set(c->err, ERR_INVALID, "parsing time \"%s\" as \"%s\": cannot parse \"%s\" as \"2006\"", text,
                micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00", text);
        c->failed = true;
        return NULL;
    }
    if (text == NULL || str_equal(field->type_name, "MicroTime")) {
        return node_copy(c->doc, value);
    }
    time_write(wall_ms, written);
    return node_new_str(c->doc, written);
}

/* Go's base64, with its count of where it went wrong. */
static bool check_base64(struct conversion *c, const char *text)
{
    size_t len = strlen(text), good = 0;
    while (good < len && (isalnum((unsigned char)text[good]) || strchr("+/", text[good]) != NULL)) {
        good++;
    }
    size_t padding = len - good;
    bool ok = len % 4 == 0 && padding <= 2 && strspn(text + good, "=") == padding;
    if (!ok && !c->failed) {
        err_set(c->err, ERR_INVALID, "illegal base64 data at input byte %zu", good == len ? len / 4 * 4 : good);
        c->failed = true;
    }
    return ok;
}

/* Maps of quantities are lists of resources, which the defaults of a server round. */
static struct node *convert_quantity(struct conversion *c, const struct field *field, const struct node *value)
{
    char *text = node_type(value) == NODE_STRING ? str_dup(node_str(value)) : node_to_text(value);
    struct err err;
    char *canonical = quantity_canonical(text, field->shape == SHAPE_MAP, &err);
    struct node *quantity = canonical != NULL ? node_new_str(c->doc, canonical) : NULL;
    if (canonical == NULL && !c->failed) {
        *c->err = err;
        c->failed = true;
    }
    mem_free(canonical);
    mem_free(text);
    return quantity;
}

static bool is_scalar_kind(const struct field *field, const struct node *value)
{
    enum node_type type = node_type(value);
    int64_t whole;
    switch (field->scalar) {
    case IS_STRING:
    case IS_BYTES:
    case IS_TIME:
        return type == NODE_STRING;
    case IS_BOOL:
        return type == NODE_BOOL;
    case IS_INT:
        return node_int(value, &whole);
    case IS_FLOAT:
        return type == NODE_INT || type == NODE_REAL;
    case IS_INT_OR_STRING:
        return type == NODE_STRING || type == NODE_INT;
    case IS_STRUCT:
        return type == NODE_OBJECT;
    default: /* also a quantity, which Go reads from whatever text it is given */
        return true;
    }
}

static struct node *convert_one(struct conversion *c, const struct type *in, const struct field *field,
                                const struct node *value)
{
    if (!is_scalar_kind(field, value)) {
        char space[128];
        struct field plain = *field;
        plain.shape = SHAPE_PLAIN;
        mismatch(c, in, value, go_type_of(&plain, space, sizeof space));
        return NULL;
    }
    if (field->scalar == IS_STRUCT) {
        return convert_struct(c, field->type, value);
    }
    if (field->scalar == IS_TIME) {
        return convert_time(c, field, value);
    }
    if (field->scalar == IS_BYTES && !check_base64(c, node_str(value))) {
        return NULL;
    }
    if (field->scalar == IS_QUANTITY) {
        return convert_quantity(c, field, value);
    }
    return node_copy(c->doc, value);
}

static struct node *convert_list(struct conversion *c, const struct type *in, const struct field *field,
                                 const struct node *value)
{
    struct node *list = node_new_array(c->doc);
    struct node_iter it = node_iterate(value);
    while (node_next(&it)) {
        size_t len = c->path.len;
        char index[24];
        char *text = str_format("[%zu]", it.index);
        str_copy(index, sizeof index, text);
        mem_free(text);
        push_path(c, index);
        struct node *item = is_none(it.value) ? node_new_null(c->doc) : convert_one(c, in, field, it.value);
        pop_path(c, len);
        if (item != NULL) {
            node_push(list, item);
        }
    }
    return list;
}

static struct node *convert_map(struct conversion *c, const struct type *in, const struct field *field,
                                const struct node *value)
{
    struct node *map = node_new_object(c->doc);
    struct node_iter it = node_iterate(value);
    bool has_path = field->scalar == IS_STRUCT;
    while (node_next(&it)) {
        size_t len = c->path.len;
        if (has_path) {
            push_path(c, it.key);
        }
        if (is_none(it.value) && (field->scalar == IS_STRING || field->scalar == IS_QUANTITY)) {
            node_set_str(c->doc, map, it.key, field->scalar == IS_STRING ? "" : "0");
        } else if (!is_none(it.value)) {
            node_set(c->doc, map, it.key, convert_one(c, in, field, it.value));
        }
        pop_path(c, len);
    }
    return map;
}

static struct node *zero_of(struct conversion *c, const struct field *field)
{
    switch (field->shape == SHAPE_PLAIN ? field->scalar : IS_RAW) {
    case IS_STRUCT:
        return convert_struct(c, field->type, NULL);
    case IS_STRING:
        return node_new_str(c->doc, "");
    case IS_BOOL:
        return node_new_bool(c->doc, false);
    case IS_INT:
    case IS_FLOAT:
    case IS_INT_OR_STRING:
        return node_new_int(c->doc, 0);
    case IS_QUANTITY:
        return node_new_str(c->doc, "0");
    default:
        return node_new_null(c->doc);
    }
}

/* Go's rule of omitempty: structs are never empty, whatever stands in them. */
static bool is_omitted(const struct field *field, const struct node *value)
{
    if (is_none(value) && field->is_pointer) {
        return true;
    }
    if (field->is_pointer) {
        return false;
    }
    bool is_struct = field->shape == SHAPE_PLAIN && (field->scalar == IS_STRUCT || field->scalar == IS_TIME ||
                                                     field->scalar == IS_INT_OR_STRING || field->scalar == IS_QUANTITY);
    if (is_struct) {
        return field->omit_zero && (is_none(value) || (field->scalar == IS_STRUCT && node_count(value) == 0));
    }
    if (!field->omit_empty) {
        return false;
    }
    int64_t number;
    switch (node_type(value)) {
    case NODE_STRING:
        return node_is(value, "") && field->scalar != IS_RAW;
    case NODE_INT:
        return field->scalar != IS_RAW && node_int(value, &number) && number == 0;
    case NODE_BOOL:
        return field->scalar != IS_RAW && !node_bool_or(value, true);
    case NODE_ARRAY:
    case NODE_OBJECT:
        return field->shape != SHAPE_PLAIN && node_count(value) == 0;
    case NODE_ABSENT:
    case NODE_NULL:
        return true;
    default:
        return false;
    }
}

static struct node *convert_field(struct conversion *c, const struct type *in, const struct field *field,
                                  const struct node *value)
{
    enum node_type wanted = field->shape == SHAPE_LIST ? NODE_ARRAY : NODE_OBJECT;
    if (is_none(value)) {
        return zero_of(c, field);
    }
    if (field->shape == SHAPE_PLAIN) {
        return convert_one(c, in, field, value);
    }
    if (node_type(value) != wanted) {
        char space[128];
        mismatch(c, in, value, go_type_of(field, space, sizeof space));
        return NULL;
    }
    return field->shape == SHAPE_LIST ? convert_list(c, in, field, value) : convert_map(c, in, field, value);
}

static const struct field *find_field(const struct type *type, const char *name)
{
    for (size_t i = 0; i < type->count; i++) {
        if (str_equal(type->fields[i].name, name)) {
            return &type->fields[i];
        }
    }
    return NULL;
}

static void note_unknown(struct conversion *c, const struct type *type, const struct node *value)
{
    struct node_iter it = node_iterate(value);
    while (c->unknown != NULL && node_next(&it)) {
        if (find_field(type, it.key) != NULL) {
            continue;
        }
        char *text = str_format("unknown field \"%s%s%s\"", buf_str(&c->path), c->path.len > 0 ? "." : "", it.key);
        str_list_push(c->unknown, text);
        mem_free(text);
    }
}

static struct node *convert_struct(struct conversion *c, const struct type *type, const struct node *value)
{
    struct node *object = node_new_object(c->doc);
    note_unknown(c, type, value);
    for (size_t i = 0; i < type->count; i++) {
        const struct field *field = &type->fields[i];
        const struct node *member = node_get(value, field->name);
        if (is_omitted(field, member)) {
            continue;
        }
        size_t len = c->path.len;
        push_path(c, field->name);
        node_set(c->doc, object, field->name, convert_field(c, type, field, member));
        pop_path(c, len);
    }
    return object;
}

struct doc *type_convert(const struct type *type, const struct node *value, struct str_list *unknown, struct err *err)
{
    struct conversion c = {.doc = doc_new(), .unknown = unknown, .err = err};
    buf_init(&c.path, 4096);
    doc_set_root(c.doc, convert_struct(&c, type, value));
    buf_fini(&c.path);
    if (!c.failed) {
        return c.doc;
    }
    doc_free(c.doc);
    return NULL;
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
