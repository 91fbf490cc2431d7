#include "base/spelling.h"

#include <string.h>

enum { WORD_MAX = 32, CHANGES_MAX = 2 };

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Levenshtein's. `row` has, of the letters of `a` so far, how far they are from each beginning of `b`. */
static size_t distance(const char *a, const char *b)
{
    size_t row[WORD_MAX + 1], len = strlen(b);
    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 0; a[i] != '\0'; i++) {
        size_t before = row[0];
        row[0] = i + 1;
        for (size_t j = 1; j <= len; j++) {
            size_t replaced = before + (a[i] != b[j - 1]);
            before = row[j];
            row[j] = least(replaced, least(row[j], row[j - 1]) + 1);
        }
    }
    return row[len];
}

const char *spelling_nearest(const char *word, const char *const *names, size_t count)
{
    const char *nearest = NULL;
    size_t len = strlen(word), fewest = CHANGES_MAX + 1;
    for (size_t i = 0; i < count && len > CHANGES_MAX && len <= WORD_MAX; i++) {
        size_t changes = strlen(names[i]) <= WORD_MAX ? distance(word, names[i]) : fewest;
        if (changes < fewest) {
            nearest = names[i];
            fewest = changes;
        }
    }
    return nearest;
}
