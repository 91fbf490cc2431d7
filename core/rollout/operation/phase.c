/* phase: has another Canary of the namespace come to this phase? */
#include "canary/canary.h"
#include "rollout/operation/operation.h"

/* Not by context_canary, which has the Canary of this turn and would have to read that one again. */
bool operation_phase_is(const struct operation_call *call, const struct node *condition)
{
    struct doc *canary = store_find(context_store(call->context, &KUBE_CANARIES), call->release->namespace,
                                    node_str_or(node_get(condition, "name"), ""));
    bool is = canary != NULL &&
              node_is(node_at(doc_root(canary), "status", "phase"), node_str_or(node_get(condition, "phase"), ""));
    doc_free(canary);
    return is;
}

static bool start(struct operation_call *call, const struct canary *canary, struct doc **answer)
{
    *answer = operation_object();
    node_set_bool(*answer, doc_root(*answer), "came", operation_phase_is(call, doc_root(call->args)));
    return true;
}

const struct contract_field operation_condition[] = {
    {.name = "name", .type = CONTRACT_STRING}, {.name = "phase", .type = CONTRACT_STRING}, {0}};
static const struct contract_field answers[] = {{.name = "came", .type = CONTRACT_BOOLEAN}, {0}};

const struct operation operation_phase = {
    .name = "phase", .takes.fields = operation_condition, .answers.fields = answers, .recorded = true, .start = start};
