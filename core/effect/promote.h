/* Copies the target to the primary (workload/promotion.h) with the options that every caller in this room needs, and
 * is the kind of effect that does so for a release.
 *
 * The configs are copied first, over those that the primary uses. If the template cannot be written after that, the
 * primary is neither in its old state nor in the analysed one, and the old data is gone: there is no way back. */
#pragma once

#include "context/context.h"
#include "workload/promotion.h"

/* `revision` NULL: only creates a missing primary. `configs`: those of the revision; NULL: the current ones. The
 * arguments must live until promotion_start returns. */
struct promotion_options promote_options(struct context *context, const struct canary *canary, const char *revision,
                                         const struct node *configs, const char *promotion_id);
