/* Places of scripts in what is said about them: errors of a strategist (rollout/strategist.h) name a line as
 * "scripts/ring.lua:12", the innermost first. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "base/doc.h"

struct script_place {
    const char *file; /* borrowed from the text: "scripts/ring.lua" */
    size_t file_len;
    size_t line;
    const char *rest; /* what follows the line */
};

/* The next place in `text`; false: there is none. */
bool script_place_find(const char *text, struct script_place *place);
bool script_place_is_in(const struct script_place *place, const char *file);

/* The text with a column behind the line of its first place, as "scripts/ring.lua:12:7: …", where `sources`
 * ({module: text}) have that line: that of the token which a fault of syntax is near, or else where the line begins.
 * mem_free. */
char *script_place_with_column(const char *text, const struct node *sources);

/* Where a script says `name = …` first: "scripts/ring.lua:4:14: "; "" where `sources` have no such field. mem_free. */
char *script_place_of_field(const struct node *sources, const char *module, const char *name);
