/* Makes a short text that a regular expression matches: it takes the first of alternatives, and leaves out every
 * optional part. */
#include <string.h>

#include "app/visitors.h"
#include "base/mem.h"

enum { SAMPLE_MAX = 1024, DEPTH_MAX = 32 };

struct sampler {
    const char *at;
    struct buf out;
    int depth;
};

static void sample_branches(struct sampler *s);

/* "[^;]" gives a letter, "[a-z]" its first one. */
static void sample_class(struct sampler *s)
{
    bool is_negated = s->at[1] == '^';
    const char *first = s->at + (is_negated ? 2 : 1), *end = *first != '\0' ? strchr(first + 1, ']') : NULL;
    buf_append_char(&s->out, is_negated ? 'x' : *first != '\0' ? *first : 'x');
    s->at = end != NULL ? end + 1 : s->at + strlen(s->at);
}

static void sample_group(struct sampler *s)
{
    s->at++;
    if (strncmp(s->at, "?:", 2) == 0) {
        s->at += 2;
    }
    s->depth++;
    sample_branches(s);
    s->depth--;
    if (*s->at == ')') {
        s->at++;
    }
}

static void sample_escape(struct sampler *s)
{
    char c = s->at[1];
    const char *names = "dwsb", *samples = "0x ";
    const char *name = c != '\0' ? strchr(names, c) : NULL;
    s->at += c != '\0' ? 2 : 1;
    if (c == '\0' || c == 'b') {
        return;
    }
    buf_append_char(&s->out, name != NULL ? samples[name - names] : c);
}

static void sample_atom(struct sampler *s)
{
    switch (*s->at) {
    case '(':
        sample_group(s);
        break;
    case '[':
        sample_class(s);
        break;
    case '\\':
        sample_escape(s);
        break;
    case '^':
    case '$':
        s->at++;
        break;
    case '.':
        buf_append_char(&s->out, 'x');
        s->at++;
        break;
    default:
        buf_append_char(&s->out, *s->at++);
    }
}

/* Leaves out a piece that may be absent. */
static void sample_piece(struct sampler *s)
{
    size_t before = s->out.len;
    sample_atom(s);
    bool is_optional = *s->at == '?' || *s->at == '*' || strncmp(s->at, "{0", 2) == 0;
    if (is_optional && s->out.len > before) {
        s->out.len = before;
        s->out.data[before] = '\0';
    }
    if (*s->at == '{') {
        s->at += strcspn(s->at, "}");
        s->at += *s->at == '}';
    }
    s->at += strspn(s->at, "?*+");
}

static void sample_branches(struct sampler *s)
{
    while (*s->at != '\0' && *s->at != '|' && *s->at != ')' && s->depth < DEPTH_MAX) {
        sample_piece(s);
    }
    int open = 0;
    for (; *s->at != '\0' && (open > 0 || *s->at != ')'); s->at++) {
        if (*s->at == '\\' && s->at[1] != '\0') {
            s->at++;
        } else {
            open += *s->at == '(' ? 1 : *s->at == ')' ? -1 : 0;
        }
    }
}

char *visitors_sample(const char *regex)
{
    struct sampler s = {.at = regex};
    buf_init(&s.out, SAMPLE_MAX);
    sample_branches(&s);
    return buf_take(&s.out);
}
