/* A Prometheus that answers queries (GET and POST, /api/v1/query and /api/v1/query_range) from the traffic model: those
 * that Flagger builds in for Istio, vector(number), what else sim/prometheus/promql.h reads, and what a scenario says;
 * anything else is an error 400 as Prometheus words it ("bad_data"). Of an instant query it knows the present only: its
 * `time` is the time that the answer bears. A query over a span of time reaches back for an hour. */
#pragma once

#include "io/exchange.h"
#include "sim/traffic/traffic.h"

struct prometheus;

struct prometheus *prometheus_new(struct clock *clock, const struct traffic *traffic);
void prometheus_free(struct prometheus *prometheus);
/* An exchange_serve_fn; ctx is the struct prometheus. */
void prometheus_serve(void *ctx, struct exchange *exchange);

/* From now on a query whose text contains `part` is answered with this value (NAN: an empty result); of several parts
 * that a query contains the last said counts. */
void prometheus_answer(struct prometheus *prometheus, const char *part, double value);
/* It answers such queries itself again. */
void prometheus_forget(struct prometheus *prometheus, const char *part);
/* While blind, every query is answered with 503, and it is not ready: as one that still reads its log after a start. */
void prometheus_set_blind(struct prometheus *prometheus, bool blind);
