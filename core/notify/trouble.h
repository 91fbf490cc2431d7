/* What a canary cannot get past just now, told once per cause.
 *
 * Flagger tells it on every tick; we look whenever something changed. So a text that repeats is told once, and texts that count Pods
 * ("1 of 3 …", "2 of 3 …") are told at most once per interval, the latest one last. */
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

/* A Warning event, unless it was the last one told. */
void trouble_tell(struct trouble *trouble, const char *text);
/* The same for a wait that goes on: at most one text per `interval_ms`. */
void trouble_tell_wait(struct trouble *trouble, const char *text, int64_t interval_ms);
/* The same for what stands in the way of a look. What is not found may be on its way, applied together with the Canary, and only its watch
 * behind: that is told if it has not been cleared after a moment. */
void trouble_tell_err(struct trouble *trouble, const struct err *err);
/* It is over: the same text would be news again. */
void trouble_clear(struct trouble *trouble);
