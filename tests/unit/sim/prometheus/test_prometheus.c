#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <strings.h>

#include "sim/prometheus/prometheus.h"
#include "sim/traffic/fake_mesh.h"

#define SELECTED(more)                                                                                                 \
    "{ reporter=\"destination\", destination_workload_namespace=\"test\", destination_workload=~\"podinfo\"" more " }"
#define RATE_SUM(more) "sum( rate( istio_requests_total" SELECTED(more) "[1m] ) )"
/* As the checks of a Canary ask. */
#define SUCCESS_RATE " " RATE_SUM(", response_code!~\"5.*\"") " / " RATE_SUM("") " * 100"
#define QUANTILE(phi)                                                                                                  \
    " histogram_quantile( " phi                                                                                        \
    ", sum( rate( istio_request_duration_milliseconds_bucket" SELECTED("") "[1m] ) ) by (le) )"
#define DURATION QUANTILE("0.99")

#define VECTOR(elements) "{\"status\":\"success\",\"data\":{\"resultType\":\"vector\",\"result\":[" elements "]}}"
#define ELEMENT(time, text) VECTOR("{\"metric\":{},\"value\":[" time ",\"" text "\"]}")
#define SCALAR(text) "{\"status\":\"success\",\"data\":{\"resultType\":\"scalar\",\"result\":[0,\"" text "\"]}}"
#define BAD(text) "{\"status\":\"error\",\"errorType\":\"bad_data\",\"error\":\"" text "\"}"
#define BAD_QUERY(text) BAD("invalid parameter \\\"query\\\": " text)

struct world {
    struct fake_mesh *mesh;
    struct prometheus *prometheus;
    /* the exchange under way */
    struct exchange exchange;
    const char *request_type;
    int status, ends;
    char type[64], body[4096], allow[64];
};

/* --- a wire --- */

static struct world *world_of(struct exchange *exchange)
{
    return (struct world *)((char *)exchange - offsetof(struct world, exchange));
}

static void on_add_header(struct exchange *exchange, const char *name, const char *value)
{
    assert_string_equal(name, "Allow");
    str_copy(world_of(exchange)->allow, sizeof world_of(exchange)->allow, value);
}

static void on_begin(struct exchange *exchange, int status, const char *content_type)
{
    struct world *w = world_of(exchange);
    w->status = status;
    str_copy(w->type, sizeof w->type, content_type);
}

static void on_send(struct exchange *exchange, const char *bytes, size_t len)
{
    struct world *w = world_of(exchange);
    size_t had = strlen(w->body);
    assert_true(had + len < sizeof w->body);
    memcpy(w->body + had, bytes, len);
    w->body[had + len] = '\0';
}

static void on_end(struct exchange *exchange)
{
    world_of(exchange)->ends++;
}

static const char *on_header(const struct exchange *exchange, const char *name)
{
    const struct world *w = world_of((struct exchange *)(uintptr_t)exchange);
    return strcasecmp(name, "content-type") == 0 ? w->request_type : NULL;
}

static const char *request(struct world *w, const char *method, const char *path, const char *query, const char *body)
{
    static const struct exchange_ops ops = {
        .add_header = on_add_header, .begin = on_begin, .send = on_send, .end = on_end};
    w->body[0] = '\0';
    w->ends = 0;
    w->exchange = (struct exchange){.ops = &ops,
                                    .method = method,
                                    .path = path,
                                    .query = query,
                                    .body = body,
                                    .body_len = strlen(body),
                                    .header = on_header};
    prometheus_serve(w->prometheus, &w->exchange);
    assert_int_equal(w->ends, 1);
    return w->body;
}

static char *encoded(const char *query, const char *more)
{
    struct buf b;
    buf_init(&b, 65536);
    buf_append_str(&b, "query=");
    buf_append_url(&b, query);
    buf_append_str(&b, more);
    return buf_take(&b);
}

static const char *ask_at(struct world *w, const char *query, const char *time)
{
    char *params = encoded(query, time);
    const char *body = request(w, "GET", "/api/v1/query", params, "");
    mem_free(params);
    assert_string_equal(w->type, "application/json");
    return body;
}

/* The number of the only element; NAN and `is_empty` without one. */
static double value_of(struct world *w, const char *query, bool *is_empty)
{
    struct err err;
    const char *body = ask_at(w, query, "");
    if (w->status != 200)
        fail_msg("%s", body);
    struct doc *doc = doc_parse(body, strlen(body), &err);
    const struct node *result = node_at(doc_root(doc), "data", "result");
    const char *text = node_str(node_item(node_get(node_item(result, 0), "value"), 1));
    *is_empty = node_count(result) == 0;
    double value = text ? strtod(text, NULL) : (double)NAN;
    doc_free(doc);
    return value;
}

static double value(struct world *w, const char *query)
{
    bool is_empty;
    double number = value_of(w, query, &is_empty);
    assert_false(is_empty);
    return number;
}

static void expect_near(double number, double wanted, double percent)
{
    if (!(fabs(number - wanted) <= fabs(wanted) * percent / 100))
        fail_msg("%g is not within %g %% of %g", number, percent, wanted);
}

static void expect_empty(struct world *w, const char *query)
{
    bool is_empty;
    value_of(w, query, &is_empty);
    assert_true(is_empty);
}

/* --- tests --- */

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.mesh = fake_mesh_new(1)};
    world.prometheus = prometheus_new(fake_clock_clock(world.mesh->fc), world.mesh->traffic);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    prometheus_free(w->prometheus);
    fake_mesh_free(w->mesh);
    return 0;
}

/* Ten per cent of 100 requests per second, for as long as a window is. */
static void run_traffic(struct world *w, double errors)
{
    fake_mesh_behaviour(w->mesh, "podinfo:2", errors, 400);
    fake_mesh_weights(w->mesh, 90, 10, "");
    fake_mesh_flow(w->mesh, 100, NULL);
    fake_mesh_run(w->mesh, 60000);
}

static void the_built_in_queries_are_answered(void **state)
{
    struct world *w = *state;
    run_traffic(w, .1124);
    expect_near(value(w, SUCCESS_RATE), 88.76, .2);
    expect_near(value(w, DURATION), 400, 2);
    expect_near(value(w, QUANTILE("0.5")), 100, 2);
    expect_near(value(w, RATE_SUM("")), 10, 2);
    fake_mesh_behaviour(w->mesh, "podinfo:2", 0, 400);
    fake_mesh_run(w->mesh, 60000);
    assert_true(value(w, SUCCESS_RATE) == 100);
}

static void nothing_and_not_a_number_are_two_answers(void **state)
{
    struct world *w = *state;
    fake_mesh_weights(w->mesh, 100, 0, "");
    fake_mesh_flow(w->mesh, 100, NULL);
    fake_mesh_run(w->mesh, 60000);
    expect_empty(w, SUCCESS_RATE);
    expect_empty(w, DURATION);
    fake_mesh_weights(w->mesh, 50, 50, "");
    fake_mesh_run(w->mesh, 60000);
    assert_true(value(w, SUCCESS_RATE) == 100);
    fake_mesh_weights(w->mesh, 100, 0, "");
    fake_mesh_run(w->mesh, 60000);
    assert_true(isnan(value(w, SUCCESS_RATE)));
    assert_true(isnan(value(w, DURATION)));
    assert_string_equal(ask_at(w, SUCCESS_RATE, "&time=12"), ELEMENT("12", "NaN"));
}

/* There is no counter of good answers then, and nothing over something is nothing. */
static void where_all_fails_there_is_no_success_rate(void **state)
{
    struct world *w = *state;
    run_traffic(w, 1);
    expect_empty(w, SUCCESS_RATE);
    assert_true(value(w, RATE_SUM(", response_code=\"500\"")) > 9);
}

static void other_queries_of_the_same_series_are_answered(void **state)
{
    struct world *w = *state;
    run_traffic(w, .2);
    expect_near(value(w, "100 - " RATE_SUM(", response_code!=\"500\"") " / " RATE_SUM("") " * 100"), 20, 3);
    expect_near(value(w, "sum(increase(istio_requests_total{destination_workload='podinfo'}[30s]))"), 300, 2);
    expect_near(value(w, "sum by () (rate({__name__=\"istio_requests_total\",reporter!=\"source\"}[1m]))"), 100, 2);
    expect_empty(w, "sum(rate(istio_requests_total{destination_workload=\"pod\"}[1m]))");
    expect_empty(w, "sum(rate(istio_requests_total{destination_workload=~\"pod\"}[1m]))");
    expect_empty(w, "sum(rate(istio_requests_total{source_workload=\"x\"}[1m]))");
    assert_true(value(w, "sum(rate(istio_requests_total{reporter=\"source\"}[1m])) or vector(0)") == 0);
    expect_near(value(w, "sum(rate(istio_requests_total[1m])) or vector(0)"), 100, 2);
}

/* What a bucket has, and the quantile of its share, are two views of one distribution. */
static void single_buckets_are_answered(void **state)
{
    static const char *const bounds[] = {"10", "25", "50", "100", "250"};
    struct world *w = *state;
    run_traffic(w, .1);
    double all = value(w, "sum(increase(istio_request_duration_milliseconds_count[1m]))"), before = 0;
    expect_near(value(w, "sum(increase(istio_request_duration_milliseconds_bucket{le='+Inf'}[1m]))"), all, .001);
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0]; i++) {
        char query[200];
        snprintf(query, sizeof query, "sum(increase(istio_request_duration_milliseconds_bucket{le='%s'}[1m]))",
                 bounds[i]);
        double within = value(w, query);
        assert_true(within >= before && within <= all);
        if (within > all * .01 && within < all * .99) {
            snprintf(query, sizeof query,
                     "histogram_quantile(%.17g, sum(rate(istio_request_duration_milliseconds_bucket[1m])) by (le))",
                     within / all);
            expect_near(value(w, query), strtod(bounds[i], NULL), strtod(bounds[i], NULL) / 50);
        }
        snprintf(query, sizeof query, "sum(increase(istio_request_duration_milliseconds_bucket{le=~'%s([.]0)?'}[1m]))",
                 bounds[i]);
        expect_near(value(w, query), within, .001);
        before = within;
    }
    assert_true(before > 0);
    expect_empty(w, "sum(rate(istio_request_duration_milliseconds_count{le='10'}[1m]))");
}

static void answers_are_those_of_prometheus(void **state)
{
    static const struct {
        const char *query, *answer;
    } cases[] = {
        /* what a Prometheus 2.42 without any data answers */
        {"vector(1)", ELEMENT("0", "1")},
        {"vector(-Inf)", ELEMENT("0", "-Inf")},
        {"vector(NaN)", ELEMENT("0", "NaN")},
        {"vector(1e20)", ELEMENT("0", "100000000000000000000")},
        {"vector(1e21)", ELEMENT("0", "1e+21")},
        {"vector(0.000001234)", ELEMENT("0", "0.000001234")},
        {"vector(0x10)", ELEMENT("0", "16")},
        {"vector(010)", ELEMENT("0", "8")},
        {"vector(08)", ELEMENT("0", "8")},
        {"vector(010.5)", ELEMENT("0", "10.5")},
        {"vector(0_17)", ELEMENT("0", "15")},
        {"vector(0x_1F)", ELEMENT("0", "31")},
        {"vector(1_000.5)", ELEMENT("0", "1000.5")},
        {"vector(1e+1_0)", ELEMENT("0", "10000000000")},
        {"vector(0)/vector(0)", ELEMENT("0", "NaN")},
        {"100 - vector(1)*2", ELEMENT("0", "98")},
        {"-vector(1)", ELEMENT("0", "-1")},
        {"vector(1) or vector(2)", ELEMENT("0", "1")},
        {"1", SCALAR("1")},
        {"1/0", SCALAR("+Inf")},
        {"0/0", SCALAR("NaN")},
        {"2*3", SCALAR("6")},
        {"-1", SCALAR("-1")},
        {"foo", VECTOR("")},
        {"rate(foo[1m])", VECTOR("")},
        {"sum(rate(foo[1m])) * 100", VECTOR("")},
        {"histogram_quantile(0.99, foo)", VECTOR("")},
        {"sum by (le) (foo)", VECTOR("")},
        {"foo{a=\"b\",}", VECTOR("")},
        {"sum", VECTOR("")},
        {"", BAD_QUERY("1:1: parse error: no expression found in input")},
        {"# x", BAD_QUERY("1:1: parse error: no expression found in input")},
        {"vector(", BAD_QUERY("1:8: parse error: unclosed left parenthesis")},
        {"vector(1\n", BAD_QUERY("2:1: parse error: unclosed left parenthesis")},
        {"rate(foo[1m]", BAD_QUERY("1:13: parse error: unclosed left parenthesis")},
        {"vector(1))", BAD_QUERY("1:11: parse error: unexpected right parenthesis ')'")},
        {")", BAD_QUERY("1:2: parse error: unexpected right parenthesis ')'")},
        {"foo bar", BAD_QUERY("1:5: parse error: unexpected identifier \\\"bar\\\"")},
        {"1 1", BAD_QUERY("1:3: parse error: unexpected number \\\"1\\\"")},
        {"1 +", BAD_QUERY("1:4: parse error: unexpected end of input")},
        {"1 $ 2", BAD_QUERY("1:3: parse error: unexpected character: '$'")},
        {"nosuch(1)", BAD_QUERY("1:1: parse error: unknown function with name \\\"nosuch\\\"")},
        {"1__0", BAD_QUERY("1:1: parse error: bad number or duration syntax: \\\"1__\\\"")},
        {"0x1p4", BAD_QUERY("1:1: parse error: bad number or duration syntax: \\\"0x1\\\"")},
        {"rate(foo[1x])", BAD_QUERY("1:10: parse error: bad duration syntax: \\\"1\\\"")},
        {"sum(rate(foo{a=\"b}[1m]))", BAD_QUERY("1:16: parse error: unterminated quoted string")},
        {"foo{", BAD_QUERY("1:5: parse error: unexpected end of input inside braces")},
        {"foo{a=", BAD_QUERY("1:7: parse error: unexpected end of input inside braces")},
        {"foo{a~\"b\"}", BAD_QUERY("1:6: parse error: unexpected character inside braces: '~'")},
        {"foo{a=b}", BAD_QUERY("1:7: parse error: unexpected identifier \\\"b\\\" in label matching, expected string")},
        {"sum(foo) by", BAD_QUERY("1:12: parse error: unexpected end of input in grouping opts, expected \\\"(\\\"")},
        {"rate(foo)", BAD_QUERY("1:6: parse error: expected type range vector in call to function \\\"rate\\\", "
                                "got instant vector")},
        {"vector(foo)", BAD_QUERY("1:8: parse error: expected type scalar in call to function \\\"vector\\\", "
                                  "got instant vector")},
        {"sum(1)", BAD_QUERY("1:5: parse error: expected type instant vector in aggregation expression, got scalar")},
        {"vector(1,2)", BAD_QUERY("1:1: parse error: expected 1 argument(s) in call to \\\"vector\\\", got 2")},
        {"vector()", BAD_QUERY("1:1: parse error: expected 1 argument(s) in call to \\\"vector\\\", got 0")},
        {"vector(1)[1m]", BAD_QUERY("1:10: parse error: ranges only allowed for vector selectors")},
        {"{}", BAD_QUERY("1:1: parse error: vector selector must contain at least one non-empty matcher")},
        {"{a=~\".*\",b!=\"x\"}",
         BAD_QUERY("1:1: parse error: vector selector must contain at least one non-empty matcher")},
        {"{a=\"b\"}", VECTOR("")},
        {"1 + rate[1m]",
         BAD_QUERY("1:5: parse error: binary expression must contain only scalar and instant vector types")},
        {"foo }", BAD_QUERY("1:5: parse error: unexpected character: '}'")},
        {"foo =~ 1", BAD_QUERY("1:5: parse error: unexpected character after '=': '~'")},
        {"foo inf", BAD_QUERY("1:5: parse error: unexpected number \\\"inf\\\"")},
        {"vector(1e400)", BAD_QUERY("1:8: parse error: error parsing number: strconv.ParseFloat: parsing "
                                    "\\\"1e400\\\": value out of range")},
        /* what it would know and this one does not */
        {"vector(1) > 0", BAD_QUERY("1:11: parse error: the simulated Prometheus does not know the operator >")},
        {"foo offset 5m", BAD_QUERY("1:5: parse error: the simulated Prometheus does not know other times than now")},
        {"foo[5m:1m]", BAD_QUERY("1:7: parse error: the simulated Prometheus does not know subqueries")},
        {"avg(foo)", BAD_QUERY("1:1: parse error: unknown function with name \\\"avg\\\"")},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const char *body = ask_at(w, cases[i].query, "&time=0");
        if (strcmp(body, cases[i].answer) != 0)
            fail_msg("%s\n    %s\n    %s", cases[i].query, body, cases[i].answer);
        assert_int_equal(w->status, strstr(body, "\"success\"") ? 200 : 400);
    }
}

static void what_has_several_series_is_refused(void **state)
{
    static const char *const queries[] = {
        "istio_requests_total",
        "rate(istio_requests_total[1m])",
        "sum(rate(istio_requests_total[1m])) by (destination_workload)",
        "sum(rate(istio_request_duration_milliseconds_bucket[1m]))",
        "sum(rate(istio_request_duration_milliseconds_bucket{le=\"10\"}[1m])) by (le)",
        "rate(istio_request_duration_milliseconds_bucket{le=\"10\"}[1m])",
        "sum(istio_requests_total) + 1",
        "histogram_quantile(0.99, rate(istio_request_duration_milliseconds_bucket[1m]))",
    };
    struct world *w = *state;
    run_traffic(w, .1);
    for (size_t i = 0; i < sizeof queries / sizeof queries[0]; i++) {
        const char *body = ask_at(w, queries[i], "");
        assert_int_equal(w->status, 400);
        assert_non_null(strstr(body, "the simulated Prometheus does not know"));
    }
}

static void a_query_of_any_depth_ends(void **state)
{
    struct world *w = *state;
    static char deep[4000];
    memset(deep, '(', sizeof deep - 1);
    ask_at(w, deep, "");
    assert_int_equal(w->status, 400);
    memset(deep, '-', sizeof deep - 1);
    ask_at(w, deep, "");
    assert_int_equal(w->status, 400);
}

static void times_are_told_as_they_were_asked_for(void **state)
{
    struct world *w = *state;
    assert_string_equal(ask_at(w, "vector(1)", ""), ELEMENT("1767225600", "1"));
    fake_mesh_run(w->mesh, 1500);
    assert_string_equal(ask_at(w, "vector(1)", ""), ELEMENT("1767225601.500", "1"));
    assert_string_equal(ask_at(w, "vector(1)", "&time=1767225600.123456"), ELEMENT("1767225600.123", "1"));
    assert_string_equal(ask_at(w, "vector(1)", "&time=2026-01-01T00:00:00.5Z"), ELEMENT("1767225600.500", "1"));
    assert_string_equal(ask_at(w, "vector(1)", "&time=abc"),
                        BAD("invalid parameter \\\"time\\\": Invalid time value for 'time': cannot parse \\\"abc\\\" "
                            "to a valid timestamp"));
    assert_int_equal(w->status, 400);
}

/* --- over a span of time --- */

#define MATRIX(series) "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[" series "]}}"
#define VALUES(values) MATRIX("{\"metric\":{},\"values\":[" values "]}")

static const char *ask_over(struct world *w, const char *query, const char *span)
{
    char *params = encoded(query, span);
    const char *body = request(w, "GET", "/api/v1/query_range", params, "");
    mem_free(params);
    assert_string_equal(w->type, "application/json");
    return body;
}

/* What a Prometheus 2.42 without any data answers. */
static void answers_over_a_span_are_those_of_prometheus(void **state)
{
#define SPAN "&start=100&end=130&step=10"
#define BAD_PARAM(name, text) BAD("invalid parameter \\\"" name "\\\": " text)
    static const struct {
        const char *query, *span, *answer;
    } cases[] = {
        {"vector(1)", SPAN, VALUES("[100,\"1\"],[110,\"1\"],[120,\"1\"],[130,\"1\"]")},
        {"1", SPAN, VALUES("[100,\"1\"],[110,\"1\"],[120,\"1\"],[130,\"1\"]")},
        {"1", "&start=100&end=130&step=7.5",
         VALUES("[100,\"1\"],[107.500,\"1\"],[115,\"1\"],[122.500,\"1\"],[130,\"1\"]")},
        {"1", "&start=100.5&end=130&step=10s", VALUES("[100.500,\"1\"],[110.500,\"1\"],[120.500,\"1\"]")},
        {"1", "&start=100&end=130&step=1m", VALUES("[100,\"1\"]")},
        {"nope", SPAN, MATRIX("")},
        {"1", "&start=&end=130&step=10", BAD_PARAM("start", "cannot parse \\\"\\\" to a valid timestamp")},
        {"1", "&start=1&end=x&step=10", BAD_PARAM("end", "cannot parse \\\"x\\\" to a valid timestamp")},
        {"1", "&start=200&end=130&step=10", BAD_PARAM("end", "end timestamp must not be before start time")},
        {"1", "&start=100&end=130&step=z", BAD_PARAM("step", "cannot parse \\\"z\\\" to a valid duration")},
        {"1", "&start=100&end=130&step=", BAD_PARAM("step", "cannot parse \\\"\\\" to a valid duration")},
        {"1", "&start=100&end=130&step=0",
         BAD_PARAM("step", "zero or negative query resolution step widths are not accepted. Try a positive integer")},
        {"1", "&start=0&end=11001&step=1",
         BAD("exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query resolution "
             "(?step=XX)")},
        {"((", SPAN, BAD("1:3: parse error: unclosed left parenthesis")},
        {"", SPAN, BAD("1:1: parse error: no expression found in input")},
    };
    struct world *w = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        assert_string_equal(ask_over(w, cases[i].query, cases[i].span), cases[i].answer);
        assert_int_equal(w->status, strstr(cases[i].answer, "\"success\"") ? 200 : 400);
    }
}

/* Two minutes of few errors and two of many: each moment is answered as it was answered then. */
static void a_span_has_what_was_said_at_its_moments(void **state)
{
    struct world *w = *state;
    char then[2][64];
    run_traffic(w, .1);
    for (int i = 0; i < 2; i++) {
        fake_mesh_behaviour(w->mesh, "podinfo:2", i == 0 ? .1 : .5, 400);
        fake_mesh_run(w->mesh, 120000);
        const char *value = strstr(ask_at(w, SUCCESS_RATE, ""), "\"value\":[");
        snprintf(then[i], sizeof then[i], "%s", value + strlen("\"value\":"));
        *strchr(then[i], ']') = '\0';
    }
    /* begun at 1767225600, and 300 s have passed */
    const char *body = ask_over(w, SUCCESS_RATE, "&start=1767225780&end=1767225900&step=120");
    assert_non_null(strstr(body, then[0]));
    assert_non_null(strstr(body, then[1]));
    /* nothing was there before, and nothing is known of what comes */
    body = ask_over(w, "sum(rate(istio_requests_total[1m]))", "&start=1767220000&end=1767225500&step=100");
    assert_string_equal(body, MATRIX(""));
    body = ask_over(w, "sum(rate(istio_requests_total[1m]))", "&start=1767226000&end=1767229000&step=100");
    assert_string_equal(body, MATRIX(""));
}

static void a_form_is_read_as_a_url_is(void **state)
{
    struct world *w = *state;
    w->request_type = "application/x-www-form-urlencoded";
    const char *body = request(w, "POST", "/api/v1/query", "time=12&query=vector(1)", "query=vector%282%29");
    assert_string_equal(body, ELEMENT("12", "2"));
    w->request_type = "application/json";
    body = request(w, "POST", "/api/v1/query", "time=12&query=vector(1)", "query=vector%282%29");
    assert_string_equal(body, ELEMENT("12", "1"));
    request(w, "DELETE", "/api/v1/query", "query=vector(1)", "");
    assert_int_equal(w->status, 405);
    assert_string_equal(w->allow, "GET, OPTIONS, POST");
    assert_string_equal(w->body, "Method Not Allowed\n");
}

static void a_scenario_has_the_first_word(void **state)
{
    struct world *w = *state;
    prometheus_answer(w->prometheus, "latency(", 1.5);
    prometheus_answer(w->prometheus, "podinfo", NAN);
    assert_string_equal(ask_at(w, "my latency( of something", "&time=0"), ELEMENT("0", "1.5"));
    assert_string_equal(ask_at(w, "latency(podinfo", "&time=0"), VECTOR(""));
    prometheus_answer(w->prometheus, "latency(", 2);
    assert_string_equal(ask_at(w, "latency(podinfo", "&time=0"), ELEMENT("0", "2"));
    assert_string_equal(ask_at(w, "vector(3)", "&time=0"), ELEMENT("0", "3"));
}

static void the_blind_answer_nobody(void **state)
{
    struct world *w = *state;
    assert_string_equal(request(w, "GET", "/-/ready", "", ""), "Prometheus Server is Ready.\n");
    assert_string_equal(request(w, "GET", "/-/healthy", "", ""), "Prometheus Server is Healthy.\n");
    prometheus_set_blind(w->prometheus, true);
    assert_string_equal(request(w, "GET", "/api/v1/query", "query=vector(1)", ""), "Service Unavailable");
    assert_int_equal(w->status, 503);
    request(w, "GET", "/-/ready", "", "");
    assert_int_equal(w->status, 503);
    request(w, "GET", "/-/healthy", "", "");
    assert_int_equal(w->status, 200);
    prometheus_set_blind(w->prometheus, false);
    ask_at(w, "vector(1)", "");
    assert_int_equal(w->status, 200);
    assert_string_equal(request(w, "GET", "/graph", "", ""), "404 page not found\n");
    assert_int_equal(w->status, 404);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        TEST(the_built_in_queries_are_answered),
        TEST(answers_over_a_span_are_those_of_prometheus),
        TEST(a_span_has_what_was_said_at_its_moments),
        TEST(nothing_and_not_a_number_are_two_answers),
        TEST(where_all_fails_there_is_no_success_rate),
        TEST(other_queries_of_the_same_series_are_answered),
        TEST(single_buckets_are_answered),
        TEST(answers_are_those_of_prometheus),
        TEST(what_has_several_series_is_refused),
        TEST(a_query_of_any_depth_ends),
        TEST(times_are_told_as_they_were_asked_for),
        TEST(a_form_is_read_as_a_url_is),
        TEST(a_scenario_has_the_first_word),
        TEST(the_blind_answer_nobody),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
