/* How often one object is repaired.
 *
 * An object that somebody changes back, or whose fields the API server does not keep, differs for ever. It is written
 * at once a few times, then once per interval as Flagger does, and holds up nothing. */
#pragma once

#include "io/clock.h"
#include "kube/write.h"

struct patience {
    char *object; /* the last one that was written; NULL: none */
    int writes;   /* of it, without a look that found nothing to do */
    int64_t until_ms;
};

void patience_fini(struct patience *patience);
/* Nothing differs any more. */
void patience_clear(struct patience *patience);
/* False: not now. True: write it; *wait_ms is -1, or the time until it may be written again, when the caller must look again. */
bool patience_allows(struct patience *patience, const struct clock *clock, const struct kube_write *write,
                     int64_t interval_ms, int64_t *wait_ms);
