/* { kind: autoscaler }: the primary's HorizontalPodAutoscaler takes over what the target's says. */
#include "workload/autoscaler.h"
#include "effect/kind.h"

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    return effect_step_of(autoscaler_plan(context_store(call->context, &KUBE_AUTOSCALERS), &canary->names, canary->root,
                                          true, write, err));
}

static const struct contract_field takes[] = {
    EFFECT_NAMED("autoscaler"),
    {0},
};

const struct effect_kind effect_autoscaler = {
    .name = "autoscaler",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT),
    .takes = takes,
    .again = "compared, only what differs is written",
    .start = start,
};
