/* Scaling the target to zero and back (section 4.1.4 of the behaviour reference). */
#pragma once

#include "context/context.h"

/* PLAN_DONE when it is there already: any replicas for `up`, none for not. */
enum plan scale_plan(struct context *context, const struct canary *canary, bool up, struct kube_write *write,
                     struct err *err);
