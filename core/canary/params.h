/* Parameters of a script: what it declared (lua/stdlib/param.lua) against what a Canary gives.
 *
 *   declared  {"steps": {"type": "list", "of": {"type": "percent"}, "default": [5, 20], "doc": "…"}, …}
 *   given     {"steps": ["10%", 50]}
 *   filled    {"steps": [10, 50]}, every declared name that has a value
 *
 * Types: number, integer, percent (0 to 100; a text like "5%" counts as 5), weight (a whole percent), duration (a
 * text of Go's, "1m30s", from 1ms to 720h: what the word wait takes), string, boolean, choice (one of `values`), list
 * (of one type; `min` and `max` count its elements). `min` and `max` are inclusive, and of the declaration's own type:
 * they take the place of the type's own bounds. */
#pragma once

#include "base/doc.h"
#include "base/str.h"

/* True when the declarations are sound, and each default fits its own. Otherwise adds reasons that begin with the
 * parameter's name. */
bool params_are_sound(const struct node *declared, struct str_list *reasons);

/* True when what is given fits. Otherwise adds reasons that begin with a field, such as
 * "spec.strategy.params.steps[1]"; `at` is the field of the whole. `given` may be absent. */
bool params_fit(const struct node *declared, const struct node *given, const char *at, struct str_list *reasons);

/* A new object of `doc`, for parameters that fit. */
struct node *params_fill(struct doc *doc, const struct node *declared, const struct node *given);
