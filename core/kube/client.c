#include "kube/client.h"

#include <assert.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"
#include "kube/credential.h"
#include "kube/limit.h"

enum {
    TIMEOUT_DEFAULT_MS = 30 * 1000,
    WATCH_SILENCE_MS = 3 * 60 * 1000,
    LINE_MAX_SIZE = 4 * 1024 * 1024,
    URL_MAX = 16 * 1024,
    AUTHORIZATION_MAX = 512 * 1024,
    QUOTE_MAX = 200,
    BUSY_MAX = 10, /* attempts after a 429, as in client-go */
};

struct kube_client {
    struct http *http;
    struct clock *clock;
    struct kube_config config;
    struct credential *credential;
    struct limit limit;
    uint64_t requests;
    int64_t ahead_ms; /* by which the server's clock is ahead of ours; 0: it has told no Date */
    size_t open_calls;
    bool (*may_write)(void *ctx); /* NULL: always */
    void *fence_ctx;
};

struct kube_call {
    struct kube_client *client;
    struct http_call *http_call;
    const char *method, *content_type, *accept;
    char *url, *body;
    size_t answer_max;
    int64_t timeout_ms;
    int64_t patience_ms; /* the time that is left for waiting after a 429 */
    int busy;            /* attempts that were answered with 429 */
    struct limit_place place;
    bool is_urgent;
    bool writes;
    bool waiting;        /* for the credential */
    unsigned generation; /* generation of the TLS settings with which the call was sent */
    bool renewed;        /* the call was sent again once, after a 401 or with other TLS settings */
    bool ended;          /* by on_line */
    struct err refused;  /* a request that cannot be made; told on `turn` */
    struct timer turn;   /* also delays the next attempt */
    struct buf line;     /* of a watch: the bytes after the last newline */
    kube_line_fn *on_line;
    kube_done_fn *done;
    void *ctx;
};

struct kube_client *kube_client_new(struct http *http, struct clock *clock, struct loop *loop,
                                    struct kube_config *config)
{
    assert((loop != NULL || config->exec.command == NULL) && "an exec plugin needs a loop");
    struct kube_client *client = mem_new(struct kube_client);
    client->http = http;
    client->clock = clock;
    client->config = *config;
    *config = (struct kube_config){0};
    client->credential = credential_new(&client->config, clock, loop);
    limit_init(&client->limit, clock, KUBE_UNDER_WAY_MAX);
    return client;
}

/* A client certificate would count more than the token, so it is not copied, whatever else is. */
struct kube_client *kube_client_as(const struct kube_client *client, const char *token)
{
    const struct kube_config *own = &client->config;
    struct kube_config config = {
        .source = str_dup("bearer token"),
        .server = str_dup(own->server),
        .namespace = str_dup(own->namespace),
        .tls = {.ca_pem = str_dup(own->tls.ca_pem),
                .server_name = str_dup(own->tls.server_name),
                .insecure = own->tls.insecure},
        .token = str_dup(token),
    };
    return kube_client_new(client->http, client->clock, NULL, &config);
}

void kube_client_fence(struct kube_client *client, bool (*may_write)(void *ctx), void *ctx)
{
    client->may_write = may_write;
    client->fence_ctx = ctx;
}

void kube_client_free(struct kube_client *client)
{
    assert(client->open_calls == 0);
    limit_fini(&client->limit);
    credential_free(client->credential);
    kube_config_fini(&client->config);
    mem_free(client);
}

const char *kube_client_server(const struct kube_client *client)
{
    return client->config.server;
}

int64_t kube_client_now_ms(const struct kube_client *client)
{
    return clock_wall_ms(client->clock) + client->ahead_ms;
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

/* Refuses a name that would change the path: the answer would be a list instead of an object, or another kind (as in
 * client-go). */
static bool check_segment(const char *what, const char *name, struct err *err)
{
    bool ok = name == NULL ||
              (name[0] != '\0' && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 && strpbrk(name, "/%") == NULL);
    return ok || err_set(err, ERR_INVALID, "%s \"%s\" is not valid", what, name);
}

/* Without this check a missing name would turn "delete this one" into "delete all". */
static bool check_request(const struct kube_request *request, struct err *err)
{
    bool nameless = request->verb == KUBE_LIST || request->verb == KUBE_WATCH || request->verb == KUBE_CREATE;
    bool ok = check_segment("namespace", request->namespace, err) && check_segment("name", request->name, err) &&
              (nameless || request->name != NULL || err_set(err, ERR_INVALID, "the name is missing"));
    return ok || err_wrap(err, "%s %s", verb_forms[request->verb].method, request->resource->plural);
}

/* NULL when the URL would be too long. */
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
    bool fits = !url.overflow;
    char *text = buf_take(&url);
    if (!fits) {
        str_free(&text);
    }
    return text;
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

static int64_t retry_after(const struct http_response *response, const struct node *status)
{
    int64_t seconds = node_int_or(node_at(status, "details", "retryAfterSeconds"), 0);
    return response->retry_after_ms > 0 ? response->retry_after_ms : http_retry_after_ms(seconds);
}

/* Quotes the beginning of the body, without the newline at its end. */
static void quote_body(const struct http_response *response, struct buf *text)
{
    size_t len = utf8_floor(response->body, response->body_len < QUOTE_MAX ? response->body_len : QUOTE_MAX);
    while (len > 0 && strchr(" \t\r\n", response->body[len - 1]) != NULL) {
        len--;
    }
    utf8_append_clean(text, response->body, len);
}

/* Makes the error of a refusal: the server's own words if it sent a Status object, otherwise its body. */
static void refusal(const struct kube_call *call, const struct http_response *response, struct err *err)
{
    struct err ignored;
    struct buf quote;
    buf_init(&quote, 4 * QUOTE_MAX);
    struct doc *status = doc_parse(response->body, response->body_len, &ignored);
    const char *message = node_str(node_get(doc_root(status), "message"));
    const char *reason = node_str_or(node_get(doc_root(status), "reason"), "");
    enum err_code code = code_of_status(response->status, reason);
    if (!str_empty(message)) {
        err_set(err, code, "%s", message);
    } else {
        quote_body(response, &quote);
        err_set(err, code, "%s %s: status %d: %s", call->method, call->url, response->status, buf_str(&quote));
    }
    if (code == ERR_UNAUTHORIZED) {
        err_wrap(err, "%s: the credentials were refused", call->client->config.source);
    }
    err->http_status = response->status;
    err->retry_after_ms = retry_after(response, doc_root(status));
    doc_free(status);
    buf_fini(&quote);
}

/* Makes the error of a call without an answer, with details that the transport cannot know. */
static void failure_without_answer(const struct kube_call *call, const struct err *err, struct err *failure)
{
    *failure = *err;
    if (call->ended) {
        err_clear(failure);
    } else if (call->line.overflow) {
        err_set(failure, ERR_TOO_LARGE, "%s %s: a line of more than %d MiB", call->method, call->url,
                LINE_MAX_SIZE / (1024 * 1024));
    } else if (err->code == ERR_TLS) {
        err_wrap(failure, "%s: certificate-authority or client-certificate does not fit the server",
                 call->client->config.source);
    }
}

static void call_free(struct kube_call *call)
{
    call->client->open_calls--;
    limit_leave(&call->client->limit, &call->place);
    timer_cancel(&call->turn);
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

static void on_pause_over(struct timer *timer, void *ctx)
{
    send(ctx);
}

/* True when the server was too busy to take the request and said when to come back. */
static bool is_to_come_back(const struct kube_call *call, const struct http_response *response)
{
    return call->patience_ms > 0 && response->status == 429 && response->retry_after_ms > 0 &&
           response->retry_after_ms <= call->patience_ms && call->busy < BUSY_MAX;
}

/* True when credentials or certificates were renewed, so that the same request may succeed now. */
static bool is_renewed(const struct kube_call *call, const struct http_response *response, const struct err *err)
{
    struct credential *credential = call->client->credential;
    bool refused = response != NULL && response->status == 401;
    if (call->renewed || (!refused && (response != NULL || err->code != ERR_TLS))) {
        return false;
    }
    return (refused && credential_renew(credential)) || credential_reload(credential, call->generation);
}

static void note_date(struct kube_client *client, const struct http_response *response)
{
    if (response != NULL && response->date_ms > 0) {
        client->ahead_ms = response->date_ms - clock_wall_ms(client->clock);
    }
}

static void on_response(void *ctx, const struct http_response *response, const struct err *err)
{
    struct kube_call *call = ctx;
    struct err failure = {0};
    call->http_call = NULL;
    if (call->on_line == NULL) { /* that of a watch is from its beginning */
        note_date(call->client, response);
    }
    if (is_renewed(call, response, err)) {
        call->renewed = true;
        send(call);
    } else if (response == NULL) {
        failure_without_answer(call, err, &failure);
        finish(call, NULL, &failure);
    } else if (response->status >= 200 && response->status < 300) {
        finish_success(call, response);
    } else if (is_to_come_back(call, response)) {
        call->busy++;
        call->patience_ms -= response->retry_after_ms;
        timer_start(call->client->clock, &call->turn, response->retry_after_ms, on_pause_over, call);
    } else {
        refusal(call, response, &failure);
        finish(call, NULL, &failure);
    }
}

/* Hands on each whole line; the remainder waits for more bytes. A remainder at the end of the stream was cut and is
 * dropped. */
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
            call->ended = true;
            return false;
        }
        bytes += part + 1;
        len -= part + 1;
    }
    return true;
}

/* --- sending --- */

static void transmit(struct kube_call *call)
{
    struct kube_client *client = call->client;
    struct buf authorization;
    buf_init(&authorization, AUTHORIZATION_MAX);
    credential_header(client->credential, &authorization);
    struct http_header headers[4] = {{"Accept", call->accept}, {"User-Agent", KUBE_MANAGER "/" SLUICE_VERSION}};
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
        .response_max = call->answer_max,
        .idle_timeout_ms = call->on_line != NULL ? WATCH_SILENCE_MS : 0,
        .tls = &client->config.tls,
        .long_lived = call->on_line != NULL,
    };
    client->requests++;
    call->generation = credential_generation(client->credential);
    call->http_call = http_start(client->http, &request, call->on_line != NULL ? on_bytes : NULL, on_response, call);
    buf_fini(&authorization);
}

static void on_credential(void *ctx, const struct err *err)
{
    struct kube_call *call = ctx;
    call->waiting = false;
    if (err->code != ERR_NONE) {
        finish(call, NULL, err);
    } else {
        transmit(call); /* even if it expires within the minute: asking the plugin again would not end */
    }
}

static void on_turn(struct timer *timer, void *ctx)
{
    struct kube_call *call = ctx;
    finish(call, NULL, &call->refused);
}

/* True when the Lease may be another engine's. Asked last before sending: a call may have waited long, and a process
 * that was paused resumes in the middle of anything. */
static bool is_fenced(const struct kube_call *call)
{
    const struct kube_client *client = call->client;
    return call->writes && !call->is_urgent && client->may_write != NULL && !client->may_write(client->fence_ctx);
}

static void send(struct kube_call *call)
{
    if (is_fenced(call)) {
        err_set(&call->refused, ERR_FENCED, "%s %s: not sent, as the Lease may be another's by now", call->method,
                call->url);
        timer_start(call->client->clock, &call->turn, 0, on_turn, call);
    } else if (credential_is_ready(call->client->credential)) {
        transmit(call);
    } else {
        call->waiting = true;
        credential_wait(call->client->credential, on_credential, call);
    }
}

static void on_go(void *ctx)
{
    send(ctx);
}

/* Sends the call, puts it in line, or reports on a later turn why it cannot be sent. */
static struct kube_call *begin(struct kube_call *call)
{
    if (call->refused.code != ERR_NONE) {
        timer_start(call->client->clock, &call->turn, 0, on_turn, call);
    } else if (call->on_line != NULL || call->is_urgent ||
               limit_enter(&call->client->limit, &call->place, on_go, call)) {
        send(call);
    }
    return call;
}

static const char *accept_of(const struct kube_request *request)
{
    if (!request->metadata_only) {
        return "application/json";
    }
    return request->verb == KUBE_LIST
               ? "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json"
               : "application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json";
}

static struct kube_call *call_new(struct kube_client *client, const struct kube_request *request, kube_done_fn *done,
                                  void *ctx)
{
    struct kube_call *call = mem_new(struct kube_call);
    call->client = client;
    call->method = verb_forms[request->verb].method;
    call->content_type = verb_forms[request->verb].content_type;
    call->accept = accept_of(request);
    if (check_request(request, &call->refused)) {
        call->url = request_url(client, request);
    }
    if (call->refused.code == ERR_NONE && call->url == NULL) {
        err_set(&call->refused, ERR_TOO_LARGE, "%s %s: a URL of more than %d bytes", call->method,
                request->resource->plural, URL_MAX);
    }
    call->body = request->body != NULL ? node_to_text(request->body) : NULL;
    call->timeout_ms = request->timeout_ms > 0 ? request->timeout_ms : TIMEOUT_DEFAULT_MS;
    call->patience_ms = request->verb == KUBE_LIST || request->verb == KUBE_WATCH ? 0 : call->timeout_ms;
    call->answer_max = request->answer_max;
    call->is_urgent = request->is_urgent;
    call->writes = request->verb >= KUBE_CREATE;
    call->done = done;
    call->ctx = ctx;
    buf_init(&call->line, LINE_MAX_SIZE);
    client->open_calls++;
    return call;
}

struct kube_call *kube_start(struct kube_client *client, const struct kube_request *request, kube_done_fn *done,
                             void *ctx)
{
    return begin(call_new(client, request, done, ctx));
}

struct kube_call *kube_watch_start(struct kube_client *client, const struct kube_request *request,
                                   kube_line_fn *on_line, kube_done_fn *done, void *ctx)
{
    struct kube_call *call = call_new(client, request, done, ctx);
    call->on_line = on_line;
    return begin(call);
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
