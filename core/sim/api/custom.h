/* Objects of the kinds that CRDs define. */
#pragma once

#include "base/doc.h"
#include "base/str.h"
#include "sim/kinds/kinds.h"

/* Removes the fields that the schema does not know, and sets its defaults. `unknown` NULL: nobody asks which they
 * were. */
void custom_prune(const struct kind *kind, struct doc *object, struct str_list *unknown);
/* Sets its defaults alone. */
void custom_default(const struct kind *kind, struct doc *object);
/* `existing` NULL: it is new. */
void custom_validate(const struct kind *kind, const char *subresource, const struct node *object,
                     const struct node *existing, struct doc *causes);
