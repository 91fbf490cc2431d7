/* An adapter and the servers it asks, for specs: the real host of adapters, on a clock of its own, behind a door that
 * gives the answers of a list. */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/str.h"
#include "kube/client.h"
#include "lab/lua/module_inner.h"
#include "script/adapter.h"
#include "script/marshal.h"

#define ASKED_AT_MS INT64_C(1773216907000)
#define PATIENCE_MS (10 * 60 * 1000)

enum { MODULES_MAX = 8, ASKERS_MAX = 4 };

/* --- the door --- */

struct servers {
    struct http door;
    struct clock *clock;
    const struct node *responses;
    struct doc *seen; /* the requests, a list */
    size_t count;
};

struct asked {
    struct http_call base;
    struct timer turn;
    const struct node *response; /* NULL: it never answers */
    size_t response_max;
    http_done_fn *done;
    void *ctx;
};

/* The bytes that a text has as pairs of hexadecimal digits (mem_free); specs cannot give bytes that are no text. */
static char *bytes_of(const char *hex, size_t *len)
{
    *len = strlen(hex) / 2;
    char *bytes = mem_alloc(*len + 1);
    for (size_t i = 0; i < *len; i++) {
        const char pair[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        bytes[i] = (char)strtol(pair, NULL, 16);
    }
    bytes[*len] = '\0';
    return bytes;
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct asked asked = *(struct asked *)ctx;
    struct err err = {0};
    mem_free(ctx);
    const char *error = asked.response != NULL ? node_str(node_get(asked.response, "error")) : "no answer came in time";
    struct http_response response = {.status = (int)node_int_or(node_get(asked.response, "status"), 200),
                                     .retry_after_ms = node_int_or(node_get(asked.response, "retry_after_ms"), 0),
                                     .content_type = node_str(node_get(asked.response, "content_type"))};
    response.body = node_str_n(node_get(asked.response, "body"), &response.body_len);
    response.body = response.body != NULL ? response.body : "";
    const char *hex = node_str(node_get(asked.response, "hex"));
    char *bytes = hex != NULL ? bytes_of(hex, &response.body_len) : NULL;
    response.body = bytes != NULL ? bytes : response.body;
    if (error != NULL) {
        enum err_code code = asked.response != NULL ? ERR_UNREACHABLE : ERR_TIMEOUT;
        const char *named = node_str(node_get(asked.response, "code"));
        if (named != NULL) {
            err_code_find(named, &code); /* there is one of this name: check_codes */
        }
        err_set(&err, code, "%s", error);
    } else if ((size_t)node_int_or(node_get(asked.response, "size"), 0) > asked.response_max) {
        err_set(&err, ERR_TOO_LARGE, "the answer is larger than %zu bytes", asked.response_max);
    }
    asked.done(asked.ctx, err.code == ERR_NONE ? &response : NULL, &err);
    mem_free(bytes);
}

static void note_request(struct servers *servers, const struct http_request *request)
{
    struct doc *doc = servers->seen;
    struct node *seen = node_new_object(doc);
    node_set_str(doc, seen, "method", request->method);
    node_set_str(doc, seen, "url", request->url);
    node_set(doc, seen, "body", node_new_str_n(doc, request->body != NULL ? request->body : "", request->body_len));
    node_set_int(doc, seen, "timeout_ms", request->timeout_ms);
    node_set_int(doc, seen, "at_ms", clock_mono_ms(servers->clock));
    node_set_str(doc, seen, "proxy", request->proxy);
    node_set_bool(doc, seen, "insecure", request->tls != NULL && request->tls->insecure);
    node_set_bool(doc, seen, "same_host", request->follow_redirects && request->same_host);
    node_set_bool(doc, seen, "follows", request->follow_redirects);
    node_set_bool(doc, seen, "outward", request->outward);
    struct node *headers = node_ensure_object(doc, seen, "headers");
    for (size_t i = 0; i < request->header_count; i++) {
        const char *name = request->headers[i].name, *before = node_str(node_get(headers, name));
        char *both =
            str_format("%s%s%s", before != NULL ? before : "", before != NULL ? ", " : "", request->headers[i].value);
        node_set_str(doc, headers, name, both);
        str_free(&both);
    }
    node_push(doc_root(doc), seen);
}

static struct http_call *start(struct http *http, const struct http_request *request, http_data_fn *on_data,
                               http_done_fn *done, void *ctx)
{
    struct servers *servers = (struct servers *)http;
    struct asked *asked = mem_new(struct asked);
    *asked = (struct asked){.base.http = http,
                            .response_max = request->response_max != 0 ? request->response_max : HTTP_RESPONSE_MAX,
                            .response = node_item(servers->responses, servers->count++),
                            .done = done,
                            .ctx = ctx};
    note_request(servers, request);
    int64_t answered_ms = asked->response != NULL ? 0 : request->timeout_ms;
    timer_start(servers->clock, &asked->turn, answered_ms, on_turn, asked);
    return &asked->base;
}

static void cancel(struct http_call *call)
{
    struct asked *asked = (struct asked *)call;
    timer_cancel(&asked->turn);
    mem_free(asked);
}

static const struct http_ops ops = {start, cancel};

/* --- one question --- */

static void count_line(void *ctx, const char *line)
{
    (*(int64_t *)ctx)++;
}

struct result {
    struct adapter_call *calls[ASKERS_MAX]; /* NULL: it is over */
    struct doc *doc;                        /* {answer or error, answers, requests, lines} */
    int64_t answers;
};

struct asker {
    struct result *result;
    size_t index;
};

static void on_answer(void *ctx, const struct node *answer, const struct err *err)
{
    struct asker *asker = ctx;
    struct result *result = asker->result;
    result->calls[asker->index] = NULL;
    result->answers++;
    if (answer != NULL) {
        node_set(result->doc, doc_root(result->doc), "answer", node_copy(result->doc, answer));
    } else {
        node_set_str(result->doc, doc_root(result->doc), "error", err->text);
    }
}

/* The binary's modules, and the spec's own ones. */
static struct embedded_module *modules_of(const struct node *own, size_t *count)
{
    struct embedded_module *modules = mem_alloc_array(embedded_count + MODULES_MAX, sizeof *modules);
    *count = 0;
    struct node_iter it = node_iterate(own);
    while (*count < MODULES_MAX && node_next(&it)) {
        size_t len = 0;
        const char *text = node_str_n(it.value, &len);
        modules[(*count)++] = (struct embedded_module){it.key, text, len};
    }
    memcpy(modules + *count, embedded_modules, embedded_count * sizeof *modules);
    *count += embedded_count;
    return modules;
}

/* Of the first so many of them. */
static void cancel_calls(struct result *result, int64_t count)
{
    for (int64_t i = 0; i < count && i < ASKERS_MAX; i++) {
        if (result->calls[i] != NULL) {
            adapter_cancel(result->calls[i]);
            result->calls[i] = NULL;
        }
    }
}

/* A team's own, and why each of those that cannot be used cannot: {name: text}. */
static void load_own(struct adapters *adapters, const struct node *own, struct result *result)
{
    struct node *faults = node_ensure_object(result->doc, doc_root(result->doc), "faults");
    adapters_set_own(adapters, own);
    struct node_iter it = node_iterate(own);
    while (node_next(&it)) {
        struct err err = {0};
        if (!adapters_load(adapters, it.key, &err)) {
            node_set_str(result->doc, faults, it.key, err.text);
        }
    }
}

/* The adapter of that name, or the one that comes with the question. */
static struct adapter_call *start_one(struct adapters *adapters, const struct node *order, struct asker *asker)
{
    const char *name = node_str_or(node_get(order, "name"), "");
    struct adapter_guest guest = {
        .module = name, .sources = node_get(order, "sources"), .urls = node_get(order, "urls")};
    return guest.sources != NULL ? adapter_start_guest(adapters, &guest, node_get(order, "ask"), on_answer, asker)
                                 : adapter_start(adapters, name, node_get(order, "ask"), on_answer, asker);
}

static void ask(const struct node *order, struct result *result)
{
    struct virtual_clock *time = virtual_clock_new(ASKED_AT_MS);
    struct kube_config config = {.server = str_dup("https://kubernetes")};
    struct servers servers = {.door.ops = &ops,
                              .clock = virtual_clock_clock(time),
                              .responses = node_get(order, "responses"),
                              .seen = doc_new()};
    doc_set_root(servers.seen, node_new_array(servers.seen));
    struct adapters_options options = {
        .clock = servers.clock, .http = &servers.door, .measured = node_bool_or(node_get(order, "measured"), false)};
    options.modules = modules_of(node_get(order, "modules"), &options.module_count);
    options.kube = kube_client_new(&servers.door, servers.clock, NULL, &config);
    struct adapters *adapters = script_adapters_new(&options);
    load_own(adapters, node_get(order, "own"), result);
    int64_t askers = node_int_or(node_get(order, "askers"), 1);
    struct asker waiting[ASKERS_MAX];
    for (size_t i = 0; i < ASKERS_MAX && (int64_t)i < askers; i++) {
        waiting[i] = (struct asker){result, i};
        result->calls[i] = start_one(adapters, order, &waiting[i]);
    }
    cancel_calls(result, node_int_or(node_get(order, "cancelled"), 0));
    virtual_clock_run(time, PATIENCE_MS);
    cancel_calls(result, ASKERS_MAX);
    node_set_int(result->doc, doc_root(result->doc), "answers", result->answers);
    node_set(result->doc, doc_root(result->doc), "requests", node_copy(result->doc, doc_root(servers.seen)));
    script_adapters_free(adapters);
    kube_client_free(options.kube);
    mem_free((void *)options.modules);
    doc_free(servers.seen);
    virtual_clock_free(time);
}

/* A name that is none would be another error than the one that a spec is about. */
static void check_codes(lua_State *L, struct doc *order)
{
    struct node_iter it = node_iterate(node_get(doc_root(order), "responses"));
    while (node_next(&it)) {
        const char *named = node_str(node_get(it.value, "code"));
        enum err_code ignored;
        if (named != NULL && !err_code_find(named, &ignored)) {
            lua_pushfstring(L, "responses: code: there is no error '%s'", named);
            doc_free(order);
            lua_error(L);
        }
    }
}

static int ask_adapter(lua_State *L)
{
    static const char *const fields[] = {"name",      "ask", "responses", "modules", "measured", "askers",
                                         "cancelled", "own", "sources",   "urls",    NULL};
    module_check_fields(L, 1, fields);
    struct doc *order = module_check_document(L, 1, "order");
    check_codes(L, order);
    struct result result = {.doc = doc_new()};
    doc_set_root(result.doc, node_new_object(result.doc));
    int64_t lines = 0;
    struct world *logged = module_log_to(NULL);
    log_set_sink(count_line, &lines);
    ask(doc_root(order), &result);
    module_log_to(logged);
    node_set_int(result.doc, doc_root(result.doc), "lines", lines);
    doc_free(order);
    return module_push_document(L, result.doc);
}

const luaL_Reg module_adapters[] = {{"ask", ask_adapter}, {NULL, NULL}};
