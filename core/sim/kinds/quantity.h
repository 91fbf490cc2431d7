/* Quantities, such as "1000m" of cpu and "1024Mi" of memory, as Go's resource.Quantity reads and writes them. A real
 * API server stores what Quantity writes, so two texts of one amount become one text there. */
#pragma once

#include <stdbool.h>

#include "base/err.h"

/* The text that a real API server stores (mem_free): "1000m" is "1", "1024Mi" is "1Gi", "0.5" is "500m". As there, a
 * few texts stay as they are though others of the same amount exist ("1.500", "007"). `rounds_to_milli`: what is finer
 * than a thousandth is rounded away from zero, as in lists of resources. NULL: err is what Go says. */
char *quantity_canonical(const char *text, bool rounds_to_milli, struct err *err);

/* The same amount, as "1Gi" and "1073741824" are: texts that a server stores as they are, and takes for no change. */
bool quantity_equal(const char *a, const char *b);
