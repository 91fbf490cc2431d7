/* From text to a tree.
 *
 * yyjson reads into values of its own, which lie one after the other in the order of the text, and whose strings stay
 * where they are in a copy of the text. The tree is as many nodes in one piece that point into the same copy. */
#include <string.h>

#include "base/doc_inner.h"
#include "base/mem.h"

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

/* The place where the nesting passes the limit; `len` if it never does. Looked for before parsing, because a text of
 * brackets alone would make a tree of many times its size. */
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

/* Makes the node of the value at `from`, and those of what is in it behind it; returns how many. Of equal keys in an
 * object the last wins: all other functions rely on that. */
static size_t make_nodes(struct doc *doc, const yyjson_val *from, yyjson_mut_val *to)
{
    to->tag = from->tag;
    to->uni.u64 = from->uni.u64;
    if (!unsafe_yyjson_is_ctn((void *)(uintptr_t)from)) {
        return 1;
    }
    bool is_object = unsafe_yyjson_get_type((void *)(uintptr_t)from) == YYJSON_TYPE_OBJ;
    size_t count = (size_t)(from->tag >> YYJSON_TAG_BIT) << is_object, used = 1; /* with the keys */
    yyjson_mut_val *last = NULL, *before_last = NULL;
    for (size_t i = 0; i < count; i++) {
        yyjson_mut_val *child = to + used;
        used += make_nodes(doc, from + used, child);
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
        doc->had_duplicates = true;
    }
    return used;
}

bool doc_had_duplicates(const struct doc *doc)
{
    return doc->had_duplicates;
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
    char *copy = mem_resize(NULL, len + YYJSON_PADDING_SIZE);
    memcpy(copy, text, len);
    memset(copy + len, 0, YYJSON_PADDING_SIZE);
    yyjson_read_err failure = {0};
    yyjson_doc *read =
        yyjson_read_opts(copy, len, YYJSON_READ_INSITU | YYJSON_READ_BIGNUM_AS_RAW, &doc_memory, &failure);
    if (read == NULL) {
        mem_free(copy);
        set_parse_error(err, text, len, failure.pos, failure.msg);
        return NULL;
    }
    struct doc *doc = doc_new();
    doc->text = copy;
    yyjson_mut_val *nodes = unsafe_yyjson_mut_val(doc->tree, read->val_read);
    nodes->next = NULL;
    make_nodes(doc, read->root, nodes);
    doc->tree->root = nodes;
    yyjson_doc_free(read);
    return doc;
}
