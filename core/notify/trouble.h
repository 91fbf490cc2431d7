/* The current obstacle of a Canary, told once per cause.
 *
 * Flagger tells it on every tick; the actor looks whenever something changed. So a repeated text is told once, and
 * texts that count Pods ("1 of 3 …", "2 of 3 …") are told at most once per interval, the latest one last. */
#pragma once

#include "io/clock.h"
#include "notify/announcer.h"

struct trouble {
    struct clock *clock;
    struct announcer *announcer;
    char *told;   /* NULL: nothing yet */
    char *latest; /* to be told when the timer fires; NULL: none */
    int64_t told_ms;
    struct timer timer;
};

void trouble_init(struct trouble *trouble, struct clock *clock, struct announcer *announcer);
void trouble_fini(struct trouble *trouble);

/* Sends a Warning event, unless this text was the last one sent. */
void trouble_tell(struct trouble *trouble, const char *text);
/* The same for a wait that goes on: at most one text per `interval_ms`. */
void trouble_tell_wait(struct trouble *trouble, const char *text, int64_t interval_ms);
/* The same for an error that stops a look. An object that is not found may have been applied together with the
 * Canary, and its watch may be behind: such an error is told only if it has not been cleared after a moment. */
void trouble_tell_err(struct trouble *trouble, const struct err *err);
/* The obstacle is gone: the same text may be told again. */
void trouble_clear(struct trouble *trouble);
