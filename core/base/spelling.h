/* Which name somebody may have meant who typed one that is none. */
#pragma once

#include <stddef.h>

/* The first of those names that are the fewest changes away, each of one letter: one that is missing, too many or
 * another. NULL: all are more than two away, or it would be a guess at a word of which nothing is left. */
const char *spelling_nearest(const char *word, const char *const *names, size_t count);
