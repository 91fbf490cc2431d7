/* The virtual clock (io/virtual_clock.h) as tests move it: time stands still until the test says how much passes.
 *
 *     struct fake_clock *fc = fake_clock_new(1773216907000);
 *     x = x_new(fake_clock_clock(fc), …);
 *     fake_clock_run(fc);             // every turn that is due now: what x_start promised has happened
 *     fake_clock_advance(fc, 10000);  // ten seconds pass; every timer fires at its own time, in order
 *     x_free(x);
 *     fake_clock_free(fc);            // asserts that no timer is left
 */
#pragma once

#include "io/clock.h"

struct fake_clock;

/* `wall_ms`: what the wall clock shows first (milliseconds since 1970 UTC). */
struct fake_clock *fake_clock_new(int64_t wall_ms);
void fake_clock_free(struct fake_clock *fc);
struct clock *fake_clock_clock(struct fake_clock *fc);

/* Moves the time by `ms` and fires on the way every timer that becomes due, each at its own time; timers they start are
 * included. Aborts after a million turns: somebody starts itself again without delay. */
void fake_clock_advance(struct fake_clock *fc, int64_t ms);
/* The process was stopped: time has passed, and nothing has fired yet. */
void fake_clock_jump(struct fake_clock *fc, int64_t ms);
/* As fake_clock_advance, without moving the time. */
void fake_clock_run(struct fake_clock *fc);
/* Moves the time to the next timer and runs what is due then; false when there is none. */
bool fake_clock_step(struct fake_clock *fc);

/* Sets the wall clock forward or back; the monotonic one does not notice. */
void fake_clock_set_wall(struct fake_clock *fc, int64_t wall_ms);
