#include "prom/query.h"

#include <assert.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/doc.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/str.h"
#include "base/utf8.h"
#include "io/http_error.h"

enum { TIMEOUT_MS = 5000, URL_MAX = 64 * 1024, BODY_SHOWN_MAX = 256 };

struct prom_query {
    struct http_call *call;
    char *address; /* for texts */
    char *url;
    /* length of the part of the URL that texts may show: the rest is the address's own query, which may hold a token */
    size_t shown;
    bool over_span;
    struct err early; /* an error found before anything was sent, reported on a later turn */
    prom_done_fn *done;
    void *ctx;
};

/* --- the request --- */

/* As Flagger does it, also inside string literals: scripts that compare recorded queries see the same text. */
static char *collapse(const char *query)
{
    char *out = mem_alloc(strlen(query) + 1), *to = out;
    while (*query != '\0') {
        size_t run = strspn(query, " \t\n\r\f");
        *to++ = run > 0 ? ' ' : *query;
        query += run > 0 ? run : 1;
    }
    *to = '\0';
    return out;
}

/* Encodes the value of a query parameter as Go does, a plus for a blank, because the URL appears in the texts of
 * events. `text` is cut up on the way. */
static bool append_parameter(struct buf *url, char *text)
{
    char *blank;
    while ((blank = strchr(text, ' ')) != NULL) {
        *blank = '\0';
        if (!buf_append_url(url, text) || !buf_append_str(url, "+")) {
            return false;
        }
        text = blank + 1;
    }
    return buf_append_url(url, text);
}

char *prom_printable_address(const char *address)
{
    char *plain = str_dup_n(address, strcspn(address, "?#"));
    char *shown = http_printable_url(plain);
    str_free(&plain);
    return shown;
}

/* The address's own parameters come last: of two with the same name, servers take the first. */
static bool append_own_parameters(struct buf *url, const char *address)
{
    const char *own = address + strcspn(address, "?#");
    size_t len = *own == '?' ? strcspn(own + 1, "#") : 0;
    return len == 0 || (buf_append_char(url, '&') && buf_append(url, own + 1, len));
}

/* Seconds, with three digits behind the point. */
static bool append_span(struct buf *url, const struct prom_span *span)
{
    return span == NULL || buf_printf(url, "&start=%.3f&end=%.3f&step=%.3f", (double)span->start_ms / 1000,
                                      (double)span->end_ms / 1000, (double)span->step_ms / 1000);
}

static bool build_url(struct prom_query *q, struct buf *url, const char *address, const char *query,
                      const struct prom_span *span)
{
    if (!http_is_url(address)) {
        return err_set(&q->early, ERR_INVALID, "prometheus address %s is not a valid URL", q->address);
    }
    size_t len = strcspn(address, "?#");
    while (len > 0 && address[len - 1] == '/') {
        len--;
    }
    char *text = collapse(query);
    bool fits = buf_append(url, address, len) &&
                buf_append_str(url, span != NULL ? "/api/v1/query_range?query=" : "/api/v1/query?query=") &&
                append_parameter(url, text) && append_span(url, span);
    mem_free(text);
    q->shown = url->len;
    return (fits && append_own_parameters(url, address)) ||
           err_set(&q->early, ERR_TOO_LARGE, "prometheus %s: the query is longer than %d KiB", q->address,
                   URL_MAX / 1024);
}

/* --- the answer --- */

static bool bad_answer(struct prom_answer *answer, const struct prom_query *query, const char *what)
{
    answer->kind = PROM_ERROR;
    return err_set(&answer->err, ERR_PARSE, "prometheus %s: %s", query->address, what);
}

/* False: it is no number, and the answer is that error. */
static bool read_number(const struct node *item, double *value, struct prom_answer *answer)
{
    size_t len = 0;
    const char *text = node_str_n(item, &len), *problem = "invalid syntax";
    if (strlen(text) < len || !number_read(text, value, &problem)) { /* a NUL ends no number */
        answer->kind = PROM_ERROR;
        return err_set(&answer->err, ERR_PARSE, "strconv.ParseFloat: parsing \"%s\": %s", text, problem);
    }
    return true;
}

/* One series: its number becomes the answer's, so that the last one wins. */
static bool read_series(const struct prom_query *query, const struct node *series, struct prom_answer *answer)
{
    if (node_type(series) != NODE_OBJECT) {
        return bad_answer(answer, query, "the result is no vector");
    }
    if (node_type(node_get(series, "values")) == NODE_ARRAY) {
        answer->kind = PROM_ERROR;
        return err_set(&answer->err, ERR_INVALID, "query returned multiple values");
    }
    const struct node *number = node_item(node_get(series, "value"), 1);
    if (node_str(number) == NULL) {
        return true;
    }
    if (!read_number(number, &answer->value, answer)) {
        return false;
    }
    answer->kind = PROM_VALUE;
    return true;
}

static void read_result(const struct prom_query *query, const struct node *result, struct prom_answer *answer)
{
    answer->kind = PROM_NOTHING;
    answer->series_count = node_count(result);
    struct node_iter it = node_iterate(result);
    while (node_next(&it)) {
        if (!read_series(query, it.value, answer)) {
            return;
        }
    }
    if (answer->kind == PROM_VALUE && isnan(answer->value)) {
        answer->kind = PROM_NAN;
    } else if (answer->kind == PROM_VALUE && answer->series_count > 1) {
        answer->kind = PROM_SEVERAL;
    }
    if (answer->kind == PROM_NOTHING || answer->kind == PROM_NAN) {
        err_set(&answer->err, ERR_NO_DATA, "no values found");
    }
}

/* The numbers of one series over time. */
static bool read_points(const struct prom_query *query, const struct node *values, struct prom_answer *answer)
{
    struct prom_point *points = mem_alloc_array(node_count(values) + 1, sizeof *points);
    answer->points = points;
    struct node_iter it = node_iterate(values);
    while (node_next(&it)) {
        struct prom_point point;
        if (!node_real(node_item(it.value, 0), &point.time_s)) {
            return bad_answer(answer, query, "a value of the result has no time");
        }
        if (node_str(node_item(it.value, 1)) == NULL) {
            return bad_answer(answer, query, "a value of the result is no text");
        }
        if (!read_number(node_item(it.value, 1), &point.value, answer)) {
            return false;
        }
        if (!isnan(point.value)) {
            points[answer->point_count++] = point;
        }
    }
    return true;
}

static void read_matrix(const struct prom_query *query, const struct node *result, struct prom_answer *answer)
{
    answer->series_count = node_count(result);
    const struct node *values = node_get(node_item(result, 0), "values");
    if (answer->series_count > 1) {
        answer->kind = PROM_ERROR;
        err_set(&answer->err, ERR_INVALID, "one series is wanted, the query gives %zu: sum(…) makes one of them",
                answer->series_count);
    } else if (answer->series_count == 1 && node_type(values) != NODE_ARRAY) {
        bad_answer(answer, query, "the result is no matrix");
    } else if (read_points(query, values, answer)) {
        answer->kind = answer->point_count > 0 ? PROM_VALUE : PROM_NOTHING;
        if (answer->kind == PROM_NOTHING) {
            err_set(&answer->err, ERR_NO_DATA, "no values found");
        } else {
            answer->value = answer->points[answer->point_count - 1].value;
        }
    }
}

const char *prom_blind_cause(const struct prom_answer *answer)
{
    if (answer->kind == PROM_VALUE || answer->kind == PROM_SEVERAL) {
        return NULL;
    }
    switch (answer->err.code) {
    case ERR_NO_DATA:
        return "no data";
    case ERR_SERVER:
    case ERR_TIMEOUT:
    case ERR_UNREACHABLE:
    case ERR_TLS:
        return "unreachable";
    case ERR_INVALID:
        return answer->series_count > 0 ? "several values" : "failed";
    default:
        return "failed";
    }
}

/* RFC 9110, section 15. */
static const char *reason(int status)
{
    switch (status) {
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 410:
        return "Gone";
    case 411:
        return "Length Required";
    case 413:
        return "Request Entity Too Large";
    case 414:
        return "Request URI Too Long";
    case 415:
        return "Unsupported Media Type";
    case 422:
        return "Unprocessable Entity";
    case 429:
        return "Too Many Requests";
    case 500:
        return "Internal Server Error";
    case 501:
        return "Not Implemented";
    case 502:
        return "Bad Gateway";
    case 503:
        return "Service Unavailable";
    case 504:
        return "Gateway Timeout";
    default:
        return "";
    }
}

static enum err_code code_of(int status)
{
    switch (status) {
    case 401:
        return ERR_UNAUTHORIZED;
    case 403:
        return ERR_FORBIDDEN;
    case 404:
        return ERR_NOT_FOUND;
    default:
        return status >= 500 || status == 429 ? ERR_SERVER : ERR_REJECTED;
    }
}

/* Flagger shows the whole body. But a metricsServer may name any host that the engine reaches, and readers of events
 * must not see its pages. */
static char *shown_body(const struct http_response *response)
{
    struct buf line;
    buf_init(&line, 4 * BODY_SHOWN_MAX);
    utf8_append_line(&line, response->body, response->body_len, BODY_SHOWN_MAX);
    char *text = str_dup(buf_str(&line));
    buf_fini(&line);
    return text;
}

static void refused(const struct http_response *response, struct prom_answer *answer)
{
    answer->kind = PROM_ERROR;
    char *body = shown_body(response);
    err_set(&answer->err, code_of(response->status), "error response: Status %d %s: %s", response->status,
            reason(response->status), body);
    str_free(&body);
    answer->err.http_status = response->status;
    answer->err.retry_after_ms = response->retry_after_ms;
}

/* What Go's decoder says of a text that is no JSON from its beginning on; "" for what goes wrong further inside. */
static void describe_start(const char *text, char *out, size_t size)
{
    static const char *const literals[] = {"null", "true", "false"};
    const char *at = text + strspn(text, " \t\r\n");
    out[0] = '\0';
    if (*at == '\0') {
        snprintf(out, size, "unexpected end of JSON input");
        return;
    }
    for (size_t i = 0; i < sizeof literals / sizeof literals[0]; i++) {
        size_t same = 0;
        while (literals[i][same] != '\0' && at[same] == literals[i][same]) {
            same++;
        }
        if (same > 0 && literals[i][same] != '\0' && at[same] != '\0') {
            snprintf(out, size, "invalid character '%c' in literal %s (expecting '%c')", at[same], literals[i],
                     literals[i][same]);
            return;
        }
    }
    if (strchr("{[\"-0123456789ntf", *at) == NULL) {
        snprintf(out, size, "invalid character '%c' looking for beginning of value", *at);
    }
}

static void no_json(const struct http_response *response, const struct err *err, struct prom_answer *answer)
{
    char start[80];
    describe_start(response->body, start, sizeof start);
    char *body = shown_body(response);
    answer->kind = PROM_ERROR;
    err_set(&answer->err, ERR_PARSE, "error unmarshaling result: %s, '%s'", start[0] != '\0' ? start : err->text, body);
    str_free(&body);
}

static void read_body(const struct prom_query *query, const struct http_response *response, struct prom_answer *answer)
{
    struct err err = {0};
    struct doc *doc = doc_parse(response->body, response->body_len, &err);
    if (doc == NULL) {
        no_json(response, &err, answer);
        return;
    }
    const struct node *result = node_at(doc_root(doc), "data", "result");
    bool is_list = result == NULL || node_type(result) == NODE_NULL || node_type(result) == NODE_ARRAY;
    if (node_type(doc_root(doc)) != NODE_OBJECT || !is_list) {
        bad_answer(answer, query, "the answer has no list of results");
    } else if (query->over_span) {
        read_matrix(query, result, answer);
    } else {
        read_result(query, result, answer);
    }
    doc_free(doc);
}

static void query_free(struct prom_query *query)
{
    str_free(&query->address);
    str_free(&query->url);
    mem_free(query);
}

/* In Flagger's words, which alerts match. */
static void unreachable(const struct prom_query *query, const struct err *err, struct prom_answer *answer)
{
    char *shown = str_dup_n(query->url, query->shown);
    char *text = http_error_text("Get", shown, "context deadline exceeded", err);
    answer->err = *err;
    err_set(&answer->err, err->code, "request failed: %s", text);
    str_free(&text);
    str_free(&shown);
}

static void on_done(void *ctx, const struct http_response *response, const struct err *err)
{
    struct prom_query *query = ctx;
    struct prom_answer answer = {.kind = PROM_ERROR};
    if (query->early.code != ERR_NONE) {
        answer.err = query->early;
    } else if (response == NULL) {
        unreachable(query, err, &answer);
    } else if (response->status >= 400) {
        refused(response, &answer);
    } else {
        read_body(query, response, &answer);
    }
    prom_done_fn *done = query->done;
    void *done_ctx = query->ctx;
    query_free(query);
    done(done_ctx, &answer);
    mem_free(answer.points);
}

struct prom_query *prom_query_start_over(struct http *http, const char *address, const char *query,
                                         const struct prom_span *span, prom_done_fn *done, void *ctx)
{
    assert(http != NULL && done != NULL);
    struct prom_query *q = mem_new(struct prom_query);
    char *given = str_dup(address != NULL ? address : "");
    q->address = prom_printable_address(given);
    q->over_span = span != NULL;
    q->done = done;
    q->ctx = ctx;
    struct buf url;
    buf_init(&url, URL_MAX);
    if (!build_url(q, &url, given, query, span)) {
        buf_clear(&url);
        buf_append_str(&url, "http://"); /* has no host, so every transport refuses it without a packet */
    }
    str_free(&given);
    q->url = buf_take(&url);
    /* An answer must not lead the engine to hosts that nobody named, as for hooks. */
    struct http_request request = {
        .method = "GET", .url = q->url, .timeout_ms = TIMEOUT_MS, .follow_redirects = true, .same_host = true};
    q->call = http_start(http, &request, NULL, on_done, q);
    buf_fini(&url);
    return q;
}

struct prom_query *prom_query_start(struct http *http, const char *address, const char *query, prom_done_fn *done,
                                    void *ctx)
{
    return prom_query_start_over(http, address, query, NULL, done, ctx);
}

void prom_query_cancel(struct prom_query *query)
{
    http_cancel(query->call);
    query_free(query);
}
