/* A copy of the target to the primary, as every caller in this room wants it (workload/promotion.h does it). */
#pragma once

#include "rollout/engine.h"
#include "workload/promotion.h"

/* `revision` NULL: only to make a primary that is missing. What is given must live until promotion_start returns. */
struct promotion_options promote_options(struct house *house, const struct canary *canary, const char *revision,
                                         const char *promotion_id);
