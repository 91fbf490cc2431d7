#include "rollout/providers.h"

#include "base/mem.h"
#include "base/str.h"
#include "prom/query.h"
#include "rollout/metric_template.h"

struct providers {
    struct context *context;
    char *namespace, *metrics_server;
    struct doc *metrics;
    size_t at; /* of the metric that is looked at */
    bool prometheus_is_there;
    struct prom_query *query;
    struct metric_template_call *template_call;
    char *key; /* of the template that is asked for */
    providers_done_fn *done;
    void *ctx;
};

static bool is_builtin(const struct node *metric)
{
    const struct node *name = node_get(metric, "name");
    return node_is(name, "request-success-rate") || node_is(name, "request-duration");
}

static bool is_asked_for(const struct node *metric)
{
    return is_builtin(metric) || node_type(node_get(metric, "templateRef")) == NODE_OBJECT;
}

bool providers_are_needed(const struct canary *canary)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        if (is_asked_for(it.value)) {
            return true;
        }
    }
    return false;
}

static void check_free(struct providers *check)
{
    str_free(&check->namespace);
    str_free(&check->metrics_server);
    str_free(&check->key);
    doc_free(check->metrics);
    mem_free(check);
}

void providers_cancel(struct providers *check)
{
    if (check->query != NULL) {
        prom_query_cancel(check->query);
    }
    if (check->template_call != NULL) {
        metric_template_cancel(check->template_call);
    }
    check_free(check);
}

/* Takes `trouble`. */
static void finish(struct providers *check, char *trouble)
{
    check->done(check->ctx, trouble);
    check_free(check);
    str_free(&trouble);
}

static void ask_next(struct providers *check);

/* --- Prometheus, for the built-in metrics --- */

static char *trouble_of(const struct prom_answer *answer)
{
    static const char prefix[] = "prometheus not avaiable: ";
    switch (answer->kind) {
    case PROM_VALUE:
    case PROM_SEVERAL:
        return answer->value == 1 ? NULL : str_format("%svalue is not 1 for query: vector(1)", prefix);
    case PROM_NOTHING:
    case PROM_NAN:
        return str_format("%srunning query failed: no values found", prefix);
    case PROM_ERROR:
        break;
    }
    return str_format("%srunning query failed: %s", prefix, answer->err.text);
}

static void on_prometheus(void *ctx, const struct prom_answer *answer)
{
    struct providers *check = ctx;
    check->query = NULL;
    char *trouble = trouble_of(answer);
    if (trouble != NULL) {
        finish(check, trouble);
        return;
    }
    check->prometheus_is_there = true;
    ask_next(check);
}

/* --- the providers of templates --- */

static void on_template(void *ctx, const struct metric_template_answer *answer)
{
    struct providers *check = ctx;
    check->template_call = NULL;
    const char *name = canary_reference_name(check->key);
    char *namespace = canary_reference_namespace(check->key);
    const char *error = answer->error != NULL ? answer->error : node_str(node_get(answer->said, "error"));
    if (answer->fault != NULL) {
        finish(check, str_format("metric template %s.%s %s", name, namespace, answer->fault));
    } else if (error != NULL) {
        finish(check, str_format("%s in metric template %s.%s not avaiable: %s", answer->type, name, namespace, error));
    } else {
        ask_next(check);
    }
    str_free(&namespace);
}

static void ask_template(struct providers *check, const struct node *metric)
{
    str_free(&check->key);
    check->key = metric_template_key(metric, check->namespace);
    struct metric_template_question question = {.key = check->key,
                                                .interval = node_str_or(node_get(metric, "interval"), "")};
    check->template_call = metric_template_ask(check->context, &question, on_template, check);
}

/* --- one after another --- */

/* Prometheus is asked once for all built-in metrics. */
static const struct node *next_metric(struct providers *check)
{
    while (check->at < node_count(doc_root(check->metrics))) {
        const struct node *metric = node_item(doc_root(check->metrics), check->at++);
        if (is_asked_for(metric) && !(is_builtin(metric) && check->prometheus_is_there)) {
            return metric;
        }
    }
    return NULL;
}

static void ask_next(struct providers *check)
{
    const struct node *metric = next_metric(check);
    if (metric == NULL) {
        finish(check, NULL);
    } else if (is_builtin(metric)) {
        check->query = prom_query_start(check->context->http, check->metrics_server, "vector(1)", on_prometheus, check);
    } else {
        ask_template(check, metric);
    }
}

struct providers *providers_check(struct context *context, const struct canary *canary, providers_done_fn *done,
                                  void *ctx)
{
    struct providers *check = mem_new(struct providers);
    check->context = context;
    check->namespace = str_dup(canary->names.namespace);
    check->metrics_server = str_dup(canary->metrics_server);
    check->metrics = doc_copy(node_get(canary->analysis, "metrics"));
    check->done = done;
    check->ctx = ctx;
    ask_next(check);
    return check;
}

void providers_tell(struct announcer *announcer, const char *trouble)
{
    if (trouble == NULL) {
        announce_text(announcer, "Normal", "all the metrics providers are available!");
        return;
    }
    char *text = str_format("Error checking metric providers: %s", trouble);
    announce_text(announcer, "Warning", text);
    str_free(&text);
}
