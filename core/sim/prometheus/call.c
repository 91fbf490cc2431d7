#include "sim/prometheus/inner.h"

#include "base/mem.h"
#include "base/str.h"

/* --- functions --- */

struct call {
    const char *name;
    size_t arg_at[2]; /* where its arguments stand */
    struct promql_value args[2];
    int count;
};

static bool rate(const struct promql_query *query, struct call *call, struct promql_value *out, struct err *err)
{
    char *where = str_format("call to function \"%s\"", call->name);
    bool fits = promql_expect_type(query, call->arg_at[0], "range vector", where, &call->args[0], err);
    mem_free(where);
    if (!fits) {
        return false;
    }
    *out = call->args[0];
    out->type = VALUE_RATES;
    out->is_increase = str_equal(call->name, "increase");
    call->args[0] = (struct promql_value){0};
    return true;
}

static bool vector(const struct promql_query *query, struct call *call, struct promql_value *out, struct err *err)
{
    *out = (struct promql_value){.type = VALUE_VECTOR, .number = call->args[0].number};
    return promql_expect_type(query, call->arg_at[0], "scalar", "call to function \"vector\"", &call->args[0], err);
}

static bool histogram_quantile(const struct promql_query *query, struct call *call, struct promql_value *out,
                               struct err *err)
{
    static const char where[] = "call to function \"histogram_quantile\"";
    const struct promql_value *phi = &call->args[0], *buckets = &call->args[1];
    *out = (struct promql_value){.type = VALUE_VECTOR, .is_empty = true};
    if (!promql_expect_type(query, call->arg_at[0], "scalar", where, phi, err) ||
        !promql_expect_type(query, call->arg_at[1], "instant vector", where, buckets, err)) {
        return false;
    }
    if (buckets->type != VALUE_BUCKETS) { /* what has no le is no bucket */
        return buckets->type == VALUE_VECTOR || promql_simplify(query, call->arg_at[1], &call->args[1], err);
    }
    out->is_empty = buckets->sum.is_empty;
    out->number = series_quantile(&buckets->sum, phi->number);
    return true;
}

static const struct function {
    const char *name;
    int args;
    bool (*run)(const struct promql_query *query, struct call *call, struct promql_value *out, struct err *err);
} functions[] = {
    {"rate", 1, rate},
    {"increase", 1, rate},
    {"vector", 1, vector},
    {"histogram_quantile", 2, histogram_quantile},
};

static const struct function *find_function(const char *name)
{
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        if (str_equal(functions[i].name, name)) {
            return &functions[i];
        }
    }
    return NULL;
}

/* The arguments that are more than any function takes are read too, so that they can be counted. */
static bool arguments(struct promql_query *query, struct call *call, struct err *err)
{
    if (!promql_next(&query->lexer, err)) {
        return false;
    }
    while (!promql_is(&query->lexer, ")")) {
        struct promql_value beyond = {0}, *arg = call->count < 2 ? &call->args[call->count] : &beyond;
        if (call->count < 2) {
            call->arg_at[call->count] = query->lexer.token.at;
        }
        bool taken = promql_expression(query, arg, err);
        call->count++;
        promql_value_fini(&beyond);
        if (!taken || (!promql_is(&query->lexer, ")") && !promql_expect(query, ",", "", err))) {
            return false;
        }
    }
    return promql_next(&query->lexer, err);
}

bool promql_call(struct promql_query *query, const char *name, size_t at, struct promql_value *out, struct err *err)
{
    const struct function *function = find_function(name);
    struct call call = {.name = name};
    if (function == NULL) {
        return promql_fail(&query->lexer, at, err, "unknown function with name \"%s\"", name);
    }
    bool done = arguments(query, &call, err);
    if (done && call.count != function->args) {
        done = promql_fail(&query->lexer, at, err, "expected %d argument(s) in call to \"%s\", got %d", function->args,
                           name, call.count);
    }
    done = done && function->run(query, &call, out, err);
    promql_value_fini(&call.args[0]);
    promql_value_fini(&call.args[1]);
    return done;
}

/* --- sums --- */

struct grouping {
    bool by_le, by_others;
};

static bool grouping(struct promql_query *query, struct grouping *grouping, struct err *err)
{
    if (promql_is(&query->lexer, "without")) {
        return promql_fail(&query->lexer, query->lexer.token.at, err, NOT_HERE "sums without labels, only by them");
    }
    if (!promql_is(&query->lexer, "by")) {
        return true;
    }
    if (!promql_next(&query->lexer, err) || !promql_expect(query, "(", " in grouping opts, expected \"(\"", err)) {
        return false;
    }
    while (!promql_is(&query->lexer, ")")) {
        if (query->lexer.token.type != PROMQL_NAME) {
            return promql_unexpected(&query->lexer, " in grouping opts, expected label", err);
        }
        if (promql_is(&query->lexer, "le")) {
            grouping->by_le = true;
        } else {
            grouping->by_others = true;
        }
        if (!promql_next(&query->lexer, err) ||
            (!promql_is(&query->lexer, ")") &&
             !promql_expect(query, ",", " in grouping opts, expected \",\" or \")\"", err))) {
            return false;
        }
    }
    return promql_next(&query->lexer, err);
}

static bool add_up(const struct promql_query *query, size_t at, struct promql_value *value, const struct grouping *by,
                   struct err *err)
{
    if (value->type != VALUE_RATES || value->selection.metric == SERIES_UNKNOWN) {
        return promql_simplify(query, at, value, err);
    }
    bool is_duration = value->selection.metric == SERIES_DURATION;
    bool names_bounds = selection_names_bounds(&value->selection);
    if (by->by_others || by->by_le != (is_duration && !names_bounds)) {
        return promql_fail(&query->lexer, at, err, NOT_HERE "this grouping: requests are summed up, buckets by (le)");
    }
    struct series_sum sum = series_sum(query->traffic, &value->selection);
    struct promql_value total = {
        .type = by->by_le ? VALUE_BUCKETS : VALUE_VECTOR, .is_empty = sum.is_empty, .sum = sum};
    double requests = names_bounds ? series_within(&sum, &value->selection) : sum.requests;
    total.number = value->is_increase ? requests : requests / sum.seconds;
    promql_value_fini(value);
    *value = total;
    return true;
}

bool promql_aggregation(struct promql_query *query, size_t at, struct promql_value *out, struct err *err)
{
    struct grouping by = {0};
    *out = (struct promql_value){0};
    if (!grouping(query, &by, err) || !promql_expect(query, "(", " in aggregation", err)) {
        return false;
    }
    size_t arg_at = query->lexer.token.at;
    if (!promql_expression(query, out, err) || !promql_expect(query, ")", " in aggregation", err) ||
        !grouping(query, &by, err)) {
        return false;
    }
    return promql_expect_type(query, arg_at, "instant vector", "aggregation expression", out, err) &&
           add_up(query, at, out, &by, err);
}
