/* The part of kubectl's JSONPath that the columns of CRDs use. */
#pragma once

#include "base/doc.h"

/* ".status.conditions[?(@.type==\"Ready\")].status" in `root`; NULL without one. */
const struct node *json_path_find(const struct node *root, const char *path);
