#include <assert.h>
#include <string.h>

#include "base/buf.h"
#include "base/doc_inner.h"
#include "base/mem.h"
#include "base/str.h"

/* What was written last. */
static struct doc_piece written;

static void *written_malloc(void *ctx, size_t size)
{
    return doc_piece_ensure(&written, size);
}

static void *written_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
    assert(p == written.bytes);
    return doc_piece_ensure(&written, size);
}

static void written_free(void *ctx, void *p)
{
    assert(p == written.bytes);
}

const char *node_text(const struct node *n, size_t *len)
{
    static const yyjson_alc memory = {written_malloc, written_realloc, written_free, NULL};
    if (n == NULL) {
        *len = 4;
        return "null";
    }
    yyjson_write_err failure = {0};
    doc_piece_trim(&written);
    char *text = yyjson_mut_val_write_opts(node_in(n), YYJSON_WRITE_NOFLAG, &memory, len, &failure);
    assert(text != NULL && "a node holds what JSON cannot say");
    return text;
}

bool node_write(const struct node *n, struct buf *b)
{
    size_t len = 0;
    const char *text = node_text(n, &len);
    return buf_append(b, text, len);
}

char *node_to_text(const struct node *n)
{
    size_t len = 0;
    const char *text = node_text(n, &len);
    return str_dup_n(text, len);
}

static yyjson_mut_val *sorted(yyjson_mut_doc *tree, yyjson_mut_val *v);

/* Text is borrowed from the original, which outlives the copy. */
static yyjson_mut_val *sorted_object(yyjson_mut_doc *tree, yyjson_mut_val *object)
{
    yyjson_mut_val *copy = yyjson_mut_obj(tree);
    struct doc_members members = doc_members_sorted(object);
    for (size_t i = 0; i < members.count; i++) {
        yyjson_mut_val *key = members.items[i].key;
        yyjson_mut_val *key_copy = yyjson_mut_strn(tree, key->uni.str, yyjson_mut_get_len(key));
        yyjson_mut_obj_add(copy, key_copy, sorted(tree, key->next));
    }
    mem_free(members.items);
    return copy;
}

static yyjson_mut_val *sorted_array(yyjson_mut_doc *tree, yyjson_mut_val *array)
{
    yyjson_mut_val *copy = yyjson_mut_arr(tree);
    yyjson_mut_arr_iter it = yyjson_mut_arr_iter_with(array);
    for (yyjson_mut_val *item; (item = yyjson_mut_arr_iter_next(&it)) != NULL;) {
        yyjson_mut_arr_append(copy, sorted(tree, item));
    }
    return copy;
}

static yyjson_mut_val *sorted(yyjson_mut_doc *tree, yyjson_mut_val *v)
{
    if (yyjson_mut_is_obj(v)) {
        return sorted_object(tree, v);
    }
    if (yyjson_mut_is_arr(v)) {
        return sorted_array(tree, v);
    }
    int64_t whole;
    uint64_t positive;
    if (yyjson_mut_is_real(v) && doc_whole_int(v->uni.f64, &whole)) {
        return yyjson_mut_sint(tree, whole);
    }
    if (yyjson_mut_is_real(v) && doc_whole_uint(v->uni.f64, &positive)) {
        return yyjson_mut_uint(tree, positive);
    }
    yyjson_mut_val *copy = unsafe_yyjson_mut_val(tree, 1);
    copy->tag = v->tag;
    copy->uni = v->uni;
    return copy;
}

bool node_write_sorted(const struct node *n, struct buf *b)
{
    if (n == NULL) {
        return node_write(n, b);
    }
    yyjson_mut_doc *tree = yyjson_mut_doc_new(&doc_memory);
    bool fits = node_write(node_out(sorted(tree, node_in(n))), b);
    yyjson_mut_doc_free(tree);
    return fits;
}
