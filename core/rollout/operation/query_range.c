/* query_range: one question to Prometheus, over a span of time that ends now. */
#include "prom/query.h"
#include "rollout/measured.h"
#include "rollout/operation/operation.h"

enum { STEP_MIN_MS = 1000 };

static void on_answer(void *ctx, const struct prom_answer *result)
{
    struct operation_call *call = ctx;
    *(struct prom_query **)call->state = NULL;
    operation_answer(call, measured_of_span(result));
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    const struct node *args = doc_root(call->args);
    int64_t length_ms = node_int_or(node_get(args, "span"), 0);
    struct prom_span span = {.step_ms = node_int_or(node_get(args, "step"), 0)};
    if (length_ms / span.step_ms >= MEASURED_POINTS_MAX) {
        *answer = operation_error("more points are asked for than 300");
        return true;
    }
    span.end_ms = clock_wall_ms(call->context->clock) / 1000 * 1000;
    span.start_ms = span.end_ms - length_ms;
    *(struct prom_query **)call->state = prom_query_start_over(call->context->http, canary->metrics_server,
                                                               operation_text(call, "query"), &span, on_answer, call);
    return false;
}

static void cancel(struct operation_call *call)
{
    struct prom_query *query = *(struct prom_query **)call->state;
    if (query != NULL) {
        prom_query_cancel(query);
    }
}

enum { DAY_MS = 24 * 60 * 60 * 1000 };
static const struct contract_field takes[] = {
    {.name = "query", .type = CONTRACT_STRING},
    {.name = "span", .type = CONTRACT_INTEGER, .min = STEP_MIN_MS, .max = 30 * (int64_t)DAY_MS},
    {.name = "step", .type = CONTRACT_INTEGER, .min = STEP_MIN_MS, .max = 30 * (int64_t)DAY_MS},
    {0},
};
static const struct contract_field point[] = {
    {.name = "time", .type = CONTRACT_NUMBER},
    {.name = "value", .type = CONTRACT_NUMBER, .optional = true},
    {.name = "infinite", .type = CONTRACT_INTEGER, .min = -1, .max = 1, .optional = true},
    {0},
};
static const struct contract_field answers[] = {
    {.name = "points", .type = CONTRACT_LIST, .fields = point, .optional = true},
    {.name = "none", .type = CONTRACT_BOOLEAN, .optional = true},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {.name = "cause", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct operation operation_query_range = {.name = "query_range",
                                                .takes.fields = takes,
                                                .answers.fields = answers,
                                                .recorded = true,
                                                .size = sizeof(struct prom_query *),
                                                .start = start,
                                                .cancel = cancel};
