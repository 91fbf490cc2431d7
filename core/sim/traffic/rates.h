/* What workloads get per second, as a history of steps, and windows over it.
 *
 * A workload's rate is the sum of what its sources (streams of requests) send; it is constant between two
 * settlements. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "io/clock.h"
#include "sim/traffic/traffic.h"

/* No window is longer. */
#define RATES_WINDOW_MAX_MS (6 * 60 * 60 * 1000)
/* What was longer ago is forgotten. */
#define RATES_KEPT_MS (60 * 60 * 1000 + RATES_WINDOW_MAX_MS)

struct rate {
    double requests; /* per second */
    double errors;   /* share of them, 0 to 1 */
    double latency_ms, latency_p99_ms;
};

struct rates;
struct rates_workload;

struct rates *rates_new(struct clock *clock, uint64_t seed);
void rates_free(struct rates *rates);

/* Made when it is not there; lives as long as `rates`. */
struct rates_workload *rates_workload(struct rates *rates, const char *namespace, const char *workload);
void rates_add(struct rates *rates, struct rates_workload *workload, const void *source, struct rate rate);
/* Whatever `source` sent to it. */
void rates_remove(struct rates *rates, struct rates_workload *workload, const void *source);
/* Something about it may be different: `key` is "namespace/name". */
void rates_touch(struct rates *rates, const char *key);
/* From now on every workload that was touched gets the sum of what its sources send. `has_pods` says whether a workload
 * is still there: its counters go with its last Pod. */
typedef bool rates_has_pods_fn(void *ctx, const char *namespace, const char *workload);
void rates_settle(struct rates *rates, rates_has_pods_fn *has_pods, void *ctx);

struct traffic_count rates_count(const struct rates *rates, const char *namespace, const char *workload, int64_t ago_ms,
                                 int64_t window_ms);
void rates_each(const struct rates *rates, traffic_each_fn *each, void *ctx);
