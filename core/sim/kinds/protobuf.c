/* A body is four bytes "k8s\0" and a message Unknown {1: {1: apiVersion, 2: kind}, 2: the object}. A field is a key
 * (number << 3 | wire) and a varint, eight bytes, or a length and so many bytes; what the types do not know is
 * skipped. */
#include "sim/kinds/protobuf.h"

#include <string.h>

#include "base/base64.h"
#include "base/duration.h"
#include "base/mem.h"
#include "sim/kinds/type_inner.h"

enum { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5, DEPTH_MAX = 64 };

struct bytes {
    const unsigned char *at, *end;
    bool broken;
};

struct item {
    unsigned number, wire;
    uint64_t value;     /* of WIRE_VARINT and WIRE_64 */
    struct bytes bytes; /* of WIRE_BYTES */
};

/* --- the wire --- */

static uint64_t take_varint(struct bytes *b)
{
    uint64_t value = 0;
    for (unsigned shift = 0; shift < 64 && b->at < b->end; shift += 7) {
        unsigned char c = *b->at++;
        value |= (uint64_t)(c & 0x7f) << shift;
        if (!(c & 0x80)) {
            return value;
        }
    }
    b->broken = true;
    return 0;
}

static uint64_t take_fixed(struct bytes *b, size_t size)
{
    uint64_t value = 0;
    if ((size_t)(b->end - b->at) < size) {
        b->broken = true;
        return 0;
    }
    for (size_t i = 0; i < size; i++) {
        value |= (uint64_t)b->at[i] << (8 * i);
    }
    b->at += size;
    return value;
}

static struct bytes take_bytes(struct bytes *b)
{
    uint64_t len = take_varint(b);
    struct bytes piece = {b->at, b->at, false};
    if (len > (uint64_t)(b->end - b->at)) {
        b->broken = true;
        return piece;
    }
    b->at += len;
    piece.end = b->at;
    return piece;
}

static bool next_item(struct bytes *b, struct item *item)
{
    if (b->at >= b->end || b->broken) {
        return false;
    }
    uint64_t key = take_varint(b);
    *item = (struct item){.number = (unsigned)(key >> 3), .wire = (unsigned)(key & 7)};
    if (item->wire == WIRE_VARINT) {
        item->value = take_varint(b);
    } else if (item->wire == WIRE_64 || item->wire == WIRE_32) {
        item->value = take_fixed(b, item->wire == WIRE_64 ? 8 : 4);
    } else if (item->wire == WIRE_BYTES) {
        item->bytes = take_bytes(b);
    } else {
        b->broken = true;
    }
    return !b->broken;
}

/* The last field of that number in a message; false without one. */
static bool find_item(struct bytes message, unsigned number, struct item *found)
{
    struct item item;
    bool is_there = false;
    while (next_item(&message, &item)) {
        if (item.number == number) {
            *found = item;
            is_there = true;
        }
    }
    return is_there;
}

/* --- values --- */

static struct node *text_node(struct doc *doc, struct bytes b)
{
    return node_new_str_n(doc, (const char *)b.at, (size_t)(b.end - b.at));
}

static struct node *time_node(struct doc *doc, struct bytes message, bool micro)
{
    struct item seconds = {0}, nanos = {0};
    char text[32];
    find_item(message, 1, &seconds);
    find_item(message, 2, &nanos);
    if (message.at == message.end) {
        return node_new_null(doc);
    }
    int64_t wall_ms = (int64_t)seconds.value * 1000 + (int64_t)nanos.value / 1000000;
    if (micro) {
        time_write_micro(wall_ms, text);
    } else {
        time_write(wall_ms, text);
    }
    return node_new_str(doc, text);
}

static struct node *int_or_string(struct doc *doc, struct bytes message)
{
    struct item kind = {0}, number = {0}, text = {0};
    find_item(message, 1, &kind);
    find_item(message, 2, &number);
    if (kind.value == 0) {
        return node_new_int(doc, (int32_t)number.value);
    }
    return find_item(message, 3, &text) ? text_node(doc, text.bytes) : node_new_str(doc, "");
}

static struct node *quantity(struct doc *doc, struct bytes message)
{
    struct item text = {0};
    return find_item(message, 1, &text) ? text_node(doc, text.bytes) : node_new_str(doc, "0");
}

/* JSON within protobuf: {1: raw}. */
static struct node *raw(struct doc *doc, struct bytes message)
{
    struct item item = {0};
    struct err ignored;
    if (!find_item(message, 1, &item)) {
        return NULL;
    }
    struct doc *parsed = doc_parse((const char *)item.bytes.at, (size_t)(item.bytes.end - item.bytes.at), &ignored);
    struct node *copy = node_copy(doc, doc_root(parsed));
    doc_free(parsed);
    return copy;
}

static struct node *real(struct doc *doc, uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return node_new_real(doc, value);
}

static void read_struct(struct doc *doc, struct node *object, const struct type *type, unsigned within,
                        struct bytes *message, int depth);

static struct node *value_of(struct doc *doc, const struct field *field, const struct item *item, int depth)
{
    switch (field->scalar) {
    case IS_BOOL:
        return node_new_bool(doc, item->value != 0);
    case IS_INT:
        return node_new_int(doc, (int64_t)item->value);
    case IS_FLOAT:
        return real(doc, item->value);
    case IS_STRING:
        return text_node(doc, item->bytes);
    case IS_BYTES: {
        char *text = base64_encode(item->bytes.at, (size_t)(item->bytes.end - item->bytes.at));
        struct node *node = node_new_str(doc, text);
        mem_free(text);
        return node;
    }
    case IS_TIME:
        return time_node(doc, item->bytes, str_equal(field->type_name, "MicroTime"));
    case IS_INT_OR_STRING:
        return int_or_string(doc, item->bytes);
    case IS_QUANTITY:
        return quantity(doc, item->bytes);
    case IS_RAW:
        return raw(doc, item->bytes);
    default: {
        struct node *object = node_new_object(doc);
        struct bytes message = item->bytes;
        if (depth < DEPTH_MAX) {
            read_struct(doc, object, field->type, 0, &message, depth + 1);
        }
        return object;
    }
    }
}

/* --- structs --- */

static void add_to_map(struct doc *doc, struct node *object, const struct field *field, const struct item *item,
                       int depth)
{
    struct item key = {0}, value = {0};
    find_item(item->bytes, 1, &key);
    find_item(item->bytes, 2, &value);
    char *name = str_dup_n((const char *)(key.bytes.at != NULL ? key.bytes.at : (const unsigned char *)""),
                           (size_t)(key.bytes.end - key.bytes.at));
    node_set(doc, node_ensure_object(doc, object, field->name), name, value_of(doc, field, &value, depth));
    mem_free(name);
}

static void set_field(struct doc *doc, struct node *object, const struct field *field, const struct item *item,
                      int depth)
{
    if (field->shape == SHAPE_MAP) {
        add_to_map(doc, object, field, item, depth);
        return;
    }
    struct node *value = value_of(doc, field, item, depth);
    if (field->shape == SHAPE_PLAIN) {
        node_set(doc, object, field->name, value);
        return;
    }
    if (node_get(object, field->name) == NULL) {
        node_set(doc, object, field->name, node_new_array(doc));
    }
    if (value != NULL) {
        node_push(node_get(object, field->name), value);
    }
}

static bool holds_embedded(const struct type *type, unsigned number)
{
    for (size_t i = 0; i < type->count; i++) {
        if (type->fields[i].within == number) {
            return true;
        }
    }
    return false;
}

static void read_struct(struct doc *doc, struct node *object, const struct type *type, unsigned within,
                        struct bytes *message, int depth)
{
    struct item item;
    while (next_item(message, &item)) {
        if (within == 0 && holds_embedded(type, item.number)) {
            struct bytes embedded = item.bytes;
            read_struct(doc, object, type, item.number, &embedded, depth);
            continue;
        }
        for (size_t i = 0; i < type->count; i++) {
            if (type->fields[i].number == item.number && type->fields[i].within == within) {
                set_field(doc, object, &type->fields[i], &item, depth);
            }
        }
    }
}

static struct doc *read_object(struct bytes raw_object, struct bytes type_meta, struct err *err)
{
    struct item version = {0}, kind = {0};
    find_item(type_meta, 1, &version);
    find_item(type_meta, 2, &kind);
    struct doc *doc = doc_new();
    struct node *object = node_new_object(doc);
    doc_set_root(doc, object);
    node_set(doc, object, "apiVersion", text_node(doc, version.bytes));
    node_set(doc, object, "kind", text_node(doc, kind.bytes));
    const struct type *type = type_find(node_str_or(node_get(object, "kind"), ""));
    if (type != NULL) {
        read_struct(doc, object, type, 0, &raw_object, 0);
    }
    if (type != NULL && !raw_object.broken) {
        return doc;
    }
    err_set(err, ERR_PARSE, "%s", type != NULL ? "the protobuf is cut off" : "its kind is not known");
    doc_free(doc);
    return NULL;
}

struct doc *protobuf_read(const char *bytes, size_t len, struct err *err)
{
    struct item type_meta = {0}, object = {0};
    if (len < 4 || memcmp(bytes, "k8s\0", 4) != 0) {
        err_set(err, ERR_PARSE, "provided data does not appear to be a protobuf message");
        return NULL;
    }
    struct bytes unknown = {(const unsigned char *)bytes + 4, (const unsigned char *)bytes + len, false};
    find_item(unknown, 1, &type_meta);
    find_item(unknown, 2, &object);
    return read_object(object.bytes, type_meta.bytes, err);
}
