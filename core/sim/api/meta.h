/* Rules about metadata that hold for every kind. */
#pragma once

#include "base/doc.h"
#include "sim/kinds/kinds.h"

void meta_validate(const struct kind *kind, const struct node *object, struct doc *causes);
void meta_validate_update(const struct node *object, const struct node *existing, struct doc *causes);
