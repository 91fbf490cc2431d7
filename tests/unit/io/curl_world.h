/* A world for tests of the real transport: a loop with libcurl on it, servers that say what the test wants, replies as
 * they came.
 *
 * A header alone, because only the tests of io/curl.h need it. */
#pragma once

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_net.h"
#include "fake_nginx.h"
#include "io/curl.h"

enum { CALLS_MAX = 64, GUARD_MS = 20000 };

struct reply {
    struct world *world;
    struct http_call *call; /* NULL once done */
    int done_count, status;
    bool answered;
    int64_t retry_after_ms, date_ms, took_us;
    char body[512];
    struct err err;
    struct buf streamed;
    size_t stream_max; /* on_data refuses beyond; 0: never */
};

struct world {
    struct loop *loop;
    struct http *http;
    struct fake_net *net;
    struct fake_nginx nginx;
    struct fake_net_conn *held[CALLS_MAX]; /* connections that wait for the test's bytes */
    size_t held_count;
    struct reply replies[CALLS_MAX];
    size_t reply_count;
    bool (*wanted)(struct world *w); /* the loop stops when it is true */
    struct timer guard;
};

/* --- the servers' side --- */

static inline void send_answer(struct fake_net_conn *conn, const char *status, const char *headers, const char *body)
{
    char *text = str_format("HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers, body);
    fake_net_send(conn, text);
    mem_free(text);
}

static inline bool path_is(const char *request, const char *path)
{
    const char *at = strchr(request, ' ');
    return at && str_has_prefix(at + 1, path);
}

static inline void check_wanted(struct world *w)
{
    if (w->wanted && w->wanted(w))
        loop_stop(w->loop);
}

static inline void send_large(struct fake_net_conn *conn)
{
    char *large = mem_alloc(100001);
    memset(large, 'x', 100000);
    send_answer(conn, "200 OK", "", large);
    mem_free(large);
}

/* To the same server by another name. */
static inline void send_away(struct world *w, struct fake_net_conn *conn)
{
    char *header = str_format("Location: http://localhost:%d/landed\r\n", fake_net_port(w->net));
    send_answer(conn, "307 Temporary Redirect", header, "moved");
    mem_free(header);
}

static inline void on_request(void *ctx, struct fake_net_conn *conn, const char *request)
{
    struct world *w = ctx;
    if (path_is(request, "/401"))
        send_answer(conn, "401 Unauthorized", "", "who are you");
    else if (path_is(request, "/busy-date"))
        send_answer(conn, "503 Busy", "Retry-After: Fri, 31 Dec 2100 23:59:59 GMT\r\n", "");
    else if (path_is(request, "/busy-past"))
        send_answer(conn, "503 Busy", "Retry-After: Fri, 31 Dec 1999 23:59:59 GMT\r\n", "");
    else if (path_is(request, "/busy-eternal"))
        send_answer(conn, "503 Busy", "Retry-After: 9223372036854775807\r\n", "");
    else if (path_is(request, "/dated"))
        send_answer(conn, "404 Not Found", "date: Sun, 06 Nov 1994 08:49:37 GMT\r\n", "");
    else if (path_is(request, "/undated"))
        send_answer(conn, "200 OK", "Date: some day\r\n", "");
    else if (path_is(request, "/busy"))
        send_answer(conn, "429 Too Many Requests", "Retry-After: 7\r\n", "slow down");
    else if (path_is(request, "/moved302"))
        send_answer(conn, "302 Found", "Location: /landed\r\n", "moved");
    else if (path_is(request, "/moved300"))
        send_answer(conn, "300 Multiple Choices", "Location: /landed\r\n", "choose");
    else if (path_is(request, "/moved304"))
        send_answer(conn, "304 Not Modified", "Location: /landed\r\n", "");
    else if (path_is(request, "/moved307"))
        send_answer(conn, "307 Temporary Redirect", "Location: /landed\r\n", "moved");
    else if (path_is(request, "/away"))
        send_away(w, conn);
    else if (path_is(request, "/nowhere"))
        send_answer(conn, "307 Temporary Redirect", "Location: http://nobody.invalid/\r\n", "moved");
    else if (path_is(request, "/circle"))
        send_answer(conn, "301 Moved Permanently", "Location: /circle\r\n", "");
    else if (path_is(request, "/large"))
        send_large(conn);
    else if (path_is(request, "/garbage"))
        fake_net_send(conn, "this is not a web server\r\n\r\n"), fake_net_close(conn);
    else if (path_is(request, "/drop"))
        fake_net_close(conn);
    else if (path_is(request, "/cut"))
        fake_net_send(conn, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"), fake_net_close(conn);
    else if (path_is(request, "/refused"))
        fake_net_send(conn, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nhalf"), fake_net_close(conn);
    else if (path_is(request, "/watch") || path_is(request, "/hang"))
        w->held[w->held_count++] = conn;
    else
        send_answer(conn, "200 OK", "", "fine");
    check_wanted(w);
}

/* --- the client's side --- */

static inline void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct reply *r = ctx;
    r->call = NULL;
    r->done_count++;
    r->err = *err;
    r->answered = response != NULL;
    if (response) {
        r->status = response->status;
        r->retry_after_ms = response->retry_after_ms;
        r->date_ms = response->date_ms;
        r->took_us = response->took_us;
        assert_int_equal(response->body[response->body_len], '\0');
        str_copy(r->body, sizeof(r->body), response->body);
        assert_int_equal(err->code, ERR_NONE);
    }
    check_wanted(r->world);
}

static inline bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct reply *r = ctx;
    buf_append(&r->streamed, bytes, len);
    check_wanted(r->world);
    return r->stream_max == 0 || r->streamed.len <= r->stream_max;
}

static inline struct reply *start_with(struct world *w, struct http_request request, http_data_fn *data)
{
    assert_true(w->reply_count < CALLS_MAX);
    struct reply *r = &w->replies[w->reply_count++];
    r->world = w;
    buf_init(&r->streamed, 10000);
    request.method = request.method ? request.method : "GET";
    r->call = http_start(w->http, &request, data, on_done, r);
    return r;
}

static inline struct reply *start(struct world *w, const char *path, struct http_request request)
{
    request.url = fake_net_url(w->net, path);
    return start_with(w, request, NULL);
}

static inline void on_guard(struct timer *timer, void *ctx)
{
    fail_msg("the loop waits for what does not come");
}

static inline void run_until(struct world *w, bool (*wanted)(struct world *))
{
    w->wanted = wanted;
    if (wanted(w))
        return;
    timer_start(loop_clock(w->loop), &w->guard, GUARD_MS, on_guard, w);
    loop_run(w->loop);
    timer_cancel(&w->guard);
    assert_true(wanted(w));
}

static inline bool all_done(struct world *w)
{
    for (size_t i = 0; i < w->reply_count; i++)
        if (w->replies[i].call)
            return false;
    return true;
}

static inline bool all_held(struct world *w)
{
    return w->held_count == w->reply_count;
}

static inline bool first_streamed(struct world *w)
{
    return w->replies[0].streamed.len > 0;
}

static inline struct reply *ask(struct world *w, const char *path, struct http_request request)
{
    struct reply *r = start(w, path, request);
    assert_int_equal(r->done_count, 0);
    run_until(w, all_done);
    assert_int_equal(r->done_count, 1);
    return r;
}

static inline struct reply *ask_tls(struct world *w, int port, const struct http_tls *tls)
{
    char *url = str_format("https://127.0.0.1:%d/who", port);
    struct reply *r = start_with(w, (struct http_request){.url = url, .tls = tls, .timeout_ms = 30000}, NULL);
    mem_free(url);
    run_until(w, all_done);
    return r;
}

static inline int setup(void **state)
{
    static struct world world;
    world = (struct world){.loop = loop_new()};
    world.http = curl_http_new(world.loop);
    world.net = fake_net_new(world.loop, on_request, &world);
    *state = &world;
    return 0;
}

static inline int teardown(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < w->reply_count; i++) {
        if (w->replies[i].call)
            http_cancel(w->replies[i].call);
        buf_fini(&w->replies[i].streamed);
    }
    curl_http_free(w->http);
    fake_net_free(w->net);
    loop_free(w->loop);
    return 0;
}

static inline int setup_tls(void **state)
{
    setup(state);
    struct world *w = *state;
    fake_nginx_start(&w->nginx, fake_net_port(w->net));
    return 0;
}

static inline int teardown_tls(void **state)
{
    struct world *w = *state;
    teardown(state);
    fake_nginx_stop(&w->nginx);
    return 0;
}

/* The environment's proxies are for nobody here. */
static inline void forget_proxies(void)
{
    static const char *const proxies[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                          "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
        unsetenv(proxies[i]);
}
