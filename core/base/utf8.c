#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

static bool is_tail(unsigned char c)
{
    return (c & 0xC0) == 0x80;
}

static size_t length_of_lead(unsigned char c)
{
    if (c < 0x80) {
        return 1;
    }
    if (c >= 0xC2 && c <= 0xDF) {
        return 2;
    }
    if (c >= 0xE0 && c <= 0xEF) {
        return 3;
    }
    if (c >= 0xF0 && c <= 0xF4) {
        return 4;
    }
    return 0;
}

size_t utf8_char(const char *s, size_t len)
{
    if (len == 0) {
        return 0;
    }
    const unsigned char *u = (const unsigned char *)s;
    size_t n = length_of_lead(u[0]);
    if (n == 0 || n > len) {
        return 0;
    }
    for (size_t i = 1; i < n; i++) {
        if (!is_tail(u[i])) {
            return 0;
        }
    }
    if ((u[0] == 0xE0 && u[1] < 0xA0) || (u[0] == 0xF0 && u[1] < 0x90)) { /* overlong */
        return 0;
    }
    if ((u[0] == 0xED && u[1] > 0x9F) || (u[0] == 0xF4 && u[1] > 0x8F)) { /* surrogate; beyond U+10FFFF */
        return 0;
    }
    return n;
}

unsigned utf8_code(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;
    unsigned code = len < 2 ? u[0] : u[0] & (0xFFU >> (len + 1));
    for (size_t i = 1; i < len; i++) {
        code = code << 6 | (u[i] & 0x3FU);
    }
    return code;
}

/* Bytes up to the first that is no part of a character. */
static size_t valid_prefix(const char *s, size_t len)
{
    size_t at = 0;
    for (uint64_t eight; len - at >= sizeof eight; at += sizeof eight) { /* most texts are ASCII */
        memcpy(&eight, s + at, sizeof eight);
        if ((eight & UINT64_C(0x8080808080808080)) != 0) {
            break;
        }
    }
    while (at < len) {
        size_t n = (unsigned char)s[at] < 0x80 ? 1 : utf8_char(s + at, len - at);
        if (n == 0) {
            break;
        }
        at += n;
    }
    return at;
}

bool utf8_valid(const char *s, size_t len)
{
    return valid_prefix(s, len) == len;
}

size_t utf8_floor(const char *s, size_t len)
{
    size_t back = 0;
    while (back < len && back < 3 && is_tail((unsigned char)s[len - 1 - back])) {
        back++;
    }
    if (back == len) {
        return len;
    }
    size_t want = length_of_lead((unsigned char)s[len - 1 - back]);
    return want > back + 1 ? len - 1 - back : len;
}

bool utf8_append_clean(struct buf *b, const char *s, size_t len)
{
    bool fits = true;
    while (len > 0 && fits) {
        size_t good = valid_prefix(s, len);
        fits = buf_append(b, s, good);
        s += good;
        len -= good;
        if (len > 0) {
            fits = fits && buf_append_str(b, "\xEF\xBF\xBD");
            s++;
            len--;
        }
    }
    return fits;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

bool utf8_is_control(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;
    if (len == 1) {
        return u[0] < ' ' || u[0] == 0x7f;
    }
    if (len == 2) {
        return u[0] == 0xC2 && u[1] < 0xA0;
    }
    bool is_mark = len == 3 && u[0] == 0xE2 && u[1] == 0x80 && u[2] >= 0xA8 && u[2] <= 0xAE;  /* U+2028 to U+202E */
    bool isolates = len == 3 && u[0] == 0xE2 && u[1] == 0x81 && u[2] >= 0xA6 && u[2] <= 0xA9; /* U+2066 to U+2069 */
    return is_mark || isolates;
}

bool utf8_append_visible(struct buf *b, const char *s, size_t len)
{
    bool fits = true;
    for (size_t at = 0; at < len && fits;) {
        size_t n = utf8_char(s + at, len - at);
        bool is_shown = n > 0 && (s[at] == '\t' || s[at] == '\n' || !utf8_is_control(s + at, n));
        fits = is_shown ? buf_append(b, s + at, n) : buf_append_str(b, "\xEF\xBF\xBD");
        at += n > 0 ? n : 1;
    }
    return fits;
}

void utf8_append_line(struct buf *b, const char *s, size_t len, size_t max)
{
    while (len > 0 && is_blank(s[len - 1])) {
        len--;
    }
    size_t shown = len > max ? utf8_floor(s, max) : len;
    bool wants_blank = false, is_first = true;
    for (size_t at = 0; at < shown;) {
        size_t n = utf8_char(s + at, shown - at);
        if (n == 1 && is_blank(s[at])) {
            wants_blank = true;
        } else {
            buf_append_str(b, wants_blank && !is_first ? " " : "");
            if (n == 0 || utf8_is_control(s + at, n)) {
                buf_append_str(b, "\xEF\xBF\xBD");
            } else {
                buf_append(b, s + at, n);
            }
            wants_blank = is_first = false;
        }
        at += n > 0 ? n : 1;
    }
    if (shown < len) {
        buf_append_str(b, "...");
    }
}
