/* Scaling the target to zero and back (docs/flagger.md, "Scaling the target"). */
#pragma once

#include "context/context.h"

/* PLAN_DONE when it is there already: any replicas for `up`, none for not. */
enum plan scale_plan(struct context *context, const struct canary *canary, bool up, struct kube_write *write,
                     struct err *err);
