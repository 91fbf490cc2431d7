#include "sim/prometheus/prometheus.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/doc.h"
#include "base/duration.h"
#include "base/mem.h"
#include "base/str.h"
#include "sim/prometheus/promql.h"

enum { ANSWER_MAX = 1024 * 1024, RANGE_POINTS_MAX = 11000 };

struct said {
    struct said *next;
    char *part;
    double value;
};

struct prometheus {
    struct clock *clock;
    const struct traffic *traffic;
    struct said *said; /* the last first */
    bool is_blind;
};

/* --- answers --- */

static void answer_json(struct exchange *exchange, int status, const struct buf *body)
{
    exchange_answer(exchange, status, "application/json", buf_str(body), body->len);
}

static void answer_text(struct exchange *exchange, int status, const char *text)
{
    exchange_answer(exchange, status, "text/plain; charset=utf-8", text, strlen(text));
}

static void answer_error(struct exchange *exchange, const char *text)
{
    struct buf body;
    struct doc *doc = doc_new();
    struct node *root = node_new_object(doc);
    node_set_str(doc, root, "status", "error");
    node_set_str(doc, root, "errorType", "bad_data");
    node_set_str(doc, root, "error", text);
    buf_init(&body, ANSWER_MAX);
    node_write(root, &body);
    answer_json(exchange, 400, &body);
    buf_fini(&body);
    doc_free(doc);
}

static void answer_bad(struct exchange *exchange, const char *param, const char *problem)
{
    char *text = str_format("invalid parameter \"%s\": %s", param, problem);
    answer_error(exchange, text);
    mem_free(text);
}

/* Seconds, with three digits behind the point only where there is a fraction. */
static void write_time(struct buf *b, int64_t wall_ms)
{
    buf_printf(b, "%lld", (long long)(wall_ms / 1000));
    if (wall_ms % 1000 != 0) {
        buf_printf(b, ".%03d", abs((int)(wall_ms % 1000)));
    }
}

/* The shortest decimal that reads back the same, as Prometheus' JSON has it. */
static void write_value(struct buf *b, double value)
{
    char text[400];
    double magnitude = fabs(value);
    bool is_long = magnitude != 0 && (magnitude < 1e-6 || magnitude >= 1e21);
    int digits = 0;
    if (isnan(value) || isinf(value)) {
        buf_append_str(b, isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf");
        return;
    }
    do {
        snprintf(text, sizeof text, is_long ? "%.*e" : "%.*f", digits, value);
    } while (strtod(text, NULL) != value && ++digits < 30);
    buf_append_str(b, text);
}

static void answer_value(struct exchange *exchange, int64_t wall_ms, const struct promql_answer *answer)
{
    struct buf body;
    buf_init(&body, ANSWER_MAX);
    buf_printf(&body, "{\"status\":\"success\",\"data\":{\"resultType\":\"%s\",\"result\":[",
               answer->is_scalar ? "scalar" : "vector");
    if (!answer->is_empty) {
        buf_append_str(&body, answer->is_scalar ? "" : "{\"metric\":{},\"value\":[");
        write_time(&body, wall_ms);
        buf_append_str(&body, ",\"");
        write_value(&body, answer->value);
        buf_append_str(&body, answer->is_scalar ? "\"" : "\"]}");
    }
    buf_append_str(&body, "]}}");
    answer_json(exchange, 200, &body);
    buf_fini(&body);
}

/* --- queries --- */

/* What stands in a form counts before what stands in the URL. */
static char *param_of(const struct exchange *exchange, const char *name)
{
    const char *type = exchange->header(exchange, "Content-Type");
    char *value = NULL;
    if (str_equal(exchange->method, "POST") && type != NULL &&
        str_has_prefix(type, "application/x-www-form-urlencoded")) {
        struct exchange form = *exchange;
        form.query = exchange->body;
        value = exchange_param(&form, name);
    }
    return value != NULL ? value : exchange_param(exchange, name);
}

/* A Unix time in seconds, or RFC 3339. */
static bool parse_time(const char *text, int64_t *wall_ms)
{
    struct err err;
    char *end;
    double seconds = strtod(text, &end);
    if (*end != '\0' || end == text) {
        return time_parse(text, wall_ms, &err);
    }
    *wall_ms = (int64_t)round(seconds * 1000);
    return fabs(seconds) < 1e12;
}

static bool said_of(const struct prometheus *prometheus, const char *query, struct promql_answer *answer)
{
    for (const struct said *said = prometheus->said; said != NULL; said = said->next) {
        if (strstr(query, said->part) == NULL) {
            continue;
        }
        *answer = (struct promql_answer){.is_empty = isnan(said->value), .value = said->value};
        return true;
    }
    return false;
}

/* As it was so long ago; what a scenario says holds for all times. */
static bool ask(const struct prometheus *prometheus, int64_t ago_ms, const char *query, struct promql_answer *answer,
                struct err *err)
{
    return said_of(prometheus, query, answer) || promql_ask(prometheus->traffic, ago_ms, query, answer, err);
}

static void serve_query(const struct prometheus *prometheus, struct exchange *exchange)
{
    struct err err;
    struct promql_answer answer;
    char *time = param_of(exchange, "time"), *query = param_of(exchange, "query");
    int64_t wall_ms = clock_wall_ms(prometheus->clock);
    if (!str_empty(time) && !parse_time(time, &wall_ms)) {
        char *problem = str_format("Invalid time value for 'time': cannot parse \"%s\" to a valid timestamp", time);
        answer_bad(exchange, "time", problem);
        mem_free(problem);
    } else if (ask(prometheus, 0, query != NULL ? query : "", &answer, &err)) {
        answer_value(exchange, wall_ms, &answer);
    } else {
        answer_bad(exchange, "query", err.text);
    }
    mem_free(time);
    mem_free(query);
}

/* --- queries over a span of time --- */

struct range {
    int64_t start_ms, end_ms, step_ms;
};

/* A duration as Prometheus writes it, or seconds. */
static bool parse_step(const char *text, int64_t *step_ms)
{
    struct err err;
    char *end;
    int64_t ns;
    double seconds = strtod(text, &end);
    if (*end != '\0' || end == text) {
        bool done = duration_parse(text, &ns, &err);
        *step_ms = done ? ns / 1000000 : 0;
        return done;
    }
    *step_ms = (int64_t)round(seconds * 1000);
    return fabs(seconds) < 1e12;
}

static bool read_time_of(struct exchange *exchange, const char *name, int64_t *wall_ms)
{
    char *text = param_of(exchange, name);
    bool done = !str_empty(text) && parse_time(text, wall_ms);
    if (!done) {
        char *problem = str_format("cannot parse \"%s\" to a valid timestamp", text != NULL ? text : "");
        answer_bad(exchange, name, problem);
        mem_free(problem);
    }
    mem_free(text);
    return done;
}

static bool read_step(struct exchange *exchange, int64_t *step_ms)
{
    char *text = param_of(exchange, "step");
    bool done = !str_empty(text) && parse_step(text, step_ms);
    if (!done) {
        char *problem = str_format("cannot parse \"%s\" to a valid duration", text != NULL ? text : "");
        answer_bad(exchange, "step", problem);
        mem_free(problem);
    }
    mem_free(text);
    return done;
}

/* False: it was answered. */
static bool read_range(struct exchange *exchange, struct range *range)
{
    if (!read_time_of(exchange, "start", &range->start_ms) || !read_time_of(exchange, "end", &range->end_ms)) {
        return false;
    }
    if (range->end_ms < range->start_ms) {
        answer_bad(exchange, "end", "end timestamp must not be before start time");
        return false;
    }
    if (!read_step(exchange, &range->step_ms)) {
        return false;
    }
    if (range->step_ms <= 0) {
        answer_bad(exchange, "step",
                   "zero or negative query resolution step widths are not accepted. Try a positive integer");
        return false;
    }
    if ((range->end_ms - range->start_ms) / range->step_ms > RANGE_POINTS_MAX) {
        answer_error(exchange, "exceeded maximum resolution of 11,000 points per timeseries. Try decreasing the query "
                               "resolution (?step=XX)");
        return false;
    }
    return true;
}

static void write_point(struct buf *body, bool is_first, int64_t wall_ms, double value)
{
    buf_append_str(body, is_first ? "{\"metric\":{},\"values\":[[" : ",[");
    write_time(body, wall_ms);
    buf_append_str(body, ",\"");
    write_value(body, value);
    buf_append_str(body, "\"]");
}

static void serve_range(const struct prometheus *prometheus, struct exchange *exchange)
{
    struct range range;
    struct err err = {0};
    struct buf body;
    bool is_empty = true, done = true;
    if (!read_range(exchange, &range)) {
        return;
    }
    char *query = param_of(exchange, "query");
    int64_t now_ms = clock_wall_ms(prometheus->clock);
    buf_init(&body, ANSWER_MAX);
    buf_append_str(&body, "{\"status\":\"success\",\"data\":{\"resultType\":\"matrix\",\"result\":[");
    for (int64_t at_ms = range.start_ms; done && at_ms <= range.end_ms; at_ms += range.step_ms) {
        struct promql_answer answer;
        done = ask(prometheus, now_ms - at_ms, query != NULL ? query : "", &answer, &err);
        if (done && !answer.is_empty) {
            write_point(&body, is_empty, at_ms, answer.value);
            is_empty = false;
        }
    }
    buf_append_str(&body, is_empty ? "]}}" : "]}]}}");
    if (done) {
        answer_json(exchange, 200, &body);
    } else {
        answer_error(exchange, err.text);
    }
    buf_fini(&body);
    mem_free(query);
}

/* --- requests --- */

typedef void serve_fn(const struct prometheus *prometheus, struct exchange *exchange);

static void serve_api(const struct prometheus *prometheus, struct exchange *exchange, serve_fn *serve)
{
    bool is_known = str_equal(exchange->method, "GET") || str_equal(exchange->method, "POST");
    if (!is_known) {
        exchange_add_header(exchange, "Allow", "GET, OPTIONS, POST");
        answer_text(exchange, 405, "Method Not Allowed\n");
    } else if (prometheus->is_blind) {
        answer_text(exchange, 503, "Service Unavailable");
    } else {
        serve(prometheus, exchange);
    }
}

void prometheus_serve(void *ctx, struct exchange *exchange)
{
    const struct prometheus *prometheus = ctx;
    bool wants_body = !str_equal(exchange->method, "HEAD");
    if (str_equal(exchange->path, "/api/v1/query")) {
        serve_api(prometheus, exchange, serve_query);
    } else if (str_equal(exchange->path, "/api/v1/query_range")) {
        serve_api(prometheus, exchange, serve_range);
    } else if (str_equal(exchange->path, "/-/healthy")) {
        answer_text(exchange, 200, wants_body ? "Prometheus Server is Healthy.\n" : "");
    } else if (str_equal(exchange->path, "/-/ready") && prometheus->is_blind) {
        answer_text(exchange, 503, "Service Unavailable");
    } else if (str_equal(exchange->path, "/-/ready")) {
        answer_text(exchange, 200, wants_body ? "Prometheus Server is Ready.\n" : "");
    } else {
        answer_text(exchange, 404, "404 page not found\n");
    }
}

/* --- life --- */

struct prometheus *prometheus_new(struct clock *clock, const struct traffic *traffic)
{
    struct prometheus *prometheus = mem_new(struct prometheus);
    prometheus->clock = clock;
    prometheus->traffic = traffic;
    return prometheus;
}

static void said_free(struct said *said)
{
    str_free(&said->part);
    mem_free(said);
}

void prometheus_free(struct prometheus *prometheus)
{
    if (prometheus == NULL) {
        return;
    }
    for (struct said *said = prometheus->said; said != NULL; said = prometheus->said) {
        prometheus->said = said->next;
        said_free(said);
    }
    mem_free(prometheus);
}

void prometheus_forget(struct prometheus *prometheus, const char *part)
{
    struct said **at = &prometheus->said;
    while (*at != NULL && !str_equal((*at)->part, part)) {
        at = &(*at)->next;
    }
    struct said *said = *at;
    if (said == NULL) {
        return;
    }
    *at = said->next;
    said_free(said);
}

void prometheus_answer(struct prometheus *prometheus, const char *part, double value)
{
    prometheus_forget(prometheus, part);
    struct said *said = mem_new(struct said);
    *said = (struct said){.next = prometheus->said, .part = str_dup(part), .value = value};
    prometheus->said = said;
}

void prometheus_set_blind(struct prometheus *prometheus, bool blind)
{
    prometheus->is_blind = blind;
}
