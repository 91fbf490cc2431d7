/* A bound on how many of a client's requests are under way at once. What comes above it waits in line and goes in the order in which it came.
 *
 * Without it a thousand canaries that are applied together ask for everything at the same moment: the API server answers each later than its caller waits, and the
 * one request that must not be late, the Lease's, is late with them. */
#pragma once

#include "io/clock.h"

struct limit_place;

/* Embedded in a client. */
struct limit {
    struct clock *clock;
    size_t free_count;
    struct limit_place *waiting; /* the first in line; NULL: nobody */
    struct timer turn;
};

/* Embedded in what asks to go; zero-initialised it neither waits nor goes. */
struct limit_place {
    bool is_waiting, is_going;
    struct limit_place *next, *prev;
    void (*go)(void *ctx);
    void *ctx;
};

void limit_init(struct limit *limit, struct clock *clock, size_t count);
/* Nobody may wait or go any more. */
void limit_fini(struct limit *limit);

/* True: go now. False: `go` comes on a later turn, unless limit_leave was called. */
bool limit_enter(struct limit *limit, struct limit_place *place, void (*go)(void *ctx), void *ctx);
/* Out of the line, or done. Nothing happens to a place that does neither. */
void limit_leave(struct limit *limit, struct limit_place *place);
