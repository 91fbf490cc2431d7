/* spec: the fields that a script decides by, and no others, because the answer stays on record while the word that
 * asked goes on. Hooks and alerts, most of many a Canary, are left to C. */
#include "base/str.h"
#include "canary/blind_rules.h"
#include "canary/check_ref.h"
#include "rollout/metric_template.h"
#include "rollout/operation/operation.h"

/* {"namespace/name": {query: …}} of the MetricTemplates that the metrics name and that are there; without metrics that
 * name one it is absent. */
static void add_templates(const struct context *context, const struct canary *canary, struct doc *doc)
{
    struct node_iter it = node_iterate(node_get(canary->analysis, "metrics"));
    while (node_next(&it)) {
        char *key = metric_template_key(it.value, canary->names.namespace);
        if (key == NULL) {
            continue;
        }
        struct node *templates = node_ensure_object(doc, doc_root(doc), "templates");
        struct doc *template = metric_template_find(context, key);
        if (template != NULL && node_get(templates, key) == NULL) {
            const struct node *query = node_at(doc_root(template), "spec", "query");
            node_set_str(doc, node_ensure_object(doc, templates, key), "query", node_str_or(query, ""));
        }
        doc_free(template);
        str_free(&key);
    }
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    static const char *const deciding[] = {"skipAnalysis", "autoscalerRef", "ingressRef", "routeRef", "analysis"};
    struct doc *doc = operation_object();
    for (size_t i = 0; i < sizeof deciding / sizeof deciding[0]; i++) {
        const struct node *field = node_get(canary->spec, deciding[i]);
        if (field != NULL) {
            node_set(doc, doc_root(doc), deciding[i], node_copy(doc, field));
        }
    }
    if (canary->skip_analysis) {
        node_set_bool(doc, doc_root(doc), "skipAnalysis", true); /* also where a person has promoted the release */
    }
    struct node *analysis = node_get(doc_root(doc), "analysis");
    node_remove(analysis, "webhooks");
    node_remove(analysis, "alerts");
    add_templates(call->context, canary, doc);
    struct node *rules = blind_rules_fill(doc, canary);
    if (rules != NULL) {
        node_set(doc, doc_root(doc), "rules", rules);
    }
    check_refs_resolve(doc, analysis, canary, doc_root(call->release->checks));
    *answer = doc;
    return true;
}

/* What is in them is the Canary's own, which is checked when it is read. */
static const struct contract_field answers[] = {
    {.name = "skipAnalysis", .type = CONTRACT_ANY, .optional = true},
    {.name = "autoscalerRef", .type = CONTRACT_ANY, .optional = true},
    {.name = "ingressRef", .type = CONTRACT_ANY, .optional = true},
    {.name = "routeRef", .type = CONTRACT_ANY, .optional = true},
    {.name = "analysis", .type = CONTRACT_ANY, .optional = true},
    {.name = "templates", .type = CONTRACT_ANY, .optional = true},
    {.name = "rules", .type = CONTRACT_ANY, .optional = true},
    {0},
};

const struct operation operation_spec = {
    .name = "spec", .takes.fields = operation_nothing, .answers.fields = answers, .recorded = true, .start = start};
