#include "base/base64.h"

#include "base/buf.h"

enum { TEXT_MAX = 16 * 1024 * 1024 };

char *base64_encode(const void *bytes, size_t len)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const unsigned char *text = bytes;
    struct buf b;
    buf_init(&b, TEXT_MAX);
    for (size_t i = 0; i < len; i += 3) {
        unsigned a = text[i], c = i + 1 < len ? text[i + 1] : 0;
        unsigned d = i + 2 < len ? text[i + 2] : 0, bits = a << 16 | c << 8 | d;
        buf_append_char(&b, alphabet[bits >> 18]);
        buf_append_char(&b, alphabet[bits >> 12 & 63]);
        buf_append_char(&b, i + 1 < len ? alphabet[bits >> 6 & 63] : '=');
        buf_append_char(&b, i + 2 < len ? alphabet[bits & 63] : '=');
    }
    return buf_take(&b);
}
