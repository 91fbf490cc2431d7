/* query_range: one question to Prometheus, over a span of time that ends now. */
#include <math.h>

#include "prom/query.h"
#include "rollout/operation/operation.h"

enum { POINTS_MAX = 300, STEP_MIN_MS = 1000 };

/* JSON has no infinity: only its sign is on record. */
static struct node *point_of(struct doc *doc, const struct prom_point *point)
{
    struct node *object = node_new_object(doc);
    node_set(doc, object, "time", node_new_real(doc, point->time_s));
    if (isinf(point->value)) {
        node_set_int(doc, object, "infinite", point->value > 0 ? 1 : -1);
    } else {
        node_set(doc, object, "value", node_new_real(doc, point->value));
    }
    return object;
}

static struct doc *answer_of(const struct prom_answer *result)
{
    if (result->kind != PROM_VALUE) {
        struct doc *doc = operation_error(result->err.text);
        if (result->kind == PROM_NOTHING) {
            node_set_bool(doc, doc_root(doc), "none", true);
        }
        node_set_str(doc, doc_root(doc), "cause", prom_blind_cause(result));
        return doc;
    }
    struct doc *doc = operation_object();
    struct node *points = node_new_array(doc);
    node_set(doc, doc_root(doc), "points", points);
    for (size_t i = 0; i < result->point_count && i < POINTS_MAX; i++) {
        node_push(points, point_of(doc, &result->points[i]));
    }
    return doc;
}

static void on_answer(void *ctx, const struct prom_answer *result)
{
    struct operation_call *call = ctx;
    *(struct prom_query **)call->state = NULL;
    operation_answer(call, answer_of(result));
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    const struct node *args = doc_root(call->args);
    int64_t length_ms = node_int_or(node_get(args, "span"), 0);
    struct prom_span span = {.step_ms = node_int_or(node_get(args, "step"), 0)};
    if (length_ms / span.step_ms >= POINTS_MAX) {
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
