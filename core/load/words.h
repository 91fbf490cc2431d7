/* The command line of a hook as words, read as sh reads quotes, and without anything else of a shell.
 *
 * 'single', "double" and \ quote as in sh, a backslash at a line's end joins two lines, and | separates programs.
 * Nothing is expanded: * ? [ { and ~ stand for themselves. What would make a shell do more (; & $ ` < > ( ) # and a
 * second line) is refused with its place, so that no command does something else here than it does in a shell. */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum { WORDS_TEXT_MAX = 16 * 1024, WORDS_MAX = 256, WORDS_PROGRAMS_MAX = 8 };

struct words {
    struct str_list programs[WORDS_PROGRAMS_MAX]; /* each has one word at least */
    size_t count;
};

/* words_fini is due in any case. */
bool words_split(const char *text, struct words *words, struct err *err);
void words_fini(struct words *words);
