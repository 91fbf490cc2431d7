#include "sim/prometheus/inner.h"

#include "base/mem.h"
#include "base/str.h"

/* --- selectors --- */

static bool take_matcher_op(struct promql_query *query, enum matcher_op *op, struct err *err)
{
    static const char *const ops[] = {"=", "!=", "=~", "!~"};
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++) {
        if (promql_is(&query->lexer, ops[i])) {
            *op = (enum matcher_op)i;
            return promql_next(&query->lexer, err);
        }
    }
    return promql_unexpected(&query->lexer, " in label matching, expected label matching operator", err);
}

static bool take_matcher(struct promql_query *query, struct selection *selection, struct err *err)
{
    enum matcher_op op = MATCH_EQUAL;
    size_t at = query->lexer.token.at;
    if (query->lexer.token.type != PROMQL_NAME) {
        return promql_unexpected(&query->lexer, " in label matching, expected identifier or \"}\"", err);
    }
    char *label = promql_text(&query->lexer);
    bool taken = promql_next(&query->lexer, err) && take_matcher_op(query, &op, err);
    if (taken && query->lexer.token.type != PROMQL_STRING) {
        taken = promql_unexpected(&query->lexer, " in label matching, expected string", err);
    }
    if (taken && str_equal(label, "__name__") && op == MATCH_EQUAL) {
        selection->metric = series_metric(query->lexer.token.string);
        selection->is_bounded |= query->lexer.token.string[0] != '\0';
    } else if (taken && !selection_add(selection, label, op, query->lexer.token.string, err)) {
        struct err cause = *err;
        taken = promql_fail(&query->lexer, at, err, "%s", cause.text);
    }
    mem_free(label);
    return taken && promql_next(&query->lexer, err);
}

static bool matchers(struct promql_query *query, struct selection *selection, struct err *err)
{
    if (!promql_is(&query->lexer, "{")) {
        return true;
    }
    if (!promql_next(&query->lexer, err)) {
        return false;
    }
    while (!promql_is(&query->lexer, "}")) {
        if (!take_matcher(query, selection, err)) {
            return false;
        }
        if (!promql_is(&query->lexer, "}") &&
            !promql_expect(query, ",", " in label matching, expected \",\" or \"}\"", err)) {
            return false;
        }
    }
    return promql_next(&query->lexer, err);
}

bool promql_selector(struct promql_query *query, const char *metric, struct promql_value *value, struct err *err)
{
    size_t at = query->lexer.token.at;
    struct selection selection = {
        .metric = series_metric(metric), .ago_ms = query->ago_ms, .is_bounded = *metric != '\0'};
    *value = (struct promql_value){.type = VALUE_SERIES, .selection = selection};
    if (!matchers(query, &value->selection, err)) {
        return false;
    }
    return value->selection.is_bounded ||
           promql_fail(&query->lexer, at, err, "vector selector must contain at least one non-empty matcher");
}

bool promql_window(struct promql_query *query, struct promql_value *value, struct err *err)
{
    if (value->type != VALUE_SERIES) {
        return promql_fail(&query->lexer, query->lexer.token.at, err, "ranges only allowed for vector selectors");
    }
    if (!promql_next(&query->lexer, err)) {
        return false;
    }
    if (query->lexer.token.type != PROMQL_DURATION) {
        return promql_fail(&query->lexer, query->lexer.token.at, err, "missing unit character in duration");
    }
    value->selection.window_ms = query->lexer.token.duration_ms;
    value->type = VALUE_RANGE;
    if (!promql_next(&query->lexer, err)) {
        return false;
    }
    if (query->lexer.text[query->lexer.token.at] == ':') {
        return promql_fail(&query->lexer, query->lexer.token.at, err, NOT_HERE "subqueries");
    }
    return promql_expect(query, "]", " in subquery or range selector, expected \"]\"", err);
}
