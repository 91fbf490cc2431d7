/* The questions of `sluice shadow` to metric servers, asked as the engine asks them (rollout/metric_template.h,
 * prom/query.h), over a session that only reads (session_flags.reads_only). */
#pragma once

#include "app/session.h"
#include "canary/canary.h"

struct shadow_asker;

/* `answer` is one of the operations `query` and `query_range`, with `unsent`, a reason, when a provider wants to be
 * asked otherwise than by GET; borrowed. */
typedef void shadow_answer_fn(void *ctx, int64_t id, const struct node *answer);

/* `prometheus`: asked in the place of the servers that Canaries name, as `bearer`; NULL: they are. `templates` has the
 * MetricTemplates, and is lent; NULL: there are none. */
struct shadow_asker *shadow_asker_new(struct session *session, const char *prometheus, const char *bearer,
                                      struct store *templates, shadow_answer_fn *done, void *ctx);
/* Questions under way are dropped. */
void shadow_asker_free(struct shadow_asker *asker);

/* {id, kind, query, server, template, interval, problem, span, step}: an operation's arguments, and what it is of. The
 * answer comes on a later turn. */
void shadow_asker_ask(struct shadow_asker *asker, const struct node *question);
/* "namespace/name": {query} of the templates that the metrics of a Canary name and that are there. */
void shadow_asker_add_templates(const struct shadow_asker *asker, struct doc *doc, struct node *templates,
                                const struct canary *canary);
