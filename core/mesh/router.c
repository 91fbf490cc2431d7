#include "mesh/router.h"

bool routes_equal(const struct routes *a, const struct routes *b)
{
    return a->primary_pct == b->primary_pct && a->canary_pct == b->canary_pct && a->mirrored == b->mirrored;
}
