/* The grammar, the tokens and the complaints are those of apimachinery's parser of labels: what a client reads about a
 * mistyped selector is the same. */
#include "sim/api/selector.h"

#include <ctype.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "sim/kinds/naming.h"

enum operator{ OP_IN, OP_NOT_IN, OP_EXISTS, OP_ABSENT };

struct term {
    char *key;
    enum operator op;
    struct str_list values;
};

struct selector {
    struct term *terms;
    size_t count;
    bool is_fields;
};

/* --- building --- */

static struct term *add_term(struct selector *selector, const char *key, enum operator op)
{
    selector->terms = mem_resize(selector->terms, (selector->count + 1) * sizeof(struct term));
    struct term *term = &selector->terms[selector->count++];
    *term = (struct term){.key = str_dup(key), .op = op};
    return term;
}

void selector_free(struct selector *selector)
{
    if (selector == NULL) {
        return;
    }
    for (size_t i = 0; i < selector->count; i++) {
        str_free(&selector->terms[i].key);
        str_list_fini(&selector->terms[i].values);
    }
    mem_free(selector->terms);
    mem_free(selector);
}

/* --- tokens --- */

enum token { T_END, T_IDENTIFIER, T_COMMA, T_OPEN, T_CLOSE, T_EQUALS, T_NOT_EQUALS, T_NOT, T_IN, T_NOT_IN, T_OTHER };

struct lexer {
    const char *at;
    char *literal; /* of the token taken last */
    struct selector *selector;
};

static enum token word_token(const char *word)
{
    if (str_equal(word, "in")) {
        return T_IN;
    }
    return str_equal(word, "notin") ? T_NOT_IN : T_IDENTIFIER;
}

static enum token symbol_token(const char *at, size_t *len)
{
    *len = strncmp(at, "==", 2) == 0 || strncmp(at, "!=", 2) == 0 ? 2 : 1;
    switch (*at) {
    case ',':
        return T_COMMA;
    case '(':
        return T_OPEN;
    case ')':
        return T_CLOSE;
    case '=':
        return T_EQUALS;
    case '!':
        return *len == 2 ? T_NOT_EQUALS : T_NOT;
    default:
        return T_OTHER;
    }
}

static enum token scan(struct lexer *lexer, size_t *len)
{
    lexer->at += strspn(lexer->at, " \t\r\n");
    *len = 0;
    if (*lexer->at == '\0') {
        return T_END;
    }
    if (strchr("=!(),<>", *lexer->at) != NULL) {
        return symbol_token(lexer->at, len);
    }
    *len = strcspn(lexer->at, "=!(),<> \t\r\n");
    return T_IDENTIFIER;
}

/* `as_values`: where "in" and "notin" are words like others. */
static enum token take(struct lexer *lexer, bool as_values)
{
    size_t len;
    enum token token = scan(lexer, &len);
    mem_free(lexer->literal);
    lexer->literal = str_dup_n(lexer->at, len);
    lexer->at += len;
    return token == T_IDENTIFIER && !as_values ? word_token(lexer->literal) : token;
}

static enum token look(struct lexer *lexer)
{
    size_t len;
    return scan(lexer, &len);
}

/* --- requirements --- */

static bool bad_key(const char *key, char *why, struct err *err)
{
    err_set(err, ERR_INVALID, "<nil>: Invalid value: \"%s\": %s", key, why);
    mem_free(why);
    return false;
}

static bool parse_list(struct lexer *lexer, struct str_list *values, struct err *err)
{
    if (take(lexer, true) != T_OPEN) {
        return err_set(err, ERR_INVALID, "found '%s' expected: '('", lexer->literal);
    }
    enum token next = look(lexer);
    if (next != T_IDENTIFIER && next != T_COMMA && next != T_CLOSE) {
        take(lexer, true);
        return err_set(err, ERR_INVALID, "found '%s', expected: ',', ')' or identifier", lexer->literal);
    }
    while (look(lexer) == T_IDENTIFIER || look(lexer) == T_COMMA) {
        if (take(lexer, true) == T_IDENTIFIER) {
            str_list_push(values, lexer->literal);
        }
    }
    if (take(lexer, true) != T_CLOSE) {
        return err_set(err, ERR_INVALID, "found '%s', expected: ')'", lexer->literal);
    }
    return true;
}

static bool parse_value(struct lexer *lexer, struct str_list *values, struct err *err)
{
    enum token next = look(lexer);
    if (next == T_END || next == T_COMMA) {
        str_list_push(values, "");
        return true;
    }
    if (take(lexer, true) != T_IDENTIFIER) {
        return err_set(err, ERR_INVALID, "found '%s', expected: identifier", lexer->literal);
    }
    str_list_push(values, lexer->literal);
    return true;
}

static bool check_values(const struct term *term, struct err *err)
{
    for (size_t i = 0; i < term->values.count; i++) {
        char *why = naming_label_value(term->values.items[i]);
        if (why == NULL) {
            continue;
        }
        err_set(err, ERR_INVALID, "values[%zu][%s]: Invalid value: \"%s\": %s", i, term->key, term->values.items[i],
                why);
        mem_free(why);
        return false;
    }
    return true;
}

static bool parse_operator(struct lexer *lexer, struct term *term, struct err *err)
{
    enum token token = take(lexer, false);
    switch (token) {
    case T_IN:
    case T_NOT_IN:
        term->op = token == T_IN ? OP_IN : OP_NOT_IN;
        return parse_list(lexer, &term->values, err) && check_values(term, err);
    case T_EQUALS:
    case T_NOT_EQUALS:
        term->op = token == T_EQUALS ? OP_IN : OP_NOT_IN;
        return parse_value(lexer, &term->values, err) && check_values(term, err);
    default:
        return err_set(err, ERR_INVALID, "found '%s', expected: in, notin, =, ==, !=, gt, lt", lexer->literal);
    }
}

static bool parse_requirement(struct lexer *lexer, struct err *err)
{
    enum token token = take(lexer, true);
    bool is_negated = token == T_NOT;
    if (is_negated) {
        token = take(lexer, true);
    }
    if (token != T_IDENTIFIER) {
        return err_set(err, ERR_INVALID, "found '%s', expected: identifier", lexer->literal);
    }
    char *why = naming_qualified(lexer->literal);
    if (why != NULL) {
        return bad_key(lexer->literal, why, err);
    }
    struct term *term = add_term(lexer->selector, lexer->literal, is_negated ? OP_ABSENT : OP_EXISTS);
    enum token next = look(lexer);
    return is_negated || next == T_END || next == T_COMMA || parse_operator(lexer, term, err);
}

static bool parse_all(struct lexer *lexer, struct err *err)
{
    for (;;) {
        enum token token = look(lexer);
        if (token == T_END) {
            return true;
        }
        if (token != T_IDENTIFIER && token != T_NOT) {
            take(lexer, true);
            return err_set(err, ERR_INVALID, "found '%s', expected: !, identifier, or 'end of string'", lexer->literal);
        }
        if (!parse_requirement(lexer, err)) {
            return err_wrap(err, "unable to parse requirement");
        }
        token = take(lexer, true);
        if (token == T_END) {
            return true;
        }
        if (token != T_COMMA) {
            return err_set(err, ERR_INVALID, "found '%s', expected: ',' or 'end of string'", lexer->literal);
        }
        token = look(lexer);
        if (token != T_IDENTIFIER && token != T_NOT) {
            take(lexer, true);
            return err_set(err, ERR_INVALID, "found '%s', expected: identifier after ','", lexer->literal);
        }
    }
}

struct selector *selector_parse_labels(const char *text, struct err *err)
{
    struct selector *selector = mem_new(struct selector);
    struct lexer lexer = {.at = text, .selector = selector};
    bool parsed = parse_all(&lexer, err);
    mem_free(lexer.literal);
    if (parsed) {
        return selector;
    }
    selector_free(selector);
    return NULL;
}

/* --- fields --- */

static bool parse_field(struct selector *selector, const char *term, struct err *err)
{
    const char *equals = strchr(term, '=');
    if (equals == NULL || equals == term) {
        return err_set(err, ERR_INVALID, "can't understand '%s'", term);
    }
    bool is_not = equals[-1] == '!';
    char *path = str_dup_n(term, (size_t)(equals - term) - is_not);
    struct term *added = add_term(selector, path, is_not ? OP_NOT_IN : OP_IN);
    str_list_push(&added->values, equals + (equals[1] == '=' ? 2 : 1));
    mem_free(path);
    return true;
}

struct selector *selector_parse_fields(const char *text, struct err *err)
{
    struct selector *selector = mem_new(struct selector);
    struct str_list terms = {0};
    bool parsed = true;
    selector->is_fields = true;
    str_list_split(&terms, text, ',');
    for (size_t i = 0; i < terms.count && parsed; i++) {
        parsed = terms.items[i][0] == '\0' || parse_field(selector, terms.items[i], err);
    }
    str_list_fini(&terms);
    if (parsed) {
        return selector;
    }
    struct err cause = *err;
    err_set(err, ERR_INVALID, "invalid selector: '%s'; %s", text, cause.text);
    selector_free(selector);
    return NULL;
}

const char *selector_field(const struct selector *selector, size_t index)
{
    return selector != NULL && index < selector->count ? selector->terms[index].key : NULL;
}

/* --- the selector of a workload --- */

static bool operator_of(const char *word, enum operator* op)
{
    static const char *const words[] = {"In", "NotIn", "Exists", "DoesNotExist"};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        if (str_equal(words[i], word)) {
            *op = (enum operator)i;
            return true;
        }
    }
    return false;
}

struct selector *selector_from_node(const struct node *node, struct err *err)
{
    struct selector *selector = mem_new(struct selector);
    struct node_iter labels = node_iterate(node_get(node, "matchLabels"));
    while (node_next(&labels)) {
        str_list_push(&add_term(selector, labels.key, OP_IN)->values, node_str_or(labels.value, ""));
    }
    struct node_iter expressions = node_iterate(node_get(node, "matchExpressions"));
    while (node_next(&expressions)) {
        enum operator op;
        const char *word = node_str_or(node_get(expressions.value, "operator"), "");
        if (!operator_of(word, &op)) {
            err_set(err, ERR_INVALID, "\"%s\" is not a valid label selector operator", word);
            selector_free(selector);
            return NULL;
        }
        struct term *term = add_term(selector, node_str_or(node_get(expressions.value, "key"), ""), op);
        struct node_iter values = node_iterate(node_get(expressions.value, "values"));
        while (node_next(&values)) {
            str_list_push(&term->values, node_str_or(values.value, ""));
        }
    }
    return selector;
}

/* --- matching --- */

static bool term_matches(const struct term *term, const char *value)
{
    switch (term->op) {
    case OP_IN:
        return value != NULL && str_list_has(&term->values, value);
    case OP_NOT_IN:
        return value == NULL || !str_list_has(&term->values, value);
    case OP_EXISTS:
        return value != NULL;
    default:
        return value == NULL;
    }
}

/* A field that is absent is the empty text; a number is its digits. */
static bool field_matches(const struct term *term, const struct node *object)
{
    struct str_list path = {0};
    const struct node *value = object;
    str_list_split(&path, term->key, '.');
    for (size_t i = 0; i < path.count; i++) {
        value = node_get(value, path.items[i]);
    }
    str_list_fini(&path);
    enum node_type type = node_type(value);
    if (type != NODE_INT && type != NODE_BOOL) {
        return term_matches(term, node_str_or(value, ""));
    }
    char *text = node_to_text(value);
    bool matches = term_matches(term, text);
    mem_free(text);
    return matches;
}

bool selector_matches_labels(const struct selector *selector, const struct node *labels)
{
    for (size_t i = 0; selector != NULL && i < selector->count; i++) {
        if (!term_matches(&selector->terms[i], node_str(node_get(labels, selector->terms[i].key)))) {
            return false;
        }
    }
    return true;
}

bool selector_matches(const struct selector *selector, const struct node *object)
{
    if (selector == NULL || !selector->is_fields) {
        return selector_matches_labels(selector, node_at(object, "metadata", "labels"));
    }
    for (size_t i = 0; i < selector->count; i++) {
        if (!field_matches(&selector->terms[i], object)) {
            return false;
        }
    }
    return true;
}
