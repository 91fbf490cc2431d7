#include "effect/requests.h"

#include <string.h>

#include "base/str.h"

enum { CONDITIONS_MAX = 10, FIELDS_MAX = 10, TEXT_MAX = 1024 };

/* Istio knows no other. */
static bool check_text(const struct place *at, const char *field, const struct node *match)
{
    static const char *const kinds[] = {"exact", "prefix", "regex"};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        const char *text = node_str(node_get(match, kinds[i]));
        if (node_type(match) == NODE_OBJECT && node_count(match) == 1 && text != NULL && strlen(text) <= TEXT_MAX) {
            return true;
        }
    }
    return place_refuse(at, field, match, "one of exact, prefix and regex, with a text of at most 1024 bytes");
}

/* Proxies compare names of headers in lower case. */
static bool is_name(const char *name, bool header)
{
    static const char lower[] = "abcdefghijklmnopqrstuvwxyz0123456789-_.:";
    size_t len = strlen(name);
    return len > 0 && len <= 128 && (!header || strspn(name, lower) == len);
}

static bool check_fields(const struct place *at, const char *key, const struct node *fields)
{
    bool header = strcmp(key, "headers") == 0;
    if (node_type(fields) != NODE_OBJECT || node_count(fields) == 0 || node_count(fields) > FIELDS_MAX) {
        return place_refuse(at, key, fields, "an object of 1 to 10 names");
    }
    struct node_iter it = node_iterate(fields);
    while (node_next(&it)) {
        char *field = str_format("%s.%.60s", key, it.key);
        bool ok = is_name(it.key, header) ? check_text(at, field, it.value)
                                          : place_refuse(at, field, it.value, "under a name in lower case");
        str_free(&field);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static bool check_condition(const struct place *at, const struct node *condition)
{
    if (node_type(condition) != NODE_OBJECT || node_count(condition) == 0) {
        return place_refuse(at, "analysis.match", condition, "a condition with headers or queryParams");
    }
    struct node_iter it = node_iterate(condition);
    while (node_next(&it)) {
        if (strcmp(it.key, "headers") != 0 && strcmp(it.key, "queryParams") != 0) {
            return place_refuse(at, it.key, it.value, "a field of a condition, which has headers and queryParams");
        } else if (!check_fields(at, it.key, it.value)) {
            return false;
        }
    }
    return true;
}

static bool check_match(const struct place *at, const struct node *match)
{
    if (node_type(match) != NODE_ARRAY || node_count(match) > CONDITIONS_MAX) {
        return place_refuse(at, "analysis.match", match, "a list of at most 10 conditions");
    }
    struct node_iter it = node_iterate(match);
    while (node_next(&it)) {
        if (!check_condition(at, it.value)) {
            return false;
        }
    }
    return true;
}

bool requests_check(const struct place *at, const struct node *analysis)
{
    const struct node *match = node_get(analysis, "match");
    return match == NULL || check_match(at, match);
}

bool requests_can_be_told_apart(const struct canary *canary, bool mirrored, struct err *err)
{
    bool match = node_count(node_get(canary->analysis, "match")) > 0;
    if (canary_is_tcp(canary->root)) {
        return err_set(err, ERR_INVALID,
                       "the requests of %s cannot be told apart or mirrored: spec.service.appProtocol is tcp",
                       canary->names.id);
    }
    if (mirrored && match) {
        return err_set(err, ERR_INVALID, "the requests of %s cannot be mirrored while only some of them match",
                       canary->names.id);
    }
    return true;
}
