/* From text to a tree.
 *
 * yyjson reads into values of its own, which lie one after the other in the order of the text, and whose strings stay
 * where they are in a copy of the text. Both are kept for the next text, unless they are large. The tree is as many
 * nodes in one piece, which point into a text of their own. */
#include <assert.h>
#include <string.h>

#include "base/doc_inner.h"
#include "base/mem.h"

/* Of a text of brackets alone yyjson would make many times its size; one that is not long is looked at afterwards. */
enum { LONG_TEXT = 64 * 1024 };

/* --- nesting --- */

/* The quote that ends the string whose first character is at `at`: no odd number of backslashes stands before it. */
static size_t find_quote(const char *text, size_t len, size_t at)
{
    for (size_t from = at; from < len;) {
        const char *quote = memchr(text + from, '"', len - from);
        size_t end = quote != NULL ? (size_t)(quote - text) : len, slashes = 0;
        while (end - slashes > at && text[end - slashes - 1] == '\\') {
            slashes++;
        }
        if (slashes % 2 == 0 || quote == NULL) {
            return end;
        }
        from = end + 1;
    }
    return len;
}

/* The place where the nesting passes the limit; `len` if it never does. */
static size_t find_too_deep(const char *text, size_t len)
{
    size_t depth = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i];
        if (c == '"') {
            i = find_quote(text, len, i + 1);
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

/* --- what yyjson needs while it reads --- */

static struct doc_piece text_piece, values_piece;

/* yyjson asks for one block, for all its values. */
static void *values_malloc(void *ctx, size_t size)
{
    return doc_piece_ensure(&values_piece, size);
}

static void *values_realloc(void *ctx, void *p, size_t old_size, size_t size)
{
    assert(p == values_piece.bytes);
    return doc_piece_ensure(&values_piece, size);
}

static void values_free(void *ctx, void *p)
{
    assert(p == values_piece.bytes);
}

static const yyjson_alc values_memory = {values_malloc, values_realloc, values_free, NULL};

/* --- the tree --- */

struct making {
    struct doc *doc;
    const char *from; /* the text that yyjson has read */
    char *to;         /* the same in the document */
    bool is_too_deep;
};

static void take_value(const struct making *m, const yyjson_val *from, yyjson_mut_val *to)
{
    uint8_t type = from->tag & YYJSON_TYPE_MASK;
    to->tag = from->tag;
    to->uni.u64 = from->uni.u64;
    if (type == YYJSON_TYPE_STR || type == YYJSON_TYPE_RAW) {
        to->uni.str = m->to + (from->uni.str - m->from);
    }
}

/* Makes the node of the value at `from`, and those of what is in it behind it; returns how many. Of equal keys in an
 * object the last wins: all other functions rely on that. */
static size_t make_nodes(struct making *m, const yyjson_val *from, yyjson_mut_val *to, size_t depth)
{
    take_value(m, from, to);
    if (!unsafe_yyjson_is_ctn((void *)(uintptr_t)from)) {
        return 1;
    }
    if (depth == DOC_DEPTH_MAX) {
        m->is_too_deep = true;
        return 1;
    }
    bool is_object = unsafe_yyjson_get_type((void *)(uintptr_t)from) == YYJSON_TYPE_OBJ;
    size_t count = (size_t)(from->tag >> YYJSON_TAG_BIT) << is_object, used = 1; /* with the keys */
    yyjson_mut_val *last = NULL, *before_last = NULL;
    for (size_t i = 0; i < count; i++) {
        yyjson_mut_val *child = to + used;
        used += make_nodes(m, from + used, child, depth + 1);
        if (last != NULL) {
            last->next = child;
        }
        before_last = last;
        last = child;
    }
    if (count > 0) {
        last->next = to + 1;
        to->uni.ptr = is_object ? before_last : last;
    }
    if (is_object && doc_drop_duplicates(to)) {
        m->doc->had_duplicates = true;
    }
    return used;
}

bool doc_had_duplicates(const struct doc *doc)
{
    return doc->had_duplicates;
}

/* NULL: the text is nested too deep. */
static struct doc *make_doc(const yyjson_doc *read, const char *text, size_t len)
{
    struct doc *doc = doc_sized(read->val_read, len + 1);
    struct making making = {.doc = doc, .from = text, .to = doc->body.str_pool.cur};
    memcpy(making.to, text, len + 1);
    make_nodes(&making, read->root, doc->nodes, 0);
    doc->nodes->next = NULL;
    doc->body.root = doc->nodes;
    doc->body.val_pool.cur += read->val_read;
    doc->body.str_pool.cur += len + 1;
    if (making.is_too_deep) {
        doc_free(doc);
        return NULL;
    }
    return doc;
}

static bool refuse_depth(struct err *err, const char *text, size_t len)
{
    size_t deep = find_too_deep(text, len);
    if (deep < len) {
        set_parse_error(err, text, len, deep, "nested deeper than 256 levels");
    }
    return deep < len;
}

struct doc *doc_parse(const char *text, size_t len, struct err *err)
{
    if (len == 0) {
        err_set(err, ERR_PARSE, "JSON 1:1: the text is empty");
        return NULL;
    }
    if (len > LONG_TEXT && refuse_depth(err, text, len)) {
        return NULL;
    }
    char *copy = doc_piece_ensure(&text_piece, len + YYJSON_PADDING_SIZE);
    memcpy(copy, text, len);
    memset(copy + len, 0, YYJSON_PADDING_SIZE);
    yyjson_read_err failure = {0};
    yyjson_doc *read =
        yyjson_read_opts(copy, len, YYJSON_READ_INSITU | YYJSON_READ_BIGNUM_AS_RAW, &values_memory, &failure);
    struct doc *doc = read != NULL ? make_doc(read, copy, len) : NULL;
    if (doc == NULL && !refuse_depth(err, text, len)) {
        set_parse_error(err, text, len, failure.pos, failure.msg);
    }
    yyjson_doc_free(read);
    doc_piece_trim(&text_piece);
    doc_piece_trim(&values_piece);
    return doc;
}
