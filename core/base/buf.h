/* Byte buffers. Every buffer is born with a ceiling; bytes beyond it are dropped and `overflow` is set, so an unbounded
 * buffer cannot be written by accident. `data` is always terminated by a NUL that `len` does not count. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct buf {
    char *data; /* NULL only before the first byte; see buf_str */
    size_t len;
    size_t capacity;
    size_t size_max;
    bool overflow;
};

void buf_init(struct buf *b, size_t size_max);
void buf_fini(struct buf *b);

/* All of these return false, and set `overflow`, when the ceiling was hit (nothing of the piece is kept then). From
 * there on everything is refused until buf_clear or buf_take, so what is kept is always a true beginning. */
bool buf_append(struct buf *b, const void *bytes, size_t len);
bool buf_append_str(struct buf *b, const char *s);
bool buf_append_char(struct buf *b, char c);
bool buf_printf(struct buf *b, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Percent-encodes for a URL path segment or query value (RFC 3986 unreserved characters stay). */
bool buf_append_url(struct buf *b, const char *s);

/* The text, "" when empty; borrowed until the next change. */
const char *buf_str(const struct buf *b);

/* Ownership of the text moves to the caller; the buffer is empty afterwards and can be used again. Never NULL. */
char *buf_take(struct buf *b);

/* Drops the first `len` bytes. */
void buf_consume(struct buf *b, size_t len);
void buf_clear(struct buf *b);
