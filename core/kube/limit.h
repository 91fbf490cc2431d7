/* A bound on how many of a client's requests are under way at once. Requests above it wait in line, in the order in
 * which they came.
 *
 * Without a bound, a thousand Canaries that are applied together send everything at the same moment: the API server
 * answers each request later than its caller waits, and the Lease's request, which must not be late, is late with
 * them. */
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

/* Embedded in a request. Zero-initialised, it neither waits nor goes. */
struct limit_place {
    bool is_waiting, is_going;
    struct limit_place *next, *prev;
    void (*go)(void *ctx);
    void *ctx;
};

void limit_init(struct limit *limit, struct clock *clock, size_t count);
/* No place may wait or go any more. */
void limit_fini(struct limit *limit);

/* True: go now. False: `go` comes on a later turn, unless limit_leave was called. */
bool limit_enter(struct limit *limit, struct limit_place *place, void (*go)(void *ctx), void *ctx);
/* Leaves the line, or ends its turn. Does nothing for a place that neither waits nor goes. */
void limit_leave(struct limit *limit, struct limit_place *place);
