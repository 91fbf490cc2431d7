#include "base/doc.h"

#include <stdlib.h>
#include <string.h>

#include "base/doc_inner.h"
#include "base/mem.h"

static void *alc_malloc(void *ctx, size_t size)
{
    return mem_alloc(size);
}

static void *alc_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
    return mem_resize(p, size);
}

static void alc_free(void *ctx, void *p)
{
    mem_free(p);
}

const yyjson_alc doc_memory = {alc_malloc, alc_realloc, alc_free, NULL};

/* --- documents --- */

static struct doc *wrap(yyjson_mut_doc *tree)
{
    struct doc *doc = mem_new(struct doc);
    doc->tree = tree;
    return doc;
}

struct doc *doc_new(void)
{
    return wrap(yyjson_mut_doc_new(&doc_memory));
}

/* The place where the nesting passes the limit; `len` if it never does. Looked for before parsing, because a text of
 * brackets alone would make a tree of many times its size. */
static size_t find_too_deep(const char *text, size_t len)
{
    size_t depth = 0;
    bool in_string = false;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (in_string) {
            if (c == '\\') {
                i++;
            } else if (c == '"') {
                in_string = false;
            }
        } else if (c == '"') {
            in_string = true;
        } else if (c == '[' || c == '{') {
            if (++depth > DOC_DEPTH_MAX) {
                return i;
            }
        } else if ((c == ']' || c == '}') && depth > 0) {
            depth--;
        }
    }
    return len;
}

static void set_parse_error(struct err *err, const char *text, size_t len, size_t at, const char *what)
{
    size_t line = 1, column = 1, character = 0;
    yyjson_locate_pos(text, len, at < len ? at : len, &line, &column, &character);
    err_set(err, ERR_PARSE, "JSON %zu:%zu: %s", line, column, what);
}

static size_t text_len(const yyjson_mut_val *v)
{
    return (size_t)(v->tag >> YYJSON_TAG_BIT);
}

int doc_compare_text(const yyjson_mut_val *a, const yyjson_mut_val *b)
{
    size_t a_len = text_len(a);
    size_t b_len = text_len(b);
    int order = memcmp(a->uni.str, b->uni.str, a_len < b_len ? a_len : b_len);
    if (order != 0) {
        return order;
    }
    return (a_len > b_len) - (a_len < b_len);
}

static int compare_members(const void *a, const void *b)
{
    const struct doc_member *left = a;
    const struct doc_member *right = b;
    int order = doc_compare_text(left->key, right->key);
    return order ? order : (left->index > right->index) - (left->index < right->index);
}

struct doc_members doc_members_sorted(yyjson_mut_val *object)
{
    struct doc_members members = {.count = yyjson_mut_obj_size(object)};
    members.items = mem_alloc_array(members.count, sizeof *members.items);
    yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(object);
    for (size_t i = 0; i < members.count; i++) {
        members.items[i] = (struct doc_member){yyjson_mut_obj_iter_next(&it), i};
    }
    if (members.count > 1) {
        qsort(members.items, members.count, sizeof *members.items, compare_members);
    }
    return members;
}

enum { FEW_MEMBERS = 12 }; /* up to here comparing all pairs is cheaper than sorting */

static bool few_and_distinct(yyjson_mut_val *object)
{
    size_t count = yyjson_mut_obj_size(object);
    if (count > FEW_MEMBERS) {
        return false;
    }
    yyjson_mut_val *keys[FEW_MEMBERS];
    yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(object);
    for (size_t i = 0; i < count; i++) {
        keys[i] = yyjson_mut_obj_iter_next(&it);
        for (size_t j = 0; j < i; j++) {
            if (text_len(keys[j]) == text_len(keys[i]) && doc_compare_text(keys[j], keys[i]) == 0) {
                return false;
            }
        }
    }
    return true;
}

/* Gives the first of equal keys the value of the last one, and marks the others as dead (a key without text). */
static size_t mark_duplicates(const struct doc_members *members)
{
    size_t dead = 0;
    yyjson_mut_val *kept = NULL;
    for (size_t i = 0; i < members->count; i++) {
        yyjson_mut_val *key = members->items[i].key;
        if (kept == NULL || doc_compare_text(kept, key) != 0) {
            kept = key;
            continue;
        }
        kept->next->tag = key->next->tag;
        kept->next->uni = key->next->uni;
        key->uni.str = NULL;
        dead++;
    }
    return dead;
}

/* Closes the ring (key, value, key, value, …; `ptr` is the last key) over the dead members. */
static void relink(yyjson_mut_val *object, size_t count, size_t dead)
{
    yyjson_mut_val *last = object->uni.ptr;
    yyjson_mut_val *key = last->next->next;
    yyjson_mut_val *first = key; /* the first of any group is never dead */
    yyjson_mut_val *live = NULL;
    for (size_t i = 0; i < count; i++) {
        yyjson_mut_val *next = key->next->next;
        if (key->uni.str != NULL) {
            if (live != NULL) {
                live->next->next = key;
            }
            live = key;
        }
        key = next;
    }
    live->next->next = first;
    object->uni.ptr = live;
    unsafe_yyjson_set_len(object, count - dead);
}

/* The last of equal keys wins, at the place of the first. */
void doc_drop_duplicates(yyjson_mut_val *object)
{
    if (few_and_distinct(object)) {
        return;
    }
    struct doc_members members = doc_members_sorted(object);
    size_t dead = mark_duplicates(&members);
    if (dead > 0) {
        relink(object, members.count, dead);
    }
    mem_free(members.items);
}

/* Drops duplicate keys from all objects of the tree: all other functions rely on that. */
static void settle(yyjson_mut_val *v)
{
    if (yyjson_mut_is_arr(v)) {
        yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(v);
        for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&it)) != NULL;) {
            if (yyjson_mut_is_ctn(item)) {
                settle(item);
            }
        }
    } else if (yyjson_mut_is_obj(v)) {
        doc_drop_duplicates(v);
        yyjson_mut_obj_iter it = yyjson_mut_obj_iter_with(v);
        for (yyjson_mut_val *key; (key = yyjson_mut_obj_iter_next(&it)) != NULL;) {
            if (yyjson_mut_is_ctn(key->next)) {
                settle(key->next);
            }
        }
    }
}

struct doc *doc_parse(const char *text, size_t len, struct err *err)
{
    if (len == 0) {
        err_set(err, ERR_PARSE, "JSON 1:1: the text is empty");
        return NULL;
    }
    size_t deep = find_too_deep(text, len);
    if (deep < len) {
        set_parse_error(err, text, len, deep, "nested deeper than 256 levels");
        return NULL;
    }
    yyjson_read_err failure = {0};
    yyjson_doc *read = yyjson_read_opts((char *)(uintptr_t)text, len, YYJSON_READ_BIGNUM_AS_RAW, &doc_memory, &failure);
    if (read == NULL) {
        set_parse_error(err, text, len, failure.pos, failure.msg);
        return NULL;
    }
    yyjson_mut_doc *tree = yyjson_doc_mut_copy(read, &doc_memory);
    yyjson_doc_free(read);
    settle(yyjson_mut_doc_get_root(tree));
    return wrap(tree);
}

struct doc *doc_copy(const struct node *n)
{
    struct doc *doc = doc_new();
    doc_set_root(doc, node_copy(doc, n));
    return doc;
}

void doc_free(struct doc *doc)
{
    if (doc == NULL) {
        return;
    }
    if (doc->others > 0) {
        doc->others--;
        return;
    }
    yyjson_mut_doc_free(doc->tree);
    mem_free(doc);
}

struct doc *doc_share(struct doc *doc)
{
    doc->others++;
    doc->is_shared = true;
    return doc;
}

struct node *doc_root(const struct doc *doc)
{
    return doc != NULL ? node_out(yyjson_mut_doc_get_root(doc->tree)) : NULL;
}

void doc_set_root(struct doc *doc, struct node *n)
{
    yyjson_mut_doc_set_root(doc_tree(doc), node_in(n));
}
