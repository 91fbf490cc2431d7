/* What keeps a Canary from going on, as people are told it: a pause, a refusal, or what it waits for. */
#pragma once

#include "base/doc.h"

enum hold_kind { HOLD_NONE, HOLD_PAUSED, HOLD_SUSPENDED, HOLD_REFUSED, HOLD_WAITING };

struct hold {
    enum hold_kind kind;
    const char *reason;  /* "Paused", "Suspended", or that of a condition */
    const char *message; /* as it was written, so it may have any character; NULL: nobody has given one */
    const char *since;   /* RFC 3339; NULL: it is not known */
};

/* The first of these that does. False: nothing does. `hold` borrows from the Canary. */
bool hold_read(struct hold *hold, const struct node *canary);
/* Each for itself, whatever else does. */
bool hold_read_pause(struct hold *hold, const struct node *canary);
bool hold_read_refusal(struct hold *hold, const struct node *canary);
bool hold_read_waiting(struct hold *hold, const struct node *canary);
/* In words for people: "Paused: INC-4711" (str_free). */
char *hold_text(const struct hold *hold);
