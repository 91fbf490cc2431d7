/* facts: the state of the Canary and its routes. */
#include "rollout/operation/operation.h"

static void set_routes(struct operation_call *call, const struct canary *canary, struct doc *doc, struct node *facts)
{
    const struct router *router = &call->context->router;
    struct routes live;
    struct err err = {0};
    if (!router->ops->get_routes(router, &canary->names, canary->root, &live, &err)) {
        node_set_str(doc, facts, "route_error", err.text);
        return;
    }
    gauges_weights(&call->context->gauges, canary->names.target, canary->names.namespace, live.primary_pct,
                   live.canary_pct);
    struct node *route = node_ensure_object(doc, facts, "route");
    node_set_int(doc, route, "primary", live.primary_pct);
    node_set_int(doc, route, "canary", live.canary_pct);
    node_set_bool(doc, route, "mirrored", live.mirrored);
}

static int64_t replicas_of(const struct canary *canary, struct doc *workload)
{
    int64_t replicas = workload != NULL ? workload_of(&canary->names)->replicas(doc_root(workload)) : 0;
    doc_free(workload);
    return replicas;
}

static void set_replicas(struct operation_call *call, const struct canary *canary, struct doc *doc, struct node *facts)
{
    struct node *replicas = node_ensure_object(doc, facts, "replicas");
    node_set_int(doc, replicas, "primary", replicas_of(canary, context_primary(call->context, &canary->names)));
    node_set_int(doc, replicas, "canary", replicas_of(canary, context_target(call->context, &canary->names)));
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    struct doc *doc = operation_object();
    struct node *facts = doc_root(doc);
    node_set_int(doc, facts, "now", clock_wall_ms(call->context->clock));
    node_set_str(doc, facts, "name", canary->names.name);
    node_set_str(doc, facts, "namespace", canary->names.namespace);
    node_set_str(doc, facts, "target", canary->names.target);
    node_set_str(doc, facts, "target_kind", canary->names.target_kind);
    node_set_str(doc, facts, "service", canary->names.apex);
    node_set_str(doc, facts, "provider", canary->provider);
    node_set_str(doc, facts, "phase", canary->phase);
    node_set_int(doc, facts, "failed_checks", canary->failed_checks);
    node_set_int(doc, facts, "iterations", canary->iterations);
    node_set_int(doc, facts, "weight", canary->weight);
    node_set_bool(doc, facts, "restarted", call->release->origin != RELEASE_FROM_REST);
    node_set_bool(doc, facts, "finishing", call->release->origin == RELEASE_FINISHING);
    node_set_int(doc, facts, "interval_ms", canary->interval_ms);
    node_set_int(doc, facts, "generation", node_int_or(node_at(canary->root, "metadata", "generation"), 0));
    node_set_int(doc, facts, "started", call->release->started_ms);
    node_set_str(doc, facts, "revision", call->release->revision);
    node_set_bool(doc, facts, "tcp", canary_is_tcp(canary->root));
    set_replicas(call, canary, doc, facts);
    if (alerter_is_needed(call->context->alerter, canary, NULL)) {
        node_set_bool(doc, facts, "alerts", true);
    }
    set_routes(call, canary, doc, facts);
    *answer = doc;
    return true;
}

static const struct contract_field route[] = {
    {.name = "primary", .type = CONTRACT_INTEGER},
    {.name = "canary", .type = CONTRACT_INTEGER},
    {.name = "mirrored", .type = CONTRACT_BOOLEAN},
    {0},
};
static const struct contract_field replicas[] = {
    {.name = "primary", .type = CONTRACT_INTEGER},
    {.name = "canary", .type = CONTRACT_INTEGER},
    {0},
};
static const struct contract_field answers[] = {
    {.name = "now", .type = CONTRACT_INTEGER},
    {.name = "name", .type = CONTRACT_STRING},
    {.name = "namespace", .type = CONTRACT_STRING},
    {.name = "target", .type = CONTRACT_STRING},
    {.name = "target_kind", .type = CONTRACT_STRING},
    {.name = "service", .type = CONTRACT_STRING},
    {.name = "provider", .type = CONTRACT_STRING},
    {.name = "phase", .type = CONTRACT_STRING},
    {.name = "failed_checks", .type = CONTRACT_INTEGER},
    {.name = "iterations", .type = CONTRACT_INTEGER},
    {.name = "weight", .type = CONTRACT_INTEGER},
    {.name = "restarted", .type = CONTRACT_BOOLEAN},
    {.name = "finishing", .type = CONTRACT_BOOLEAN},
    {.name = "interval_ms", .type = CONTRACT_INTEGER},
    {.name = "generation", .type = CONTRACT_INTEGER},
    {.name = "started", .type = CONTRACT_INTEGER},
    {.name = "revision", .type = CONTRACT_STRING},
    {.name = "tcp", .type = CONTRACT_BOOLEAN},
    {.name = "replicas", .fields = replicas},
    {.name = "alerts", .type = CONTRACT_BOOLEAN, .optional = true},
    {.name = "route", .optional = true, .fields = route},
    {.name = "route_error", .type = CONTRACT_STRING, .optional = true},
    {0},
};

const struct operation operation_facts = {
    .name = "facts", .takes.fields = operation_nothing, .answers.fields = answers, .recorded = true, .start = start};
