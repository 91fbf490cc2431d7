/* Rules of built-in kinds: what Go code refuses in a real API server. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/kinds.h"

void builtin_validate(const struct kind *kind, const struct node *object, struct doc *causes);
void builtin_validate_update(const struct kind *kind, const char *subresource, const struct node *object,
                             const struct node *existing, struct doc *causes);
