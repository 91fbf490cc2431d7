#include "sim/traffic/series.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"
#include "sim/traffic/rates.h"

struct matcher {
    char *label, *value;
    enum matcher_op op;
    struct pattern *pattern;
};

struct labels {
    const char *namespace, *workload, *code;
};

/* --- selections --- */

enum series_metric series_metric(const char *name)
{
    if (str_equal(name, "istio_requests_total") || str_equal(name, "istio_request_duration_milliseconds_count")) {
        return SERIES_REQUESTS;
    }
    return str_equal(name, "istio_request_duration_milliseconds_bucket") ? SERIES_DURATION : SERIES_UNKNOWN;
}

/* An expression without operators is a text, as most that name a workload are. */
static enum matcher_op simplest(enum matcher_op op, const char *value)
{
    bool is_regex = op == MATCH_REGEX || op == MATCH_NOT_REGEX;
    if (!is_regex || strpbrk(value, ".*+?()[]{}|^$\\") != NULL) {
        return op;
    }
    return op == MATCH_REGEX ? MATCH_EQUAL : MATCH_NOT_EQUAL;
}

bool selection_add(struct selection *selection, const char *label, enum matcher_op op, const char *value,
                   struct err *err)
{
    struct pattern *pattern = NULL;
    op = simplest(op, value);
    if (op == MATCH_REGEX || op == MATCH_NOT_REGEX) {
        struct err cause;
        char *whole = str_format("^(%s)$", value);
        pattern = pattern_new(whole, &cause);
        mem_free(whole);
        if (pattern == NULL) {
            return err_set(err, ERR_PARSE, "error parsing regexp: %s: `^(?:%s)$`", cause.text, value);
        }
    }
    bool wanted = op == MATCH_EQUAL || op == MATCH_REGEX;
    selection->is_bounded |= (pattern != NULL ? pattern_matches(pattern, "") : *value == '\0') != wanted;
    size_t size = (selection->matcher_count + 1) * sizeof(struct matcher);
    selection->matchers = mem_resize(selection->matchers, size);
    selection->matchers[selection->matcher_count++] = (struct matcher){str_dup(label), str_dup(value), op, pattern};
    return true;
}

void selection_fini(struct selection *selection)
{
    for (size_t i = 0; i < selection->matcher_count; i++) {
        str_free(&selection->matchers[i].label);
        str_free(&selection->matchers[i].value);
        pattern_free(selection->matchers[i].pattern);
    }
    mem_free(selection->matchers);
    *selection = (struct selection){0};
}

/* --- matching --- */

/* A label that a series does not have is the empty text to a matcher. */
static const char *label_value(const struct labels *labels, const char *label)
{
    const struct {
        const char *label, *value;
    } known[] = {
        {"reporter", "destination"},
        {"destination_workload", labels->workload},
        {"destination_workload_namespace", labels->namespace},
        {"destination_service_namespace", labels->namespace},
        {"request_protocol", "http"},
        {"response_code", labels->code},
        {"response_flags", "-"},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (str_equal(known[i].label, label)) {
            return known[i].value;
        }
    }
    return "";
}

static bool is_met(const struct matcher *matcher, const char *value)
{
    bool wanted = matcher->op == MATCH_EQUAL || matcher->op == MATCH_REGEX;
    bool matches =
        matcher->pattern != NULL ? pattern_matches(matcher->pattern, value) : str_equal(matcher->value, value);
    return matches == wanted;
}

/* Of a bucket of a histogram, but for the other labels of it. */
static bool is_of_bound(const struct selection *selection, const struct matcher *matcher)
{
    return selection->metric == SERIES_DURATION && str_equal(matcher->label, "le");
}

static bool is_selected(const struct selection *selection, const struct labels *labels)
{
    for (size_t i = 0; i < selection->matcher_count; i++) {
        const struct matcher *matcher = &selection->matchers[i];
        if (!is_of_bound(selection, matcher) && !is_met(matcher, label_value(labels, matcher->label))) {
            return false;
        }
    }
    return true;
}

/* --- sums --- */

struct summing {
    const struct traffic *traffic;
    const struct selection *selection;
    struct series_sum sum;
};

static void add_series(struct summing *summing, const struct labels *labels, const struct traffic_count *count,
                       double requests)
{
    struct series_sum *sum = &summing->sum;
    if (!is_selected(summing->selection, labels)) {
        return;
    }
    sum->is_empty = false;
    if (requests <= 0) {
        return;
    }
    sum->requests += requests;
    sum->latency_ms += requests * count->latency_ms;
    sum->latency_p99_ms += requests * count->latency_p99_ms;
}

static void add_workload(void *ctx, const char *namespace, const char *workload)
{
    struct summing *summing = ctx;
    struct labels good = {namespace, workload, "200"}, bad = {namespace, workload, "500"};
    if (!is_selected(summing->selection, &good) && !is_selected(summing->selection, &bad)) {
        return;
    }
    struct traffic_count count =
        traffic_count(summing->traffic, namespace, workload, summing->selection->ago_ms, summing->selection->window_ms);
    if (count.has_successes) {
        add_series(summing, &good, &count, count.requests - count.errors);
    }
    if (count.has_failures) {
        add_series(summing, &bad, &count, count.errors);
    }
}

/* The one value that a label must have; NULL when there can be several. */
static const char *only_value(const struct selection *selection, const char *label)
{
    for (size_t i = 0; i < selection->matcher_count; i++) {
        if (selection->matchers[i].op == MATCH_EQUAL && str_equal(selection->matchers[i].label, label)) {
            return selection->matchers[i].value;
        }
    }
    return NULL;
}

/* Who names a workload looks at this one alone, so that a thousand applications ask no slower than one. */
static void add_workloads(struct summing *summing)
{
    const char *namespace = only_value(summing->selection, "destination_workload_namespace");
    const char *workload = only_value(summing->selection, "destination_workload");
    if (namespace != NULL && workload != NULL) {
        add_workload(summing, namespace, workload);
    } else {
        traffic_each(summing->traffic, add_workload, summing);
    }
}

struct series_sum series_sum(const struct traffic *traffic, const struct selection *selection)
{
    struct summing summing = {traffic, selection, {.is_empty = true}};
    struct series_sum *sum = &summing.sum;
    int64_t window_ms = selection->window_ms < RATES_WINDOW_MAX_MS ? selection->window_ms : RATES_WINDOW_MAX_MS;
    if (selection->metric != SERIES_UNKNOWN) {
        add_workloads(&summing);
    }
    sum->seconds = (double)window_ms / 1000;
    sum->latency_ms = sum->requests > 0 ? sum->latency_ms / sum->requests : NAN;
    sum->latency_p99_ms = sum->requests > 0 ? sum->latency_p99_ms / sum->requests : NAN;
    return *sum;
}

/* --- quantiles --- */

/* How many standard deviations the quantile stands from the median of a normal distribution (Abramowitz and
 * Stegun, 26.2.23; four digits). */
static double deviations(double phi)
{
    double tail = phi < .5 ? phi : 1 - phi, t = sqrt(-2 * log(tail));
    double z = t - (2.515517 + t * (.802853 + t * .010328)) / (1 + t * (1.432788 + t * (.189269 + t * .001308)));
    return phi < .5 ? -z : z;
}

double series_quantile(const struct series_sum *sum, double phi)
{
    if (isnan(phi) || sum->requests <= 0) {
        return NAN;
    }
    if (phi < 0 || phi > 1) {
        return phi < 0 ? -INFINITY : INFINITY;
    }
    if (sum->latency_ms <= 0) {
        return phi < .99 ? 0 : sum->latency_p99_ms;
    }
    return sum->latency_ms * pow(sum->latency_p99_ms / sum->latency_ms, deviations(phi) / deviations(.99));
}

/* --- buckets --- */

/* Istio's, as Prometheus 2 writes them. */
static const char *const bounds[] = {"0.5",   "1",      "5",      "10",      "25",      "50",    "100",
                                     "250",   "500",    "1000",   "2500",    "5000",    "10000", "30000",
                                     "60000", "300000", "600000", "1800000", "3600000", "+Inf"};

bool selection_names_bounds(const struct selection *selection)
{
    for (size_t i = 0; i < selection->matcher_count; i++) {
        if (is_of_bound(selection, &selection->matchers[i])) {
            return true;
        }
    }
    return false;
}

/* The share of the requests that take at most so long: what series_quantile says, the other way round. */
static double share_within(const struct series_sum *sum, double ms)
{
    if (sum->latency_ms <= 0) {
        return ms < sum->latency_p99_ms ? .99 : 1;
    }
    if (sum->latency_p99_ms <= sum->latency_ms) {
        return ms < sum->latency_ms ? 0 : 1;
    }
    double z = deviations(.99) * log(ms / sum->latency_ms) / log(sum->latency_p99_ms / sum->latency_ms);
    return erfc(-z / sqrt(2)) / 2;
}

double series_within(const struct series_sum *sum, const struct selection *selection)
{
    double requests = 0;
    for (size_t i = 0; i < sizeof bounds / sizeof bounds[0] && sum->requests > 0; i++) {
        bool is_met_by_all = true;
        for (size_t j = 0; j < selection->matcher_count; j++) {
            const struct matcher *matcher = &selection->matchers[j];
            is_met_by_all = is_met_by_all && (!is_of_bound(selection, matcher) || is_met(matcher, bounds[i]));
        }
        requests += is_met_by_all ? sum->requests * share_within(sum, strtod(bounds[i], NULL)) : 0;
    }
    return requests;
}
