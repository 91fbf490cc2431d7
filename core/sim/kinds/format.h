/* The formats of strings that a schema can ask for. */
#pragma once

#include <stdbool.h>

/* False for a format that Kubernetes' API server ignores (those of numbers, and whatever it does not know). */
bool format_is_known(const char *format);
/* bsonobjectid, creditcard, isbn, isbn10 and isbn13 are known, but any text passes; uri, email and hostname are read
 * less closely. */
bool format_matches(const char *format, const char *s);
