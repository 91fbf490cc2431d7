#include "release/counters.h"

/* Each of them, as the Release and as the Canary's status call it. One iteration can be taken back before the first
 * (stdlib/shared_words.lua). */
static const struct field {
    size_t at;
    const char *name, *of_canary;
    int64_t min, max;
} fields[] = {
    {offsetof(struct counters, weight), "weight", "canaryWeight", 0, 100},
    {offsetof(struct counters, iterations), "iterations", "iterations", -1, INT32_MAX},
    {offsetof(struct counters, failed_checks), "failedChecks", "failedChecks", 0, INT32_MAX},
};
enum { FIELD_COUNT = sizeof fields / sizeof fields[0] };

static int64_t *at(struct counters *c, size_t i)
{
    return (int64_t *)(void *)((char *)c + fields[i].at);
}

static int64_t value_of(const struct counters *c, size_t i)
{
    return *(const int64_t *)(const void *)((const char *)c + fields[i].at);
}

void counters_clear(struct counters *c)
{
    *c = (struct counters){COUNTER_NONE, COUNTER_NONE, COUNTER_NONE};
}

bool counters_are_none(const struct counters *c)
{
    return c->weight == COUNTER_NONE && c->iterations == COUNTER_NONE && c->failed_checks == COUNTER_NONE;
}

void counters_read(struct counters *c, const struct node *status)
{
    const struct node *n = node_get(status, "counters");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        *at(c, i) = node_int_or(node_get(n, fields[i].name), COUNTER_NONE);
    }
}

/* A merge patch keeps the fields that it does not name, so an absent value is written as null. */
void counters_write(const struct counters *c, struct doc *doc, struct node *status)
{
    if (counters_are_none(c)) {
        node_set(doc, status, "counters", node_new_null(doc));
        return;
    }
    struct node *n = node_ensure_object(doc, status, "counters");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        int64_t value = value_of(c, i);
        node_set(doc, n, fields[i].name, value != COUNTER_NONE ? node_new_int(doc, value) : node_new_null(doc));
    }
}

static bool is_absent(const struct node *n)
{
    return node_type(n) == NODE_ABSENT || node_type(n) == NODE_NULL;
}

bool counters_check(const struct node *status, struct err *err)
{
    const struct node *counters = node_get(status, "counters");
    if (!is_absent(counters) && node_type(counters) != NODE_OBJECT) {
        return err_set(err, ERR_INVALID, "status.counters is not an object");
    }
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        const struct node *n = node_get(counters, fields[i].name);
        int64_t value;
        if (!is_absent(n) && (!node_int(n, &value) || value < fields[i].min || value > fields[i].max)) {
            return err_set(err, ERR_INVALID, "status.counters.%s is not a count", fields[i].name);
        }
    }
    return true;
}

void counters_take(struct counters *c, const struct counters *ordered)
{
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (value_of(ordered, i) != COUNTER_NONE) {
            *at(c, i) = value_of(ordered, i);
        }
    }
}

void counters_apply(const struct counters *c, struct canary *canary)
{
    canary->weight = c->weight != COUNTER_NONE ? c->weight : canary->weight;
    canary->iterations = c->iterations != COUNTER_NONE ? c->iterations : canary->iterations;
    canary->failed_checks = c->failed_checks != COUNTER_NONE ? c->failed_checks : canary->failed_checks;
}

void counters_complete(const struct counters *c, struct doc *patch)
{
    struct node *status = node_get(doc_root(patch), "status");
    for (size_t i = 0; i < FIELD_COUNT; i++) {
        if (value_of(c, i) != COUNTER_NONE && node_get(status, fields[i].of_canary) == NULL) {
            node_set_int(patch, status, fields[i].of_canary, value_of(c, i));
        }
    }
}
