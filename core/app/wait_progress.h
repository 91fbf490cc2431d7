/* What sluice wait tells while it waits: a line on stderr for each change of the release, never more than one a second.
 * A wait that sees no change tells nothing. */
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
/* The Canary and its release are like this now (NULL: not there). What is seen first is told by no line. */
void wait_progress_see(struct wait_progress *progress, const struct node *canary, const struct node *release);
