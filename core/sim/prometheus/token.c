#include "sim/prometheus/token.h"

#include <ctype.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

enum { STRING_MAX = 64 * 1024 };

/* --- complaints --- */

bool promql_fail(const struct promql_lexer *lexer, size_t at, struct err *err, const char *format, ...)
{
    size_t line = 1, column = 1;
    for (size_t i = 0; i < at && lexer->text[i] != '\0'; i++) {
        column = lexer->text[i] == '\n' ? 1 : column + 1;
        line += lexer->text[i] == '\n';
    }
    if (at > strlen(lexer->text)) {
        column += at - strlen(lexer->text);
    }
    va_list args;
    va_start(args, format);
    char *what = str_format_v(format, args);
    va_end(args);
    err_set(err, ERR_PARSE, "%zu:%zu: parse error: %s", line, column, what);
    mem_free(what);
    return false;
}

static bool is_keyword(const char *name)
{
    static const char *const words[] = {"and", "or", "unless", "atan2", "offset", "by", "without", "on", "bool"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(words[i], name) == 0) {
            return true;
        }
    }
    return false;
}

bool promql_unexpected(const struct promql_lexer *lexer, const char *where, struct err *err)
{
    const struct promql_token *token = &lexer->token;
    char *text = promql_text(lexer);
    if (token->type == PROMQL_END) {
        promql_fail(lexer, token->at, err, "unexpected end of input%s", where);
    } else if (token->type == PROMQL_NAME && is_keyword(text)) {
        promql_fail(lexer, token->at, err, "unexpected <%s>%s", text, where);
    } else if (token->type == PROMQL_NAME && strcasecmp(text, "sum") == 0) {
        promql_fail(lexer, token->at, err, "unexpected <aggr:%s>%s", text, where);
    } else if (token->type == PROMQL_NAME) {
        promql_fail(lexer, token->at, err, "unexpected identifier \"%s\"%s", text, where);
    } else if (token->type == PROMQL_NUMBER) {
        promql_fail(lexer, token->at, err, "unexpected number \"%s\"%s", text, where);
    } else if (token->type == PROMQL_STRING) {
        promql_fail(lexer, token->at, err, "unexpected string \"\\\"%s\\\"\"%s", token->string, where);
    } else if (strchr("+-*/%^<>=!", text[0]) != NULL && !str_equal(text, "=")) {
        promql_fail(lexer, token->at, err, "unexpected <op:%s>%s", text, where);
    } else {
        promql_fail(lexer, token->at, err, "unexpected \"%s\"%s", text, where);
    }
    mem_free(text);
    return false;
}

char *promql_text(const struct promql_lexer *lexer)
{
    return str_dup_n(lexer->text + lexer->token.at, lexer->token.len);
}

bool promql_is(const struct promql_lexer *lexer, const char *text)
{
    const struct promql_token *token = &lexer->token;
    return (token->type == PROMQL_SYMBOL || token->type == PROMQL_NAME) && token->len == strlen(text) &&
           strncasecmp(lexer->text + token->at, text, token->len) == 0;
}

/* --- tokens --- */

static bool is_name_char(char c)
{
    return isalnum((unsigned char)c) || c == '_' || c == ':';
}

static void skip_blanks(struct promql_lexer *lexer)
{
    for (;;) {
        lexer->at += strspn(lexer->text + lexer->at, " \t\r\n");
        if (lexer->text[lexer->at] != '#') {
            return;
        }
        lexer->at += strcspn(lexer->text + lexer->at, "\n");
    }
}

static bool take_end(struct promql_lexer *lexer, struct err *err)
{
    lexer->token.type = PROMQL_END;
    if (lexer->in_braces) {
        return promql_fail(lexer, lexer->at, err, "unexpected end of input inside braces");
    }
    if (lexer->open_parens > 0) {
        return promql_fail(lexer, lexer->at, err, "unclosed left parenthesis");
    }
    return true;
}

/* The characters of a number. `_` may stand between two digits. */
static size_t number_len(const char *text)
{
    bool is_hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
    int (*is_digit)(int) = is_hex ? isxdigit : isdigit;
    size_t len = is_hex ? 2 : 0;
    for (;; len++) {
        unsigned char c = (unsigned char)text[len];
        unsigned char before = len > 0 ? (unsigned char)text[len - 1] : '\0';
        bool is_between = c == '_' && (is_hex || is_digit(before)) && is_digit((unsigned char)text[len + 1]);
        bool is_sign = (c == '+' || c == '-') && tolower(before) == 'e';
        if (!is_digit(c) && !is_between && (is_hex || (c != '.' && c != 'e' && c != 'E' && !is_sign))) {
            return len;
        }
    }
}

/* As Go reads it: a whole number that begins with 0 is octal, unless an 8 or a 9 is in it. Returns false where the text
 * is no number. */
static bool read_number(const char *text, size_t len, double *number)
{
    struct buf plain;
    buf_init(&plain, STRING_MAX);
    for (size_t i = 0; i < len; i++) {
        if (text[i] != '_') {
            buf_append_char(&plain, text[i]);
        }
    }
    char *digits = buf_take(&plain);
    char *end;
    bool is_octal = digits[0] == '0' && digits[strspn(digits, "01234567")] == '\0';
    *number = is_octal ? (double)strtoll(digits, &end, 8) : strtod(digits, &end);
    bool is_whole = end != digits && *end == '\0';
    mem_free(digits);
    return is_whole;
}

static bool take_number(struct promql_lexer *lexer, const char *at, struct err *err)
{
    size_t len = number_len(at);
    lexer->token.type = PROMQL_NUMBER;
    lexer->token.len = len;
    if (!read_number(at, len, &lexer->token.number) || is_name_char(at[len])) {
        int read = (int)(len + strspn(at + len, "_"));
        return promql_fail(lexer, lexer->at, err, "bad number or duration syntax: \"%.*s\"", read, at);
    }
    if (isinf(lexer->token.number)) {
        return promql_fail(lexer, lexer->at, err,
                           "error parsing number: strconv.ParseFloat: parsing \"%.*s\": value out of range", (int)len,
                           at);
    }
    return true;
}

static int64_t unit_ms(const char *unit, size_t len)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"ms", 1},       {"s", 1000},      {"m", 60000},      {"h", 3600000},
                 {"d", 86400000}, {"w", 604800000}, {"y", 31536000000}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (strlen(units[i].unit) == len && strncmp(units[i].unit, unit, len) == 0) {
            return units[i].ms;
        }
    }
    return 0;
}

static bool take_duration(struct promql_lexer *lexer, const char *at, struct err *err)
{
    const char *c = at;
    lexer->token.type = PROMQL_DURATION;
    lexer->token.duration_ms = 0;
    while (isdigit((unsigned char)*c)) {
        char *unit;
        long long count = strtoll(c, &unit, 10);
        size_t len = 0;
        while (isalpha((unsigned char)unit[len])) {
            len++;
        }
        int64_t ms = unit_ms(unit, len);
        if (ms == 0 || count > INT64_MAX / 4 / ms) {
            return promql_fail(lexer, lexer->at, err, "bad duration syntax: \"%.*s\"", (int)(unit - at), at);
        }
        lexer->token.duration_ms += count * ms;
        c = unit + len;
    }
    lexer->token.len = (size_t)(c - at);
    if (lexer->token.duration_ms <= 0) {
        return promql_fail(lexer, lexer->at, err, "missing unit character in duration");
    }
    return true;
}

static char unescape(char c)
{
    const char *known = strchr("n\nt\tr\ra\ab\bf\fv\v", c);
    return known != NULL ? known[1] : c;
}

static bool take_string(struct promql_lexer *lexer, const char *at, struct err *err)
{
    struct buf b;
    const char *c = at + 1;
    buf_init(&b, STRING_MAX);
    for (; *c != '\0' && *c != *at && (*c != '\n' || *at == '`'); c++) {
        bool is_escape = *c == '\\' && *at != '`' && c[1] != '\0';
        buf_append_char(&b, is_escape ? unescape(*++c) : *c);
    }
    bool is_closed = *c == *at && !b.overflow;
    lexer->token.type = PROMQL_STRING;
    lexer->token.len = (size_t)(c + 1 - at);
    lexer->token.string = buf_take(&b);
    buf_fini(&b);
    return is_closed || promql_fail(lexer, lexer->at, err, "unterminated %s string", *at == '`' ? "raw" : "quoted");
}

/* Two names are numbers. */
static bool take_name(struct promql_lexer *lexer, const char *at)
{
    size_t len = 1;
    while (is_name_char(at[len])) {
        len++;
    }
    lexer->token.type = PROMQL_NAME;
    lexer->token.len = len;
    bool is_inf = promql_is(lexer, "inf");
    if (!lexer->in_braces && (is_inf || promql_is(lexer, "nan"))) {
        lexer->token.type = PROMQL_NUMBER;
        lexer->token.number = is_inf ? INFINITY : NAN;
    }
    return true;
}

static bool take_paren(struct promql_lexer *lexer, char c, struct err *err)
{
    lexer->open_parens += c == '(' ? 1 : -1;
    if (lexer->open_parens < 0) {
        return promql_fail(lexer, lexer->at + 1, err, "unexpected right parenthesis ')'");
    }
    return true;
}

static bool take_symbol(struct promql_lexer *lexer, const char *at, struct err *err)
{
    if (!lexer->in_braces && at[0] == '=' && at[1] == '~') {
        return promql_fail(lexer, lexer->at, err, "unexpected character after '=': '~'");
    }
    if (*at == '}' && !lexer->in_braces) {
        return promql_fail(lexer, lexer->at, err, "unexpected character: '}'");
    }
    bool is_double = strncmp(at, "==", 2) == 0 || strncmp(at, "!=", 2) == 0 || strncmp(at, "=~", 2) == 0 ||
                     strncmp(at, "!~", 2) == 0 || strncmp(at, ">=", 2) == 0 || strncmp(at, "<=", 2) == 0;
    lexer->token.type = PROMQL_SYMBOL;
    lexer->token.len = is_double ? 2 : 1;
    if (lexer->in_braces && strchr("=!,}", *at) == NULL) {
        return promql_fail(lexer, lexer->at, err, "unexpected character inside braces: '%c'", *at);
    }
    if (!is_double && strchr("(){}[],=+-*/%^<>@:", *at) == NULL) {
        return promql_fail(lexer, lexer->at, err, "unexpected character: '%c'", *at);
    }
    if (*at == '(' || *at == ')') {
        return take_paren(lexer, *at, err);
    }
    if (*at == '{' || *at == '}') {
        lexer->in_braces = *at == '{';
    }
    return true;
}

static bool take(struct promql_lexer *lexer, bool is_duration, struct err *err)
{
    const char *at = lexer->text + lexer->at;
    bool is_number = isdigit((unsigned char)*at) || (*at == '.' && isdigit((unsigned char)at[1]));
    if (*at == '\0') {
        return take_end(lexer, err);
    }
    if (is_number && is_duration) {
        return take_duration(lexer, at, err);
    }
    if (is_number && !lexer->in_braces) {
        return take_number(lexer, at, err);
    }
    if (strchr("\"'`", *at) != NULL) {
        return take_string(lexer, at, err);
    }
    if (isalpha((unsigned char)*at) || *at == '_' || (*at == ':' && is_name_char(at[1]))) {
        return take_name(lexer, at);
    }
    return take_symbol(lexer, at, err);
}

bool promql_next(struct promql_lexer *lexer, struct err *err)
{
    bool behind_bracket = promql_is(lexer, "[");
    mem_free(lexer->token.string);
    skip_blanks(lexer);
    lexer->token = (struct promql_token){.at = lexer->at};
    bool taken = take(lexer, behind_bracket, err);
    lexer->at += lexer->token.len;
    return taken;
}

bool promql_start(struct promql_lexer *lexer, const char *text, struct err *err)
{
    *lexer = (struct promql_lexer){.text = text};
    return promql_next(lexer, err);
}

void promql_fini(struct promql_lexer *lexer)
{
    mem_free(lexer->token.string);
}
