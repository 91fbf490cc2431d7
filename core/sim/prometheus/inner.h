/* What the files of sim/prometheus/promql.h share. */
#pragma once

#include "sim/prometheus/token.h"
#include "sim/traffic/series.h"

/* Begins what is said of a query that a real Prometheus would answer. */
#define NOT_HERE "the simulated Prometheus does not know "

enum promql_value_type {
    VALUE_SCALAR,
    VALUE_VECTOR,  /* nothing, or one element without labels */
    VALUE_SERIES,  /* a selector */
    VALUE_RANGE,   /* with a window */
    VALUE_RATES,   /* and what happened in it: one element per series */
    VALUE_BUCKETS, /* that, summed by le */
};

struct promql_value {
    enum promql_value_type type;
    bool is_empty;
    double number;
    bool is_increase;           /* of RATES: not per second */
    struct selection selection; /* of SERIES, RANGE and RATES */
    struct series_sum sum;      /* of BUCKETS */
};

struct promql_query {
    struct promql_lexer lexer;
    const struct traffic *traffic;
    int64_t ago_ms; /* when it is asked for */
    int depth;
};

/* Of any operators; `value` must be zero before and is to be freed after, whatever comes back. So it is with all that
 * follow. */
bool promql_expression(struct promql_query *query, struct promql_value *value, struct err *err);
/* The matchers behind a metric's name, if there are any. */
bool promql_selector(struct promql_query *query, const char *metric, struct promql_value *value, struct err *err);
/* "[1m]" behind a selector. */
bool promql_window(struct promql_query *query, struct promql_value *value, struct err *err);
/* A function's arguments and its value; `at`: where its name stands. */
bool promql_call(struct promql_query *query, const char *name, size_t at, struct promql_value *value, struct err *err);
/* What comes after "sum". */
bool promql_aggregation(struct promql_query *query, size_t at, struct promql_value *value, struct err *err);

void promql_value_fini(struct promql_value *value);
/* "scalar", "instant vector" or "range vector"; `where` is for the complaint. */
bool promql_expect_type(const struct promql_query *query, size_t at, const char *wanted, const char *where,
                        const struct promql_value *value, struct err *err);
/* To a scalar, or a vector of at most one element. */
bool promql_simplify(const struct promql_query *query, size_t at, struct promql_value *value, struct err *err);
/* Takes a symbol that must come now. */
bool promql_expect(struct promql_query *query, const char *symbol, const char *where, struct err *err);
