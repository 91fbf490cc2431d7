/* Virtual time: a clock that stands still while any work is left, and then jumps to the next timer. Simulations and
 * tests have no other. */
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
/* Moves the time to the next timer up to `until_ms`, and fires what is due then. False: there is none. */
bool virtual_clock_turn(struct virtual_clock *vc, int64_t until_ms);
/* The process was stopped: time has passed, and nothing has fired yet. */
void virtual_clock_jump(struct virtual_clock *vc, int64_t ms);
/* Sets the wall clock forward or back; the monotonic one does not notice. */
void virtual_clock_set_wall(struct virtual_clock *vc, int64_t wall_ms);
