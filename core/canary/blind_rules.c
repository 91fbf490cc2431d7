#include "canary/blind_rules.h"

#include <assert.h>
#include <string.h>

#include "canary/params.h"

static const char declarations[] =
    "{\"blind\":{\"type\":\"choice\",\"values\":[\"fail\",\"hold\",\"ignore\"],\"default\":\"fail\"},"
    "\"min_requests\":{\"type\":\"integer\",\"min\":1,\"max\":1000000000,\"default\":1},"
    "\"blind_timeout\":{\"type\":\"duration\",\"min\":\"1s\",\"default\":\"1h\"},"
    "\"otherwise\":{\"type\":\"choice\",\"values\":[\"rollback\",\"promote\",\"fail\"],\"default\":\"rollback\"}}";

/* NULL: a Strategy decides, or nothing is given. */
static const struct node *given_by(const struct canary *canary)
{
    const struct node *strategy = node_get(canary->spec, "strategy");
    return canary->names.strategy == NULL ? node_get(strategy, "params") : NULL;
}

static struct doc *declared(void)
{
    struct err err;
    struct doc *doc = doc_parse(declarations, strlen(declarations), &err);
    assert(doc != NULL);
    return doc;
}

void blind_rules_check(const struct canary *canary, struct str_list *reasons)
{
    const struct node *given = given_by(canary), *strategy = node_get(canary->spec, "strategy");
    bool is_there = strategy != NULL && node_type(strategy) != NODE_NULL && canary->names.strategy == NULL;
    if (is_there && (given == NULL || node_get(strategy, "namespace") != NULL)) {
        /* the API server drops a field that is misspelt */
        str_list_push_format(reasons,
                             "spec.strategy: wanted a name, or params without a namespace for the strategy that "
                             "the analysis stands for");
    }
    if (given == NULL) {
        return;
    }
    struct doc *known = declared();
    if (params_fit(doc_root(known), given, "spec.strategy.params", reasons) && node_get(given, "otherwise") != NULL &&
        node_get(given, "blind_timeout") == NULL) {
        str_list_push_format(reasons, "spec.strategy.params.otherwise: it says what follows a blind_timeout, and there "
                                      "is none");
    }
    doc_free(known);
}

struct node *blind_rules_fill(struct doc *doc, const struct canary *canary)
{
    const struct node *given = given_by(canary);
    return node_type(given) == NODE_OBJECT && node_count(given) > 0 ? node_copy(doc, given) : NULL;
}
