#include "fake_http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"

struct rule {
    fake_http_handler_fn *handler; /* NULL: a route, the rest counts */
    void *ctx;
    char *method, *url_part, *body;
    int status;
    bool once, used;
};

struct call {
    struct http_call base;
    struct fake_http *fh;
    const struct fake_http_seen *seen;
    http_data_fn *on_data;
    http_done_fn *done;
    void *ctx;
    struct timer step, limit, idle;
    int status;
    int64_t retry_after_ms, date_ms;
    bool held, ending;
    struct buf body; /* of the answer; delivered after the delay, collected when held */
    struct err err;
    struct call *next;
};

struct fake_http {
    struct http door;
    struct clock *clock;
    struct rule *rules;
    size_t rule_count;
    struct fake_http_seen **seen;
    size_t seen_count;
    struct call *open;
};

/* --- life of a call --- */

static void call_unlink(struct call *call)
{
    struct call **at = &call->fh->open;
    while (*at != call)
        at = &(*at)->next;
    *at = call->next;
    timer_cancel(&call->step);
    timer_cancel(&call->limit);
    timer_cancel(&call->idle);
}

static void call_free(struct call *call)
{
    buf_fini(&call->body);
    mem_free(call);
}

static void call_finish(struct call *call)
{
    call_unlink(call);
    struct http_response response = {
        .status = call->status,
        .body = buf_str(&call->body),
        .body_len = call->body.len,
        .retry_after_ms = call->retry_after_ms,
        .date_ms = call->date_ms,
    };
    call->done(call->ctx, call->err.code == ERR_NONE ? &response : NULL, &call->err);
    call_free(call);
}

static void on_end(struct timer *timer, void *ctx)
{
    call_finish(ctx);
}

static void call_fail(struct call *call, enum err_code code, const char *why)
{
    call->ending = true;
    err_set(&call->err, code, "%s %s: %s", call->seen->method, call->seen->url, why);
    timer_start(call->fh->clock, &call->step, 0, on_end, call);
}

static void on_limit(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    err_set(&call->err, ERR_TIMEOUT, "%s %s: no answer within %lld ms", call->seen->method, call->seen->url,
            (long long)call->seen->timeout_ms);
    call_finish(call);
}

static void on_idle(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    err_set(&call->err, ERR_TIMEOUT, "%s %s: no byte for %lld ms", call->seen->method, call->seen->url,
            (long long)call->seen->idle_timeout_ms);
    call_finish(call);
}

static void restart_idle(struct call *call)
{
    if (call->seen->idle_timeout_ms > 0)
        timer_start(call->fh->clock, &call->idle, call->seen->idle_timeout_ms, on_idle, call);
}

static bool is_streamed(const struct call *call)
{
    return call->on_data && call->status / 100 == 2;
}

static void call_bytes(struct call *call, const char *bytes, size_t len)
{
    restart_idle(call);
    bool taken = is_streamed(call) ? call->on_data(call->ctx, bytes, len) : buf_append(&call->body, bytes, len);
    if (!taken)
        call_fail(call, ERR_TOO_LARGE, is_streamed(call) ? "the receiver refused more" : "the answer is too large");
}

/* --- the answer --- */

static bool matches(const char *method, const char *url_part, const struct fake_http_seen *seen)
{
    return (!method || str_equal(method, seen->method)) && (!url_part || strstr(seen->url, url_part));
}

static bool ask_rule(struct rule *rule, const struct fake_http_seen *seen, struct fake_http_answer *answer)
{
    if (rule->handler)
        return rule->handler(rule->ctx, seen, answer);
    if (rule->used || !matches(rule->method, rule->url_part, seen))
        return false;
    rule->used = rule->once;
    answer->status = rule->status;
    answer->body = rule->body;
    return true;
}

static void ask(struct fake_http *fh, const struct fake_http_seen *seen, struct fake_http_answer *answer)
{
    for (size_t i = fh->rule_count; i > 0; i--) {
        *answer = (struct fake_http_answer){.status = 200};
        if (ask_rule(&fh->rules[i - 1], seen, answer))
            return;
    }
    fail_msg("fake http: nobody answers %s %s", seen->method, seen->url);
}

static void on_answer(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    if (call->err.code != ERR_NONE || call->body.len == 0 || !is_streamed(call)) {
        call_finish(call);
        return;
    }
    struct buf bytes = call->body;
    buf_init(&call->body, bytes.size_max);
    call_bytes(call, bytes.data, bytes.len);
    buf_fini(&bytes);
    if (!call->ending)
        call_finish(call);
}

static void on_arrival(struct timer *timer, void *ctx)
{
    struct call *call = ctx;
    struct fake_http_answer answer;
    ask(call->fh, call->seen, &answer);
    size_t len = answer.body_len > 0 ? answer.body_len : answer.body ? strlen(answer.body) : 0;
    call->status = answer.status;
    call->retry_after_ms = answer.retry_after_ms;
    call->date_ms = answer.date_ms;
    if (answer.hold) {
        call->held = true;
        if (len > 0)
            call_bytes(call, answer.body, len);
        return;
    }
    if (answer.code != ERR_NONE && answer.text)
        err_set(&call->err, answer.code, "%s", answer.text);
    else if (answer.code != ERR_NONE)
        err_set(&call->err, answer.code, "%s %s: %s", call->seen->method, call->seen->url, err_code_name(answer.code));
    else if (is_streamed(call))
        call->body.size_max = SIZE_MAX / 2;
    if (!buf_append(&call->body, answer.body, len))
        err_set(&call->err, ERR_TOO_LARGE, "%s %s: the answer is too large", call->seen->method, call->seen->url);
    timer_start(call->fh->clock, &call->step, answer.delay_ms, on_answer, call);
}

/* --- the transport --- */

static struct fake_http_seen *seen_new(struct fake_http *fh, const struct http_request *request, bool streamed)
{
    struct fake_http_seen *seen = mem_new(struct fake_http_seen);
    *seen = (struct fake_http_seen){
        .index = fh->seen_count,
        .method = str_dup(request->method),
        .url = str_dup(request->url),
        .body = request->body ? str_dup_n(request->body, request->body_len) : str_dup(""),
        .body_len = request->body ? request->body_len : 0,
        .headers = mem_alloc_array(request->header_count, sizeof(struct http_header)),
        .header_count = request->header_count,
        .timeout_ms = request->timeout_ms,
        .idle_timeout_ms = request->idle_timeout_ms,
        .response_max = request->response_max,
        .tls = request->tls,
        .follow_redirects = request->follow_redirects,
        .same_host = request->same_host,
        .no_proxy = request->no_proxy,
        .long_lived = request->long_lived,
        .streamed = streamed,
        .at_ms = clock_mono_ms(fh->clock),
    };
    for (size_t i = 0; i < request->header_count; i++)
        seen->headers[i] = (struct http_header){str_dup(request->headers[i].name), str_dup(request->headers[i].value)};
    fh->seen = mem_resize(fh->seen, (fh->seen_count + 1) * sizeof(fh->seen[0]));
    fh->seen[fh->seen_count++] = seen;
    return seen;
}

static void seen_free(struct fake_http_seen *seen)
{
    for (size_t i = 0; i < seen->header_count; i++) {
        mem_free((char *)(uintptr_t)seen->headers[i].name);
        mem_free((char *)(uintptr_t)seen->headers[i].value);
    }
    mem_free(seen->headers);
    str_free(&seen->method);
    str_free(&seen->url);
    str_free(&seen->body);
    mem_free(seen);
}

static struct http_call *start(struct http *http, const struct http_request *request, http_data_fn *on_data,
                               http_done_fn *done, void *ctx)
{
    struct fake_http *fh = (struct fake_http *)http;
    struct call *call = mem_new(struct call);
    *call = (struct call){.base.http = http, .fh = fh, .on_data = on_data, .done = done, .ctx = ctx};
    call->seen = seen_new(fh, request, on_data != NULL);
    buf_init(&call->body, request->response_max ? request->response_max : HTTP_RESPONSE_MAX);
    call->next = fh->open;
    fh->open = call;
    timer_start(fh->clock, &call->step, 0, on_arrival, call);
    if (request->timeout_ms > 0)
        timer_start(fh->clock, &call->limit, request->timeout_ms, on_limit, call);
    restart_idle(call);
    return &call->base;
}

static void cancel(struct http_call *base)
{
    struct call *call = (struct call *)base;
    call_unlink(call);
    call->fh->seen[call->seen->index]->cancelled = true;
    call_free(call);
}

static const struct http_ops fake_ops = {.start = start, .cancel = cancel};

struct fake_http *fake_http_new(struct clock *clock)
{
    struct fake_http *fh = mem_new(struct fake_http);
    fh->door.ops = &fake_ops;
    fh->clock = clock;
    return fh;
}

void fake_http_free(struct fake_http *fh)
{
    if (!fh)
        return;
    if (fh->open)
        fail_msg("fake http: %zu calls still open, one is %s %s", fake_http_open_calls(fh), fh->open->seen->method,
                 fh->open->seen->url);
    for (size_t i = 0; i < fh->rule_count; i++) {
        str_free(&fh->rules[i].method);
        str_free(&fh->rules[i].url_part);
        str_free(&fh->rules[i].body);
    }
    for (size_t i = 0; i < fh->seen_count; i++)
        seen_free(fh->seen[i]);
    mem_free(fh->rules);
    mem_free(fh->seen);
    mem_free(fh);
}

struct http *fake_http_door(struct fake_http *fh)
{
    return &fh->door;
}

/* --- rules --- */

static struct rule *rule_add(struct fake_http *fh)
{
    fh->rules = mem_resize(fh->rules, (fh->rule_count + 1) * sizeof(fh->rules[0]));
    struct rule *rule = &fh->rules[fh->rule_count++];
    *rule = (struct rule){0};
    return rule;
}

void fake_http_handle(struct fake_http *fh, fake_http_handler_fn *handler, void *ctx)
{
    *rule_add(fh) = (struct rule){.handler = handler, .ctx = ctx};
}

void fake_http_route(struct fake_http *fh, const char *method, const char *url_part, int status, const char *body)
{
    *rule_add(fh) = (struct rule){
        .method = str_dup(method), .url_part = str_dup(url_part), .body = str_dup(body), .status = status};
}

void fake_http_once(struct fake_http *fh, const char *method, const char *url_part, int status, const char *body)
{
    fake_http_route(fh, method, url_part, status, body);
    fh->rules[fh->rule_count - 1].once = true;
}

/* --- the record --- */

size_t fake_http_seen_count(const struct fake_http *fh)
{
    return fh->seen_count;
}

const struct fake_http_seen *fake_http_seen(const struct fake_http *fh, size_t index)
{
    if (index >= fh->seen_count)
        fail_msg("fake http: request %zu was asked for, %zu were made", index, fh->seen_count);
    return fh->seen[index];
}

const struct fake_http_seen *fake_http_last(const struct fake_http *fh)
{
    return fh->seen_count > 0 ? fh->seen[fh->seen_count - 1] : NULL;
}

size_t fake_http_count(const struct fake_http *fh, const char *method, const char *url_part)
{
    size_t count = 0;
    for (size_t i = 0; i < fh->seen_count; i++)
        count += matches(method, url_part, fh->seen[i]);
    return count;
}

const struct fake_http_seen *fake_http_find(const struct fake_http *fh, const char *method, const char *url_part,
                                            size_t nth)
{
    for (size_t i = 0; i < fh->seen_count; i++)
        if (matches(method, url_part, fh->seen[i]) && nth-- == 0)
            return fh->seen[i];
    return NULL;
}

const char *fake_http_header(const struct fake_http_seen *seen, const char *name)
{
    for (size_t i = 0; i < seen->header_count; i++)
        if (strcasecmp(seen->headers[i].name, name) == 0)
            return seen->headers[i].value;
    return NULL;
}

/* --- calls held open --- */

static struct call *find_open(const struct fake_http *fh, size_t index)
{
    struct call *call = fh->open;
    while (call && call->seen->index != index)
        call = call->next;
    return call;
}

static struct call *held_call(const struct fake_http *fh, size_t index)
{
    struct call *call = find_open(fh, index);
    if (!call || !call->held || call->ending)
        fail_msg("fake http: call %zu is not held open", index);
    return call;
}

bool fake_http_is_open(const struct fake_http *fh, size_t index)
{
    return find_open(fh, index) != NULL;
}

size_t fake_http_open_calls(const struct fake_http *fh)
{
    size_t count = 0;
    for (struct call *call = fh->open; call; call = call->next)
        count++;
    return count;
}

void fake_http_stream_n(struct fake_http *fh, size_t index, const char *bytes, size_t len)
{
    call_bytes(held_call(fh, index), bytes, len);
}

void fake_http_stream(struct fake_http *fh, size_t index, const char *bytes)
{
    fake_http_stream_n(fh, index, bytes, strlen(bytes));
}

void fake_http_end(struct fake_http *fh, size_t index, enum err_code code)
{
    struct call *call = held_call(fh, index);
    if (code != ERR_NONE) {
        call_fail(call, code, "the connection was cut");
        return;
    }
    call->ending = true;
    timer_start(fh->clock, &call->step, 0, on_end, call);
}
