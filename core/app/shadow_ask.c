#include "app/shadow_ask.h"

#include <string.h>

#include "app/ambient.h"
#include "app/reading_door.h"
#include "base/mem.h"
#include "rollout/measured.h"
#include "script/adapter.h"
#include "script/embedded.h"

struct ask {
    struct shadow_asker *asker;
    int64_t id;
    char *template; /* its key; NULL: Prometheus is asked */
    struct prom_query *query;
    struct metric_template_call *call;
    struct ask *next;
};

struct shadow_asker {
    struct context context; /* as much of it as a template's question goes by */
    struct http *door;
    struct store *none; /* in the place of the templates; NULL: there are some */
    const char *prometheus;
    struct ask *asks; /* under way */
    shadow_answer_fn *done;
    void *ctx;
};

/* --- answers --- */

static void ask_free(struct ask *ask)
{
    struct ask **place = &ask->asker->asks;
    while (*place != ask) {
        place = &(*place)->next;
    }
    *place = ask->next;
    str_free(&ask->template);
    mem_free(ask);
}

/* Takes the answer. */
static void finish(struct ask *ask, struct doc *answer)
{
    struct shadow_asker *asker = ask->asker;
    int64_t id = ask->id;
    ask_free(ask);
    asker->done(asker->ctx, id, doc_root(answer));
    doc_free(answer);
}

static void on_value(void *ctx, const struct prom_answer *result)
{
    struct ask *ask = ctx;
    finish(ask, measured_of_prom(result));
}

static void on_span(void *ctx, const struct prom_answer *result)
{
    struct ask *ask = ctx;
    finish(ask, measured_of_span(result));
}

static void on_template(void *ctx, const struct metric_template_answer *result)
{
    struct ask *ask = ctx;
    struct doc *answer = measured_of_template(result);
    const char *error = node_str(node_get(doc_root(answer), "error"));
    if (error != NULL && strstr(error, READING_DOOR_REFUSAL) != NULL) {
        char *text =
            str_format("the provider %s of MetricTemplate %s is not asked by GET alone, and nothing else is sent",
                       result->type, ask->template);
        node_set_str(answer, doc_root(answer), "unsent", text);
        str_free(&text);
    }
    finish(ask, answer);
}

/* --- questions --- */

static void ask_template(struct ask *ask, const struct node *question)
{
    struct metric_template_question asked = {.key = ask->template,
                                             .interval = node_str_or(node_get(question, "interval"), ""),
                                             .query = node_str_or(node_get(question, "query"), ""),
                                             .problem = node_str(node_get(question, "problem"))};
    ask->call = metric_template_ask(&ask->asker->context, &asked, on_template, ask);
}

static void ask_span(struct ask *ask, const struct node *question, const char *server, const char *query)
{
    int64_t now_ms = clock_wall_ms(ask->asker->context.clock) / 1000 * 1000;
    struct prom_span span = {.start_ms = now_ms - node_int_or(node_get(question, "span"), 0),
                             .end_ms = now_ms,
                             .step_ms = node_int_or(node_get(question, "step"), 0)};
    ask->query = prom_query_start_over(ask->asker->door, server, query, &span, on_span, ask);
}

void shadow_asker_ask(struct shadow_asker *asker, const struct node *question)
{
    struct ask *ask = mem_new(struct ask);
    const char *server = asker->prometheus != NULL ? asker->prometheus : node_str_or(node_get(question, "server"), "");
    const char *query = node_str_or(node_get(question, "query"), "");
    ask->asker = asker;
    ask->id = node_int_or(node_get(question, "id"), 0);
    ask->template = str_dup(node_str(node_get(question, "template")));
    ask->next = asker->asks;
    asker->asks = ask;
    if (ask->template != NULL) {
        ask_template(ask, question);
    } else if (node_is(node_get(question, "kind"), "query_range")) {
        ask_span(ask, question, server, query);
    } else {
        ask->query = prom_query_start(asker->door, server, query, on_value, ask);
    }
}

void shadow_asker_add_templates(const struct shadow_asker *asker, struct doc *doc, struct node *templates,
                                const struct canary *canary)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        char *key = metric_template_key(it.value, canary->names.namespace);
        struct doc *template = key != NULL ? metric_template_find(&asker->context, key) : NULL;
        if (template != NULL && node_get(templates, key) == NULL) {
            node_set_str(doc, node_ensure_object(doc, templates, key), "query",
                         node_str_or(node_at(doc_root(template), "spec", "query"), ""));
        }
        doc_free(template);
        str_free(&key);
    }
}

/* --- life --- */

struct shadow_asker *shadow_asker_new(struct session *session, const char *prometheus, const char *bearer,
                                      struct store *templates, shadow_answer_fn *done, void *ctx)
{
    struct shadow_asker *asker = mem_new(struct shadow_asker);
    struct clock *clock = session_clock(session);
    asker->door = reading_door_new(session_http(session), clock, prometheus, bearer);
    asker->prometheus = prometheus;
    asker->done = done;
    asker->ctx = ctx;
    asker->context =
        (struct context){.clock = clock,
                         .http = asker->door,
                         .kube = session_kube(session),
                         .ambient = ambient_add,
                         .adapters = script_adapters_new(&(struct adapters_options){.clock = clock,
                                                                                    .http = asker->door,
                                                                                    .kube = session_kube(session),
                                                                                    .modules = embedded_modules,
                                                                                    .module_count = embedded_count,
                                                                                    .measured = true})};
    asker->none = templates == NULL ? store_new(&KUBE_METRIC_TEMPLATES, NULL) : NULL;
    stores_add(&asker->context.stores, templates != NULL ? templates : asker->none, session_kube(session));
    return asker;
}

void shadow_asker_free(struct shadow_asker *asker)
{
    if (asker == NULL) {
        return;
    }
    while (asker->asks != NULL) {
        struct ask *ask = asker->asks;
        if (ask->query != NULL) {
            prom_query_cancel(ask->query);
        }
        if (ask->call != NULL) {
            metric_template_cancel(ask->call);
        }
        ask_free(ask);
    }
    script_adapters_free(asker->context.adapters);
    reading_door_free(asker->door);
    if (asker->none != NULL) {
        store_free(asker->none);
    }
    mem_free(asker);
}
