/* query: one question to Prometheus, to the provider of a MetricTemplate, or to an adapter that a Check brings. */
#include <math.h>
#include <string.h>

#include "base/str.h"
#include "base/utf8.h"
#include "prom/query.h"
#include "rollout/check_adapter.h"
#include "rollout/metric_template.h"
#include "rollout/operation/operation.h"

struct query {
    struct prom_query *under_way;
    struct metric_template_call *asking;
    struct check_adapter_call *of_check;
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
    node_set_str(doc, answer, "cause", prom_blind_cause(result));
    operation_answer(call, doc);
}

/* --- what adapters say --- */

/* What an adapter said in place of a number. */
static char *no_number(const char *type, const struct node *value)
{
    enum { SHOWN_MAX = 60 };
    if (value == NULL) {
        return str_format("provider %s: the adapter gave neither a value nor an error", type);
    }
    char *text = node_to_text(value);
    size_t len = strlen(text), shown = len > SHOWN_MAX ? utf8_floor(text, SHOWN_MAX) : len;
    char *out = str_format("provider %s: answer.value: a number is wanted, got %.*s", type, (int)shown, text);
    str_free(&text);
    return out;
}

/* An adapter is a script: only what an answer may have is taken of what it says. */
static void take_said(struct doc *doc, struct node *answer, const char *type, const struct node *said)
{
    double value;
    int64_t whole;
    const char *error = node_str(node_get(said, "error"));
    if (error != NULL) {
        bool none = node_bool_or(node_get(said, "none"), false);
        bool away = node_bool_or(node_get(said, "unreachable"), false);
        node_set_str(doc, answer, "error", error);
        if (none) {
            node_set_bool(doc, answer, "none", true);
        }
        node_set_str(doc, answer, "cause", none ? "no data" : away ? "unreachable" : "failed");
    } else if (node_int(node_get(said, "infinite"), &whole)) {
        node_set_int(doc, answer, "infinite", whole > 0 ? 1 : -1);
    } else if (node_real(node_get(said, "value"), &value)) {
        node_set(doc, answer, "value", node_new_real(doc, value));
    } else {
        char *text = no_number(type, node_get(said, "value"));
        node_set_str(doc, answer, "error", text);
        str_free(&text);
    }
    if (error == NULL && node_int(node_get(said, "several"), &whole)) {
        node_set_int(doc, answer, "several", whole);
    }
}

/* --- of a MetricTemplate --- */

static void on_template(void *ctx, const struct metric_template_answer *result)
{
    struct operation_call *call = ctx;
    struct query *query = call->state;
    query->asking = NULL;
    struct doc *doc = operation_object();
    if (result->fault != NULL) {
        node_set_str(doc, doc_root(doc), "fault", result->fault);
        node_set_str(doc, doc_root(doc), "error", result->fault);
    } else if (result->error != NULL) {
        node_set_str(doc, doc_root(doc), "error", result->error);
    } else {
        take_said(doc, doc_root(doc), result->type, result->said);
    }
    operation_answer(call, doc);
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
        take_said(doc, doc_root(doc), operation_text(call, "adapter"), result->said);
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
