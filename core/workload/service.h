/* The three ClusterIP Services of a Canary (section 4.2 of the behaviour reference). */
#pragma once

#include "kube/names.h"
#include "kube/write.h"
#include "workload/deployment.h"

void service_prune(struct doc *object);

enum service_role { SERVICE_CANARY, SERVICE_PRIMARY, SERVICE_APEX };

/* The write that creates or repairs the Service of this role. `target`: the pruned target Deployment (its discovered
 * ports). */
enum plan service_plan(const struct store *services, const struct canary_names *names, const struct node *canary,
                       const struct node *target, const struct selector *selector, enum service_role role,
                       struct kube_write *write, struct err *err);
