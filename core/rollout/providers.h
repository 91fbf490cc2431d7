/* The question before a Canary is initialised: are its metric providers there? */
#pragma once

#include "notify/announcer.h"
#include "prom/query.h"

/* False: nothing has to be asked, all is well (only the two metrics without a query are looked at). */
bool providers_are_needed(const struct canary *canary);
/* The event about it. `answer` to the query "vector(1)"; NULL: nothing was asked. */
void providers_tell(struct announcer *announcer, const struct prom_answer *answer);
