/* The resources that are watched besides Canaries and Releases. */
#pragma once

#include "kube/stores.h"

/* The kinds of workloads, then what all of them need. The number of plans, at most STORES_MAX. */
size_t workload_stores(struct store_plan plans[static STORES_MAX]);
