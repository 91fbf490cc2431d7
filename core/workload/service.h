/* The three ClusterIP Services of a Canary (docs/flagger.md, "Services"). */
#pragma once

#include "canary/names.h"
#include "kube/write.h"
#include "workload/workload.h"

void service_prune(struct doc *object, const struct node *managers);

enum service_role { SERVICE_CANARY, SERVICE_PRIMARY, SERVICE_APEX };

struct service_options {
    const struct stores *stores; /* of Services, and of the workloads whose Pods a foreign Service may choose */
    const struct canary_names *names;
    const struct node *canary, *target; /* the pruned target: its discovered ports */
    const struct selector *selector;
    enum service_role role;
};

/* Plans the write that creates or repairs the Service of this role. A Service that somebody else made is taken over
 * if it chooses Pods of the target or of its primary, and of no other running Deployment; or if it is signed
 * (canary/ownership.h). */
enum plan service_plan(const struct service_options *options, struct kube_write *write, struct err *err);
