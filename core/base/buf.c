#include "base/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

enum { CAPACITY_FIRST = 64 };

void buf_init(struct buf *b, size_t size_max)
{
    *b = (struct buf){.size_max = size_max};
}

void buf_fini(struct buf *b)
{
    mem_free(b->data);
    *b = (struct buf){.size_max = b->size_max};
}

/* Room for `len` more bytes and the NUL. Once the ceiling was hit everything is refused: what is kept is a true
 * prefix. */
static bool reserve(struct buf *b, size_t len)
{
    if (b->overflow || len > b->size_max - b->len) {
        b->overflow = true;
        return false;
    }
    size_t need = b->len + len + 1;
    if (need <= b->capacity) {
        return true;
    }
    size_t capacity = b->capacity ? b->capacity : CAPACITY_FIRST;
    while (capacity < need) {
        capacity = capacity > SIZE_MAX / 2 ? need : capacity * 2;
    }
    if (capacity - 1 > b->size_max) {
        capacity = b->size_max + 1;
    }
    b->data = mem_resize(b->data, capacity);
    b->capacity = capacity;
    return true;
}

bool buf_append(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0) {
        return !b->overflow;
    }
    if (!reserve(b, len)) {
        return false;
    }
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
    b->data[b->len] = '\0';
    return true;
}

bool buf_append_str(struct buf *b, const char *s)
{
    return buf_append(b, s, strlen(s));
}

bool buf_append_char(struct buf *b, char c)
{
    return buf_append(b, &c, 1);
}

/* Most texts fit at once; a longer one is written again when its length is known. */
bool buf_printf(struct buf *b, const char *format, ...)
{
    char first[256];
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(first, sizeof first, format, args);
    va_end(args);
    assert(len >= 0);
    bool fits = len == 0 ? !b->overflow : reserve(b, (size_t)len);
    if (fits && len > 0) {
        if ((size_t)len < sizeof first) {
            memcpy(b->data + b->len, first, (size_t)len + 1);
        } else {
            vsnprintf(b->data + b->len, (size_t)len + 1, format, again);
        }
        b->len += (size_t)len;
    }
    va_end(again);
    return fits;
}

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

bool buf_append_url(struct buf *b, const char *s)
{
    static const char hex[] = "0123456789ABCDEF";
    size_t len = 0;
    for (const char *c = s; *c; c++) {
        len += is_unreserved(*c) ? 1 : 3;
    }
    if (len == 0) {
        return !b->overflow;
    }
    if (!reserve(b, len)) {
        return false;
    }
    char *to = b->data + b->len;
    for (const char *c = s; *c; c++) {
        if (is_unreserved(*c)) {
            *to++ = *c;
            continue;
        }
        *to++ = '%';
        *to++ = hex[(unsigned char)*c >> 4];
        *to++ = hex[*c & 15];
    }
    *to = '\0';
    b->len += len;
    return true;
}

const char *buf_str(const struct buf *b)
{
    return b->data != NULL ? b->data : "";
}

char *buf_take(struct buf *b)
{
    char *text = b->data != NULL ? b->data : mem_alloc(1);
    *b = (struct buf){.size_max = b->size_max};
    return text;
}

void buf_consume(struct buf *b, size_t len)
{
    assert(len <= b->len);
    if (len == 0) {
        return;
    }
    b->len -= len;
    memmove(b->data, b->data + len, b->len + 1);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->overflow = false;
    if (b->data != NULL) {
        b->data[0] = '\0';
    }
}
