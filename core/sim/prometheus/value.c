/* The values of expressions, and what is expected of them. */
#include "sim/prometheus/inner.h"

void promql_value_fini(struct promql_value *value)
{
    selection_fini(&value->selection);
}

static const char *type_name(const struct promql_value *value)
{
    if (value->type == VALUE_SCALAR) {
        return "scalar";
    }
    return value->type == VALUE_RANGE ? "range vector" : "instant vector";
}

bool promql_expect_type(const struct promql_query *query, size_t at, const char *wanted, const char *where,
                        const struct promql_value *value, struct err *err)
{
    return str_equal(type_name(value), wanted) ||
           promql_fail(&query->lexer, at, err, "expected type %s in %s, got %s", wanted, where, type_name(value));
}

bool promql_simplify(const struct promql_query *query, size_t at, struct promql_value *value, struct err *err)
{
    if (value->type == VALUE_SCALAR || value->type == VALUE_VECTOR) {
        return true;
    }
    if (value->type == VALUE_RANGE) {
        return promql_fail(&query->lexer, at, err,
                           "binary expression must contain only scalar and instant vector types");
    }
    bool is_empty = value->type == VALUE_BUCKETS ? value->sum.is_empty : value->selection.metric == SERIES_UNKNOWN;
    if (!is_empty) {
        return promql_fail(&query->lexer, at, err, NOT_HERE "vectors of several series: sum(rate(…[1m])) adds them up");
    }
    promql_value_fini(value);
    *value = (struct promql_value){.type = VALUE_VECTOR, .is_empty = true};
    return true;
}

bool promql_expect(struct promql_query *query, const char *symbol, const char *where, struct err *err)
{
    return promql_is(&query->lexer, symbol) ? promql_next(&query->lexer, err)
                                            : promql_unexpected(&query->lexer, where, err);
}
