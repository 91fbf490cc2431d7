#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "fake_http.h"
#include "prom/query.h"

#define ADDRESS "http://prometheus:9090"

struct world {
    struct fake_clock *fc;
    struct fake_http *fh;
    int done;
    struct prom_answer answer;
    char text[256]; /* of its points */
};

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    w->fc = fake_clock_new(1773216907000);
    w->fh = fake_http_new(fake_clock_clock(w->fc));
    *state = w;
    return 0;
}

/* The fakes assert that no request and no timer are left. */
static int teardown(void **state)
{
    struct world *w = *state;
    fake_http_free(w->fh);
    fake_clock_free(w->fc);
    mem_free(w);
    return 0;
}

static void on_done(void *ctx, const struct prom_answer *answer)
{
    struct world *w = ctx;
    w->done++;
    w->answer = *answer;
}

static struct prom_query *start(struct world *w, const char *address, const char *query)
{
    w->done = 0;
    struct prom_query *q = prom_query_start(fake_http_door(w->fh), address, query, on_done, w);
    assert_int_equal(w->done, 0); /* never before it returns */
    return q;
}

static void ask(struct world *w, int status, const char *body)
{
    fake_http_once(w->fh, "GET", "/api/v1/query", status, body);
    start(w, ADDRESS, "up");
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
}

static void expect_error(struct world *w, enum prom_kind kind, enum err_code code, const char *text)
{
    assert_int_equal(w->answer.kind, kind);
    assert_string_equal(w->answer.err.text, text);
    assert_int_equal(w->answer.err.code, code);
}

/* --- the request --- */

static void test_the_query_goes_into_the_url(void **state)
{
    static const struct {
        const char *address, *query, *url;
    } cases[] = {
        {ADDRESS, "up", ADDRESS "/api/v1/query?query=up"},
        {ADDRESS "/", "up", ADDRESS "/api/v1/query?query=up"},
        {ADDRESS "/prom//", "up", ADDRESS "/prom/api/v1/query?query=up"},
        {ADDRESS "/a/b?x=1#y", "up", ADDRESS "/a/b/api/v1/query?query=up&x=1"},
        {ADDRESS "/select/0/prometheus/?latency_offset=1s&nocache=1", "a b",
         ADDRESS "/select/0/prometheus/api/v1/query?query=a+b&latency_offset=1s&nocache=1"},
        {ADDRESS "?token=a%20b", "up", ADDRESS "/api/v1/query?query=up&token=a%20b"},
        {ADDRESS "?", "up", ADDRESS "/api/v1/query?query=up"},
        {ADDRESS "#x?y=1", "up", ADDRESS "/api/v1/query?query=up"},
        {"HTTPS://user:word@h", "up", "HTTPS://user:word@h/api/v1/query?query=up"},
        {ADDRESS, "sum(rate(a{b=\"c\"}[1m])) / 2 + 1",
         ADDRESS "/api/v1/query?query=sum%28rate%28a%7Bb%3D%22c%22%7D%5B1m%5D%29%29+%2F+2+%2B+1"},
        /* every run of white space becomes one blank, also in literals and at the ends */
        {ADDRESS, "\n\ta \r\n  b{c=\"d  e\"}\f", ADDRESS "/api/v1/query?query=+a+b%7Bc%3D%22d+e%22%7D+"},
        {ADDRESS, "\xc3\xa9\v", ADDRESS "/api/v1/query?query=%C3%A9%0B"},
        {ADDRESS, "", ADDRESS "/api/v1/query?query="},
    };
    struct world *w = *state;
    fake_http_route(w->fh, "GET", NULL, 200, "{}");
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        start(w, cases[i].address, cases[i].query);
        fake_clock_run(w->fc);
        const struct fake_http_seen *seen = fake_http_last(w->fh);
        assert_string_equal(seen->url, cases[i].url);
        assert_string_equal(seen->body, "");
        assert_int_equal(seen->timeout_ms, 5000);
        assert_true(seen->follow_redirects);
        assert_true(seen->same_host);
        assert_int_equal(w->answer.kind, PROM_NOTHING);
    }
}

static bool refuse(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->code = ERR_UNREACHABLE;
    return true;
}

/* Texts end up in events, which more people may read than the flags of the engine. */
static void test_parameters_and_password_are_in_no_text(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, refuse, NULL);
    start(w, "http://user:word@h/?token=secret", "up");
    fake_clock_run(w->fc);
    assert_true(
        str_has_prefix(w->answer.err.text, "request failed: Get \"http://user:***@h/api/v1/query?query=up\": "));
    assert_null(strstr(w->answer.err.text, "secret"));
    fake_http_once(w->fh, "GET", "/api/v1/query", 200, "[]");
    start(w, "http://user:word@h/?token=secret", "up");
    fake_clock_run(w->fc);
    assert_string_equal(w->answer.err.text, "prometheus http://user:xxxxx@h/: the answer has no list of results");
    start(w, "http://user:word@h h/?token=secret", "up");
    fake_clock_run(w->fc);
    assert_string_equal(w->answer.err.text, "prometheus address http://user:xxxxx@h h/ is not a valid URL");
}

/* The fake would answer; the real door refuses a URL without a host, and nothing is sent. */
static void test_a_wrong_address_is_named(void **state)
{
    static const char *const wrong[] = {"",           "prometheus:9090", "ftp://h", "http://", "http:///path",
                                        "http://a b", "http://h\n"};
    struct world *w = *state;
    fake_http_route(w->fh, "GET", NULL, 200, "{\"data\":{\"result\":[]}}");
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        start(w, wrong[i], "up");
        fake_clock_run(w->fc);
        assert_int_equal(w->done, 1);
        char *text = str_format("prometheus address %s is not a valid URL", wrong[i]);
        expect_error(w, PROM_ERROR, ERR_INVALID, text);
        mem_free(text);
        assert_string_equal(fake_http_last(w->fh)->url, "http://");
    }
    start(w, NULL, "up");
    fake_clock_run(w->fc);
    expect_error(w, PROM_ERROR, ERR_INVALID, "prometheus address  is not a valid URL");
}

static void test_a_query_has_a_ceiling(void **state)
{
    struct world *w = *state;
    char *query = mem_alloc(70 * 1024);
    memset(query, 'a', 70 * 1024 - 1);
    query[70 * 1024 - 1] = '\0';
    fake_http_route(w->fh, "GET", NULL, 200, "{}");
    start(w, ADDRESS, query);
    fake_clock_run(w->fc);
    expect_error(w, PROM_ERROR, ERR_TOO_LARGE, "prometheus " ADDRESS ": the query is longer than 64 KiB");
    mem_free(query);
}

/* --- five kinds of answer --- */

#define RESULT(list) "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" list "]}}"
#define SERIES(value) "{\"metric\":{},\"value\":[1773216907.1,\"" value "\"]}"

static void test_numbers(void **state)
{
    static const struct {
        const char *body;
        enum prom_kind kind;
        double value;
        size_t series;
    } cases[] = {
        {RESULT(SERIES("99.5")), PROM_VALUE, 99.5, 1},
        {RESULT(SERIES("0")), PROM_VALUE, 0, 1},
        {RESULT(SERIES("-1e3")), PROM_VALUE, -1000, 1},
        {RESULT(SERIES("+Inf")), PROM_VALUE, INFINITY, 1},
        {RESULT(SERIES("-Inf")), PROM_VALUE, -INFINITY, 1},
        {RESULT(SERIES("0x1p-2")), PROM_VALUE, 0.25, 1},
        {RESULT(SERIES("1") "," SERIES("2") "," SERIES("3")), PROM_SEVERAL, 3, 3}, /* the last one wins */
        {RESULT(SERIES("NaN") "," SERIES("2")), PROM_SEVERAL, 2, 2},
        /* an element without a string is passed over, as Flagger does it */
        {RESULT(SERIES("7") ",{\"value\":[1,8]}"), PROM_SEVERAL, 7, 2},
        {RESULT("{\"value\":[1,\"7\"],\"values\":null}"), PROM_VALUE, 7, 1},
        /* the status field is not looked at */
        {"{\"status\":\"error\",\"data\":{\"result\":[" SERIES("5") "]}}", PROM_VALUE, 5, 1},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(w, 200, cases[i].body);
        assert_int_equal(w->answer.kind, cases[i].kind);
        assert_true(w->answer.value == cases[i].value);
        assert_int_equal(w->answer.series_count, cases[i].series);
        assert_int_equal(w->answer.err.code, ERR_NONE);
    }
}

static void test_nothing_and_nan(void **state)
{
    static const char *const nothing[] = {
        RESULT(""), "{}", "{\"data\":null}", "{\"data\":{\"result\":null}}", RESULT("{\"value\":[1,2]}"), RESULT("{}")};
    struct world *w = *state;
    for (size_t i = 0; i < sizeof nothing / sizeof nothing[0]; i++) {
        ask(w, 200, nothing[i]);
        expect_error(w, PROM_NOTHING, ERR_NO_DATA, "no values found");
    }
    ask(w, 200, RESULT(SERIES("NaN")));
    expect_error(w, PROM_NAN, ERR_NO_DATA, "no values found");
    ask(w, 200, RESULT(SERIES("1") "," SERIES("NaN")));
    expect_error(w, PROM_NAN, ERR_NO_DATA, "no values found");
}

static void test_a_range_is_no_answer(void **state)
{
    struct world *w = *state;
    ask(w, 200, RESULT("{\"metric\":{},\"values\":[[1,\"1\"]]}"));
    expect_error(w, PROM_ERROR, ERR_INVALID, "query returned multiple values");
    ask(w, 200, RESULT(SERIES("1") ",{\"values\":[]}"));
    expect_error(w, PROM_ERROR, ERR_INVALID, "query returned multiple values");
}

static void test_broken_answers(void **state)
{
    static const struct {
        const char *body, *text;
    } cases[] = {
        {RESULT(SERIES("many")), "strconv.ParseFloat: parsing \"many\": invalid syntax"},
        {RESULT(SERIES("")), "strconv.ParseFloat: parsing \"\": invalid syntax"},
        {RESULT(SERIES(" 1")), "strconv.ParseFloat: parsing \" 1\": invalid syntax"},
        {RESULT(SERIES("0x7f")), "strconv.ParseFloat: parsing \"0x7f\": invalid syntax"},
        {RESULT(SERIES("nan(1)")), "strconv.ParseFloat: parsing \"nan(1)\": invalid syntax"},
        {RESULT(SERIES("1e400")), "strconv.ParseFloat: parsing \"1e400\": value out of range"},
        {RESULT(SERIES("1\\u00002")), "strconv.ParseFloat: parsing \"1\": invalid syntax"},
        {RESULT(SERIES("1s")), "strconv.ParseFloat: parsing \"1s\": invalid syntax"},
        {RESULT("1,\"2\""), "prometheus " ADDRESS ": the result is no vector"},
        {"[]", "prometheus " ADDRESS ": the answer has no list of results"},
        {"{\"data\":{\"result\":{}}}", "prometheus " ADDRESS ": the answer has no list of results"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(w, 200, cases[i].body);
        expect_error(w, PROM_ERROR, ERR_PARSE, cases[i].text);
    }
    static const struct {
        const char *body, *text;
    } foreign[] = {
        {"<html>", "error unmarshaling result: invalid character '<' looking for beginning of value, '<html>'"},
        {" not json", "error unmarshaling result: invalid character 'o' in literal null (expecting 'u'), 'not json'"},
        {"", "error unmarshaling result: unexpected end of JSON input, ''"},
    };
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++) {
        ask(w, 200, foreign[i].body);
        expect_error(w, PROM_ERROR, ERR_PARSE, foreign[i].text);
    }
    ask(w, 503, "<html>\n  <b>\033[2J</b>\n");
    assert_string_equal(w->answer.err.text,
                        "error response: Status 503 Service Unavailable: <html> <b>\xef\xbf\xbd[2J</b>");
    ask(w, 200, "{\"data\":");
    assert_true(str_has_prefix(w->answer.err.text, "error unmarshaling result: "));
}

static void test_refusals_have_flaggers_words(void **state)
{
    static const struct {
        int status;
        enum err_code code;
        const char *text;
    } cases[] = {
        {400, ERR_REJECTED, "error response: Status 400 Bad Request: why"},
        {401, ERR_UNAUTHORIZED, "error response: Status 401 Unauthorized: why"},
        {403, ERR_FORBIDDEN, "error response: Status 403 Forbidden: why"},
        {404, ERR_NOT_FOUND, "error response: Status 404 Not Found: why"},
        {422, ERR_REJECTED, "error response: Status 422 Unprocessable Entity: why"},
        {429, ERR_SERVER, "error response: Status 429 Too Many Requests: why"},
        {503, ERR_SERVER, "error response: Status 503 Service Unavailable: why"},
        {599, ERR_SERVER, "error response: Status 599 : why"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ask(w, cases[i].status, "why");
        expect_error(w, PROM_ERROR, cases[i].code, cases[i].text);
        assert_int_equal(w->answer.err.http_status, cases[i].status);
    }
}

/* --- time --- */

static bool hold(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->hold = true;
    return true;
}

static void test_five_seconds_and_no_longer(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, hold, NULL);
    start(w, ADDRESS, "up");
    fake_clock_advance(w->fc, 4999);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->fc, 1);
    fake_clock_run(w->fc);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answer.kind, PROM_ERROR);
    assert_int_equal(w->answer.err.code, ERR_TIMEOUT);
    assert_non_null(strstr(w->answer.err.text, "request failed: Get \"http://"));
    assert_non_null(strstr(w->answer.err.text, "/api/v1/query?query=up\": context deadline exceeded"));
}

static void test_a_cancelled_query_is_silent(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->fh, hold, NULL);
    prom_query_cancel(start(w, ADDRESS, "up"));
    struct prom_query *query = start(w, ADDRESS, "up");
    fake_clock_run(w->fc);
    prom_query_cancel(query);
    prom_query_cancel(start(w, "nonsense", "up"));
    fake_clock_advance(w->fc, 10000);
    assert_int_equal(w->done, 0);
    assert_int_equal(fake_http_open_calls(w->fh), 0);
}

/* --- over a span of time --- */

static const struct prom_span span = {.start_ms = 1773216000000, .end_ms = 1773216907500, .step_ms = 60000};

static void on_points(void *ctx, const struct prom_answer *answer)
{
    struct world *w = ctx;
    on_done(ctx, answer);
    w->text[0] = '\0';
    for (size_t i = 0; i < answer->point_count; i++) {
        char *point = str_format("%g %g;", answer->points[i].time_s, answer->points[i].value);
        strncat(w->text, point, sizeof w->text - strlen(w->text) - 1);
        str_free(&point);
    }
}

static void ask_over_span(struct world *w, const char *address)
{
    prom_query_start_over(fake_http_door(w->fh), address, "a b", &span, on_points, w);
    fake_clock_run(w->fc);
}

static void test_a_span_goes_into_the_url(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "GET", NULL, 200, "{}");
    ask_over_span(w, ADDRESS "/?token=1");
    assert_string_equal(fake_http_last(w->fh)->url,
                        ADDRESS "/api/v1/query_range?query=a+b&start=1773216000.000&end=1773216907.500&step=60.000"
                                "&token=1");
}

#define VALUES(values) "{\"metric\":{},\"values\":[" values "]}"
#define MATRIX(series) "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"

static void test_values_over_a_span(void **state)
{
    static const struct {
        const char *body;
        enum prom_kind kind;
        const char *text;
    } cases[] = {
        {MATRIX(VALUES("[10,\"1\"],[20.5,\"+Inf\"],[30,\"2e3\"]")), PROM_VALUE, "10 1;20.5 inf;30 2000;"},
        {MATRIX(VALUES("[10,\"NaN\"],[20,\"1\"]")), PROM_VALUE, "20 1;"},
        {MATRIX(VALUES("[10,\"NaN\"]")), PROM_NOTHING, "no values found"},
        {MATRIX(VALUES("")), PROM_NOTHING, "no values found"},
        {MATRIX(""), PROM_NOTHING, "no values found"},
        {MATRIX(VALUES("[10,\"1\"]") "," VALUES("[10,\"1\"]")), PROM_ERROR,
         "one series is wanted, the query gives 2: sum(…) makes one of them"},
        {MATRIX("{\"metric\":{},\"value\":[10,\"1\"]}"), PROM_ERROR, "prometheus " ADDRESS ": the result is no matrix"},
        {MATRIX("5"), PROM_ERROR, "prometheus " ADDRESS ": the result is no matrix"},
        {MATRIX(VALUES("[10,\"x\"]")), PROM_ERROR, "strconv.ParseFloat: parsing \"x\": invalid syntax"},
        {MATRIX(VALUES("[10,1]")), PROM_ERROR, "prometheus " ADDRESS ": a value of the result is no text"},
        {MATRIX(VALUES("[\"10\",\"1\"]")), PROM_ERROR, "prometheus " ADDRESS ": a value of the result has no time"},
        {MATRIX(VALUES("5")), PROM_ERROR, "prometheus " ADDRESS ": a value of the result has no time"},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_http_once(w->fh, "GET", "/api/v1/query_range", 200, cases[i].body);
        ask_over_span(w, ADDRESS);
        assert_int_equal(w->answer.kind, cases[i].kind);
        assert_string_equal(cases[i].kind == PROM_VALUE ? w->text : w->answer.err.text, cases[i].text);
    }
    fake_http_once(w->fh, "GET", "/api/v1/query_range", 429, "later");
    ask_over_span(w, ADDRESS);
    expect_error(w, PROM_ERROR, ERR_SERVER, "error response: Status 429 Too Many Requests: later");
}

int main(void)
{
#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        CASE(test_the_query_goes_into_the_url),
        CASE(test_parameters_and_password_are_in_no_text),
        CASE(test_a_wrong_address_is_named),
        CASE(test_a_query_has_a_ceiling),
        CASE(test_numbers),
        CASE(test_nothing_and_nan),
        CASE(test_a_range_is_no_answer),
        CASE(test_broken_answers),
        CASE(test_refusals_have_flaggers_words),
        CASE(test_five_seconds_and_no_longer),
        CASE(test_a_cancelled_query_is_silent),
        CASE(test_a_span_goes_into_the_url),
        CASE(test_values_over_a_span),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
