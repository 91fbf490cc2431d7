/* What a metric server has said, as the answer of the operations `query` and `query_range` has it
 * (lua/stdlib/_meta/operations.lua). */
#pragma once

#include "prom/query.h"
#include "rollout/metric_template.h"

enum { MEASURED_POINTS_MAX = 300 }; /* over a span */

/* New documents. */
struct doc *measured_of_prom(const struct prom_answer *result);
struct doc *measured_of_span(const struct prom_answer *result);
struct doc *measured_of_template(const struct metric_template_answer *result);
/* Takes of what an adapter said, which is a script, only what an answer may have. `type`: the adapter's name. */
void measured_take(struct doc *doc, const char *type, const struct node *said);
