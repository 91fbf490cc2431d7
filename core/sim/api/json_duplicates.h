/* Keys that stand twice in one object of a JSON text; the parser keeps the last of them and says nothing. */
#pragma once

#include <stddef.h>

#include "base/str.h"

/* Adds 'duplicate field "metadata.name"' for each to `found`, once. The text is valid JSON. */
void json_duplicates(const char *text, size_t len, struct str_list *found);
