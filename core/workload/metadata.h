/* Which labels and annotations of the target are copied to the objects of the primary (docs/flagger.md,
 * "Primary workload"). */
#pragma once

#include "base/doc.h"
#include "base/str.h"

/* All but the keys of Flux's own bookkeeping; an object in `doc`, maybe empty. */
struct node *metadata_copied(struct doc *doc, const struct node *map);
/* Only keys with one of the prefixes of -include-label-prefix ("*" is every key, "" none). */
struct node *metadata_included(struct doc *doc, const struct node *map, const struct str_list *prefixes);
