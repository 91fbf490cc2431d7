/* The resources that are watched besides Canaries and Releases */
#pragma once

#include "kube/stores.h"

extern const struct store_plan workload_stores[];
extern const size_t workload_store_count;
