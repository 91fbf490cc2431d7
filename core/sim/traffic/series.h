/* The series that the sidecars of a mesh (Istio's) would report about the simulated traffic: per workload one of good
 * answers (200) and one of bad ones (500), seen from the side that answers. */
#pragma once

#include "base/err.h"
#include "sim/traffic/traffic.h"

enum series_metric {
    SERIES_UNKNOWN,  /* a metric that nobody reports: no series */
    SERIES_REQUESTS, /* istio_requests_total, istio_request_duration_milliseconds_count */
    SERIES_DURATION, /* istio_request_duration_milliseconds_bucket */
};
enum series_metric series_metric(const char *name);

enum matcher_op { MATCH_EQUAL, MATCH_NOT_EQUAL, MATCH_REGEX, MATCH_NOT_REGEX };

struct matcher;

struct selection {
    enum series_metric metric;
    int64_t ago_ms, window_ms; /* the window ends so long ago */
    struct matcher *matchers;
    size_t matcher_count;
    bool is_bounded; /* a matcher asks for something: it is not met by a label that is absent */
};

/* False: the expression is none; err is Prometheus' text. */
bool selection_add(struct selection *selection, const char *label, enum matcher_op op, const char *value,
                   struct err *err);
void selection_fini(struct selection *selection);

/* What the selected series say together. */
struct series_sum {
    bool is_empty;                     /* no series */
    double requests, seconds;          /* the increase within the window, and its length */
    double latency_ms, latency_p99_ms; /* NAN without requests */
};
struct series_sum series_sum(const struct traffic *traffic, const struct selection *selection);

/* Whether it asks for buckets by their bounds (le), and how many requests those have together. */
bool selection_names_bounds(const struct selection *selection);
double series_within(const struct series_sum *sum, const struct selection *selection);

/* The answer of histogram_quantile, as if the buckets were infinitely fine: latencies are spread log-normally around
 * their median. */
double series_quantile(const struct series_sum *sum, double phi);
