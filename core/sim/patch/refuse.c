#include "sim/patch/refuse.h"

#include <stdarg.h>

#include "base/mem.h"
#include "base/number.h"
#include "base/str.h"

enum { SHOWN_BYTES_MAX = 4096 };

const char *patch_refuse_type(const struct node *n)
{
    switch (node_type(n)) {
    case NODE_OBJECT:
        return "object";
    case NODE_ARRAY:
        return "array";
    case NODE_STRING:
        return "string";
    case NODE_BOOL:
        return "bool";
    case NODE_INT:
    case NODE_REAL:
        return "number";
    default:
        return "null";
    }
}

bool patch_refuse(struct err *err, enum err_code code, int http_status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    err_set(err, code, "%s", text);
    err->http_status = http_status;
    mem_free(text);
    return false;
}

bool patch_refuse_unfit(struct err *err)
{
    return patch_refuse(err, ERR_REJECTED, 422, "the server rejected our request due to an error in our request");
}

bool patch_refuse_strategic(struct err *err, int http_status, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = str_format_v(format, args);
    va_end(args);
    patch_refuse(err, http_status < 500 ? ERR_INVALID : ERR_SERVER, http_status, "%s", text);
    mem_free(text);
    return false;
}

static void show(struct buf *b, const struct node *n)
{
    double real;
    char number[32];
    struct node_iter it = node_iterate(n);
    switch (node_type(n)) {
    case NODE_OBJECT:
    case NODE_ARRAY:
        buf_append_str(b, node_type(n) == NODE_OBJECT ? "map[" : "[");
        while (node_next(&it)) {
            buf_append_str(b, it.index > 0 ? " " : "");
            if (it.key != NULL) {
                buf_printf(b, "%s:", it.key);
            }
            show(b, it.value);
        }
        buf_append_char(b, ']');
        break;
    case NODE_STRING:
        buf_append_str(b, node_str(n));
        break;
    case NODE_REAL:
        if (node_real(n, &real)) {
            number_write(real, number);
        }
        buf_append_str(b, number);
        break;
    case NODE_ABSENT:
    case NODE_NULL:
        buf_append_str(b, "<nil>");
        break;
    default:
        node_write(n, b);
        break;
    }
}

char *patch_refuse_shown(const struct node *n)
{
    /* Go shows the keys of a map in order. */
    struct buf sorted, b;
    struct err ignored;
    buf_init(&sorted, 1024 * 1024);
    buf_init(&b, SHOWN_BYTES_MAX);
    struct doc *doc = node_write_sorted(n, &sorted) ? doc_parse(buf_str(&sorted), sorted.len, &ignored) : NULL;
    show(&b, doc_root(doc));
    doc_free(doc);
    buf_fini(&sorted);
    return buf_take(&b);
}
