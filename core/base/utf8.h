/* UTF-8 as RFC 3629 has it: no overlong forms, no surrogates, nothing above U+10FFFF. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

/* Length of the well-formed character at the start of `s`, 1 to 4; 0 when the bytes are not one (or `len` is 0). */
size_t utf8_char(const char *s, size_t len);

/* The number of the well-formed character of `len` bytes at the start of `s`. */
unsigned utf8_code(const char *s, size_t len);

/* True for what a terminal or an editor obeys instead of showing it: C0, C1, and the marks that turn the direction of a
 * text around. `s` begins with a character of `len` bytes. */
bool utf8_is_control(const char *s, size_t len);

bool utf8_valid(const char *s, size_t len);

/* The largest length not above `len` that does not cut a character of `s` in two. */
size_t utf8_floor(const char *s, size_t len);

/* The bytes of `s`, each byte that is no part of a character replaced by U+FFFD. */
bool utf8_append_clean(struct buf *b, const char *s, size_t len);

/* The same for a terminal: a control character other than a tab or a line's end becomes U+FFFD, too. */
bool utf8_append_visible(struct buf *b, const char *s, size_t len);

/* The beginning of a text from outside, at most `max` bytes of it, as one line that a person may be shown: white space
 * becomes one blank, none at the ends; a byte that is no part of a character, or a control character, becomes U+FFFD;
 * "..." stands for what was left out. */
void utf8_append_line(struct buf *b, const char *s, size_t len, size_t max);
