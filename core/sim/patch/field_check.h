/* The check of what is applied. */
#pragma once

#include "sim/kinds/shape.h"

/* What is applied must fit: elements of lists with keys have names, each once; of a custom kind, fields are known and
 * of their type. False: err, with the places. */
bool field_check(const struct shape *shape, const struct node *value, struct err *err);
