/* query: one question to Prometheus. */
#include <math.h>

#include "prom/query.h"
#include "rollout/operation/operation.h"

struct query {
    struct prom_query *under_way;
};

/* JSON has no infinity: only its sign is on record. */
static void set_value(struct doc *doc, struct node *answer, double value)
{
    if (isinf(value)) {
        node_set_int(doc, answer, "infinite", value > 0 ? 1 : -1);
    } else {
        node_set(doc, answer, "value", node_new_real(doc, value));
    }
}

static void on_answer(void *ctx, const struct prom_answer *result)
{
    struct operation_call *call = ctx;
    struct query *query = call->state;
    query->under_way = NULL;
    struct doc *doc = operation_object();
    struct node *answer = doc_root(doc);
    switch (result->kind) {
    case PROM_SEVERAL:
        node_set_int(doc, answer, "several", (int64_t)result->series_count);
        set_value(doc, answer, result->value);
        break;
    case PROM_VALUE:
        set_value(doc, answer, result->value);
        break;
    case PROM_NOTHING:
    case PROM_NAN:
        node_set_bool(doc, answer, "none", true);
        node_set_str(doc, answer, "error", "no values found");
        break;
    case PROM_ERROR:
        node_set_str(doc, answer, "error", result->err.text);
        break;
    }
    operation_answer(call, doc);
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    struct query *query = call->state;
    const char *server = operation_text(call, "server");
    query->under_way = prom_query_start(call->context->http, server[0] != '\0' ? server : canary->metrics_server,
                                        operation_text(call, "query"), on_answer, call);
    return false;
}

static void cancel(struct operation_call *call)
{
    struct query *query = call->state;
    if (query->under_way != NULL) {
        prom_query_cancel(query->under_way);
    }
}

static const struct contract_field takes[] = {
    {.name = "query", .type = CONTRACT_STRING},
    {.name = "server", .type = CONTRACT_STRING, .optional = true},
    {0},
};
static const struct contract_field answers[] = {
    {.name = "value", .type = CONTRACT_NUMBER, .optional = true},
    {.name = "infinite", .type = CONTRACT_INTEGER, .min = -1, .max = 1, .optional = true},
    {.name = "none", .type = CONTRACT_BOOLEAN, .optional = true},
    {.name = "several", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct operation operation_query = {.name = "query",
                                          .takes.fields = takes,
                                          .answers.fields = answers,
                                          .recorded = true,
                                          .size = sizeof(struct query),
                                          .start = start,
                                          .cancel = cancel};
