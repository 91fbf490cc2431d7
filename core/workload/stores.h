/* What the cluster is watched for besides Canaries and Releases: the workloads and what belongs to them. */
#pragma once

#include "kube/stores.h"

extern const struct store_plan workload_stores[];
extern const size_t workload_store_count;
