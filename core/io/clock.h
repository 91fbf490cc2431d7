/* Time: the first of the two doors to the world.
 *
 * All timers of the process stand in one heap ordered by (when, serial), so that timers of the same millisecond fire
 * in the order in which they were started: the same order in production and in a simulation. A driver behind the
 * clock tells the time and wakes the clock: libuv in production (io/loop.h), a virtual clock in tests and
 * simulations. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct clock;

/* What a driver provides. `arm` replaces the previous wake-up; when_ms < 0 disarms. The driver calls clock_fire when
 * the time has come (never from inside arm). */
struct clock_driver {
    int64_t (*mono_ms)(void *ctx); /* never goes back; its zero means nothing */
    int64_t (*wall_ms)(void *ctx); /* milliseconds since 1970 UTC */
    void (*arm)(void *ctx, int64_t when_mono_ms);
    void *ctx;
};

struct clock *clock_new(const struct clock_driver *driver);
/* Asserts that no timer is pending. */
void clock_free(struct clock *clock);

int64_t clock_mono_ms(const struct clock *clock);
int64_t clock_wall_ms(const struct clock *clock);

/* A timer is embedded in the struct that waits for it. Zero-initialised, it is not pending. */
struct timer;
typedef void timer_fn(struct timer *timer, void *ctx);
struct timer {
    struct clock *clock; /* set while pending */
    int64_t when_ms;     /* monotonic */
    uint64_t serial;
    size_t heap_index;
    int64_t wall_ms; /* only with has_wall: not before the wall clock shows this */
    bool has_wall;
    timer_fn *fire;
    void *ctx;
};

/* Fires once, `delay_ms` from now (0: on a later turn of the loop); a pending timer is moved. */
void timer_start(struct clock *clock, struct timer *timer, int64_t delay_ms, timer_fn *fire, void *ctx);
/* Fires when the wall clock shows `wall_ms`, at once when that has passed. */
void timer_start_at_wall(struct clock *clock, struct timer *timer, int64_t wall_ms, timer_fn *fire, void *ctx);
/* Nothing happens when it is not pending. */
void timer_cancel(struct timer *timer);
bool timer_is_pending(const struct timer *timer);

/* For drivers: fires every timer that is due, in order; a timer started meanwhile with delay 0 waits for the next
 * call. */
void clock_fire(struct clock *clock);
/* Monotonic time of the earliest timer; -1 without one. */
int64_t clock_next_ms(const struct clock *clock);
size_t clock_pending(const struct clock *clock);
/* Checks the heap's order; for tests. */
bool clock_validate(const struct clock *clock);
