#include "base/yaml_scalar.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/doc_inner.h"
#include "base/mem.h"
#include "base/str.h"

#define TAG "tag:yaml.org,2002:"

enum word_kind { WORD_TEXT, WORD_NULL, WORD_BOOL, WORD_INT, WORD_UINT, WORD_REAL, WORD_NO_NUMBER };

struct word {
    enum word_kind kind;
    bool truth;
    int64_t i64;
    uint64_t u64;
    double real;
};

static bool in_list(const char *s, const char *const *list)
{
    for (; *list != NULL; list++) {
        if (strcmp(s, *list) == 0) {
            return true;
        }
    }
    return false;
}

static bool read_fixed(const char *s, struct word *w)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
    static const char *const trues[] = {"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON", NULL};
    static const char *const falses[] = {"n",     "N",     "no",  "No",  "NO",  "false",
                                         "False", "FALSE", "off", "Off", "OFF", NULL};
    static const char *const no_numbers[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",  ".INF", "+.inf",
                                             "+.Inf", "+.INF", "-.inf", "-.Inf", "-.INF", NULL};
    if (in_list(s, nulls)) {
        w->kind = WORD_NULL;
    } else if (in_list(s, no_numbers)) {
        w->kind = WORD_NO_NUMBER;
    } else if ((w->truth = in_list(s, trues)) || in_list(s, falses)) {
        w->kind = WORD_BOOL;
    }
    return w->kind != WORD_TEXT;
}

static int digit_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'a' && c <= 'f') {
        return c - 'a' + 10;
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return 99;
}

static bool read_digits(const char *s, unsigned base, uint64_t *out)
{
    *out = 0;
    if (!*s) {
        return false;
    }
    for (; *s; s++) {
        unsigned digit = (unsigned)digit_value(*s);
        if (digit >= base || *out > (UINT64_MAX - digit) / base) {
            return false;
        }
        *out = *out * base + digit;
    }
    return true;
}

/* 0x, 0b, 0o, a leading zero (octal) or decimal, with a sign. */
static bool read_int(const char *s, struct word *w)
{
    bool negative = *s == '-';
    bool sign = negative || *s == '+';
    s += sign;
    unsigned base = 10;
    if (s[0] == '0' && s[1]) {
        char mark = (char)(s[1] | 0x20);
        base = mark == 'x' ? 16 : mark == 'b' ? 2 : 8;
        s += mark == 'x' || mark == 'b' || mark == 'o' ? 2 : 1;
    }
    uint64_t magnitude;
    if (!read_digits(s, base, &magnitude)) {
        return false;
    }
    if (negative && magnitude <= (uint64_t)INT64_MAX + 1) {
        w->kind = WORD_INT;
        w->i64 = (int64_t)(0 - magnitude);
    } else if (!negative && magnitude <= INT64_MAX) {
        w->kind = WORD_INT;
        w->i64 = (int64_t)magnitude;
    } else if (!sign) {
        w->kind = WORD_UINT;
        w->u64 = magnitude;
    }
    return w->kind != WORD_TEXT;
}

static size_t count_digits(const char *s)
{
    return strspn(s, "0123456789");
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool has_real_form(const char *s)
{
    s += *s == '-' || *s == '+';
    size_t whole = count_digits(s);
    s += whole;
    size_t fraction = 0;
    if (*s == '.') {
        fraction = count_digits(++s);
        s += fraction;
    }
    if (whole + fraction == 0) {
        return false;
    }
    if (*s == 'e' || *s == 'E') {
        s++;
        s += *s == '-' || *s == '+';
        size_t exponent = count_digits(s);
        s += exponent;
        if (exponent == 0) {
            return false;
        }
    }
    return *s == '\0';
}

static bool read_real(const char *s, struct word *w)
{
    if (!has_real_form(s)) {
        return false;
    }
    w->real = strtod(s, NULL);
    if (!isfinite(w->real)) { /* 1e400 stays a word, as in Go */
        return false;
    }
    w->kind = WORD_REAL;
    return true;
}

static void read_number(const char *s, struct word *w)
{
    if (*s == '.') {
        read_real(s, w);
        return;
    }
    char *plain = str_dup(s);
    size_t len = 0;
    for (const char *c = s; *c; c++) {
        if (*c != '_') {
            plain[len++] = *c;
        }
    }
    plain[len] = '\0';
    if (!read_int(plain, w)) {
        read_real(plain, w);
    }
    mem_free(plain);
}

static struct word read_word(const char *s, size_t len)
{
    struct word w = {.kind = WORD_TEXT};
    if (memchr(s, '\0', len) != NULL) {
        return w;
    }
    if (!read_fixed(s, &w) && *s && strchr("+-.0123456789", *s) != NULL) {
        read_number(s, &w);
    }
    return w;
}

/* Whole reals become integers, as Go's JSON encoder writes them: the API server refuses 1.0 where an integer
 * belongs. */
static yyjson_mut_val *real_node(yyjson_mut_doc *tree, double real)
{
    int64_t whole;
    uint64_t positive;
    if (doc_whole_int(real, &whole)) {
        return yyjson_mut_sint(tree, whole);
    }
    if (doc_whole_uint(real, &positive)) {
        return yyjson_mut_uint(tree, positive);
    }
    return yyjson_mut_real(tree, real);
}

static struct node *word_node(struct doc *doc, const struct word *w, const char *text, size_t len, const char **problem)
{
    switch (w->kind) {
    case WORD_NULL:
        return node_new_null(doc);
    case WORD_BOOL:
        return node_new_bool(doc, w->truth);
    case WORD_INT:
        return node_new_int(doc, w->i64);
    case WORD_UINT:
        return node_fresh(yyjson_mut_uint(&doc->body, w->u64));
    case WORD_REAL:
        return node_fresh(real_node(&doc->body, w->real));
    case WORD_NO_NUMBER:
        *problem = "infinity and not-a-number cannot become JSON";
        return NULL;
    default:
        return node_new_str_n(doc, text, len);
    }
}

static int base64_value(char c)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const char *at = c ? strchr(alphabet, c) : NULL;
    return at != NULL ? (int)(at - alphabet) : -1;
}

/* Padded base64 with line breaks anywhere; the bytes come back through `out`, which has room for `len`. */
static bool decode_base64(const char *s, size_t len, char *out, size_t *out_len)
{
    unsigned bits = 0;
    size_t digits = 0, padding = 0;
    *out_len = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '\n' || s[i] == '\r') {
            continue;
        }
        int value = base64_value(s[i]);
        if (s[i] == '=') {
            padding++;
        } else if (value < 0 || padding > 0) {
            return false;
        } else {
            bits = (bits << 6 | (unsigned)value) & 0xFFFFFF;
        }
        if (s[i] == '=') {
            continue;
        }
        digits++;
        if (digits % 4 != 1) {
            out[(*out_len)++] = (char)(bits >> (6 - 2 * ((digits - 1) % 4)) & 0xFF);
        }
    }
    return padding <= 2 && (digits + padding) % 4 == 0 && digits % 4 != 1;
}

static struct node *binary_node(struct doc *doc, const char *text, size_t len, const char **problem)
{
    char *bytes = mem_alloc(len);
    size_t bytes_len = 0;
    struct node *n = NULL;
    if (decode_base64(text, len, bytes, &bytes_len)) {
        n = node_new_str_n(doc, bytes, bytes_len);
    } else {
        *problem = "!!binary wants base64";
    }
    mem_free(bytes);
    return n;
}

static bool tag_allows(const char *tag, enum word_kind kind)
{
    bool integer = kind == WORD_INT || kind == WORD_UINT;
    if (str_equal(tag, TAG "int")) {
        return integer;
    }
    if (str_equal(tag, TAG "float")) {
        return integer || kind == WORD_REAL || kind == WORD_NO_NUMBER;
    }
    if (str_equal(tag, TAG "bool")) {
        return kind == WORD_BOOL;
    }
    return kind == WORD_NULL;
}

struct node *yaml_scalar_node(struct doc *doc, const char *tag, bool implicit, const char *text, size_t len,
                              const char **problem)
{
    if (str_equal(tag, TAG "binary")) {
        return binary_node(doc, text, len, problem);
    }
    bool typed = str_equal(tag, TAG "int") || str_equal(tag, TAG "float") || str_equal(tag, TAG "bool") ||
                 str_equal(tag, TAG "null");
    if ((tag != NULL && !typed) || (tag == NULL && !implicit)) {
        return node_new_str_n(doc, text, len);
    }
    struct word w = read_word(text, len);
    if (typed && !tag_allows(tag, w.kind)) {
        *problem = "the value is not of the type its tag names";
        return NULL;
    }
    return word_node(doc, &w, text, len, problem);
}
