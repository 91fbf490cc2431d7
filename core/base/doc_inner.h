/* What the doc_*.c files share, and nobody else includes: a node is a mutable value of yyjson under another name. */
#pragma once

#include <assert.h>
#include <string.h>
#include <yyjson.h>

#include "base/doc.h"

/* Deepest nesting of what is parsed; recursion over a parsed tree is bounded by it. */
enum { DOC_DEPTH_MAX = 256 };

/* One piece of memory, with room for the first nodes and the first text: most documents are small, or are made once and
 * stay as they are. */
struct doc {
    yyjson_mut_doc body;
    size_t others;  /* owners besides the first */
    bool is_shared; /* or was once: nobody changes it */
    bool had_duplicates;
    yyjson_mut_val nodes[];
};

/* Without a root; has room for so many nodes, and for so many bytes of text with their NULs. */
struct doc *doc_sized(size_t nodes, size_t text);

/* The tree, to be changed. */
static inline yyjson_mut_doc *doc_tree(struct doc *doc)
{
    assert(!doc->is_shared && "the document is shared: doc_copy it");
    return &doc->body;
}

/* Memory that yyjson works in, kept for the next time unless it is large. */
struct doc_piece {
    char *bytes;
    size_t size;
};
/* At least so large; what was in it stays. */
char *doc_piece_ensure(struct doc_piece *piece, size_t size);
void doc_piece_trim(struct doc_piece *piece);

/* yyjson on top of base/mem.h: it never sees a failed allocation. */
extern const yyjson_alc doc_memory;

static inline yyjson_mut_val *node_in(const struct node *n)
{
    return (yyjson_mut_val *)(uintptr_t)n;
}

static inline struct node *node_out(yyjson_mut_val *v)
{
    return (struct node *)v;
}

/* A new node without a place: the pools that nodes come from are not zeroed. */
static inline struct node *node_fresh(yyjson_mut_val *v)
{
    v->next = NULL;
    return node_out(v);
}

static inline size_t doc_text_len(const yyjson_mut_val *v)
{
    return (size_t)(v->tag >> YYJSON_TAG_BIT);
}

static inline bool doc_same_text(const yyjson_mut_val *a, const yyjson_mut_val *b)
{
    return doc_text_len(a) == doc_text_len(b) && memcmp(a->uni.str, b->uni.str, doc_text_len(a)) == 0;
}

/* The key of a member, whose value is key->next; NULL in an object without it, and in anything else. */
static inline yyjson_mut_val *doc_find_key(const yyjson_mut_val *object, const char *text, size_t len)
{
    uint64_t tag = (uint64_t)len << YYJSON_TAG_BIT | YYJSON_TYPE_STR;
    if (object == NULL || (object->tag & YYJSON_TYPE_MASK) != YYJSON_TYPE_OBJ) {
        return NULL;
    }
    yyjson_mut_val *key = object->uni.ptr;
    for (size_t count = doc_text_len(object); count > 0; count--) {
        key = key->next->next;
        /* Most keys of one length differ in their first letter: that needs no call. */
        if ((key->tag | YYJSON_SUBTYPE_MASK) == (tag | YYJSON_SUBTYPE_MASK) &&
            (len == 0 || (key->uni.str[0] == text[0] && memcmp(key->uni.str, text, len) == 0))) {
            return key;
        }
    }
    return NULL;
}

/* The value of a real that is a whole number in the range of int64 or uint64, so that 1.0 and 1 are one. */
bool doc_whole_int(double real, int64_t *out);
bool doc_whole_uint(double real, uint64_t *out);

/* Members of an object ordered bytewise by key, equal keys in the order of the text. A member's value is key->next. The
 * caller frees `items`. */
struct doc_member {
    yyjson_mut_val *key;
    size_t index;
};
struct doc_members {
    struct doc_member *items;
    size_t count;
};
struct doc_members doc_members_sorted(yyjson_mut_val *object);
/* Of duplicate keys the value of the last stays, in the place of the first. True: there were some. */
bool doc_drop_duplicates(yyjson_mut_val *object);

/* Bytewise, as memcmp; also for anything else that holds text. */
int doc_compare_text(const yyjson_mut_val *a, const yyjson_mut_val *b);
