/* What keeps a Canary from going on, as people are told it: a pause, a refusal, or what it waits for. */
#pragma once

#include "base/doc.h"

struct hold {
    const char *reason;  /* "Paused", "Suspended", or that of a condition */
    const char *message; /* as it was written, so it may have any character; NULL: nobody has given one */
    const char *since;   /* RFC 3339; NULL: it is not known */
};

/* False: nothing does. `hold` borrows from the Canary. */
bool hold_read(struct hold *hold, const struct node *canary);
