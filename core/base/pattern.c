#include "base/pattern.h"

#include <ctype.h>
#include <regex.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/pattern_set.h"

/* Go refuses more than 1000 repetitions, nested ones multiplied; regcomp would take the memory. */
enum { TEXT_MAX = 4096, OUTPUT_MAX = 64 * 1024, DEPTH_MAX = 64, REPEAT_MAX = 1000 };

struct pattern {
    regex_t regex;
};

struct translation {
    const char *at;
    struct buf out;
    int repeat[DEPTH_MAX]; /* by group: the most repetitions inside of it */
    int atom_repeat;       /* of what was read last */
    bool has_atom;         /* something that can be repeated was read last */
    bool ignores_case;
    int depth;
    struct err *err;
};

static bool refuse(struct translation *t, const char *why)
{
    return err_set(t->err, ERR_INVALID, "%s", why);
}

/* --- classes --- */

/* One character of a class. */
static bool class_char(struct translation *t, int *out)
{
    if (*t->at == '\0') {
        return refuse(t, "missing closing ]");
    }
    if (*t->at == '\\') {
        t->at++;
        *out = pattern_escaped(&t->at);
        return *out >= 0 || refuse(t, "escape that is not supported in a class");
    }
    *out = (unsigned char)*t->at++;
    return *out < 128 || refuse(t, "characters beyond ASCII are not supported in a class");
}

static bool class_member(struct translation *t, struct pattern_set *set)
{
    if (pattern_set_named(set, &t->at)) {
        return true;
    }
    if (t->at[0] == '\\' && t->at[1] != '\0' && pattern_set_perl(set, t->at[1])) {
        t->at += 2;
        return true;
    }
    int from, to;
    if (!class_char(t, &from)) {
        return false;
    }
    to = from;
    if (t->at[0] == '-' && t->at[1] != ']' && t->at[1] != '\0') {
        t->at++;
        if (!class_char(t, &to)) {
            return false;
        }
    }
    if (to < from) {
        return refuse(t, "invalid character class range");
    }
    pattern_set_range(set, from, to);
    return true;
}

static bool read_class(struct translation *t)
{
    struct pattern_set set = {{false}};
    bool negated = *t->at == '^';
    t->at += negated;
    bool first = true;
    while (first || *t->at != ']') {
        if (!class_member(t, &set)) {
            return false;
        }
        first = false;
    }
    t->at++;
    if (t->ignores_case) {
        pattern_set_fold(&set);
    }
    if (!negated && pattern_set_count(&set) == 0) {
        return refuse(t, "empty class");
    }
    pattern_put_class(&t->out, &set, negated);
    return true;
}

/* --- the rest --- */

static void put_literal(struct buf *out, int c)
{
    if (strchr(".[]*^$+?{}()|\\", c) != NULL) {
        buf_append_char(out, '\\');
    }
    buf_append_char(out, (char)c);
}

static bool read_escape(struct translation *t)
{
    char c = *t->at;
    struct pattern_set set = {{false}};
    t->has_atom = true;
    if (c == 'A' || c == 'z' || c == 'b' || c == 'B') {
        t->at++;
        t->has_atom = false;
        buf_append_str(&t->out, c == 'A' ? "^" : c == 'z' ? "$" : c == 'b' ? "\\b" : "\\B");
        return true;
    }
    if (c != '\0' && pattern_set_perl(&set, (char)tolower((unsigned char)c))) {
        t->at++;
        pattern_put_class(&t->out, &set, isupper((unsigned char)c) != 0);
        return true;
    }
    int literal = pattern_escaped(&t->at);
    if (literal < 0) {
        return refuse(t, "invalid or unsupported escape sequence");
    }
    put_literal(&t->out, literal);
    return true;
}

static bool open_group(struct translation *t)
{
    if (t->at[0] == '?') {
        const char *name = t->at[1] == 'P' ? t->at + 2 : t->at + 1;
        if (t->at[1] == ':') {
            t->at += 2;
        } else if (*name == '<' && name[1] != '=' && name[1] != '!' && strchr(name, '>') != NULL) {
            t->at = strchr(name, '>') + 1;
        } else {
            return refuse(t, "invalid or unsupported Perl syntax");
        }
    }
    if (++t->depth >= DEPTH_MAX) {
        return refuse(t, "nested too deeply");
    }
    t->repeat[t->depth] = 1;
    t->has_atom = false;
    buf_append_char(&t->out, '(');
    return true;
}

static bool close_group(struct translation *t)
{
    if (t->depth == 0) {
        return refuse(t, "unexpected )");
    }
    t->atom_repeat = t->repeat[t->depth--];
    t->has_atom = true;
    buf_append_char(&t->out, ')');
    return true;
}

/* {n}, {n,} or {n,m}, the length of it; 0 when it is none (then it stands for itself). */
static size_t read_count(const char *at, int *most)
{
    const char *c = at + 1;
    long low = 0, high = 0;
    if (!isdigit((unsigned char)*c)) {
        return 0;
    }
    for (; isdigit((unsigned char)*c); c++) {
        low = low > REPEAT_MAX ? low : low * 10 + (*c - '0');
    }
    high = low;
    if (*c == ',') {
        c++;
        high = isdigit((unsigned char)*c) ? 0 : low;
        for (; isdigit((unsigned char)*c); c++) {
            high = high > REPEAT_MAX ? high : high * 10 + (*c - '0');
        }
    }
    if (*c != '}') {
        return 0;
    }
    *most = (int)(high < low ? REPEAT_MAX + 1 : high);
    return (size_t)(c + 1 - at);
}

/* What is repeated is put in front already; lazy or not makes no difference to whether a text matches. */
static bool read_repetition(struct translation *t, size_t len, int most)
{
    if (!t->has_atom) {
        return refuse(t, "missing argument to repetition operator");
    }
    int nested = t->atom_repeat * (most > 0 ? most : 1);
    if (most > REPEAT_MAX || nested > REPEAT_MAX) {
        return refuse(t, "invalid repeat count");
    }
    if (nested > t->repeat[t->depth]) {
        t->repeat[t->depth] = nested;
    }
    buf_append(&t->out, t->at, len);
    t->at += len;
    t->at += *t->at == '?';
    int ignored;
    if (*t->at == '*' || *t->at == '+' || *t->at == '?' || (*t->at == '{' && read_count(t->at, &ignored) > 0)) {
        return refuse(t, "invalid nested repetition operator");
    }
    t->has_atom = false;
    return true;
}

static bool read_item(struct translation *t)
{
    int most = 1;
    size_t len = *t->at == '{' ? read_count(t->at, &most) : strchr("*+?", *t->at) != NULL;
    if (len > 0) {
        return read_repetition(t, len, most);
    }
    if (t->has_atom && t->atom_repeat > t->repeat[t->depth]) {
        t->repeat[t->depth] = t->atom_repeat;
    }
    t->atom_repeat = 1;
    char c = *t->at++;
    switch (c) {
    case '(':
        return open_group(t);
    case ')':
        return close_group(t);
    case '\\':
        return read_escape(t);
    case '[':
        t->has_atom = true;
        return read_class(t);
    case '.': {
        struct pattern_set newline = {{false}};
        newline.has['\n'] = true;
        t->has_atom = true;
        pattern_put_class(&t->out, &newline, true);
        return true;
    }
    case '^':
    case '$':
    case '|':
        t->has_atom = false;
        buf_append_char(&t->out, c);
        return true;
    default:
        t->has_atom = true;
        /* A character of several bytes is repeated as a whole. */
        if ((unsigned char)c < 128) {
            put_literal(&t->out, c);
            return true;
        }
        buf_append_str(&t->out, "(");
        buf_append_char(&t->out, c);
        while (((unsigned char)*t->at & 0xC0) == 0x80) {
            buf_append_char(&t->out, *t->at++);
        }
        buf_append_str(&t->out, ")");
        return true;
    }
}

static bool translate(struct translation *t)
{
    while (*t->at != '\0') {
        if (!read_item(t)) {
            return false;
        }
    }
    return t->depth == 0 || refuse(t, "missing closing )");
}

struct pattern *pattern_new(const char *text, struct err *err)
{
    if (strlen(text) > TEXT_MAX) {
        err_set(err, ERR_TOO_LARGE, "longer than %d bytes", TEXT_MAX);
        return NULL;
    }
    int flags = REG_EXTENDED | REG_NOSUB;
    struct translation t = {.at = text, .err = err, .atom_repeat = 1, .repeat = {1}};
    if (strncmp(text, "(?i)", 4) == 0) {
        flags |= REG_ICASE;
        t.ignores_case = true;
        t.at += 4;
    }
    buf_init(&t.out, OUTPUT_MAX);
    struct pattern *pattern = NULL;
    if (!translate(&t)) {
        /* said already */
    } else if (t.out.overflow) {
        refuse(&t, "too large");
    } else {
        pattern = mem_new(struct pattern);
        int code = regcomp(&pattern->regex, buf_str(&t.out), flags);
        if (code != 0) {
            char why[128];
            regerror(code, NULL, why, sizeof why);
            refuse(&t, why);
            mem_free(pattern);
            pattern = NULL;
        }
    }
    buf_fini(&t.out);
    return pattern;
}

void pattern_free(struct pattern *pattern)
{
    if (pattern != NULL) {
        regfree(&pattern->regex);
    }
    mem_free(pattern);
}

bool pattern_matches(const struct pattern *pattern, const char *s)
{
    return regexec(&pattern->regex, s, 0, NULL, 0) == 0;
}
