/* What Go code calls semantically equal: quantities of one amount are, whatever their texts. By it a server counts
 * generations, and the controller of Deployments knows a template again. */
#pragma once

#include "sim/kinds/type.h"

/* Two values that type_convert made, of that type; `type` NULL: of no Go type. */
bool type_equal(const struct type *type, const struct node *a, const struct node *b);

/* The type of a field, such as "spec" of Deployment; NULL when it has none. */
const struct type *type_of_field(const struct type *type, const char *name);
