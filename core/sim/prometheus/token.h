/* The tokens of Prometheus' query language. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

enum promql_type {
    PROMQL_END,
    PROMQL_NUMBER,
    PROMQL_NAME,
    PROMQL_STRING,
    PROMQL_DURATION, /* only behind '[' */
    PROMQL_SYMBOL,
};

struct promql_token {
    enum promql_type type;
    size_t at, len;
    double number;
    int64_t duration_ms;
    char *string; /* without quotes and escapes */
};

struct promql_lexer {
    const char *text;
    size_t at;
    int open_parens;
    bool in_braces;
    struct promql_token token; /* the current one */
};

/* Both read a token; false: err is what Prometheus says about what cannot be one. */
bool promql_start(struct promql_lexer *lexer, const char *text, struct err *err);
bool promql_next(struct promql_lexer *lexer, struct err *err);
void promql_fini(struct promql_lexer *lexer);

bool promql_is(const struct promql_lexer *lexer, const char *symbol_or_name);
/* The text of the current token, to be freed. */
char *promql_text(const struct promql_lexer *lexer);
/* "1:7: parse error: …" for a place in the text. */
bool promql_fail(const struct promql_lexer *lexer, size_t at, struct err *err, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* "unexpected …", of the current token; `where`: " in label matching, expected string" or "". */
bool promql_unexpected(const struct promql_lexer *lexer, const char *where, struct err *err);
