/* A clock that goes faster than the one below it: an embedded cluster for people who do not want to wait a minute per
 * step. */
#pragma once

#include "io/clock.h"

struct fast_clock;

/* `speed`: seconds here per second there, at least 1. `wall_ms`: what this one shows first. */
struct fast_clock *fast_clock_new(struct clock *below, int speed, int64_t wall_ms);
void fast_clock_free(struct fast_clock *fc);
struct clock *fast_clock_clock(struct fast_clock *fc);
