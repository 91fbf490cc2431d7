/* Scaling the target to zero and back (docs/flagger.md, "Scaling the target"). */
#pragma once

#include "context/context.h"

/* PLAN_DONE when nothing must change: for `up` when the target has any replicas, otherwise when it has none. */
enum plan scale_plan(struct context *context, const struct canary *canary, bool up, struct kube_write *write,
                     struct err *err);
