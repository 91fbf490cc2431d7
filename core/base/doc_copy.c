/* Copies: what a tree needs is counted first, so that a copy is two pieces, of nodes and of text. */
#include <string.h>

#include "base/doc_inner.h"

/* Where the next node and the next text go. */
struct room {
    yyjson_mut_val *nodes;
    char *text;
};

struct need {
    size_t nodes, text;
};

/* Strings, and numbers kept as written. */
static bool has_text(const yyjson_mut_val *v)
{
    uint8_t type = v->tag & YYJSON_TYPE_MASK;
    return type == YYJSON_TYPE_STR || type == YYJSON_TYPE_RAW;
}

/* Values in a container, with the keys of an object; 0 for all else. */
static size_t ring_count(const yyjson_mut_val *v)
{
    uint8_t type = v->tag & YYJSON_TYPE_MASK;
    return type == YYJSON_TYPE_OBJ ? doc_text_len(v) * 2 : type == YYJSON_TYPE_ARR ? doc_text_len(v) : 0;
}

/* The first of the ring: `ptr` is the last element, or the last key. */
static yyjson_mut_val *ring_first(const yyjson_mut_val *v)
{
    yyjson_mut_val *last = v->uni.ptr;
    return (v->tag & YYJSON_TYPE_MASK) == YYJSON_TYPE_OBJ ? last->next->next : last->next;
}

static void measure(struct need *need, const yyjson_mut_val *v)
{
    need->nodes++;
    if (has_text(v)) {
        need->text += doc_text_len(v) + 1;
        return;
    }
    size_t count = ring_count(v);
    yyjson_mut_val *child = count > 0 ? ring_first(v) : NULL;
    for (size_t i = 0; i < count; i++, child = child->next) {
        measure(need, child);
    }
}

static yyjson_mut_val *copy_into(struct room *room, const yyjson_mut_val *v)
{
    yyjson_mut_val *copy = room->nodes++;
    *copy = (yyjson_mut_val){.tag = v->tag, .uni = v->uni};
    if (has_text(v)) {
        size_t size = doc_text_len(v);
        memcpy(room->text, v->uni.str, size);
        room->text[size] = '\0';
        copy->uni.str = room->text;
        room->text += size + 1;
        return copy;
    }
    size_t count = ring_count(v);
    yyjson_mut_val *child = count > 0 ? ring_first(v) : NULL, *first = NULL, *last = NULL;
    for (size_t i = 0; i < count; i++, child = child->next) {
        yyjson_mut_val *made = copy_into(room, child);
        if (child == v->uni.ptr) {
            copy->uni.ptr = made;
        }
        if (last != NULL) {
            last->next = made;
        } else {
            first = made;
        }
        last = made;
    }
    if (last != NULL) {
        last->next = first;
    }
    return copy;
}

struct node *node_copy(struct doc *doc, const struct node *n)
{
    if (n == NULL) {
        return NULL;
    }
    struct need need = {0};
    measure(&need, node_in(n));
    struct room room = {.nodes = unsafe_yyjson_mut_val(doc_tree(doc), need.nodes),
                        .text = need.text > 0 ? unsafe_yyjson_mut_str_alc(&doc->body, need.text) : NULL};
    return node_out(copy_into(&room, node_in(n)));
}

struct doc *doc_copy(const struct node *n)
{
    struct need need = {0};
    if (n == NULL) {
        return doc_new();
    }
    measure(&need, node_in(n));
    struct doc *doc = doc_sized(need.nodes, need.text);
    struct room room = {.nodes = doc->nodes, .text = doc->body.str_pool.cur};
    doc->body.root = copy_into(&room, node_in(n));
    doc->body.root->next = NULL;
    doc->body.val_pool.cur = room.nodes;
    doc->body.str_pool.cur = room.text;
    return doc;
}

void doc_own(struct doc **doc)
{
    struct doc *shared = *doc;
    if (shared->is_shared) {
        *doc = doc_copy(doc_root(shared));
        doc_free(shared);
    }
}
