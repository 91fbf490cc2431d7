/* The part of Prometheus' query language that questions about a release are written in, answered from the traffic
 * model.
 *
 *     numbers  + - * /  or  ( )  vector(n)
 *     sum(rate(istio_requests_total{…}[1m]))       increase, istio_request_duration_milliseconds_count likewise
 *     sum(rate(istio_request_duration_milliseconds_bucket{…, le="250"}[1m]))
 *     histogram_quantile(n, sum(rate(istio_request_duration_milliseconds_bucket{…}[1m])) by (le))
 *
 * A metric of another name is one that nobody reports: nothing, as in a real Prometheus. What a real one would compute
 * and this one cannot is refused with a text that says so; what is no query is refused in Prometheus' words. */
#pragma once

#include "base/err.h"
#include "sim/traffic/traffic.h"

struct promql_answer {
    bool is_scalar;
    bool is_empty; /* a vector without elements; else it has one, without labels */
    double value;
};

/* `ago_ms`: as it was so long ago. */
bool promql_ask(const struct traffic *traffic, int64_t ago_ms, const char *query, struct promql_answer *answer,
                struct err *err);
