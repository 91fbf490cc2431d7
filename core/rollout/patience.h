/* How often one object is repaired.
 *
 * An object that somebody changes back, or whose fields the API server does not keep, differs for ever. It is written
 * at once a few times, then once per interval as Flagger does, and holds up nothing. */
#pragma once

#include "io/clock.h"
#include "kube/write.h"

struct patience {
    char *object; /* the last one that was to be written; NULL: none */
    int writes;   /* of it that the API server took, without a look that found nothing to do */
    int64_t interval_ms, until_ms;
};

void patience_fini(struct patience *patience);
/* Nothing differs any more. */
void patience_clear(struct patience *patience);
/* False: not now, it was written often enough. What fails is not held back: whoever tries again waits by himself. */
bool patience_allows(struct patience *patience, const struct clock *clock, const struct kube_write *write,
                     int64_t interval_ms);
/* The API server took the write that was allowed last. Returns -1, or after how many milliseconds to look again. */
int64_t patience_note(struct patience *patience, const struct clock *clock);
