/* One query to Prometheus, instant or over a span of time; the kinds of answer are never confused. */
#pragma once

#include "base/err.h"
#include "io/http.h"

enum prom_kind {
    PROM_VALUE,   /* exactly one series with a number; over a span with several, of which `value` is the last */
    PROM_SEVERAL, /* more than one; `value` is the last one, as Flagger takes it */
    PROM_NOTHING, /* an empty result */
    PROM_NAN,     /* the (last) value is NaN */
    PROM_ERROR,   /* err says why: unreachable, refused, not JSON, a range vector; several series over a span */
};

struct prom_point {
    double time_s, value;
};

struct prom_answer {
    enum prom_kind kind;
    double value;
    size_t series_count;
    struct prom_point *points; /* over a span: in order of time, those that are NaN left out; borrowed */
    size_t point_count;
    /* PROM_ERROR: Flagger's words where it has some: "query returned multiple values" for a matrix, "error response:
     * Status 400 Bad Request: …" (the body) for HTTP >= 400; "no values found" for NOTHING and NAN. */
    struct err err;
};

/* Why an answer gives no number, by a name that records have: "no data", "unreachable" (also 429 and 5xx: worth another
 * try), "several values", or "failed" (refused, or answered with something else). NULL: it gives one. */
const char *prom_blind_cause(const struct prom_answer *answer);

struct prom_query;
typedef void prom_done_fn(void *ctx, const struct prom_answer *answer);
/* `address`: the server's URL, with any path prefix and parameters of its own (a token, `latency_offset`), checked ("%s
 * address %s is not a valid URL"). White space runs in `query` become one blank. Time limit 5 s. */
struct prom_query *prom_query_start(struct http *http, const char *address, const char *query, prom_done_fn *done,
                                    void *ctx);

/* From start to end, both included. */
struct prom_span {
    int64_t start_ms, end_ms, step_ms;
};
/* The same over a span of time: one value per step. */
struct prom_query *prom_query_start_over(struct http *http, const char *address, const char *query,
                                         const struct prom_span *span, prom_done_fn *done, void *ctx);
void prom_query_cancel(struct prom_query *query);
/* An address as texts may show it: without its parameters and its password. The caller frees it. */
char *prom_printable_address(const char *address);
