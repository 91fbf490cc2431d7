#include "sim/traffic/route_match.h"

#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/pattern.h"
#include "base/str.h"

/* --- the request --- */

/* The value of a header, its name in any case; NULL when absent. */
static const char *header_of(const struct route_request *request, const char *name)
{
    struct node_iter it = node_iterate(request->headers);
    while (node_next(&it)) {
        if (strcasecmp(it.key, name) == 0) {
            return node_str(it.value);
        }
    }
    return NULL;
}

void route_request_init(struct route_request *request, const char *host, struct node *headers)
{
    *request = (struct route_request){.host = str_dup(host), .headers = headers};
    const char *method = header_of(request, ":method"), *path = header_of(request, ":path");
    if (path == NULL) {
        path = "/";
    }
    size_t len = strcspn(path, "?");
    request->method = str_dup(method != NULL ? method : "GET");
    request->path = str_dup_n(path, len);
    request->query = str_dup(path[len] == '?' ? path + len + 1 : "");
    const struct node *source = node_get(headers, ":source");
    request->labels = node_get(source, "labels");
    request->namespace = node_str(node_get(source, "namespace"));
    request->delegate = header_of(request, ":delegate");
}

void route_request_fini(struct route_request *request)
{
    str_free(&request->host);
    str_free(&request->method);
    str_free(&request->path);
    str_free(&request->query);
}

/* The value of a parameter of the URI as it stands there; NULL when absent. */
static char *request_param(const struct route_request *request, const char *name)
{
    struct str_list pairs = {0};
    char *value = NULL;
    size_t len = strlen(name);
    str_list_split(&pairs, request->query, '&');
    for (size_t i = 0; i < pairs.count && value == NULL; i++) {
        const char *pair = pairs.items[i];
        if (strncmp(pair, name, len) == 0 && (pair[len] == '=' || pair[len] == '\0')) {
            value = str_dup(pair[len] == '=' ? pair + len + 1 : "");
        }
    }
    str_list_fini(&pairs);
    return value;
}

/* --- texts --- */

/* Envoy compares the whole text with an expression, and answers nothing with one that it cannot read. */
static bool regex_matches(const char *regex, const char *value)
{
    struct err err;
    char *whole = str_format("^(%s)$", regex);
    struct pattern *pattern = pattern_new(whole, &err);
    bool matches = pattern != NULL && pattern_matches(pattern, value);
    pattern_free(pattern);
    mem_free(whole);
    return matches;
}

static bool exact_matches(const char *exact, const char *value, bool ignore_case)
{
    return ignore_case ? strcasecmp(exact, value) == 0 : str_equal(exact, value);
}

static bool prefix_matches(const char *prefix, const char *value, bool ignore_case)
{
    size_t len = strlen(prefix);
    return ignore_case ? strncasecmp(prefix, value, len) == 0 : str_has_prefix(value, prefix);
}

/* A StringMatch; {} is met by whatever is there. */
static bool text_matches(const struct node *match, const char *value, bool ignore_case)
{
    const char *exact = node_str(node_get(match, "exact")), *prefix = node_str(node_get(match, "prefix"));
    const char *regex = node_str(node_get(match, "regex"));
    if (value == NULL) {
        return false;
    }
    return (exact == NULL || exact_matches(exact, value, ignore_case)) &&
           (prefix == NULL || prefix_matches(prefix, value, ignore_case)) &&
           (regex == NULL || regex_matches(regex, value));
}

/* --- conditions --- */

static bool headers_match(const struct node *headers, const struct route_request *request, bool wanted)
{
    struct node_iter it = node_iterate(headers);
    while (node_next(&it)) {
        if (text_matches(it.value, header_of(request, it.key), false) != wanted) {
            return false;
        }
    }
    return true;
}

static bool params_match(const struct node *params, const struct route_request *request)
{
    struct node_iter it = node_iterate(params);
    while (node_next(&it)) {
        char *value = request_param(request, it.key);
        bool matches = text_matches(it.value, value, false);
        mem_free(value);
        if (!matches) {
            return false;
        }
    }
    return true;
}

static bool part_matches(const struct node *condition, const char *key, const char *value, bool ignore_case)
{
    const struct node *match = node_get(condition, key);
    return match == NULL || text_matches(match, value, ignore_case);
}

static bool source_matches(const struct node *condition, const struct route_request *request)
{
    const char *namespace = node_str(node_get(condition, "sourceNamespace"));
    struct node_iter it = node_iterate(node_get(condition, "sourceLabels"));
    while (node_next(&it)) {
        if (!node_is(node_get(request->labels, it.key), node_str_or(it.value, ""))) {
            return false;
        }
    }
    return namespace == NULL || str_equal(namespace, request->namespace);
}

/* What a request says of itself in such a header; else what every stream is. */
static const char *said_or(const struct route_request *request, const char *header, const char *usual)
{
    const char *said = header_of(request, header);
    return said != NULL ? said : usual;
}

static bool condition_matches(const struct node *condition, const struct route_request *request)
{
    bool ignore_case = node_bool_or(node_get(condition, "ignoreUriCase"), false);
    return source_matches(condition, request) && part_matches(condition, "uri", request->path, ignore_case) &&
           part_matches(condition, "scheme", said_or(request, ":scheme", "http"), false) &&
           part_matches(condition, "method", request->method, false) &&
           part_matches(condition, "authority", said_or(request, ":authority", request->host), false) &&
           headers_match(node_get(condition, "headers"), request, true) &&
           headers_match(node_get(condition, "withoutHeaders"), request, false) &&
           params_match(node_get(condition, "queryParams"), request);
}

bool route_matches(const struct node *conditions, const struct route_request *request)
{
    struct node_iter it = node_iterate(conditions);
    while (node_next(&it)) {
        if (condition_matches(it.value, request)) {
            return true;
        }
    }
    return node_count(conditions) == 0;
}
