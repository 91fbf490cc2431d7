#include "canary/kinds.h"

#include <string.h>

#define IS(row, name) || strcmp(wanted, name) == 0
#define OR(row, name) " or " name

bool kinds_has_workload(const char *wanted)
{
    return false CANARY_WORKLOADS(IS);
}

bool kinds_has_provider(const char *wanted)
{
    return false CANARY_PROVIDERS(IS);
}

static const char workloads[] = CANARY_WORKLOADS(OR), providers[] = CANARY_PROVIDERS(OR);
const char *const kinds_workloads = workloads + sizeof " or " - 1, *const kinds_providers =
                                                                       providers + sizeof " or " - 1;
