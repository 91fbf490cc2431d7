/* OpenAPI's version 2 in protobuf (gnostic's messages), the only form that kubectl before 1.27 explains and validates
 * by. */
#pragma once

#include "base/buf.h"
#include "sim/kinds/kinds.h"

/* `schemas`: as in version 3's components; `kinds`: whose PATCH takes dryRun. */
void openapi_v2_write(const struct node *schemas, const struct kinds *kinds, struct buf *out);
