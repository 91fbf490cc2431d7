/* { kind: autoscaler }: the primary's HorizontalPodAutoscaler takes over what the target's says. */
#include "workload/autoscaler.h"
#include "effect/kind.h"

static enum effect_step start(struct effect_call *call, const struct canary *canary, struct kube_write *write,
                              struct err *err)
{
    return effect_step_of(autoscaler_plan(context_store(call->context, &KUBE_AUTOSCALERS), &canary->names, canary->root,
                                          true, write, err));
}

const struct effect_kind effect_autoscaler = {
    .name = "autoscaler",
    .lists = EFFECTS_IN(EFFECTS_OF_SCRIPT),
    .start = start,
};
