/* Classes of characters in patterns: from Go's way of writing them to that of POSIX. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"

struct pattern_set {
    bool has[128];
};

void pattern_set_range(struct pattern_set *set, int from, int to);
/* Each letter with its other case, so that a negated class leaves out both. */
void pattern_set_fold(struct pattern_set *set);
/* \d, \w and \s; false for any other letter. */
bool pattern_set_perl(struct pattern_set *set, char letter);
/* [:alpha:] and its kind; false when there is none at `at`. */
bool pattern_set_named(struct pattern_set *set, const char **at);
size_t pattern_set_count(const struct pattern_set *set);
/* The ASCII character that an escape stands for (`at` behind the backslash); -1 when it stands for none. */
int pattern_escaped(const char **at);
/* The class as POSIX has it. What a negated one lets through is an ASCII character, or all bytes of another one: the
 * matcher sees bytes. */
void pattern_put_class(struct buf *out, struct pattern_set *set, bool negated);
