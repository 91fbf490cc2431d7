#include "curl_world.h"

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
    assert_int_equal(ask(w, "/busy-date", (struct http_request){0})->retry_after_ms, HTTP_RETRY_AFTER_MAX_MS);
    assert_int_equal(ask(w, "/busy-eternal", (struct http_request){0})->retry_after_ms, HTTP_RETRY_AFTER_MAX_MS);
    assert_int_equal(ask(w, "/busy-past", (struct http_request){0})->retry_after_ms, 0);
    assert_int_equal(ask(w, "/fine", (struct http_request){0})->retry_after_ms, 0);
}

static void the_date_of_an_answer_is_read(void **state)
{
    struct world *w = *state;
    assert_int_equal(ask(w, "/dated", (struct http_request){0})->date_ms, INT64_C(784111777000));
    assert_int_equal(ask(w, "/undated", (struct http_request){0})->date_ms, 0);
    assert_int_equal(ask(w, "/fine", (struct http_request){0})->date_ms, 0);
}

static void a_connection_is_used_again(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 5; i++)
        ask(w, "/fine", (struct http_request){0});
    assert_int_equal(fake_net_accepted(w->net), 1);
}

static void a_connection_of_its_own_is_opened_and_closed(void **state)
{
    struct world *w = *state;
    ask(w, "/fine", (struct http_request){0});
    ask(w, "/fine", (struct http_request){.no_reuse = true});
    ask(w, "/fine", (struct http_request){.no_reuse = true});
    assert_int_equal(fake_net_accepted(w->net), 3);
    ask(w, "/fine", (struct http_request){0});
    assert_int_equal(fake_net_accepted(w->net), 3);
}

static void how_long_it_took_is_known_in_microseconds(void **state)
{
    struct world *w = *state;
    const struct reply *r = ask(w, "/fine", (struct http_request){0});
    assert_in_range(r->took_us, 1, GUARD_MS * 1000);
}

/* Bursts of 20 calls at once: the connections of the first serve those behind it, as nobody closes idle ones. */
static void connections_for_load_are_kept_between_bursts(void **state)
{
    struct world *w = *state;
    curl_http_free(w->http);
    w->http = curl_http_new_for_load(w->loop, 64);
    for (int burst = 0; burst < 3; burst++) {
        for (int i = 0; i < 20; i++)
            start(w, "/fine", (struct http_request){0});
        run_until(w, all_done);
    }
    assert_int_equal(fake_net_accepted(w->net), 20);
}

/* --- a connection that dies before the answer --- */

/* The answers before make the connection one that is used again: libcurl takes its end for a sign that the request went
 * nowhere. */
static void what_was_read_and_not_answered_is_not_sent_again(void **state)
{
    static const char *const methods[] = {"POST", "PATCH", "PUT", "DELETE"};
    struct world *w = *state;
    for (size_t i = 0; i < 4; i++) {
        ask(w, "/fine", (struct http_request){0});
        struct reply *r = ask(w, "/drop", (struct http_request){.method = methods[i], .body = "{}", .body_len = 2});
        assert_false(r->answered);
        assert_int_equal(r->err.code, ERR_UNREACHABLE);
        assert_non_null(strstr(r->err.text, ": Empty reply from server"));
        assert_int_equal(fake_net_request_count(w->net), 2 * (i + 1));
    }
}

static void a_get_is_asked_again_over_another_connection(void **state)
{
    struct world *w = *state;
    ask(w, "/fine", (struct http_request){0});
    assert_false(ask(w, "/drop", (struct http_request){0})->answered);
    assert_int_equal(fake_net_request_count(w->net), 3);
    assert_int_equal(fake_net_accepted(w->net), 2);
}

static void a_redirect_over_a_used_connection_is_no_repetition(void **state)
{
    struct world *w = *state;
    struct http_request post = {.method = "POST", .body = "b", .body_len = 1, .follow_redirects = true};
    ask(w, "/fine", (struct http_request){0});
    assert_string_equal(ask(w, "/moved307", post)->body, "fine");
    assert_int_equal(fake_net_accepted(w->net), 1);
    assert_int_equal(fake_net_request_count(w->net), 3);
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

static void an_error_that_is_cut_keeps_its_status(void **state)
{
    struct world *w = *state;
    struct reply *r = ask(w, "/refused", (struct http_request){0});
    assert_true(r->answered);
    assert_int_equal(r->status, 401);
    assert_string_equal(r->body, "half");
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

/* As Go's http.ProxyURL: whatever the environment says, and for this machine too. */
static void a_request_may_name_its_proxy(void **state)
{
    struct world *w = *state;
    setenv("http_proxy", "http://127.0.0.1:1", 1);
    setenv("NO_PROXY", "*", 1);
    static const char *const urls[] = {"http://far.sluice.test/x", "http://127.0.0.1:2/x"};
    for (size_t i = 0; i < 2; i++) {
        struct http_request request = {.url = urls[i], .proxy = fake_net_url(w->net, "")};
        struct reply *r = start_with(w, request, NULL);
        run_until(w, all_done);
        char *line = str_format("GET %s HTTP/1.1\r\n", urls[i]);
        assert_int_equal(r->status, 200);
        assert_true(str_has_prefix(fake_net_request(w->net, i), line));
        str_free(&line);
    }
    unsetenv("NO_PROXY");
    unsetenv("http_proxy");
}

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

int main(void)
{
    forget_proxies();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_answer_of_any_status_is_an_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_sent_is_what_was_asked_for, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_no_part_of_a_url_is_encoded, setup, teardown),
        cmocka_unit_test_setup_teardown(nothing_is_added_to_a_request_without_headers, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_is_copied_when_it_starts, setup, teardown),
        cmocka_unit_test_setup_teardown(retry_after_is_read_in_both_forms, setup, teardown),
        cmocka_unit_test_setup_teardown(the_date_of_an_answer_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_is_used_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_connection_of_its_own_is_opened_and_closed, setup, teardown),
        cmocka_unit_test_setup_teardown(how_long_it_took_is_known_in_microseconds, setup, teardown),
        cmocka_unit_test_setup_teardown(connections_for_load_are_kept_between_bursts, setup, teardown),
        cmocka_unit_test_setup_teardown(what_was_read_and_not_answered_is_not_sent_again, setup, teardown),
        cmocka_unit_test_setup_teardown(a_get_is_asked_again_over_another_connection, setup, teardown),
        cmocka_unit_test_setup_teardown(a_redirect_over_a_used_connection_is_no_repetition, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_above_the_ceiling_is_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cut_answer_is_no_answer, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_that_is_cut_keeps_its_status, setup, teardown),
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
        cmocka_unit_test_setup_teardown(a_request_may_name_its_proxy, setup, teardown),
        cmocka_unit_test_setup_teardown(a_proxy_is_used_but_never_for_loopback, setup, teardown),
        cmocka_unit_test_setup_teardown(the_proxy_may_be_named_in_capitals_as_go_reads_it, setup, teardown),
        cmocka_unit_test_setup_teardown(a_request_may_refuse_every_proxy, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
