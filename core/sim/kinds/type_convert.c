/* An object as Go reads it into a struct and writes it again. */
#include <assert.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/duration.h"
#include "base/mem.h"
#include "sim/kinds/quantity.h"
#include "sim/kinds/type_inner.h"

enum { PATH_BYTES_MAX = 4096, FIELDS_MAX = 128 };

/* A step of the path to what is converted: a key, or an index. Only what goes wrong makes a text of it. */
struct step {
    const struct step *above;
    const char *key; /* NULL: an index */
    size_t index;
};

struct conversion {
    struct doc *doc;
    struct str_list *unknown;
    struct err *err;
    const struct step *at; /* NULL: the root */
    bool failed;
};

/* "spec.template.spec.containers[0].image" */
static void write_path(struct buf *b, const struct step *step)
{
    if (step == NULL) {
        return;
    }
    write_path(b, step->above);
    if (step->key != NULL) {
        buf_printf(b, "%s%s", b->len > 0 ? "." : "", step->key);
    } else {
        buf_printf(b, "[%zu]", step->index);
    }
}

static char *path_of(const struct conversion *c)
{
    struct buf b;
    buf_init(&b, PATH_BYTES_MAX);
    write_path(&b, c->at);
    return buf_take(&b);
}

const char *type_json_word(const struct node *value)
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
    char *path = path_of(c);
    size_t out = 0;
    bool in_brackets = false;
    for (const char *at = path; *at != '\0'; at++) {
        in_brackets = *at == '[' || (in_brackets && at[-1] != ']');
        if (!in_brackets) {
            path[out++] = *at;
        }
    }
    path[out] = '\0';
    err_set(c->err, ERR_INVALID, "json: cannot unmarshal %s into Go struct field %s.%s of type %s",
            type_json_word(value), in->name, path, go_type);
    mem_free(path);
    c->failed = true;
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

static int two_digits(const char *text)
{
    return (text[0] - '0') * 10 + text[1] - '0';
}

/* As a server writes it, on a day that every month has: nothing is to be read or written anew. */
static bool is_plain_time(const char *text)
{
    static const char form[] = "dddd-dd-ddTdd:dd:ddZ";
    for (size_t i = 0; i < sizeof form; i++) {
        if (form[i] == 'd' ? !isdigit((unsigned char)text[i]) : text[i] != form[i]) {
            return false;
        }
    }
    int month = two_digits(text + 5), day = two_digits(text + 8);
    return month >= 1 && month <= 12 && day >= 1 && day <= 28 && two_digits(text + 11) < 24 &&
           two_digits(text + 14) < 60 && two_digits(text + 17) < 60;
}

static struct node *convert_time(struct conversion *c, const struct field *field, const struct node *value)
{
    int64_t wall_ms;
    struct err err;
    const char *text = node_str(value);
    char written[32];
    if (text == NULL || is_plain_time(text)) {
        return node_copy(c->doc, value);
    }
    if (!time_parse(text, &wall_ms, &err) && !c->failed) {
        bool micro = str_equal(field->type_name, "MicroTime");
        err_set(c->err, ERR_INVALID, "parsing time \"%s\" as \"%s\": cannot parse \"%s\" as \"2006\"", text,
                micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00", text);
        c->failed = true;
        return NULL;
    }
    if (str_equal(field->type_name, "MicroTime")) {
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
        const struct step step = {.above = c->at, .index = it.index};
        c->at = &step;
        struct node *item = is_none(it.value) ? node_new_null(c->doc) : convert_one(c, in, field, it.value);
        c->at = step.above;
        if (item != NULL) {
            node_push(list, item);
        }
    }
    return list;
}

/* Strings, which stay as they are. */
static bool is_plain_map(const struct field *field, const struct node *value)
{
    bool is_plain = field->scalar == IS_STRING;
    struct node_iter it = node_iterate(value);
    while (is_plain && node_next(&it)) {
        is_plain = node_type(it.value) == NODE_STRING;
    }
    return is_plain;
}

static struct node *convert_map(struct conversion *c, const struct type *in, const struct field *field,
                                const struct node *value)
{
    if (is_plain_map(field, value)) {
        return node_copy(c->doc, value);
    }
    struct node *map = node_new_object(c->doc);
    struct node_iter it = node_iterate(value);
    bool has_path = field->scalar == IS_STRUCT;
    while (node_next(&it)) {
        const struct step step = {.above = c->at, .key = it.key};
        c->at = has_path ? &step : c->at;
        if (is_none(it.value) && (field->scalar == IS_STRING || field->scalar == IS_QUANTITY)) {
            node_set_str(c->doc, map, it.key, field->scalar == IS_STRING ? "" : "0");
        } else if (!is_none(it.value)) {
            node_set(c->doc, map, it.key, convert_one(c, in, field, it.value));
        }
        c->at = step.above;
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

static bool is_named(const struct field *field, const struct node_iter *member)
{
    return field->name_len == member->key_len && memcmp(field->name, member->key, member->key_len) == 0;
}

/* The field of a member; most members stand in the order of the fields, so the search goes on behind the last one. */
static size_t find_field(const struct type *type, const struct node_iter *member, size_t from)
{
    for (size_t i = 0; i < type->count; i++) {
        size_t at = from + i < type->count ? from + i : from + i - type->count;
        if (is_named(&type->fields[at], member)) {
            return at;
        }
    }
    return type->count;
}

static void note_unknown(struct conversion *c, const char *key)
{
    if (c->unknown == NULL) {
        return;
    }
    char *path = path_of(c), *text = str_format("unknown field \"%s%s%s\"", path, c->at != NULL ? "." : "", key);
    str_list_push(c->unknown, text);
    mem_free(text);
    mem_free(path);
}

/* The member for each field; NULL where there is none. */
static void sort_members(struct conversion *c, const struct type *type, const struct node *value,
                         const struct node *members[static FIELDS_MAX])
{
    assert(type->count <= FIELDS_MAX);
    memset(members, 0, type->count * sizeof *members);
    size_t next = 0;
    struct node_iter it = node_iterate(node_type(value) == NODE_OBJECT ? value : NULL);
    while (node_next(&it)) {
        size_t at = find_field(type, &it, next);
        if (at < type->count) {
            members[at] = it.value;
            next = at + 1;
        } else {
            note_unknown(c, it.key);
        }
    }
}

static struct node *convert_struct(struct conversion *c, const struct type *type, const struct node *value)
{
    struct node *object = node_new_object(c->doc);
    const struct node *members[FIELDS_MAX];
    sort_members(c, type, value, members);
    for (size_t i = 0; i < type->count; i++) {
        const struct field *field = &type->fields[i];
        if (is_omitted(field, members[i])) {
            continue;
        }
        const struct step step = {.above = c->at, .key = field->name};
        c->at = &step;
        node_add(c->doc, object, field->name, convert_field(c, type, field, members[i]));
        c->at = step.above;
    }
    return object;
}

struct node *type_convert_into(struct doc *doc, const struct type *type, const struct node *value,
                               struct str_list *unknown, struct err *err)
{
    struct conversion c = {.doc = doc, .unknown = unknown, .err = err};
    struct node *converted = convert_struct(&c, type, value);
    return c.failed ? NULL : converted;
}

struct doc *type_convert(const struct type *type, const struct node *value, struct str_list *unknown, struct err *err)
{
    struct doc *doc = doc_new();
    struct node *root = type_convert_into(doc, type, value, unknown, err);
    if (root == NULL) {
        doc_free(doc);
        return NULL;
    }
    doc_set_root(doc, root);
    return doc;
}
