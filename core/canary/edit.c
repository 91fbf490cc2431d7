#include "canary/edit.h"

#include <string.h>

#include "base/str.h"

/* An absent list and an empty one are equal. */
static bool same(const struct node *a, const struct node *b)
{
    bool both_empty = node_count(a) == 0 && node_count(b) == 0 &&
                      (a == NULL || node_type(a) == NODE_ARRAY || node_type(a) == NODE_NULL) &&
                      (b == NULL || node_type(b) == NODE_ARRAY || node_type(b) == NODE_NULL);
    return both_empty || node_equal(a, b);
}

static bool same_service(const struct canary *a, const struct canary *b)
{
    static const char *const fields[] = {"hosts", "gateways",   "delegation",    "match",
                                         "port",  "targetPort", "portDiscovery", "appProtocol"};
    const struct node *before = node_get(a->spec, "service"), *after = node_get(b->spec, "service");
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (!same(node_get(before, fields[i]), node_get(after, fields[i]))) {
            return false;
        }
    }
    return strcmp(a->names.apex, b->names.apex) == 0;
}

static bool is_ab_test(const struct canary *canary)
{
    return strcmp(canary->strategy, "ab_test") == 0;
}

/* An A/B test's share, all matched requests at once, is no step of weights, even if the conditions stay. */
static bool same_kind_of_share(const struct canary *a, const struct canary *b)
{
    return !is_ab_test(a) || is_ab_test(b) || strcmp(b->strategy, "blue_green") == 0;
}

enum edit edit_between(const struct canary *before, const struct canary *after)
{
    if (!str_equal(before->names.target, after->names.target) ||
        !str_equal(before->names.target_kind, after->names.target_kind) ||
        !str_equal(before->provider, after->provider)) {
        return EDIT_SUBJECT;
    }
    bool routing = same_service(before, after) && same_kind_of_share(before, after) &&
                   same(node_get(before->analysis, "match"), node_get(after->analysis, "match"));
    return routing ? EDIT_PLAIN : EDIT_ROUTING;
}

bool edit_changes_objects(const struct canary *before, const struct canary *after)
{
    static const char *const others[] = {"analysis",      "skipAnalysis", "progressDeadlineSeconds",
                                         "metricsServer", "suspend",      "revertOnDeletion",
                                         "strategy"};
    struct doc *specs[] = {doc_copy(before->spec), doc_copy(after->spec)};
    for (size_t i = 0; i < 2; i++) {
        for (size_t j = 0; j < sizeof others / sizeof others[0]; j++) {
            node_remove(doc_root(specs[i]), others[j]);
        }
    }
    bool equal = node_equal(doc_root(specs[0]), doc_root(specs[1]));
    doc_free(specs[0]);
    doc_free(specs[1]);
    return !equal;
}

int64_t edit_iterations(const struct canary *before, const struct canary *after)
{
    int64_t done = before->iterations < 0 ? 0 : before->iterations;
    int64_t total = node_int_or(node_get(after->analysis, "iterations"), 0);
    if (strcmp(after->strategy, "canary") == 0 || canary_is_scripted(after)) {
        return 0;
    }
    return is_ab_test(after) && done >= total ? total - 1 : done;
}
