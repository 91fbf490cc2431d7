#include "kube/client.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "kube/credential.h"

enum {
    TIMEOUT_DEFAULT_MS = 30 * 1000,
    WATCH_SILENCE_MS = 3 * 60 * 1000,
    LINE_MAX_SIZE = 4 * 1024 * 1024,
    URL_MAX = 16 * 1024
};

struct kube_client {
    struct http *http;
    struct clock *clock;
    struct kube_config config;
    struct credential *credential;
    uint64_t requests;
    size_t open_calls;
};

struct kube_call {
    struct kube_client *client;
    struct http_call *http_call;
    const char *method, *content_type;
    char *url, *body;
    int64_t timeout_ms;
    bool waiting;    /* for the credential */
    bool renewed;    /* after a 401: once */
    struct buf line; /* of a watch: what came after the last newline */
    kube_line_fn *on_line;
    kube_done_fn *done;
    void *ctx;
};

struct kube_client *kube_client_new(struct http *http, struct clock *clock, struct loop *loop,
                                    struct kube_config *config)
{
    struct kube_client *client = mem_new(struct kube_client);
    client->http = http;
    client->clock = clock;
    client->config = *config;
    *config = (struct kube_config){0};
    client->credential = credential_new(&client->config, clock, loop);
    return client;
}

void kube_client_free(struct kube_client *client)
{
    assert(client->open_calls == 0);
    credential_free(client->credential);
    kube_config_fini(&client->config);
    mem_free(client);
}

const char *kube_client_server(const struct kube_client *client)
{
    return client->config.server;
}

uint64_t kube_client_requests(const struct kube_client *client)
{
    return client->requests;
}

/* --- a request's form --- */

static const struct verb_form {
    const char *method, *content_type;
} verb_forms[] = {
    [KUBE_GET] = {"GET", NULL},
    [KUBE_LIST] = {"GET", NULL},
    [KUBE_WATCH] = {"GET", NULL},
    [KUBE_CREATE] = {"POST", "application/json"},
    [KUBE_UPDATE] = {"PUT", "application/json"},
    [KUBE_PATCH_MERGE] = {"PATCH", "application/merge-patch+json"},
    [KUBE_PATCH_JSON] = {"PATCH", "application/json-patch+json"},
    [KUBE_PATCH_STRATEGIC] = {"PATCH", "application/strategic-merge-patch+json"},
    [KUBE_DELETE] = {"DELETE", "application/json"},
};

static char *request_url(const struct kube_client *client, const struct kube_request *request)
{
    const struct kube_resource *resource = request->resource;
    struct buf url;
    buf_init(&url, URL_MAX);
    buf_append_str(&url, client->config.server);
    if (resource->group[0] == '\0') {
        buf_printf(&url, "/api/%s", resource->version);
    } else {
        buf_printf(&url, "/apis/%s/%s", resource->group, resource->version);
    }
    if (request->namespace != NULL) {
        buf_append_str(&url, "/namespaces/");
        buf_append_url(&url, request->namespace);
    }
    buf_printf(&url, "/%s", resource->plural);
    if (request->name != NULL) {
        buf_append_char(&url, '/');
        buf_append_url(&url, request->name);
    }
    if (request->subresource != NULL) {
        buf_printf(&url, "/%s", request->subresource);
    }
    if (request->query != NULL) {
        buf_printf(&url, "?%s", request->query);
    }
    return buf_take(&url);
}

/* --- answers --- */

static enum err_code code_of_status(int status, const char *reason)
{
    if (status == 409) {
        return strcmp(reason, "AlreadyExists") == 0 ? ERR_EXISTS : ERR_CONFLICT;
    }
    return status == 401                    ? ERR_UNAUTHORIZED
           : status == 403                  ? ERR_FORBIDDEN
           : status == 404                  ? ERR_NOT_FOUND
           : status == 410                  ? ERR_GONE
           : status == 429 || status >= 500 ? ERR_SERVER
                                            : ERR_REJECTED;
}

/* The server's own words where it has some (a Status object), else what came. */
static void refusal(const struct kube_call *call, const struct http_response *response, struct err *err)
{
    struct err ignored;
    struct doc *status = doc_parse(response->body, response->body_len, &ignored);
    const char *message = node_str(node_get(doc_root(status), "message"));
    const char *reason = node_str_or(node_get(doc_root(status), "reason"), "");
    enum err_code code = code_of_status(response->status, reason);
    if (!str_empty(message)) {
        err_set(err, code, "%s", message);
    } else {
        err_set(err, code, "%s %s: status %d: %.200s", call->method, call->url, response->status, response->body);
    }
    int64_t seconds = node_int_or(node_at(doc_root(status), "details", "retryAfterSeconds"), 0);
    err->http_status = response->status;
    err->retry_after_ms = response->retry_after_ms > 0 ? response->retry_after_ms : seconds * 1000;
    doc_free(status);
}

static void call_free(struct kube_call *call)
{
    call->client->open_calls--;
    str_free(&call->url);
    str_free(&call->body);
    buf_fini(&call->line);
    mem_free(call);
}

static void finish(struct kube_call *call, const struct doc *answer, const struct err *err)
{
    kube_done_fn *done = call->done;
    void *ctx = call->ctx;
    struct err copy = *err;
    call_free(call);
    done(ctx, answer, &copy);
}

static void send(struct kube_call *call);

static void finish_success(struct kube_call *call, const struct http_response *response)
{
    struct err err = {0};
    struct doc *answer = NULL;
    if (call->on_line == NULL) {
        answer = doc_parse(response->body, response->body_len, &err);
        if (answer == NULL) {
            err_wrap(&err, "%s %s: the answer", call->method, call->url);
        } else {
            err_clear(&err);
        }
    }
    finish(call, answer, &err);
    doc_free(answer);
}

static void on_response(void *ctx, const struct http_response *response, const struct err *err)
{
    struct kube_call *call = ctx;
    call->http_call = NULL;
    if (response == NULL) {
        finish(call, NULL, err);
    } else if (response->status >= 200 && response->status < 300) {
        finish_success(call, response);
    } else if (response->status == 401 && !call->renewed && credential_renew(call->client->credential)) {
        call->renewed = true;
        send(call);
    } else {
        struct err failure = {0};
        refusal(call, response, &failure);
        finish(call, NULL, &failure);
    }
}

/* Each whole line goes on; the remainder waits for more. What remains at the end of the stream was cut and is dropped. */
static bool on_bytes(void *ctx, const char *bytes, size_t len)
{
    struct kube_call *call = ctx;
    while (len > 0) {
        const char *newline = memchr(bytes, '\n', len);
        size_t part = newline != NULL ? (size_t)(newline - bytes) : len;
        if (!buf_append(&call->line, bytes, part)) {
            return false;
        }
        if (newline == NULL) {
            break;
        }
        bool more = call->line.len == 0 || call->on_line(call->ctx, buf_str(&call->line), call->line.len);
        buf_clear(&call->line);
        if (!more) {
            return false;
        }
        bytes += part + 1;
        len -= part + 1;
    }
    return true;
}

/* --- sending --- */

static void on_credential(void *ctx, const struct err *err)
{
    struct kube_call *call = ctx;
    call->waiting = false;
    if (err->code != ERR_NONE) {
        finish(call, NULL, err);
    } else {
        send(call);
    }
}

static void send(struct kube_call *call)
{
    struct kube_client *client = call->client;
    if (!credential_is_ready(client->credential)) {
        call->waiting = true;
        credential_wait(client->credential, on_credential, call);
        return;
    }
    struct buf authorization;
    buf_init(&authorization, 512 * 1024);
    credential_header(client->credential, &authorization);
    struct http_header headers[4] = {{"Accept", "application/json"}, {"User-Agent", "sluice/" SLUICE_VERSION}};
    size_t count = 2;
    if (authorization.len > 0) {
        headers[count++] = (struct http_header){"Authorization", buf_str(&authorization)};
    }
    if (call->body != NULL) {
        headers[count++] = (struct http_header){"Content-Type", call->content_type};
    }
    struct http_request request = {
        .method = call->method,
        .url = call->url,
        .headers = headers,
        .header_count = count,
        .body = call->body,
        .body_len = call->body != NULL ? strlen(call->body) : 0,
        .timeout_ms = call->on_line != NULL ? 0 : call->timeout_ms,
        .idle_timeout_ms = call->on_line != NULL ? WATCH_SILENCE_MS : 0,
        .tls = &client->config.tls,
        .long_lived = call->on_line != NULL,
    };
    client->requests++;
    call->http_call = http_start(client->http, &request, call->on_line != NULL ? on_bytes : NULL, on_response, call);
    buf_fini(&authorization);
}

static struct kube_call *call_new(struct kube_client *client, const struct kube_request *request, kube_done_fn *done,
                                  void *ctx)
{
    struct kube_call *call = mem_new(struct kube_call);
    call->client = client;
    call->method = verb_forms[request->verb].method;
    call->content_type = verb_forms[request->verb].content_type;
    call->url = request_url(client, request);
    call->body = request->body != NULL ? node_to_text(request->body) : NULL;
    call->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_DEFAULT_MS;
    call->done = done;
    call->ctx = ctx;
    buf_init(&call->line, LINE_MAX_SIZE);
    client->open_calls++;
    return call;
}

struct kube_call *kube_start(struct kube_client *client, const struct kube_request *request, kube_done_fn *done,
                             void *ctx)
{
    struct kube_call *call = call_new(client, request, done, ctx);
    send(call);
    return call;
}

struct kube_call *kube_watch_start(struct kube_client *client, const struct kube_request *request,
                                   kube_line_fn *on_line, kube_done_fn *done, void *ctx)
{
    struct kube_call *call = call_new(client, request, done, ctx);
    call->on_line = on_line;
    send(call);
    return call;
}

void kube_cancel(struct kube_call *call)
{
    if (call->waiting) {
        credential_forget(call->client->credential, call);
    }
    if (call->http_call != NULL) {
        http_cancel(call->http_call);
    }
    call_free(call);
}
