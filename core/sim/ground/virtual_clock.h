/* Virtual time: a clock that stands still while any work is left, and then jumps to the next timer. */
#pragma once

#include "io/clock.h"

struct virtual_clock;

/* `wall_ms`: what the wall clock shows first (milliseconds since 1970 UTC). */
struct virtual_clock *virtual_clock_new(int64_t wall_ms);
void virtual_clock_free(struct virtual_clock *vc);
struct clock *virtual_clock_clock(struct virtual_clock *vc);

/* Fires timers in order, each at its own time, until virtual_clock_stop, until no timer is left, or until `until_ms`
 * (monotonic, from 0) has come. False: it was stopped or ran dry before. */
bool virtual_clock_run(struct virtual_clock *vc, int64_t until_ms);
void virtual_clock_stop(struct virtual_clock *vc);
