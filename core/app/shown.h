/* Texts that come from outside (of an object, an API server), for a terminal, as lua/tool/readable has them for what
 * Lua tells. */
#pragma once

#include <stddef.h>
#include <stdio.h>

enum { SHOWN_SIZE = 1024 };

/* The beginning of `text` (NULL: ""), as far as it fits, as one line in `out`: an end of a line or a tab becomes a
 * blank; what is no character, is not seen or is obeyed by a terminal is written as in \x1b or \u{202e}; "..." stands
 * for what was left out. Returns `out`. */
const char *shown_line(char *out, size_t size, const char *text);
/* All of it, written the same way. */
void shown_print(const char *text, FILE *out);
