#include "canary/query_template.h"

#include <ctype.h>
#include <string.h>

#include "base/str.h"

/* A part of the query, without a NUL. */
struct span {
    const char *at;
    size_t len;
};

static const char *const words[] = {"name", "namespace", "target", "service", "ingress", "route", "interval"};

/* What else of Go's text/template may stand alone in an action; whether it may there is seen when it is filled in. */
static const char *const others[] = {
    "and",    "block",   "break", "call",  "continue", "define",   "else",      "end",  "eq",  "ge",   "gt",
    "html",   "if",      "index", "js",    "le",       "len",      "lt",        "ne",   "not", "or",   "print",
    "printf", "println", "range", "slice", "template", "urlquery", "variables", "with", "nil", "true", "false",
};

static bool is_among(struct span word, const char *const *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strlen(list[i]) == word.len && strncmp(list[i], word.at, word.len) == 0) {
            return true;
        }
    }
    return false;
}

static struct span skip_blanks(struct span s)
{
    while (s.len > 0 && isspace((unsigned char)*s.at)) {
        s = (struct span){s.at + 1, s.len - 1};
    }
    return s;
}

static struct span trim(struct span s)
{
    s = skip_blanks(s);
    while (s.len > 0 && isspace((unsigned char)s.at[s.len - 1])) {
        s.len--;
    }
    return s;
}

/* The action between the braces; a trim marker has a blank on its other side. */
static struct span action_of(struct span body)
{
    if (body.len > 1 && body.at[0] == '-' && isspace((unsigned char)body.at[1])) {
        body = (struct span){body.at + 1, body.len - 1};
    }
    if (body.len > 1 && body.at[body.len - 1] == '-' && isspace((unsigned char)body.at[body.len - 2])) {
        body.len--;
    }
    return trim(body);
}

static bool take(struct span *s, const char *text)
{
    size_t len = strlen(text);
    if (s->len < len || strncmp(s->at, text, len) != 0) {
        return false;
    }
    *s = (struct span){s->at + len, s->len - len};
    return true;
}

static bool take_blanks(struct span *s)
{
    struct span rest = skip_blanks(*s);
    bool some = rest.len < s->len;
    *s = rest;
    return some;
}

/* variables.key, where the key is a word. */
static bool is_variable(struct span action, struct span *key)
{
    if (!take(&action, "variables.") || action.len == 0) {
        return false;
    }
    for (size_t i = 0; i < action.len; i++) {
        if (!isalnum((unsigned char)action.at[i]) && action.at[i] != '_') {
            return false;
        }
    }
    *key = action;
    return true;
}

/* index variables "key", with either kind of quotes; a key that is not there gives nothing. */
static bool is_index(struct span action)
{
    if (!take(&action, "index") || !take_blanks(&action) || !take(&action, "variables") || !take_blanks(&action) ||
        action.len < 2) {
        return false;
    }
    char quote = action.at[0];
    return (quote == '"' || quote == '`') && memchr(action.at + 1, quote, action.len - 1) == action.at + action.len - 1;
}

/* True when it is one word and nothing else. */
static bool is_word(struct span action)
{
    for (size_t i = 0; i < action.len; i++) {
        if (!isalnum((unsigned char)action.at[i]) && action.at[i] != '_') {
            return false;
        }
    }
    return action.len > 0 && !isdigit((unsigned char)action.at[0]);
}

/* The first word of an action is one of these. */
static bool begins_with(struct span action, const char *const *list, size_t count)
{
    struct span first = {action.at, 0};
    while (first.len < action.len && isalpha((unsigned char)action.at[first.len])) {
        first.len++;
    }
    return is_among(first, list, count);
}

/* `whole` is the action with its braces. */
static char *problem_of(struct span whole, struct span action, const struct node *variables, bool has_control)
{
    static const char *const definitions[] = {"define", "template", "block"};
    struct span key;
    int len = (int)whole.len;
    if (is_among(action, words, sizeof words / sizeof words[0]) || is_index(action)) {
        return NULL;
    }
    if (is_variable(action, &key)) {
        char *name = str_format("%.*s", (int)key.len, key.at);
        bool known = has_control || node_str(node_get(variables, name)) != NULL;
        char *problem = known ? NULL : str_format("%.*s: templateVariables has no %s", len, whole.at, name);
        str_free(&name);
        return problem;
    }
    if (begins_with(action, definitions, sizeof definitions / sizeof definitions[0])) {
        return str_format("%.*s is not supported", len, whole.at);
    }
    bool is_unknown = is_word(action) && !is_among(action, others, sizeof others / sizeof others[0]);
    return action.len > 0 && !is_unknown
               ? NULL
               : str_format("%.*s is no word of a template, wanted name, namespace, target, service, ingress, route, "
                            "interval, variables.KEY, index variables \"KEY\" or a function of Go's templates",
                            len, whole.at);
}

/* Only one branch of an if is filled in, so what stands in it may not be there. */
static bool has_control(const char *query)
{
    static const char *const controls[] = {"if", "with", "range"};
    const char *open = query;
    while ((open = strstr(open, "{{")) != NULL) {
        const char *close = strstr(open + 2, "}}");
        struct span action = action_of((struct span){open + 2, close != NULL ? (size_t)(close - open - 2) : 0});
        if (begins_with(action, controls, sizeof controls / sizeof controls[0])) {
            return true;
        }
        open += 2;
    }
    return false;
}

char *query_template_problem(const char *query, const struct node *variables)
{
    const char *open = query;
    bool controlled = has_control(query);
    while ((open = strstr(open, "{{")) != NULL) {
        const char *close = strstr(open + 2, "}}");
        if (close == NULL) {
            return str_format("%s is not closed, wanted }}", open);
        }
        struct span body = {open + 2, (size_t)(close - open - 2)};
        char *problem =
            problem_of((struct span){open, (size_t)(close + 2 - open)}, action_of(body), variables, controlled);
        if (problem != NULL) {
            return problem;
        }
        open = close + 2;
    }
    return NULL;
}
