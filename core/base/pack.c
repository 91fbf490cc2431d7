#include "base/pack.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"

/* WINDOW_BITS: 16 KiB, what is known and a text as long as most; negative: without header and checksum, which would be
 * longer than what they protect. MEMORY_LEVEL: what zlib takes while it works, 80 KiB with these. */
enum { KNOWN_MAX = 8 * 1024, WINDOW_BITS = 14, MEMORY_LEVEL = 5, CHUNK_SIZE = 4096 };

/* Stands before the deflated bytes. */
struct header {
    uint32_t len;       /* of the text */
    uint32_t known_len; /* how much was known then */
};

void pack_init(struct pack *pack)
{
    buf_init(&pack->known, KNOWN_MAX);
}

void pack_fini(struct pack *pack)
{
    buf_fini(&pack->known);
}

/* Not zeroed: most of what zlib takes is never touched. */
static void *allocate(void *ctx, unsigned int count, unsigned int size)
{
    return mem_resize(NULL, (size_t)count * size);
}

static void release(void *ctx, void *p)
{
    mem_free(p);
}

static unsigned char *bytes_of(const char *text)
{
    return (unsigned char *)(uintptr_t)text; /* zlib does not write there */
}

static void deflate_to(z_stream *z, struct buf *out)
{
    unsigned char chunk[CHUNK_SIZE];
    int result;
    do {
        z->next_out = chunk;
        z->avail_out = sizeof chunk;
        result = deflate(z, Z_FINISH);
        assert(result == Z_OK || result == Z_STREAM_END);
        buf_append(out, chunk, sizeof chunk - z->avail_out);
    } while (result != Z_STREAM_END);
}

void pack_write(struct pack *pack, const char *text, size_t len, struct buf *out)
{
    struct header header = {.len = (uint32_t)len, .known_len = (uint32_t)pack->known.len};
    assert(header.len == len);
    buf_append(out, &header, sizeof header);
    z_stream z = {.zalloc = allocate, .zfree = release, .next_in = bytes_of(text), .avail_in = header.len};
    int result = deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -WINDOW_BITS, MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
    assert(result == Z_OK);
    result = deflateSetDictionary(&z, bytes_of(buf_str(&pack->known)), header.known_len);
    assert(result == Z_OK);
    deflate_to(&z, out);
    deflateEnd(&z);
    if (pack->known.len + len <= KNOWN_MAX) {
        buf_append(&pack->known, text, len);
    }
}

char *pack_read(const struct pack *pack, const char *bytes, size_t bytes_len, size_t *len)
{
    struct header header;
    assert(bytes_len > sizeof header);
    memcpy(&header, bytes, sizeof header);
    char *text = mem_resize(NULL, (size_t)header.len + 1);
    z_stream z = {.zalloc = allocate,
                  .zfree = release,
                  .next_in = bytes_of(bytes + sizeof header),
                  .avail_in = (unsigned int)(bytes_len - sizeof header),
                  .next_out = (unsigned char *)text,
                  .avail_out = header.len};
    int result = inflateInit2(&z, -WINDOW_BITS);
    assert(result == Z_OK);
    result = inflateSetDictionary(&z, bytes_of(buf_str(&pack->known)), header.known_len);
    assert(result == Z_OK);
    result = inflate(&z, Z_FINISH);
    assert(result == Z_STREAM_END && z.avail_out == 0);
    (void)result;
    inflateEnd(&z);
    text[header.len] = '\0';
    *len = header.len;
    return text;
}
