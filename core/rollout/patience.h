/* How often the objects of one Canary are repaired.
 *
 * An object that somebody changes back, or whose fields the API server does not keep, differs for ever or again and again. It is written at once a few times, then
 * once per interval as Flagger does, and holds up nothing. Each object counts for itself, because two engines that disagree do so about several at a time, and a
 * look that finds nothing to do proves nothing: the other one has not looked yet. Two intervals without a write make it a new object again. */
#pragma once

#include "io/clock.h"
#include "kube/write.h"

struct patience_object;

struct patience {
    struct patience_object *objects;
    struct patience_object *asked; /* about which was asked last */
    int64_t interval_ms;
};

void patience_fini(struct patience *patience);
/* How long this write must wait; 0: not at all. What fails is not held back: whoever tries again waits by himself. */
int64_t patience_wait_ms(struct patience *patience, const struct clock *clock, const struct kube_write *write,
                         int64_t interval_ms);
/* The API server took the write that was asked about last. */
void patience_note(struct patience *patience, const struct clock *clock);
