/* query: one question to Prometheus, to the provider of a MetricTemplate, or to an adapter that a Check brings. */
#include "prom/query.h"
#include "rollout/check_adapter.h"
#include "rollout/measured.h"
#include "rollout/operation/operation.h"

struct query {
    struct prom_query *under_way;
    struct metric_template_call *asking;
    struct check_adapter_call *of_check;
};

static void on_answer(void *ctx, const struct prom_answer *result)
{
    struct operation_call *call = ctx;
    struct query *query = call->state;
    query->under_way = NULL;
    operation_answer(call, measured_of_prom(result));
}

/* --- of a MetricTemplate --- */

static void on_template(void *ctx, const struct metric_template_answer *result)
{
    struct operation_call *call = ctx;
    struct query *query = call->state;
    query->asking = NULL;
    operation_answer(call, measured_of_template(result));
}

static void ask_template(struct operation_call *call, const char *key)
{
    struct query *query = call->state;
    struct metric_template_question question = {.key = key,
                                                .interval = operation_text(call, "interval"),
                                                .query = operation_text(call, "query"),
                                                .problem = node_str(node_get(doc_root(call->args), "problem"))};
    query->asking = metric_template_ask(call->context, &question, on_template, call);
}

/* --- of a Check --- */

static void on_check_adapter(void *ctx, const struct check_adapter_answer *result)
{
    struct operation_call *call = ctx;
    struct query *query = call->state;
    query->of_check = NULL;
    struct doc *doc = operation_object();
    node_set_str(doc, doc_root(doc), "lacking", result->lacking);
    node_set_str(doc, doc_root(doc), "error", result->lacking != NULL ? result->lacking : result->error);
    node_set_str(doc, doc_root(doc), "cause", result->said == NULL ? "failed" : NULL);
    if (result->said != NULL) {
        measured_take(doc, operation_text(call, "adapter"), result->said);
    }
    operation_answer(call, doc);
}

static void ask_check_adapter(struct operation_call *call, const struct canary *canary, const char *adapter)
{
    struct query *query = call->state;
    struct check_adapter_question question = {.module = operation_text(call, "check"),
                                              .adapter = adapter,
                                              .interval = operation_text(call, "interval"),
                                              .query = operation_text(call, "query")};
    query->of_check = check_adapter_ask(call->context, call->release, canary, &question, on_check_adapter, call);
}

/* --- the operation --- */

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    struct query *query = call->state;
    const char *server = operation_text(call, "server"), *template = operation_text(call, "template");
    const char *adapter = operation_text(call, "adapter");
    if (adapter[0] != '\0') {
        ask_check_adapter(call, canary, adapter);
        return false;
    }
    if (template[0] != '\0') {
        ask_template(call, template);
        return false;
    }
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
    if (query->asking != NULL) {
        metric_template_cancel(query->asking);
    }
    if (query->of_check != NULL) {
        check_adapter_cancel(query->of_check);
    }
}

static const struct contract_field takes[] = {
    {.name = "query", .type = CONTRACT_STRING},
    {.name = "server", .type = CONTRACT_STRING, .optional = true},
    {.name = "template", .type = CONTRACT_STRING, .optional = true},
    {.name = "interval", .type = CONTRACT_STRING, .optional = true},
    {.name = "problem", .type = CONTRACT_STRING, .optional = true},
    {.name = "check", .type = CONTRACT_STRING, .optional = true},
    {.name = "adapter", .type = CONTRACT_STRING, .optional = true},
    {0},
};
static const struct contract_field answers[] = {
    {.name = "value", .type = CONTRACT_NUMBER, .optional = true},
    {.name = "infinite", .type = CONTRACT_INTEGER, .min = -1, .max = 1, .optional = true},
    {.name = "none", .type = CONTRACT_BOOLEAN, .optional = true},
    {.name = "several", .type = CONTRACT_INTEGER, .optional = true},
    {.name = "error", .type = CONTRACT_STRING, .optional = true},
    {.name = "cause", .type = CONTRACT_STRING, .optional = true},
    {.name = "fault", .type = CONTRACT_STRING, .optional = true},
    {.name = "lacking", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct operation operation_query = {.name = "query",
                                          .takes.fields = takes,
                                          .answers.fields = answers,
                                          .recorded = true,
                                          .size = sizeof(struct query),
                                          .start = start,
                                          .cancel = cancel};
