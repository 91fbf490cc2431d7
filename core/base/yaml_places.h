/* Where the values of a parsed text stand: a table beside the document, for readers who tell people which line is wrong
 * (base/form.h).
 *
 * A value that came through an alias stands where the alias does, what is inside of it and what `<<` brought where the
 * anchor's does. */
#pragma once

#include "base/doc.h"

struct yaml_place {
    size_t line, column;         /* of the value, from 1 */
    size_t key_line, key_column; /* of its key in a mapping; 0: it has none */
};

struct yaml_places;

struct yaml_places *yaml_places_new(void);
void yaml_places_free(struct yaml_places *places);
void yaml_places_put(struct yaml_places *places, const struct node *value, struct yaml_place place);
/* NULL for a value that stands in no text; borrowed until the next put. */
const struct yaml_place *yaml_places_find(const struct yaml_places *places, const struct node *value);
/* The values inside of `copy` stand where those inside of `original` do; its own place is left alone. */
void yaml_places_copy_inside(struct yaml_places *places, const struct node *original, const struct node *copy);
