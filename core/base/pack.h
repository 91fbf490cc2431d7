/* Many short texts that are much alike, kept in little memory: each is deflated (RFC 1951) by one that knows the first of them.
 *
 * A text of a kilobyte alone halves; one that says what others said before shrinks to a tenth. What was packed is for this process and this pack only. */
#pragma once

#include "base/buf.h"

/* Embedded in the owner of the packed texts. */
struct pack {
    /* The first texts, one after the other. It only grows, so that what was packed before can still be read. */
    struct buf known;
};

void pack_init(struct pack *pack);
void pack_fini(struct pack *pack);
/* Appends the text, packed, to `out`. */
void pack_write(struct pack *pack, const char *text, size_t len, struct buf *out);
/* The text, terminated (mem_free). `bytes` must be what pack_write appended (asserted). */
char *pack_read(const struct pack *pack, const char *bytes, size_t bytes_len, size_t *len);
