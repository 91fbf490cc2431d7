#include "release/check.h"

#include <string.h>

#include "base/str.h"
#include "release/counters.h"
#include "release/requests.h"

enum {
    NAME_SIZE_MAX = 253,
    TEXT_SIZE_MAX = 64 * 1024,
    SOURCE_SIZE_MAX = 256 * 1024,
    PARAMS_MAX = 100,
    OVERRIDES_SIZE_MAX = 32 * 1024,
    REQUEST_FIELDS_MAX = 8
};

static bool refuse(const char *field, const struct node *n, const char *wanted, struct err *err)
{
    char *text = n == NULL ? str_dup("nothing") : node_to_text(n);
    err_set(err, ERR_INVALID, "%s: %.100s is not %s", field, text, wanted);
    str_free(&text);
    return false;
}

static bool is_absent(const struct node *n)
{
    return node_type(n) == NODE_ABSENT || node_type(n) == NODE_NULL;
}

static bool check_count(const char *field, const struct node *n, struct err *err)
{
    int64_t value;
    return is_absent(n) || (node_int(n, &value) && value >= 0 && value <= RELEASE_COUNT_MAX) ||
           refuse(field, n, "a count", err);
}

static bool check_writes(const char *field, const struct node *n, struct err *err)
{
    return check_count(field, n, err) &&
           (node_int_or(n, 0) <= RELEASE_WRITES_MAX || refuse(field, n, "a count that can still rise", err));
}

static bool check_text(const char *field, const struct node *n, size_t size_max, struct err *err)
{
    return is_absent(n) || (node_str(n) != NULL && strlen(node_str(n)) <= size_max) || refuse(field, n, "a text", err);
}

static bool check_map(const char *field, const struct node *map, size_t count_max, size_t size_max, struct err *err)
{
    if (is_absent(map)) {
        return true;
    }
    if (node_type(map) != NODE_OBJECT || node_count(map) > count_max) {
        return refuse(field, map, "an object of texts", err);
    }
    struct node_iter it = node_iterate(map);
    while (node_next(&it)) {
        if (node_str(it.value) == NULL || !check_text(field, it.value, size_max, err)) {
            return refuse(field, it.value, "a text", err);
        }
    }
    return true;
}

static bool check_list(const char *field, const struct node *list, struct err *err)
{
    return is_absent(list) || node_type(list) == NODE_ARRAY || refuse(field, list, "a list", err);
}

/* What the values are is the script's business. */
static bool check_params(const struct node *params, struct err *err)
{
    bool fits = is_absent(params) || (node_type(params) == NODE_OBJECT && node_count(params) <= PARAMS_MAX);
    return fits || refuse("spec.params", params, "an object of at most 100 values", err);
}

/* What the values are is the script's business. */
static bool check_pinned(const struct node *checks, struct err *err)
{
    if (is_absent(checks)) {
        return true;
    }
    if (node_type(checks) != NODE_OBJECT || node_count(checks) > RELEASE_SOURCES_MAX) {
        return refuse("spec.checks", checks, "an object of Checks", err);
    }
    struct node_iter it = node_iterate(checks);
    while (node_next(&it)) {
        const struct node *params = node_get(it.value, "params");
        if (node_type(it.value) != NODE_OBJECT || node_str(node_get(it.value, "module")) == NULL ||
            !(is_absent(params) || node_type(params) == NODE_OBJECT)) {
            return refuse("spec.checks", it.value, "{module, params}", err);
        }
    }
    return true;
}

static bool check_spec(const struct node *spec, struct err *err)
{
    return check_text("spec.canary", node_get(spec, "canary"), NAME_SIZE_MAX, err) &&
           check_text("spec.revision", node_get(spec, "revision"), NAME_SIZE_MAX, err) &&
           check_text("spec.strategy", node_get(spec, "strategy"), NAME_SIZE_MAX, err) &&
           check_count("spec.words", node_get(spec, "words"), err) && check_params(node_get(spec, "params"), err) &&
           check_pinned(node_get(spec, "checks"), err) &&
           check_map("spec.request", node_get(spec, "request"), REQUEST_FIELDS_MAX, REQUEST_SIZE_MAX, err) &&
           check_map("spec.sources", node_get(spec, "sources"), RELEASE_SOURCES_MAX, SOURCE_SIZE_MAX, err);
}

/* What people read of a release (release/account.h). */
static bool check_account(const struct node *status, struct err *err)
{
    return check_map("status.images", node_get(status, "images"), 2, TEXT_SIZE_MAX, err) &&
           check_count("status.weight", node_get(status, "weight"), err) &&
           check_count("status.failedChecks", node_get(status, "failedChecks"), err) &&
           check_count("status.threshold", node_get(status, "threshold"), err) &&
           check_text("status.lastCheck", node_get(status, "lastCheck"), TEXT_SIZE_MAX, err) &&
           check_text("status.reason", node_get(status, "reason"), TEXT_SIZE_MAX, err) &&
           check_text("status.summary", node_get(status, "summary"), TEXT_SIZE_MAX, err);
}

/* What people asked of it (release/requests.h). */
static bool check_requests(const struct node *list, struct err *err)
{
    if (!check_list("status.requests", list, err)) {
        return false;
    }
    struct node_iter it = node_iterate(list);
    while (node_next(&it)) {
        if (!check_map("status.requests", it.value, REQUEST_FIELDS_MAX, REQUEST_SIZE_MAX, err)) {
            return false;
        }
    }
    return true;
}

static bool check_status(const struct node *status, struct err *err)
{
    return check_writes("status.epoch", node_get(status, "epoch"), err) &&
           check_writes("status.serial", node_get(status, "serial"), err) &&
           check_text("status.state", node_get(status, "state"), NAME_SIZE_MAX, err) &&
           check_text("status.revision", node_get(status, "revision"), NAME_SIZE_MAX, err) &&
           check_text("status.overrides", node_get(status, "overrides"), OVERRIDES_SIZE_MAX, err) &&
           check_account(status, err) && counters_check(status, err) &&
           check_map("status.checksums", node_get(status, "checksums"), RELEASE_CHECKSUMS_MAX, NAME_SIZE_MAX, err) &&
           check_list("status.entries", node_get(status, "entries"), err) &&
           check_list("status.open", node_get(status, "open"), err) &&
           check_list("status.evidence", node_get(status, "evidence"), err) &&
           check_list("status.ending", node_get(status, "ending"), err) &&
           check_requests(node_get(status, "requests"), err);
}

bool release_check(const struct node *object, struct err *err)
{
    const struct node *spec = node_get(object, "spec"), *status = node_get(object, "status");
    if (node_type(spec) != NODE_OBJECT) {
        return refuse("spec", spec, "an object", err);
    }
    if (!is_absent(status) && node_type(status) != NODE_OBJECT) {
        return refuse("status", status, "an object", err);
    }
    return check_spec(spec, err) && check_status(status, err);
}
