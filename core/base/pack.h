/* Many short, similar texts in little memory: each text is deflated (RFC 1951) with the first texts as a dictionary.
 *
 * A single text of a kilobyte shrinks to a half, one that repeats earlier texts to a tenth. Packed bytes can be read
 * by this process and this pack only. */
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
