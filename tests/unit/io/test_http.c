#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"

/* The dispatch of io/http.h and the promises every transport makes, shown on the one that tests use. */

struct caller {
    struct buf streamed;
    int done_count, status;
    size_t data_max; /* 0: takes everything */
    char body[64];
    struct err err;
    int64_t retry_after_ms;
};

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    struct caller caller;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.fc = fake_clock_new(0)};
    world.fh = fake_http_new(fake_clock_clock(world.fc));
    buf_init(&world.caller.streamed, 1000);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    buf_fini(&w->caller.streamed);
    return 0;
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct caller *c = ctx;
    c->done_count++;
    c->err = *err;
    c->status = response ? response->status : 0;
    c->retry_after_ms = response ? response->retry_after_ms : 0;
    str_copy(c->body, sizeof(c->body), response ? response->body : "-");
}

static bool on_data(void *ctx, const char *bytes, size_t len)
{
    struct caller *c = ctx;
    buf_append(&c->streamed, bytes, len);
    return c->data_max == 0 || c->streamed.len <= c->data_max;
}

static struct http_call *get(struct world *w, struct http_request request, http_data_fn *data)
{
    request.method = request.method ? request.method : "GET";
    request.url = request.url ? request.url : "http://api/things";
    return http_start(fake_http_door(w->fh), &request, data, on_done, &w->caller);
}

static void done_comes_once_and_on_a_later_turn(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "GET", "/things", 404, "no");
    get(w, (struct http_request){0}, NULL);
    assert_int_equal(w->caller.done_count, 0);
    fake_clock_run(w->fc);
    assert_int_equal(w->caller.done_count, 1);
    assert_int_equal(w->caller.status, 404);
    assert_int_equal(w->caller.err.code, ERR_NONE);
    assert_string_equal(w->caller.body, "no");
    assert_int_equal(fake_http_open_calls(w->fh), 0);
}

static void the_record_keeps_what_was_sent(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, NULL, NULL, 201, "");
    char url[] = "http://api/hooks", value[] = "uid/3/load";
    struct http_header headers[] = {{"Content-Type", "text/plain"}, {"Sluice-Key", value}};
    get(w,
        (struct http_request){
            .method = "POST", .url = url, .headers = headers, .header_count = 2, .body = "abcdef", .body_len = 3},
        NULL);
    memset(url, 'x', 3);
    memset(value, 'x', 3);
    fake_clock_run(w->fc);
    const struct fake_http_seen *seen = fake_http_last(w->fh);
    assert_string_equal(seen->url, "http://api/hooks");
    assert_string_equal(seen->body, "abc");
    assert_string_equal(fake_http_header(seen, "sluice-key"), "uid/3/load");
    assert_null(fake_http_header(seen, "Authorization"));
    assert_int_equal(fake_http_count(w->fh, "POST", "/hooks"), 1);
    assert_int_equal(fake_http_count(w->fh, "GET", NULL), 0);
    assert_ptr_equal(fake_http_find(w->fh, NULL, "hooks", 0), seen);
    assert_null(fake_http_find(w->fh, NULL, "hooks", 1));
}

static void a_cancelled_call_says_nothing(void **state)
{
    struct world *w = *state;
    struct http_call *call = get(w, (struct http_request){.timeout_ms = 50}, NULL);
    http_cancel(call);
    fake_clock_advance(w->fc, 100);
    assert_int_equal(w->caller.done_count, 0);
    assert_true(fake_http_last(w->fh)->cancelled);
}

static bool busy(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    if (!strstr(request->url, "busy"))
        return false;
    answer->status = 503;
    answer->delay_ms = 200;
    answer->retry_after_ms = 3000;
    return true;
}

static bool broken(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->code = ERR_UNREACHABLE;
    return true;
}

static void handlers_are_asked_newest_first(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, broken, NULL);
    fake_http_handle(w->fh, busy, NULL);
    fake_http_once(w->fh, "GET", "/busy", 200, "once");
    get(w, (struct http_request){.url = "http://api/busy"}, NULL);
    fake_clock_run(w->fc);
    assert_int_equal(w->caller.status, 200);
    get(w, (struct http_request){.url = "http://api/busy"}, NULL);
    fake_clock_advance(w->fc, 199);
    assert_int_equal(w->caller.done_count, 1);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->caller.status, 503);
    assert_int_equal(w->caller.retry_after_ms, 3000);
    get(w, (struct http_request){0}, NULL);
    fake_clock_run(w->fc);
    assert_int_equal(w->caller.status, 0);
    assert_int_equal(w->caller.err.code, ERR_UNREACHABLE);
    assert_string_equal(w->caller.err.text, "GET http://api/things: unreachable");
}

static void an_answer_that_comes_too_late_is_a_timeout(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, busy, NULL);
    get(w, (struct http_request){.url = "http://api/busy", .timeout_ms = 150}, NULL);
    fake_clock_advance(w->fc, 150);
    assert_int_equal(w->caller.done_count, 1);
    assert_int_equal(w->caller.err.code, ERR_TIMEOUT);
    fake_clock_advance(w->fc, 150);
    assert_int_equal(w->caller.done_count, 1);
}

static void an_answer_above_the_ceiling_is_too_large(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "GET", "", 200, "12345");
    get(w, (struct http_request){.response_max = 5}, NULL);
    fake_clock_run(w->fc);
    assert_int_equal(w->caller.status, 200);
    get(w, (struct http_request){.response_max = 4}, NULL);
    fake_clock_run(w->fc);
    assert_int_equal(w->caller.err.code, ERR_TOO_LARGE);
}

static bool hold(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->hold = true;
    return true;
}

static void a_held_call_streams_until_its_end(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, hold, NULL);
    get(w, (struct http_request){.long_lived = true}, on_data);
    fake_clock_run(w->fc);
    fake_http_stream(w->fh, 0, "one ");
    fake_http_stream(w->fh, 0, "two");
    assert_string_equal(buf_str(&w->caller.streamed), "one two");
    assert_true(fake_http_is_open(w->fh, 0));
    assert_int_equal(w->caller.done_count, 0);
    fake_http_end(w->fh, 0, ERR_NONE);
    fake_clock_run(w->fc);
    assert_int_equal(w->caller.done_count, 1);
    assert_int_equal(w->caller.status, 200);
    assert_string_equal(w->caller.body, "");
}

static void a_receiver_that_refuses_ends_the_call(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, hold, NULL);
    w->caller.data_max = 3;
    get(w, (struct http_request){.long_lived = true}, on_data);
    fake_clock_run(w->fc);
    fake_http_stream(w->fh, 0, "four");
    assert_int_equal(w->caller.done_count, 0);
    fake_clock_run(w->fc);
    assert_int_equal(w->caller.done_count, 1);
    assert_int_equal(w->caller.err.code, ERR_TOO_LARGE);
}

static void silence_beyond_the_idle_time_is_a_timeout(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, hold, NULL);
    get(w, (struct http_request){.idle_timeout_ms = 100}, on_data);
    fake_clock_advance(w->fc, 90);
    fake_http_stream(w->fh, 0, "x");
    fake_clock_advance(w->fc, 99);
    assert_int_equal(w->caller.done_count, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->caller.err.code, ERR_TIMEOUT);
}

static void what_tls_holds_is_freed_once(void **state)
{
    struct http_tls tls = {.ca_pem = str_dup("ca"), .server_name = str_dup("api"), .insecure = true};
    http_tls_fini(&tls);
    assert_null(tls.ca_pem);
    assert_null(tls.server_name);
    assert_false(tls.insecure);
    http_tls_fini(&tls);
}

static void test_what_is_a_url(void **state)
{
    static const char *const urls[] = {"http://h",           "HTTPS://h:1/p?q#f", "http://user:word@h/",
                                       "http://[::1]:9090/", "http://h/a b",      "https://h?x=y z",
                                       "http://h:/",         "http://h:99999/",   "http://h/%2F?x=%zz",
                                       "http://a:b@h:1/",    "http://[::1]/"};
    static const char *const others[] = {"",           "h:9090",        "ftp://h",  "http://",
                                         "http:///p",  "http://?q",     "http:/h",  "http://a b/",
                                         "http://h\n", "http://h/\x7f", " http://h"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct err none = {0};
        assert_true(http_is_url(urls[i]));
        assert_true(http_url_parses(urls[i], &none));
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        assert_false(http_is_url(others[i]));
    }
}

static void test_what_go_says_of_a_url(void **state)
{
    static const char *const cases[][2] = {
        {"http://h:x/", "invalid port \":x\" after host"},
        {"http://a:b@h:1x/", "invalid port \":1x\" after host"},
        {"http://[::1]:x/", "invalid port \":x\" after host"},
        {"http://a b/", "invalid character \" \" in host name"},
        {"http://h/%zz", "invalid URL escape \"%zz\""},
        {"http://h/a%2", "invalid URL escape \"%2\""},
        {"http://h/%", "invalid URL escape \"%\""},
        {"http://h/#%4", "invalid URL escape \"%4\""},
        {"http://h/\x01", "net/url: invalid control character in URL"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err = {0};
        char *wanted = str_format("parse \"%s\": %s", cases[i][0], cases[i][1]);
        assert_false(http_is_url(cases[i][0]));
        assert_false(http_url_parses(cases[i][0], &err));
        assert_string_equal(err.text, wanted);
        str_free(&wanted);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_a_url),
        cmocka_unit_test(test_what_go_says_of_a_url),
        cmocka_unit_test_setup_teardown(done_comes_once_and_on_a_later_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(the_record_keeps_what_was_sent, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_call_says_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(handlers_are_asked_newest_first, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_that_comes_too_late_is_a_timeout, setup, teardown),
        cmocka_unit_test_setup_teardown(an_answer_above_the_ceiling_is_too_large, setup, teardown),
        cmocka_unit_test_setup_teardown(a_held_call_streams_until_its_end, setup, teardown),
        cmocka_unit_test_setup_teardown(a_receiver_that_refuses_ends_the_call, setup, teardown),
        cmocka_unit_test_setup_teardown(silence_beyond_the_idle_time_is_a_timeout, setup, teardown),
        cmocka_unit_test(what_tls_holds_is_freed_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
