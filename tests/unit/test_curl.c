// room: io
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
    int64_t retry_after_ms;
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

static void send_answer(struct fake_net_conn *conn, const char *status, const char *headers, const char *body)
{
    char *text = str_format("HTTP/1.1 %s\r\nContent-Length: %zu\r\n%s\r\n%s", status, strlen(body), headers, body);
    fake_net_send(conn, text);
    mem_free(text);
}

static bool path_is(const char *request, const char *path)
{
    const char *at = strchr(request, ' ');
    return at && str_has_prefix(at + 1, path);
}

static void check_wanted(struct world *w)
{
    if (w->wanted && w->wanted(w))
        loop_stop(w->loop);
}

static void send_large(struct fake_net_conn *conn)
{
    char *large = mem_alloc(100001);
    memset(large, 'x', 100000);
    send_answer(conn, "200 OK", "", large);
    mem_free(large);
}

static void on_request(void *ctx, struct fake_net_conn *conn, const char *request)
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
    else if (path_is(request, "/watch") || path_is(request, "/hang"))
        w->held[w->held_count++] = conn;
    else
        send_answer(conn, "200 OK", "", "fine");
    check_wanted(w);
}

/* --- the client's side --- */

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct reply *r = ctx;
    r->call = NULL;
    r->done_count++;
    r->err = *err;
    r->answered = response != NULL;
    if (response) {
        r->status = response->status;
        r->retry_after_ms = response->retry_after_ms;
        assert_int_equal(response->body[response->body_len], '\0');
        str_copy(r->body, sizeof(r->body), response->body);
        assert_int_equal(err->code, ERR_NONE);
    }
    check_wanted(r->world);
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct reply *r = ctx;
    buf_append(&r->streamed, bytes, len);
    check_wanted(r->world);
    return r->stream_max == 0 || r->streamed.len <= r->stream_max;
}

static struct reply *start_with(struct world *w, struct http_request request, http_data_fn *data)
{
    assert_true(w->reply_count < CALLS_MAX);
    struct reply *r = &w->replies[w->reply_count++];
    r->world = w;
    buf_init(&r->streamed, 10000);
    request.method = request.method ? request.method : "GET";
    r->call = http_start(w->http, &request, data, on_done, r);
    return r;
}

static struct reply *start(struct world *w, const char *path, struct http_request request)
{
    request.url = fake_net_url(w->net, path);
    return start_with(w, request, NULL);
}

static void on_guard(struct timer *timer, void *ctx)
{
    fail_msg("the loop waits for what does not come");
}

static void run_until(struct world *w, bool (*wanted)(struct world *))
{
    w->wanted = wanted;
    if (wanted(w))
        return;
    timer_start(loop_clock(w->loop), &w->guard, GUARD_MS, on_guard, w);
    loop_run(w->loop);
    timer_cancel(&w->guard);
    assert_true(wanted(w));
}

static bool all_done(struct world *w)
{
    for (size_t i = 0; i < w->reply_count; i++)
        if (w->replies[i].call)
            return false;
    return true;
}

static bool all_held(struct world *w)
{
    return w->held_count == w->reply_count;
}

static bool first_streamed(struct world *w)
{
    return w->replies[0].streamed.len > 0;
}

static struct reply *ask(struct world *w, const char *path, struct http_request request)
{
    struct reply *r = start(w, path, request);
    assert_int_equal(r->done_count, 0);
    run_until(w, all_done);
    assert_int_equal(r->done_count, 1);
    return r;
}

static struct reply *ask_tls(struct world *w, int port, const struct http_tls *tls)
{
    char *url = str_format("https://127.0.0.1:%d/who", port);
    struct reply *r = start_with(w, (struct http_request){.url = url, .tls = tls, .timeout_ms = 30000}, NULL);
    mem_free(url);
    run_until(w, all_done);
    return r;
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.loop = loop_new()};
    world.http = curl_http_new(world.loop);
    world.net = fake_net_new(world.loop, on_request, &world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
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

static int setup_tls(void **state)
{
    setup(state);
    struct world *w = *state;
    fake_nginx_start(&w->nginx, fake_net_port(w->net));
    return 0;
}

static int teardown_tls(void **state)
{
    struct world *w = *state;
    teardown(state);
    fake_nginx_stop(&w->nginx);
    return 0;
}

/* --- answers --- */

static void an_answer_of_any_status_is_an_answer(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/fine", (struct http_request){0});
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "fine");
    r = ask(w, "/401", (struct http_request){0});
    assert_int_equal(r->status, 401);
    assert_string_equal(r->body, "who are you");
}

static void what_is_sent_is_what_was_asked_for(void **state)
{
    struct world *w = *state;
    struct http_header headers[] = {
        {"Content-Type", "application/merge-patch+json"}, {"Authorization", "Bearer abc"}, {"X-Empty", ""}};
    ask(w, "/a/../b?x=%20",
        (struct http_request){
            .method = "PATCH",
            .headers = headers,
            .header_count = 3,
            .body = "{\"a\":1}tail",
            .body_len = 7,
        });
    const char *sent = fake_net_request(w->net, 0);
    char *expected = str_format("PATCH /a/../b?x=%%20 HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nContent-Type: "
                                "application/merge-patch+json\r\nAuthorization: Bearer abc\r\nX-Empty:\r\n"
                                "Content-Length: 7\r\n\r\n{\"a\":1}",
                                fake_net_port(w->net));
    assert_string_equal(sent, expected);
    mem_free(expected);
}

static void what_is_no_part_of_a_url_is_encoded(void **state)
{
    struct world *w = *state;
    ask(w, "/a b/\xc3\xa9%20%zz?c=d", (struct http_request){0});
    assert_true(str_has_prefix(fake_net_request(w->net, 0), "GET /a%20b/%c3%a9%20%zz?c=d HTTP/1.1\r\n"));
}

static void nothing_is_added_to_a_request_without_headers(void **state)
{
    struct world *w = *state;
    ask(w, "/", (struct http_request){.method = "POST"});
    assert_non_null(strstr(fake_net_request(w->net, 0), "Content-Length: 0\r\n"));
    assert_null(strstr(fake_net_request(w->net, 0), "Content-Type"));
    assert_null(strstr(fake_net_request(w->net, 0), "Expect"));
    ask(w, "/", (struct http_request){.method = "DELETE", .body = "{}", .body_len = 2});
    assert_true(str_has_prefix(fake_net_request(w->net, 1), "DELETE / HTTP/1.1\r\n"));
    assert_true(str_has_suffix(fake_net_request(w->net, 1), "\r\n\r\n{}"));
    ask(w, "/", (struct http_request){.method = "HEAD"});
    assert_true(str_has_prefix(fake_net_request(w->net, 2), "HEAD / HTTP/1.1\r\n"));
}

static void a_request_is_copied_when_it_starts(void **state)
{
    struct world *w = *state;
    char url[128], body[] = "body", value[] = "value";
    struct http_header header = {"X-Name", value};
    str_copy(url, sizeof(url), fake_net_url(w->net, "/copied"));
    start_with(w,
               (struct http_request){
                   .method = "PUT", .url = url, .headers = &header, .header_count = 1, .body = body, .body_len = 4},
               NULL);
    memset(url, 'x', 20);
    memset(body, 'x', 4);
    memset(value, 'x', 5);
    run_until(w, all_done);
    assert_true(str_has_prefix(fake_net_request(w->net, 0), "PUT /copied "));
    assert_non_null(strstr(fake_net_request(w->net, 0), "X-Name: value\r\n"));
    assert_true(str_has_suffix(fake_net_request(w->net, 0), "\r\n\r\nbody"));
}

static void retry_after_is_read_in_both_forms(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/busy", (struct http_request){0});
    assert_int_equal(r->status, 429);
    assert_int_equal(r->retry_after_ms, 7000);
    assert_string_equal(r->body, "slow down");
    assert_int_equal(ask(w, "/busy-date", (struct http_request){0})->retry_after_ms, 6 * 60 * 60 * 1000);
    assert_int_equal(ask(w, "/busy-eternal", (struct http_request){0})->retry_after_ms, 6 * 60 * 60 * 1000);
    assert_int_equal(ask(w, "/busy-past", (struct http_request){0})->retry_after_ms, 0);
    assert_int_equal(ask(w, "/fine", (struct http_request){0})->retry_after_ms, 0);
}

static void a_connection_is_used_again(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        ask(w, "/fine", (struct http_request){0});
    assert_int_equal(fake_net_accepted(w->net), 1);
}

/* --- redirects --- */

static void a_redirected_post_becomes_a_get_without_body(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(
        w, "/moved302", (struct http_request){.method = "POST", .body = "b", .body_len = 1, .follow_redirects = true});
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "fine");
    assert_true(str_has_prefix(fake_net_request(w->net, 1), "GET /landed "));
    assert_null(strstr(fake_net_request(w->net, 1), "Content-Length"));
}

static void a_temporary_redirect_keeps_method_and_body(void **state)
{
    struct world *w = *state;
    ask(w, "/moved307", (struct http_request){.method = "POST", .body = "b", .body_len = 1, .follow_redirects = true});
    assert_true(str_has_prefix(fake_net_request(w->net, 1), "POST /landed "));
    assert_true(str_has_suffix(fake_net_request(w->net, 1), "\r\n\r\nb"));
}

static void what_go_does_not_follow_is_an_answer(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/moved300", (struct http_request){.method = "POST", .follow_redirects = true});
    assert_int_equal(r->status, 300);
    assert_string_equal(r->body, "choose");
    assert_int_equal(ask(w, "/moved304", (struct http_request){.follow_redirects = true})->status, 304);
    assert_int_equal(ask(w, "/moved307", (struct http_request){.follow_redirects = true})->status, 200);
    assert_int_equal(fake_net_request_count(w->net), 4);
}

static void redirects_are_answers_unless_they_are_to_be_followed(void **state)
{
    struct world *w = *state;
    assert_int_equal(ask(w, "/moved302", (struct http_request){0})->status, 302);
    assert_int_equal(fake_net_request_count(w->net), 1);
}

static void a_circle_of_redirects_ends_after_ten_requests(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/circle", (struct http_request){.follow_redirects = true});
    assert_false(r->answered);
    assert_int_equal(r->err.code, ERR_REJECTED);
    assert_int_equal(fake_net_request_count(w->net), 10);
}

/* --- failures --- */

static void an_answer_above_the_ceiling_is_too_large(void **state)
{
    struct world *w = *state;
    assert_int_equal(ask(w, "/large", (struct http_request){.response_max = 100000})->status, 200);
    struct reply *r = ask(w, "/large", (struct http_request){.response_max = 99999});
    assert_int_equal(r->err.code, ERR_TOO_LARGE);
    assert_non_null(strstr(r->err.text, "/large: the answer is larger than 99999 bytes"));
}

static void a_cut_answer_is_no_answer(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/cut", (struct http_request){0});
    assert_false(r->answered);
    assert_int_equal(r->err.code, ERR_UNREACHABLE);
    r = ask(w, "/drop", (struct http_request){0});
    assert_int_equal(r->err.code, ERR_UNREACHABLE);
    assert_true(err_is_transient(&r->err));
}

static void on_reset(struct timer *timer, void *ctx)
{
    close(*(int *)ctx); /* the kernel resets what nobody accepted */
}

static void a_handshake_that_is_cut_says_nothing_about_trust(void **state)
{
    struct world *w = *state;
    int port, listener = fake_listen(&port, 1);
    struct timer reset = {0};
    char *url = str_format("https://127.0.0.1:%d/", port);
    struct reply *r = start_with(w, (struct http_request){.url = url, .timeout_ms = 10000}, NULL);
    mem_free(url);
    timer_start(loop_clock(w->loop), &reset, 100, on_reset, &listener);
    run_until(w, all_done);
    assert_int_equal(r->err.code, ERR_UNREACHABLE);
}

/* A server that does not listen to the end: it says what it has to say and resets the connection. */
struct rude {
    struct timer turn;
    int listener;
    const char *answer;
};

static void on_rude(struct timer *timer, void *ctx)
{
    struct rude *rude = ctx;
    struct linger reset = {.l_onoff = 1};
    int fd = accept(rude->listener, NULL, NULL);
    assert_int_equal(write(fd, rude->answer, strlen(rude->answer)), strlen(rude->answer));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(fd);
    close(rude->listener);
}

static struct reply *ask_rude(struct world *w, const char *answer)
{
    int port;
    struct rude rude = {.listener = fake_listen(&port, 1), .answer = answer};
    char *url = str_format("http://127.0.0.1:%d/", port);
    struct reply *r = start_with(w, (struct http_request){.url = url, .timeout_ms = 10000}, NULL);
    mem_free(url);
    timer_start(loop_clock(w->loop), &rude.turn, 100, on_rude, &rude);
    run_until(w, all_done);
    return r;
}

static void an_answer_before_a_reset_is_an_answer(void **state)
{
    struct world *w = *state;
    struct reply *r = ask_rude(w, "HTTP/1.1 413 Too Large\r\nContent-Length: 4\r\n\r\nstop");
    assert_int_equal(r->status, 413);
    assert_string_equal(r->body, "stop");
    r = ask_rude(w, "HTTP/1.1 413 Too Large\r\nContent-Length: 5\r\n\r\nstop");
    assert_int_equal(r->err.code, ERR_UNREACHABLE);
    assert_true(str_has_suffix(r->err.text, ": Recv failure: Connection reset by peer"));
    r = ask_rude(w, "");
    assert_true(str_has_suffix(r->err.text, ": Recv failure: Connection reset by peer"));
}

static void what_is_not_http_does_not_parse(void **state)
{
    struct world *w = *state;
    assert_int_equal(ask(w, "/garbage", (struct http_request){0})->err.code, ERR_PARSE);
}

static void a_closed_port_is_unreachable_and_named_without_the_password(void **state)
{
    struct world *w = *state;
    int port;
    close(fake_listen(&port, 1));
    char *url = str_format("http://user:secret@127.0.0.1:%d/gate?a=b@c", port);
    struct reply *r = start_with(w, (struct http_request){.method = "POST", .url = url}, NULL);
    mem_free(url);
    run_until(w, all_done);
    assert_int_equal(r->err.code, ERR_UNREACHABLE);
    char *title = str_format("POST http://127.0.0.1:%d/gate?a=b@c: ", port);
    assert_true(str_has_prefix(r->err.text, title));
    assert_null(strstr(r->err.text, "cret"));
    assert_true(str_has_suffix(r->err.text, " connect to server: Connection refused"));
    mem_free(title);
    r = start_with(w, (struct http_request){.url = "https://user:se@cret@[/"}, NULL);
    run_until(w, all_done);
    assert_int_equal(r->err.code, ERR_INVALID);
    assert_true(str_has_prefix(r->err.text, "GET https://[/: "));
}

static void a_server_that_never_accepts_is_a_timeout(void **state)
{
    struct world *w = *state;
    struct fake_full_listener full;
    fake_full_listener_open(&full);
    char *url = str_format("http://127.0.0.1:%d/", full.port);
    struct reply *r = start_with(w, (struct http_request){.url = url, .timeout_ms = 80}, NULL);
    mem_free(url);
    run_until(w, all_done);
    assert_int_equal(r->err.code, ERR_TIMEOUT);
    fake_full_listener_close(&full);
}

static void a_server_that_never_answers_is_a_timeout(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/hang", (struct http_request){.timeout_ms = 50});
    assert_int_equal(r->err.code, ERR_TIMEOUT);
    r = ask(w, "/hang", (struct http_request){.idle_timeout_ms = 50});
    assert_int_equal(r->err.code, ERR_TIMEOUT);
    assert_true(str_has_suffix(r->err.text, "/hang: nothing came for 50 ms"));
}

static void what_cannot_be_sent_is_invalid_and_never_sent(void **state)
{
    struct world *w = *state;
    const char *urls[] = {"not a url", "ftp://127.0.0.1/x", "http://", "/path/only"};
    for (size_t i = 0; i < 4; i++) {
        struct reply *r = start_with(w, (struct http_request){.url = urls[i]}, NULL);
        assert_int_equal(r->done_count, 0);
        run_until(w, all_done);
        assert_int_equal(r->err.code, ERR_INVALID);
    }
    struct http_header smuggled = {"X-Name", "a\r\nX-Other: b"}, unnamed = {"X Name", "a"};
    struct reply *r = ask(w, "/", (struct http_request){.headers = &smuggled, .header_count = 1});
    assert_int_equal(r->err.code, ERR_INVALID);
    assert_true(str_has_suffix(r->err.text, "the value of header X-Name contains a control character"));
    assert_int_equal(ask(w, "/", (struct http_request){.headers = &unnamed, .header_count = 1})->err.code, ERR_INVALID);
    assert_int_equal(fake_net_request_count(w->net), 0);
}

/* --- cancel --- */

static void a_cancelled_call_is_silent_at_every_stage(void **state)
{
    struct world *w = *state;
    struct reply *unsent = start(w, "/hang", (struct http_request){0});
    http_cancel(unsent->call);
    unsent->call = NULL;
    struct reply *sent = start(w, "/hang", (struct http_request){.timeout_ms = 50000, .idle_timeout_ms = 50000});
    w->held_count = 1; /* the first never arrives */
    run_until(w, all_held);
    http_cancel(sent->call);
    sent->call = NULL;
    ask(w, "/fine", (struct http_request){0});
    assert_int_equal(unsent->done_count + sent->done_count, 0);
    assert_int_equal(fake_net_request_count(w->net), 2);
}

/* --- streams --- */

static struct reply *start_watch(struct world *w, http_data_fn *data)
{
    struct http_request request = {.url = fake_net_url(w->net, "/watch"), .long_lived = true};
    return start_with(w, request, data);
}

static void a_stream_arrives_piece_by_piece_and_ends(void **state)
{
    struct world *w = *state;
    struct reply *r = start_watch(w, on_data);
    run_until(w, all_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\none \r\n");
    run_until(w, first_streamed);
    assert_string_equal(buf_str(&r->streamed), "one ");
    assert_int_equal(r->done_count, 0);
    fake_net_send(w->held[0], "3\r\ntwo\r\n0\r\n\r\n");
    run_until(w, all_done);
    assert_string_equal(buf_str(&r->streamed), "one two");
    assert_int_equal(r->status, 200);
    assert_string_equal(r->body, "");
}

static void a_stream_cut_in_the_middle_is_unreachable(void **state)
{
    struct world *w = *state;
    struct reply *r = start_watch(w, on_data);
    run_until(w, all_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n20\r\nhalf of");
    run_until(w, first_streamed);
    fake_net_close(w->held[0]);
    run_until(w, all_done);
    assert_string_equal(buf_str(&r->streamed), "half of");
    assert_int_equal(r->done_count, 1);
    assert_int_equal(r->err.code, ERR_UNREACHABLE);
}

static void a_receiver_that_refuses_ends_the_stream(void **state)
{
    struct world *w = *state;
    struct reply *r = start_watch(w, on_data);
    r->stream_max = 3;
    run_until(w, all_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n");
    run_until(w, all_done);
    assert_int_equal(r->err.code, ERR_TOO_LARGE);
    assert_true(str_has_suffix(r->err.text, "/watch: the receiver refused the rest of the answer"));
}

static void a_streamed_call_that_is_refused_has_the_body_of_the_answer(void **state)
{
    struct world *w = *state;
    struct reply *r = start_watch(w, on_data);
    run_until(w, all_held);
    send_answer(w->held[0], "410 Gone", "", "too old");
    run_until(w, all_done);
    assert_int_equal(r->status, 410);
    assert_string_equal(r->body, "too old");
    assert_int_equal(r->streamed.len, 0);
}

static void bytes_keep_an_idle_timeout_away_and_silence_brings_it(void **state)
{
    struct world *w = *state;
    struct http_request request = {.url = fake_net_url(w->net, "/watch"), .long_lived = true, .idle_timeout_ms = 100};
    struct reply *r = start_with(w, request, on_data);
    run_until(w, all_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n");
    run_until(w, all_done);
    assert_int_equal(r->streamed.len, 4);
    assert_int_equal(r->err.code, ERR_TIMEOUT);
}

static void over_http_1_a_dozen_watches_do_not_wait_for_each_other(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 12; i++)
        start_watch(w, on_data);
    run_until(w, all_held);
    assert_int_equal(fake_net_open(w->net), 12);
}

/* --- proxies --- */

static void a_proxy_is_used_but_never_for_loopback(void **state)
{
    struct world *w = *state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    assert_int_equal(ask(w, "/fine", (struct http_request){0})->status, 200);
    setenv("http_proxy", fake_net_url(w->net, ""), 1);
    struct reply *r = start_with(w, (struct http_request){.url = "http://far.sluice.test/x"}, NULL);
    run_until(w, all_done);
    unsetenv("http_proxy");
    assert_int_equal(r->status, 200);
    assert_true(str_has_prefix(fake_net_request(w->net, 1), "GET http://far.sluice.test/x HTTP/1.1\r\n"));
}

static void the_proxy_may_be_named_in_capitals_as_go_reads_it(void **state)
{
    struct world *w = *state;
    setenv("HTTP_PROXY", fake_net_url(w->net, ""), 1);
    struct reply *r = start_with(w, (struct http_request){.url = "http://far.sluice.test/x"}, NULL);
    run_until(w, all_done);
    assert_int_equal(r->status, 200);
    assert_true(str_has_prefix(fake_net_request(w->net, 0), "GET http://far.sluice.test/x HTTP/1.1\r\n"));
    static const char *const without[] = {".sluice.test", "*.sluice.test", "10.0.0.0/8, far.sluice.test"};
    for (size_t i = 0; i < sizeof without / sizeof without[0]; i++) {
        setenv("NO_PROXY", without[i], 1);
        start_with(w, (struct http_request){.url = "http://far.sluice.test/x", .timeout_ms = 5000}, NULL);
        run_until(w, all_done);
    }
    unsetenv("NO_PROXY");
    unsetenv("HTTP_PROXY");
    assert_int_equal(fake_net_request_count(w->net), 1);
}

static void a_request_may_refuse_every_proxy(void **state)
{
    struct world *w = *state;
    setenv("http_proxy", fake_net_url(w->net, ""), 1);
    start_with(w, (struct http_request){.url = "http://far.sluice.test/x", .no_proxy = true, .timeout_ms = 5000}, NULL);
    run_until(w, all_done);
    unsetenv("http_proxy");
    assert_int_equal(fake_net_request_count(w->net), 0);
}

/* --- TLS and HTTP/2 --- */

static void tls_speaks_http_2_and_trusts_the_given_authority(void **state)
{
    struct world *w = *state;
    struct reply *r = ask_tls(w, w->nginx.h2_port, &w->nginx.tls);
    assert_string_equal(r->err.text, "");
    assert_int_equal(r->status, 200);
    char *expected = str_format("|HTTP/2.0|127.0.0.1:%d|", w->nginx.h2_port);
    assert_string_equal(r->body, expected);
    mem_free(expected);
}

static void a_client_certificate_is_shown(void **state)
{
    struct world *w = *state;
    struct reply *r = ask_tls(w, w->nginx.h2_port, &w->nginx.user);
    assert_true(str_has_prefix(r->body, "CN=sluice-test|HTTP/2.0|"));
    r = ask_tls(w, w->nginx.h2_port, &w->nginx.tls); /* the connection of one identity never serves another */
    assert_true(str_has_prefix(r->body, "|HTTP/2.0|"));
}

static void an_unknown_authority_is_an_error_of_tls(void **state)
{
    struct world *w = *state;
    struct http_tls other = {.ca_pem = w->nginx.other_ca_pem}, broken = {.ca_pem = (char *)"no certificate"};
    struct http_tls system = {0}, insecure = {.insecure = true};
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &other)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &broken)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &system)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, NULL)->err.code, ERR_TLS);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &insecure)->status, 200);
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &other)->err.code, ERR_TLS);
}

static void another_name_can_be_expected_of_the_server(void **state)
{
    struct world *w = *state;
    struct http_tls named = w->nginx.tls;
    named.server_name = (char *)"api.sluice.test";
    struct reply *r = ask_tls(w, w->nginx.h2_port, &named);
    char *expected = str_format("|HTTP/2.0|127.0.0.1:%d|api.sluice.test", w->nginx.h2_port);
    assert_string_equal(r->body, expected);
    mem_free(expected);
    named.server_name = (char *)"other.sluice.test";
    assert_int_equal(ask_tls(w, w->nginx.h2_port, &named)->err.code, ERR_TLS);
}

static struct reply *start_tls_watch(struct world *w, int port)
{
    char *url = str_format("https://127.0.0.1:%d/watch", port);
    struct http_request request = {.url = url, .tls = &w->nginx.tls, .long_lived = true};
    struct reply *r = start_with(w, request, on_data);
    mem_free(url);
    return r;
}

/* Numbers of the client's connections on which requests came. */
static size_t count_connections(struct world *w)
{
    struct str_list seen = {0};
    for (size_t i = 0; i < fake_net_request_count(w->net); i++) {
        const char *at = strstr(fake_net_request(w->net, i), "X-Connection: ");
        assert_non_null(at);
        char *number = str_dup_n(at, strcspn(at, "\r"));
        if (!str_list_has(&seen, number))
            str_list_push(&seen, number);
        mem_free(number);
    }
    size_t count = seen.count;
    str_list_fini(&seen);
    return count;
}

static void many_watches_at_once_share_few_connections(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 30; i++)
        start_tls_watch(w, w->nginx.h2_port);
    run_until(w, all_held);
    assert_true(count_connections(w) <= 4);
}

static bool thirty_two_held(struct world *w)
{
    return w->held_count == 32;
}

static bool last_is_done(struct world *w)
{
    return w->replies[w->reply_count - 1].done_count == 1;
}

/* Four connections of eight streams: the server takes no more watches, and still answers. */
static void watches_that_fill_every_stream_starve_no_request(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 40; i++)
        start_tls_watch(w, w->nginx.h2_port);
    run_until(w, thirty_two_held);
    char *url = str_format("https://127.0.0.1:%d/who", w->nginx.h2_port);
    struct reply *r = start_with(w, (struct http_request){.url = url, .tls = &w->nginx.tls}, NULL);
    mem_free(url);
    run_until(w, last_is_done);
    assert_int_equal(r->status, 200);
}

static bool some_held(struct world *w)
{
    return w->held_count > 0;
}

/* A few are let in, four by libcurl 7.88 and one by 8.14; the first answer tells that the server speaks HTTP/1.1 only. */
static void over_tls_without_http_2_the_fifth_watch_does_not_wait(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 12; i++)
        start_tls_watch(w, w->nginx.h1_port);
    run_until(w, some_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    run_until(w, all_held);
    for (size_t i = 0; i < w->reply_count; i++)
        assert_int_equal(w->replies[i].done_count, 0);
}

static void a_dying_connection_ends_every_stream_exactly_once(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 6; i++)
        start_tls_watch(w, w->nginx.h2_port);
    run_until(w, all_held);
    fake_net_send(w->held[0], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nfour\r\n");
    for (size_t i = 1; i < 6; i++)
        fake_net_send(w->held[i], "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    fake_nginx_kill(&w->nginx);
    run_until(w, all_done);
    for (size_t i = 0; i < 6; i++)
        assert_int_equal(w->replies[i].done_count, 1);
}

int main(void)
{
    static const char *const proxies[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",
                                          "all_proxy",  "ALL_PROXY",  "no_proxy",    "NO_PROXY"};
    for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
        unsetenv(proxies[i]);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_of_any_status_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_sent_is_what_was_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_part_of_a_url_is_encoded, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_added_to_a_request_without_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_is_copied_when_it_starts, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_read_in_both_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_is_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redirected_post_becomes_a_get_without_body, setup, teardown),
        cmocka_unit_test_setup_teardown(a_temporary_redirect_keeps_method_and_body, setup, teardown),
        cmocka_unit_test_setup_teardown(what_go_does_not_follow_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(redirects_are_answers_unless_they_are_to_be_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(a_circle_of_redirects_ends_after_ten_requests, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_above_the_ceiling_is_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_answer_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(a_handshake_that_is_cut_says_nothing_about_trust, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_before_a_reset_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_not_http_does_not_parse, setup, teardown),
        cmocka_unit_test_setup_teardown(a_closed_port_is_unreachable_and_named_without_the_password, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_never_accepts_is_a_timeout, setup, teardown),
        cmocka_unit_test_setup_teardown(a_server_that_never_answers_is_a_timeout, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_sent_is_invalid_and_never_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_call_is_silent_at_every_stage, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_arrives_piece_by_piece_and_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_cut_in_the_middle_is_unreachable, setup, teardown),
        cmocka_unit_test_setup_teardown(a_receiver_that_refuses_ends_the_stream, setup, teardown),
        cmocka_unit_test_setup_teardown(a_streamed_call_that_is_refused_has_the_body_of_the_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(bytes_keep_an_idle_timeout_away_and_silence_brings_it, setup, teardown),
        cmocka_unit_test_setup_teardown(over_http_1_a_dozen_watches_do_not_wait_for_each_other, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proxy_is_used_but_never_for_loopback, setup, teardown),
        cmocka_unit_test_setup_teardown(the_proxy_may_be_named_in_capitals_as_go_reads_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_may_refuse_every_proxy, setup, teardown),
        cmocka_unit_test_setup_teardown(tls_speaks_http_2_and_trusts_the_given_authority, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(a_client_certificate_is_shown, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(an_unknown_authority_is_an_error_of_tls, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(another_name_can_be_expected_of_the_server, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(many_watches_at_once_share_few_connections, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(watches_that_fill_every_stream_starve_no_request, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(over_tls_without_http_2_the_fifth_watch_does_not_wait, setup_tls, teardown_tls),
        cmocka_unit_test_setup_teardown(a_dying_connection_ends_every_stream_exactly_once, setup_tls, teardown_tls),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
