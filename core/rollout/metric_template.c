#include "rollout/metric_template.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "io/adapters.h"
#include "rollout/credentials.h"

struct metric_template_call {
    struct context *context;
    char *key, *interval, *query, *problem, *fault;
    struct doc *template;
    struct doc *ask;
    struct timer turn;
    struct kube_call *reading;
    struct adapter_call *asking;
    metric_template_done_fn *done;
    void *ctx;
};

/* --- which template --- */

char *metric_template_key(const struct node *metric, const char *namespace)
{
    const struct node *ref = node_get(metric, "templateRef");
    return node_type(ref) == NODE_OBJECT ? canary_reference_key(ref, namespace) : NULL;
}

struct doc *metric_template_find(const struct context *context, const char *key)
{
    char *namespace = canary_reference_namespace(key);
    struct doc *found =
        store_find(context_store(context, &KUBE_METRIC_TEMPLATES), namespace, canary_reference_name(key));
    str_free(&namespace);
    return found;
}

static const struct node *provider_of(const struct metric_template_call *call)
{
    return node_at(doc_root(call->template), "spec", "provider");
}

static const char *type_of(const struct metric_template_call *call)
{
    return node_str_or(node_get(provider_of(call), "type"), "");
}

/* --- the end --- */

static void call_free(struct metric_template_call *call)
{
    timer_cancel(&call->turn);
    doc_free(call->template);
    doc_free(call->ask);
    str_free(&call->key);
    str_free(&call->interval);
    str_free(&call->query);
    str_free(&call->problem);
    str_free(&call->fault);
    mem_free(call);
}

void metric_template_cancel(struct metric_template_call *call)
{
    if (call->reading != NULL) {
        kube_cancel(call->reading);
    }
    if (call->asking != NULL) {
        adapter_cancel(call->asking);
    }
    call_free(call);
}

static void finish(struct metric_template_call *call, const struct node *said, const char *error)
{
    struct metric_template_answer answer = {
        .fault = call->fault, .type = type_of(call), .said = call->fault == NULL ? said : NULL, .error = error};
    call->done(call->ctx, &answer);
    call_free(call);
}

/* --- the provider --- */

static void on_answer(void *ctx, const struct node *answer, const struct err *err)
{
    struct metric_template_call *call = ctx;
    call->asking = NULL;
    if (answer == NULL) {
        finish(call, NULL, err->text);
        return;
    }
    if (node_bool_or(node_get(answer, "unusable"), false)) {
        call->fault =
            str_format("provider %s error: %s", type_of(call), node_str_or(node_get(answer, "error"), "unusable"));
    } else if (call->problem != NULL) {
        call->fault = str_format("query render error: %s", call->problem);
    }
    finish(call, answer, NULL);
}

/* An unknown type is Prometheus, as in Flagger. */
static char *adapter_of(const struct metric_template_call *call)
{
    char *name = str_format("metrics.%s", type_of(call));
    if (!adapters_have(call->context->adapters, name)) {
        log_warn(NULL, "unknown metrics provider '%s', using prometheus", type_of(call));
        str_free(&name);
        name = str_dup("metrics.prometheus");
    }
    return name;
}

static void ask_provider(struct metric_template_call *call)
{
    static const char *const fields[][2] = {
        {"address", "address"}, {"headers", "headers"}, {"region", "region"}, {"insecureSkipVerify", "insecure"}};
    struct node *ask = doc_root(call->ask);
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        const struct node *field = node_get(provider_of(call), fields[i][0]);
        node_set(call->ask, ask, fields[i][1], node_copy(call->ask, field));
    }
    node_set_str(call->ask, ask, "type", type_of(call));
    node_set_str(call->ask, ask, "interval", call->interval);
    node_set_int(call->ask, ask, "now", clock_wall_ms(call->context->clock) / 1000);
    node_set_str(call->ask, ask, "query", call->problem != NULL ? "" : call->query);
    node_set_bool(call->ask, ask, "checked_only", call->problem != NULL);
    node_set_bool(call->ask, ask, "online", call->query == NULL && call->problem == NULL);
    if (call->context->ambient != NULL) {
        call->context->ambient(call->ask, type_of(call));
    }
    char *name = adapter_of(call);
    call->asking = adapter_start(call->context->adapters, name, ask, on_answer, call);
    str_free(&name);
}

/* --- the template and its Secret --- */

static const char *secret_name(const struct metric_template_call *call)
{
    const struct node *ref = node_get(provider_of(call), "secretRef");
    return node_type(ref) == NODE_OBJECT ? node_str_or(node_get(ref, "name"), "") : NULL;
}

static void on_secret(void *ctx, const struct doc *secret, const struct err *err)
{
    struct metric_template_call *call = ctx;
    call->reading = NULL;
    if (secret == NULL) {
        call->fault = str_format("secret %s error: %s", secret_name(call), err->text);
        finish(call, NULL, NULL);
        return;
    }
    credentials_set(call->ask, secret);
    ask_provider(call);
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct metric_template_call *call = ctx;
    call->template = metric_template_find(call->context, call->key);
    if (call->template == NULL) {
        call->fault =
            str_format("error: metrictemplate.flagger.app \"%s\" not found", canary_reference_name(call->key));
        finish(call, NULL, NULL);
        return;
    }
    const char *secret = secret_name(call);
    if (secret == NULL) {
        ask_provider(call);
        return;
    }
    if (secret[0] == '\0') { /* a request without a name would list all Secrets */
        call->fault = str_format("secret %s error: resource name may not be empty", secret);
        finish(call, NULL, NULL);
        return;
    }
    char *namespace = canary_reference_namespace(call->key);
    call->reading = credentials_read(call->context, namespace, secret, on_secret, call);
    str_free(&namespace);
}

struct metric_template_call *metric_template_ask(struct context *context,
                                                 const struct metric_template_question *question,
                                                 metric_template_done_fn *done, void *ctx)
{
    struct metric_template_call *call = mem_new(struct metric_template_call);
    call->context = context;
    call->key = str_dup(question->key);
    call->interval = str_dup(question->interval);
    call->query = str_dup(question->query);
    call->problem = str_dup(question->problem);
    call->ask = doc_new();
    doc_set_root(call->ask, node_new_object(call->ask));
    call->done = done;
    call->ctx = ctx;
    timer_start(context->clock, &call->turn, 0, on_turn, call);
    return call;
}
