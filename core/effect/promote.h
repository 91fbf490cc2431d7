/* A copy of the target to the primary, as every caller in this room wants it (workload/promotion.h does it), and how far one has come that failed.
 *
 * The configs are copied first, over those that the primary reads. When its template cannot be written after that, the primary is neither what it was nor what was
 * analysed, and nobody has the old data any more: there is no way back. */
#pragma once

#include "context/context.h"
#include "workload/promotion.h"

/* `revision` NULL: only to make a primary that is missing. `configs`: those of the revision, NULL: whatever they are. What is given must live until promotion_start
 * returns. */
struct promotion_options promote_options(struct context *context, const struct canary *canary, const char *revision,
                                         const struct node *configs, const char *promotion_id);

/* The copies that the primary reads and that a promotion of these configs will write over, with the checksums that they have now: {"configmap/x": "…"} in `doc`. */
struct node *promote_copies(struct context *context, const struct canary *canary, const struct node *configs,
                            struct doc *doc);
/* Is one of them another one by now? */
bool promote_has_begun(struct context *context, const struct canary *canary, const struct node *copies);
