/* The templates in inline queries, as far as they are known before a release begins.
 *
 * A strategy fills them in (lua/stdlib/template.lua) and knows the same words; spec/query_template_spec.lua holds the
 * two to each other. What it could not fill in is refused here, before it fails an analysis. */
#pragma once

#include "base/doc.h"

/* The first action of `query` that cannot be filled in, and why; the caller frees it. NULL: all can. `variables` is the
 * metric's templateVariables, or NULL. */
char *query_template_problem(const char *query, const struct node *variables);
