/* What sluice wait tells while it waits: a line on stderr of what holds the Canary at the beginning, and one for each
 * change of the release, never more than one a second. */
#pragma once

#include "base/doc.h"
#include "io/clock.h"

struct wait_progress {
    struct clock *clock;
    struct timer timer; /* pending: a line is due, but too early */
    char *state;        /* as it was seen last, in words; NULL: no release was under way */
    int64_t told_ms;    /* when the last line was printed */
    bool quiet, looked, told;
};

void wait_progress_init(struct wait_progress *progress, struct clock *clock, bool quiet);
void wait_progress_fini(struct wait_progress *progress);
/* The Canary and its release are like this now (NULL: not there). Of what is seen first a line tells only what the
 * Canary waits for. */
void wait_progress_see(struct wait_progress *progress, const struct node *canary, const struct node *release);
