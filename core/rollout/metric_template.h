/* One question to the provider of a MetricTemplate.
 *
 *     template (store) ──> its Secret, if it names one (read now) ──> the provider's adapter ──> an answer
 *            │ missing                │ missing                              │ does not fit
 *            └────────────────────────┴──────────────> a fault <─────────────┘
 *
 * A fault is one of the template and what it names; the provider was not asked. Its text follows the template's name in
 * Flagger's events: "error: metrictemplate.flagger.app \"latency\" not found", "secret creds error: …", "provider
 * datadog error: …", "query render error: …". */
#pragma once

#include "context/context.h"

struct metric_template_question {
    const char *key;      /* of the template, as metric_template_key gives it */
    const char *interval; /* of the metric, as written; "" without one */
    const char *query;    /* filled in; NULL: only whether the provider is there */
    const char *problem;  /* why the query could not be filled in; NULL: it could */
};

struct metric_template_answer {
    const char *fault;       /* NULL: none */
    const char *type;        /* of the provider; "" when there is no template */
    const struct node *said; /* by the adapter (lua/stdlib/provider.lua); NULL with a fault */
    const char *error;       /* of the adapter itself; NULL: none */
};

struct metric_template_call;
/* `answer` is borrowed. */
typedef void metric_template_done_fn(void *ctx, const struct metric_template_answer *answer);
/* Copies the question. `done` comes once, on a later turn, unless it is cancelled. */
struct metric_template_call *metric_template_ask(struct context *context,
                                                 const struct metric_template_question *question,
                                                 metric_template_done_fn *done, void *ctx);
void metric_template_cancel(struct metric_template_call *call);

/* "namespace/name" of the template that an entry of spec.analysis.metrics names (mem_free); NULL: none. `namespace`:
 * the Canary's. */
char *metric_template_key(const struct node *metric, const char *namespace);
/* The template of such a key (doc_free); NULL when there is none. */
struct doc *metric_template_find(const struct context *context, const char *key);
