/* Whose Pod it is. */
#pragma once

#include "sim/objects/objects.h"

/* The Deployment of the Pod's ReplicaSet (a ReplicaSet that is gone or has no owner: its name without the hash), any
 * other controller's name, or the Pod's own, as Istio names workloads. A new string (mem_free). */
char *workload_name(const struct objects *objects, const struct node *pod);
