/* { kind: gauge, name, value }: the value of a metric's check, for our own /metrics. Nothing to repeat after a
 * crash. */
#include "effect/kind.h"

static bool check(const struct place *at, const struct node *effect)
{
    const struct node *value = node_get(effect, "value");
    double real;
    return place_check_text(at, effect, "name") &&
           (node_real(value, &real) || place_refuse(at, "value", value, "a number"));
}

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    double value = 0;
    node_real(node_get(call->effect, "value"), &value);
    gauges_metric(&call->context->gauges, canary->names.target, canary->names.namespace,
                  node_str_or(node_get(call->effect, "name"), ""), value);
    return EFFECT_DONE;
}

static const struct contract_field takes[] = {
    EFFECT_NAMED("gauge"),
    {.name = "name", .type = CONTRACT_STRING},
    {.name = "value", .type = CONTRACT_NUMBER},
    {0},
};

const struct effect_kind effect_gauge = {
    .name = "gauge",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT),
    .takes = takes,
    .again = "nothing to repeat",
    .check = check,
    .start = start,
};
