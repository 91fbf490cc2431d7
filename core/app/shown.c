#include "app/shown.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

/* The longest piece, as in \u{202e}, and its NUL; "..." and its NUL. */
enum { PIECE_SIZE = 16, DOTS_SIZE = 4 };

/* Marks of direction and those without a width, beside what utf8_is_control knows. */
static bool is_unseen(unsigned code)
{
    return code == 0x061C || code == 0x200B || code == 0x200E || code == 0x200F || code == 0xFEFF;
}

/* One character, or one byte that is none; returns how many bytes it had. */
static size_t write_piece(char out[static PIECE_SIZE], const char *s, size_t len)
{
    size_t n = utf8_char(s, len);
    unsigned code = n > 0 ? utf8_code(s, n) : (unsigned char)*s;
    if (n == 1 && strchr("\t\n\v\f\r", *s) != NULL) {
        snprintf(out, PIECE_SIZE, " ");
    } else if (n < 2 && (n == 0 || utf8_is_control(s, n))) {
        snprintf(out, PIECE_SIZE, "\\x%02x", code);
    } else if (utf8_is_control(s, n) || is_unseen(code)) {
        snprintf(out, PIECE_SIZE, "\\u{%04x}", code);
    } else {
        snprintf(out, PIECE_SIZE, "%.*s", (int)n, s);
    }
    return n > 0 ? n : 1;
}

const char *shown_line(char *out, size_t size, const char *text)
{
    size_t len = text != NULL ? strnlen(text, size + PIECE_SIZE) : 0, used = 0, short_of_dots = 0;
    out[0] = '\0';
    for (size_t at = 0; at < len;) {
        char piece[PIECE_SIZE];
        at += write_piece(piece, text + at, len - at);
        size_t n = strlen(piece);
        if (used + n >= size) {
            memcpy(out + short_of_dots, "...", DOTS_SIZE);
            break;
        }
        memcpy(out + used, piece, n + 1);
        used += n;
        short_of_dots = used + DOTS_SIZE <= size ? used : short_of_dots;
    }
    return out;
}

void shown_print(const char *text, FILE *out)
{
    size_t len = strlen(text);
    for (size_t at = 0; at < len;) {
        char piece[PIECE_SIZE];
        at += write_piece(piece, text + at, len - at);
        fputs(piece, out);
    }
}
