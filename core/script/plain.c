#include "script/plain.h"

#include <string.h>

#include "base/utf8.h"

void plain_copy(char *to, size_t size, const char *s, size_t len)
{
    size_t at = 0;
    for (size_t i = 0; i < len;) {
        size_t step = utf8_char(s + i, len - i);
        if (at + (step == 0 ? 1 : step) >= size) {
            break;
        }
        bool is_shown = s[i] == '\t' || s[i] == '\n' || (step > 0 && !utf8_is_control(s + i, step));
        if (!is_shown) {
            to[at++] = s[i] != '\0' ? '?' : ' ';
            i += step == 0 ? 1 : step;
        } else {
            memcpy(to + at, s + i, step);
            at += step;
            i += step;
        }
    }
    to[at] = '\0';
}
