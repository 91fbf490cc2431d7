/* What `sluice shadow` watches, told at its start: without a Canary nothing else would be said. */
#pragma once

#include "app/session.h"

/* Once the Canaries have been read. `names`: those that are wanted; none: all. `namespace` NULL: all namespaces. False
 * and err: one that is named is not there. */
bool shadow_scope_tell(struct session *session, const struct store *canaries, const struct str_list *names,
                       const char *namespace, struct err *err);
