#include "mesh/router.h"

#include <string.h>

#include "canary/kinds.h"

#define DECLARE(row, provider) extern const struct router_ops row##_router;
CANARY_PROVIDERS(DECLARE)
#undef DECLARE

#define ROW(row, provider) &row##_router,
static const struct router_ops *const routers[] = {CANARY_PROVIDERS(ROW) NULL};
#undef ROW

const struct router_ops *router_of(const char *provider)
{
    const struct router_ops *const *router = routers;
    while (*router != NULL && strcmp((*router)->provider, provider) != 0) {
        router++;
    }
    return *router;
}

bool routes_equal(const struct routes *a, const struct routes *b)
{
    return a->primary_pct == b->primary_pct && a->canary_pct == b->canary_pct && a->mirrored == b->mirrored;
}
