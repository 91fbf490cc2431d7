/* A call's way, every arrow a timer on the virtual clock:
 *
 *     http_start ──delay──> arrive: the host's function ──exchange_*──> bytes and end are noted
 *                                                                    ──0──> deliver: on_data, done
 *
 * Two lives are tied together here. The call lives until `done` or http_cancel; the exchange until exchange_end or
 * `gone`. Whichever ends first detaches the other, so a server that answers late meets no freed call and a client that
 * is told of a cut meets no answer. */
#include "sim/ground/network.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "io/clock.h"

struct host {
    char *name;
    exchange_serve_fn *serve;
    void *ctx;
};

struct call {
    struct http_call base;
    struct exchange exchange;
    struct network *network;
    struct call *next, **link; /* link: what points to this one, so that leaving thousands of others takes no search */
    char *method, *url, *host, *path, *query, *body;
    struct http_header *headers;
    size_t header_count;
    http_data_fn *on_data;
    http_done_fn *done;
    void *ctx;
    struct timer step, limit, idle;
    int64_t timeout_ms, idle_timeout_ms;
    struct network_fate fate;
    bool served, began, ended; /* the exchange: handed over, its status known, no more of it */
    int status;
    int64_t retry_after_ms;
    struct buf bytes; /* what was sent and is not delivered; the whole body of a call without on_data */
    struct err err;   /* how the call ends, once that is decided */
};

struct network {
    struct http door;
    struct clock *clock;
    struct host *hosts;
    size_t host_count;
    struct call *open;
    network_fate_fn *fate;
    void *fate_ctx;
    network_listen_fn *listen;
    void *listen_ctx;
};

/* --- life --- */

static struct call *call_of(struct exchange *exchange)
{
    return (struct call *)((char *)exchange - offsetof(struct call, exchange));
}

static bool exchange_is_open(const struct call *call)
{
    return call->served && !call->ended;
}

static void leave_exchange(struct call *call)
{
    if (!exchange_is_open(call)) {
        return;
    }
    call->ended = true;
    if (call->exchange.gone != NULL) {
        call->exchange.gone(call->exchange.ctx);
    }
}

static void call_unlink(struct call *call)
{
    *call->link = call->next;
    if (call->next != NULL) {
        call->next->link = call->link;
    }
    timer_cancel(&call->step);
    timer_cancel(&call->limit);
    timer_cancel(&call->idle);
}

static void call_free(struct call *call)
{
    for (size_t i = 0; i < call->header_count; i++) {
        mem_free((char *)(uintptr_t)call->headers[i].name);
        mem_free((char *)(uintptr_t)call->headers[i].value);
    }
    mem_free(call->headers);
    str_free(&call->method);
    str_free(&call->url);
    str_free(&call->host);
    str_free(&call->path);
    str_free(&call->query);
    str_free(&call->body);
    buf_fini(&call->bytes);
    mem_free(call);
}

static void call_finish(struct call *call)
{
    call_unlink(call);
    leave_exchange(call);
    struct http_response response = {
        .status = call->status,
        .body = buf_str(&call->bytes),
        .body_len = call->bytes.len,
        .retry_after_ms = call->retry_after_ms,
    };
    call->done(call->ctx, call->err.code == ERR_NONE ? &response : NULL, &call->err);
    call_free(call);
}

/* --- delivery --- */

static bool is_streamed(const struct call *call)
{
    return call->on_data != NULL && call->status / 100 == 2;
}

static void on_idle(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    err_set(&call->err, ERR_TIMEOUT, "%s %s: nothing came for %lld ms", call->method, call->url,
            (long long)call->idle_timeout_ms);
    call_finish(call);
}

static void on_limit(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    err_set(&call->err, ERR_TIMEOUT, "%s %s: Timeout was reached", call->method, call->url);
    call_finish(call);
}

static void restart_idle(struct call *call)
{
    if (call->idle_timeout_ms > 0) {
        timer_start(call->network->clock, &call->idle, call->idle_timeout_ms, on_idle, call);
    }
}

/* on_data may start calls, which changes no call but its own; it may not cancel this one. */
static bool hand_over(struct call *call)
{
    struct buf bytes = call->bytes;
    buf_init(&call->bytes, bytes.size_max);
    bool taken = call->on_data(call->ctx, bytes.data, bytes.len);
    buf_fini(&bytes);
    return taken;
}

static void on_deliver(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    if (call->bytes.overflow) {
        err_set(&call->err, ERR_TOO_LARGE, "%s %s: the answer is larger than %zu bytes", call->method, call->url,
                call->bytes.size_max);
    }
    restart_idle(call);
    if (call->err.code == ERR_NONE && is_streamed(call) && call->bytes.len > 0 && !hand_over(call)) {
        err_set(&call->err, ERR_TOO_LARGE, "%s %s: the receiver refused the rest of the answer", call->method,
                call->url);
    }
    if (call->ended || call->err.code != ERR_NONE) {
        call_finish(call);
    }
}

static void deliver_soon(struct call *call)
{
    if (!timer_is_pending(&call->step)) {
        timer_start(call->network->clock, &call->step, 0, on_deliver, call);
    }
}

static void cut(struct call *call)
{
    if (call->err.code == ERR_NONE) {
        err_set(&call->err, ERR_UNREACHABLE, "%s %s: Recv failure: Connection reset by peer", call->method, call->url);
    }
    deliver_soon(call);
}

/* --- the exchange --- */

static void wire_add_header(struct exchange *exchange, const char *name, const char *value)
{
    struct call *call = call_of(exchange);
    if (strcasecmp(name, "Retry-After") != 0) {
        return;
    }
    call->retry_after_ms = http_retry_after_ms(strtoll(value, NULL, 10));
}

static void wire_begin(struct exchange *exchange, int status, const char *content_type)
{
    struct call *call = call_of(exchange);
    assert(exchange_is_open(call) && !call->began);
    call->began = true;
    call->status = status;
    if (is_streamed(call)) {
        call->bytes.size_max = SIZE_MAX / 2;
    }
    if (call->fate.lose_answer) {
        cut(call);
    }
}

static void wire_send(struct exchange *exchange, const char *bytes, size_t len)
{
    struct call *call = call_of(exchange);
    assert(exchange_is_open(call) && call->began);
    buf_append(&call->bytes, bytes, len);
    deliver_soon(call);
}

static void wire_end(struct exchange *exchange)
{
    struct call *call = call_of(exchange);
    assert(exchange_is_open(call) && call->began);
    call->ended = true;
    deliver_soon(call);
}

static const char *wire_header(const struct exchange *exchange, const char *name)
{
    const struct call *call = call_of((struct exchange *)(uintptr_t)exchange);
    for (size_t i = 0; i < call->header_count; i++) {
        if (strcasecmp(call->headers[i].name, name) == 0) {
            return call->headers[i].value;
        }
    }
    return NULL;
}

static const struct exchange_ops wire_ops = {
    .add_header = wire_add_header, .begin = wire_begin, .send = wire_send, .end = wire_end};

/* --- arrival --- */

static const struct host *find_host(const struct network *network, const char *name)
{
    for (size_t i = 0; i < network->host_count; i++) {
        if (str_equal(network->hosts[i].name, name)) {
            return &network->hosts[i];
        }
    }
    return NULL;
}

static void on_arrive(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    if (call->fate.status > 0) {
        call_finish(call);
        return;
    }
    if (call->fate.code != ERR_NONE) {
        err_set(&call->err, call->fate.code, "%s %s: %s", call->method, call->url,
                call->fate.code == ERR_UNREACHABLE ? "Failed to connect to the host" : err_code_name(call->fate.code));
        call_finish(call);
        return;
    }
    const struct host *host = find_host(call->network, call->host);
    if (host == NULL || host->serve == NULL) {
        err_set(&call->err, ERR_UNREACHABLE, "%s %s: Could not resolve host: %s", call->method, call->url, call->host);
        call_finish(call);
        return;
    }
    call->served = true;
    host->serve(host->ctx, &call->exchange);
}

static void split_url(struct call *call)
{
    const char *scheme = strstr(call->url, "://");
    const char *host = scheme != NULL ? scheme + 3 : call->url;
    size_t len = strcspn(host, "/?#");
    const char *at = memchr(host, '@', len);
    if (at != NULL) {
        len -= (size_t)(at + 1 - host);
        host = at + 1;
    }
    call->host = str_dup_n(host, len);
    const char *path = host + len;
    size_t path_len = strcspn(path, "?#");
    call->path = path_len > 0 ? str_dup_n(path, path_len) : str_dup("/");
    const char *query = path + path_len;
    call->query = *query == '?' ? str_dup_n(query + 1, strcspn(query + 1, "#")) : str_dup("");
}

static void copy_request(struct call *call, const struct http_request *request)
{
    call->method = str_dup(request->method);
    call->url = str_dup(request->url);
    call->body = str_dup_n(request->body != NULL ? request->body : "", request->body != NULL ? request->body_len : 0);
    call->headers = mem_alloc_array(request->header_count, sizeof(struct http_header));
    call->header_count = request->header_count;
    for (size_t i = 0; i < request->header_count; i++) {
        call->headers[i] = (struct http_header){str_dup(request->headers[i].name), str_dup(request->headers[i].value)};
    }
    call->timeout_ms = request->timeout_ms;
    call->idle_timeout_ms = request->idle_timeout_ms;
    buf_init(&call->bytes, request->response_max ? request->response_max : HTTP_RESPONSE_MAX);
    split_url(call);
    call->exchange = (struct exchange){
        .ops = &wire_ops,
        .method = call->method,
        .path = call->path,
        .query = call->query,
        .body = call->body,
        .body_len = request->body != NULL ? request->body_len : 0,
        .header = wire_header,
    };
}

/* What a fate answers is known from the start, and read when the request would have arrived. */
static void suffer(struct call *call, struct network_fate fate)
{
    call->fate = fate;
    call->status = fate.status;
    call->retry_after_ms = fate.retry_after_ms;
    if (fate.status > 0 && fate.body != NULL) {
        buf_append(&call->bytes, fate.body, strlen(fate.body));
    }
}

static struct http_call *start(struct http *http, const struct http_request *request, http_data_fn *on_data,
                               http_done_fn *done, void *ctx)
{
    struct network *network = (struct network *)http;
    struct call *call = mem_new(struct call);
    *call = (struct call){.base.http = http, .network = network, .on_data = on_data, .done = done, .ctx = ctx};
    copy_request(call, request);
    if (network->listen != NULL) {
        network->listen(network->listen_ctx, request);
    }
    if (network->fate != NULL) {
        suffer(call, network->fate(network->fate_ctx, request));
    }
    call->next = network->open;
    call->link = &network->open;
    if (call->next != NULL) {
        call->next->link = &call->next;
    }
    network->open = call;
    timer_start(network->clock, &call->step, call->fate.delay_ms, on_arrive, call);
    if (call->timeout_ms > 0) {
        timer_start(network->clock, &call->limit, call->timeout_ms, on_limit, call);
    }
    restart_idle(call);
    return &call->base;
}

static void cancel(struct http_call *base)
{
    struct call *call = (struct call *)base;
    call_unlink(call);
    leave_exchange(call);
    call_free(call);
}

static const struct http_ops network_ops = {.start = start, .cancel = cancel};

/* --- the network --- */

struct network *network_new(struct clock *clock)
{
    struct network *network = mem_new(struct network);
    network->door.ops = &network_ops;
    network->clock = clock;
    return network;
}

void network_free(struct network *network)
{
    if (network == NULL) {
        return;
    }
    assert(network->open == NULL && "a call is still open");
    for (size_t i = 0; i < network->host_count; i++) {
        str_free(&network->hosts[i].name);
    }
    mem_free(network->hosts);
    mem_free(network);
}

struct http *network_door(struct network *network)
{
    return &network->door;
}

void network_host(struct network *network, const char *host, exchange_serve_fn *serve, void *ctx)
{
    struct host *known = (struct host *)(uintptr_t)find_host(network, host);
    if (known == NULL) {
        network->hosts = mem_resize(network->hosts, (network->host_count + 1) * sizeof(network->hosts[0]));
        known = &network->hosts[network->host_count++];
        known->name = str_dup(host);
    }
    known->serve = serve;
    known->ctx = ctx;
}

void network_fates(struct network *network, network_fate_fn *fate, void *ctx)
{
    network->fate = fate;
    network->fate_ctx = ctx;
}

void network_listen(struct network *network, network_listen_fn *listen, void *ctx)
{
    network->listen = listen;
    network->listen_ctx = ctx;
}

size_t network_cut(struct network *network, const char *host)
{
    size_t count = 0;
    for (struct call *call = network->open; call != NULL; call = call->next) {
        if (!str_equal(call->host, host) || !exchange_is_open(call) || !call->began) {
            continue;
        }
        leave_exchange(call);
        cut(call);
        count++;
    }
    return count;
}
