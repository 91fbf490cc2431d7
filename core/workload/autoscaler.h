/* The primary's HorizontalPodAutoscaler (docs/flagger.md, "Autoscaler"). */
#pragma once

#include "canary/names.h"
#include "kube/write.h"

/* With `update` false the primary's HPA is only created when it is missing. With true it is brought in line with the
 * target's, except for labels and annotations, which Flagger does not update either. PLAN_DONE without an
 * autoscalerRef. */
enum plan autoscaler_plan(const struct store *autoscalers, const struct canary_names *names, const struct node *canary,
                          bool update, struct kube_write *write, struct err *err);
/* minReplicas of the target's HPA, 1 when absent. */
int64_t autoscaler_min_replicas(const struct store *autoscalers, const struct node *canary);
