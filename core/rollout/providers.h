/* The question before a Canary is initialised: are its metric providers there? */
#pragma once

#include "prom/query.h"
#include "rollout/canary.h"

/* False: nothing has to be asked, all is well (only the two metrics without a query are looked at). */
bool providers_are_needed(const struct canary *canary);
/* The event's text (mem_free) and type. `answer` to the query "vector(1)"; NULL: nothing was asked. */
char *providers_verdict(const struct prom_answer *answer, const char **type);
