/* Regular expressions as schemas and flags have them: Go's (RE2), of which the part that POSIX knows too is supported.
 *
 * Literals, ., classes (with \d \w \s and [:names:] in them), groups, |, the repetitions * + ? {n,m} lazy or not, ^ $
 * \A \z \b, a leading (?i). Characters are UTF-8, but a class lists ASCII only. What is left is refused when the schema
 * is read: look-around and back-references as Go does; \p{…}, \Q…\E, flags inside the text and classes beyond ASCII are
 * known to Go only.
 *
 * (The C library's regcomp underneath: one dependency less, and nothing a CRD of a mesh uses is missing.) */
#pragma once

#include <stdbool.h>

#include "base/err.h"

struct pattern;

/* NULL: err says why, without the pattern. */
struct pattern *pattern_new(const char *text, struct err *err);
void pattern_free(struct pattern *pattern);
/* Somewhere in `s`, as Go's MatchString. */
bool pattern_matches(const struct pattern *pattern, const char *s);
