/* The templates in inline queries, as far as they are known before a release begins.
 *
 * A strategy fills them in (lua/stdlib/template.lua), and knows all of Go's text/template but definitions. What is
 * evidently none is refused here, before it fails an analysis: an action that is not closed, a word that nobody knows,
 * a variable that the metric does not have. spec/query_template_spec.lua holds the two to each other. */
#pragma once

#include "base/doc.h"

/* The first action of `query` that cannot be filled in, and why; the caller frees it. NULL: nothing is evidently wrong.
 * `variables` is the metric's templateVariables, or NULL. */
char *query_template_problem(const char *query, const struct node *variables);
