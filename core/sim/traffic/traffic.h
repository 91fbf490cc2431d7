/* Requests as numbers: steady streams of them go to hosts, VirtualServices (networking.istio.io) and Services say who
 * gets which share, the Pods' versions how they are answered. Nothing happens per request: while neither routes nor
 * Pods nor behaviours change, every rate is constant, and what was counted follows from the time that has passed. */
#pragma once

#include "sim/api/api.h"
#include "sim/ground/behaviour.h"

struct traffic;

/* `seed`: of the noise that keeps measured rates from being too beautiful (a per cent or so); the same seed gives the
 * same numbers. */
struct traffic *traffic_new(struct api *api, struct clock *clock, const struct behaviours *behaviours, uint64_t seed);
void traffic_free(struct traffic *traffic);
/* So many requests per second to a host (a Service's "podinfo.test", "podinfo-canary.test", or a host of a
 * VirtualService) with these headers (a JSON object of name: value; NULL: none); 0 ends it. Streams to one host with
 * different headers stand side by side. The headers ":path" ("/" without one), ":method", ":scheme" and ":authority"
 * are what HTTP/2 makes of them; ":source" ({labels, namespace}) is the Pod that sends, ":delegate" ("namespace/name")
 * the VirtualService at which the requests arrive because a gateway's delegates to it. */
void traffic_flow(struct traffic *traffic, const char *host, double per_second, const struct node *headers);
/* The behaviours have changed. */
void traffic_changed(struct traffic *traffic);

/* What a workload's Pods got within `window_ms` (at most six hours) until `ago_ms` ago (at most an hour; what was
 * before is nothing). Counts are not whole numbers. */
struct traffic_count {
    double requests, errors;
    double latency_ms, latency_p99_ms; /* of its answers, weighted; NAN without requests */
    /* Whether a counter of good, or bad, answers stood there at any time within the window: it comes with the first
     * such answer and goes with the last Pod. */
    bool has_successes, has_failures;
};
struct traffic_count traffic_count(const struct traffic *traffic, const char *namespace, const char *workload,
                                   int64_t ago_ms, int64_t window_ms);
/* Every workload that ever got a request, in the order of the first one. */
typedef void traffic_each_fn(void *ctx, const char *namespace, const char *workload);
void traffic_each(const struct traffic *traffic, traffic_each_fn *each, void *ctx);
