/* The question before a Canary is initialised: are its metric providers there? */
#pragma once

#include "context/context.h"
#include "notify/announcer.h"

struct providers;
/* `trouble`: the first of them that is not there, and why; NULL: all are. Borrowed. */
typedef void providers_done_fn(void *ctx, const char *trouble);

/* False: nothing has to be asked, all is well (inline queries are not looked at). */
bool providers_are_needed(const struct canary *canary);
/* Asks those of all metrics, in order, until the first that is not there. Only for a Canary that needs some. */
struct providers *providers_check(struct context *context, const struct canary *canary, providers_done_fn *done,
                                  void *ctx);
void providers_cancel(struct providers *check);
/* The event about it. */
void providers_tell(struct announcer *announcer, const char *trouble);
