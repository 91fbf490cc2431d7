/* Recursive descent that computes as it reads: a query is asked once, so there is nothing to keep a tree for. */
#include "sim/prometheus/promql.h"

#include <strings.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/prometheus/inner.h"

enum { DEPTH_MAX = 100 };

/* --- values --- */

/* --- expressions --- */

static bool parenthesised(struct promql_query *query, struct promql_value *out, struct err *err)
{
    return promql_next(&query->lexer, err) && promql_expression(query, out, err) && promql_expect(query, ")", "", err);
}

static bool named(struct promql_query *query, struct promql_value *out, struct err *err)
{
    size_t at = query->lexer.token.at;
    char *name = promql_text(&query->lexer);
    bool done = promql_next(&query->lexer, err);
    if (done && strcasecmp(name, "sum") == 0 &&
        (promql_is(&query->lexer, "(") || promql_is(&query->lexer, "by") || promql_is(&query->lexer, "without"))) {
        done = promql_aggregation(query, at, out, err);
    } else if (done && promql_is(&query->lexer, "(")) {
        done = promql_call(query, name, at, out, err);
    } else if (done) {
        done = promql_selector(query, name, out, err);
    }
    mem_free(name);
    return done;
}

static bool primary(struct promql_query *query, struct promql_value *out, struct err *err)
{
    const struct promql_token *token = &query->lexer.token;
    if (token->type == PROMQL_NUMBER) {
        *out = (struct promql_value){.number = token->number};
        return promql_next(&query->lexer, err);
    }
    if (promql_is(&query->lexer, "(")) {
        return parenthesised(query, out, err);
    }
    if (promql_is(&query->lexer, "{")) {
        return promql_selector(query, "", out, err);
    }
    bool is_operator =
        promql_is(&query->lexer, "or") || promql_is(&query->lexer, "and") || promql_is(&query->lexer, "unless");
    if (token->type != PROMQL_NAME || is_operator) {
        return promql_unexpected(&query->lexer, "", err);
    }
    return named(query, out, err);
}

static bool unary(struct promql_query *query, struct promql_value *out, struct err *err)
{
    size_t at = query->lexer.token.at;
    bool is_minus = promql_is(&query->lexer, "-"), is_signed = is_minus || promql_is(&query->lexer, "+");
    if (is_signed && ++query->depth > DEPTH_MAX) {
        return promql_fail(&query->lexer, at, err, NOT_HERE "queries as deep as this");
    }
    if (is_signed) {
        if (!promql_next(&query->lexer, err) || !unary(query, out, err) || !promql_simplify(query, at, out, err)) {
            return false;
        }
        out->number = is_minus ? -out->number : out->number;
        query->depth--;
        return true;
    }
    if (!primary(query, out, err)) {
        return false;
    }
    while (promql_is(&query->lexer, "[")) {
        if (!promql_window(query, out, err)) {
            return false;
        }
    }
    if (promql_is(&query->lexer, "offset") || promql_is(&query->lexer, "@")) {
        return promql_fail(&query->lexer, query->lexer.token.at, err, NOT_HERE "other times than now");
    }
    return true;
}

static double calculate(char sign, double left, double right)
{
    switch (sign) {
    case '+':
        return left + right;
    case '-':
        return left - right;
    case '*':
        return left * right;
    default:
        return left / right;
    }
}

static bool calculation(struct promql_query *query, const char *operators, struct promql_value *out, struct err *err)
{
    bool is_last = operators[0] == '*';
    size_t left_at = query->lexer.token.at;
    if (!(is_last ? unary(query, out, err) : calculation(query, "*/", out, err))) {
        return false;
    }
    while (promql_is(&query->lexer, (char[]){operators[0], '\0'}) ||
           promql_is(&query->lexer, (char[]){operators[1], '\0'})) {
        char sign = query->lexer.text[query->lexer.token.at];
        struct promql_value right = {0};
        if (!promql_next(&query->lexer, err)) {
            return false;
        }
        size_t right_at = query->lexer.token.at;
        bool done = (is_last ? unary(query, &right, err) : calculation(query, "*/", &right, err)) &&
                    promql_simplify(query, left_at, out, err) && promql_simplify(query, right_at, &right, err);
        out->number = calculate(sign, out->number, right.number);
        out->is_empty |= right.is_empty;
        if (right.type == VALUE_VECTOR) {
            out->type = VALUE_VECTOR;
        }
        promql_value_fini(&right);
        if (!done) {
            return false;
        }
    }
    return true;
}

static bool alternatives(struct promql_query *query, struct promql_value *out, struct err *err)
{
    size_t at = query->lexer.token.at;
    if (!calculation(query, "+-", out, err)) {
        return false;
    }
    while (promql_is(&query->lexer, "or")) {
        struct promql_value right = {0};
        bool done = promql_next(&query->lexer, err) && calculation(query, "+-", &right, err) &&
                    promql_simplify(query, at, out, err) && promql_simplify(query, at, &right, err);
        if (done && (out->type == VALUE_SCALAR || right.type == VALUE_SCALAR)) {
            done = promql_fail(&query->lexer, at, err, "set operator \"or\" not allowed in binary scalar expression");
        }
        if (done && out->is_empty) {
            *out = right;
        } else {
            promql_value_fini(&right);
        }
        if (!done) {
            return false;
        }
    }
    return true;
}

bool promql_expression(struct promql_query *query, struct promql_value *out, struct err *err)
{
    static const char *const others[] = {"%", "^", "==", "!=", ">", "<", ">=", "<=", "and", "unless", "atan2"};
    if (++query->depth > DEPTH_MAX) {
        return promql_fail(&query->lexer, query->lexer.token.at, err, NOT_HERE "queries as deep as this");
    }
    if (!alternatives(query, out, err)) {
        return false;
    }
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        if (promql_is(&query->lexer, others[i])) {
            return promql_fail(&query->lexer, query->lexer.token.at, err, NOT_HERE "the operator %s", others[i]);
        }
    }
    query->depth--;
    return true;
}

static bool whole(struct promql_query *query, const char *text, struct promql_value *value, struct err *err)
{
    if (!promql_start(&query->lexer, text, err)) {
        return false;
    }
    if (query->lexer.token.type == PROMQL_END) {
        return promql_fail(&query->lexer, 0, err, "no expression found in input");
    }
    if (!promql_expression(query, value, err)) {
        return false;
    }
    if (query->lexer.token.type != PROMQL_END) {
        return promql_unexpected(&query->lexer, "", err);
    }
    if (value->type == VALUE_RANGE) {
        return promql_fail(&query->lexer, 0, err, NOT_HERE "range vectors as answers");
    }
    return promql_simplify(query, 0, value, err);
}

bool promql_ask(const struct traffic *traffic, int64_t ago_ms, const char *text, struct promql_answer *answer,
                struct err *err)
{
    struct promql_query query = {.traffic = traffic, .ago_ms = ago_ms};
    struct promql_value value = {0};
    bool done = whole(&query, text, &value, err);
    *answer = (struct promql_answer){value.type == VALUE_SCALAR, value.is_empty, value.number};
    promql_value_fini(&value);
    promql_fini(&query.lexer);
    return done;
}
