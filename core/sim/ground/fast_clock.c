#include "sim/ground/fast_clock.h"

#include <assert.h>

#include "base/mem.h"

struct fast_clock {
    struct clock *below, *clock;
    int speed;
    int64_t wall_offset_ms; /* wall = mono + this */
    int64_t mono_ms;        /* here, when the clock below showed below_ms */
    int64_t below_ms;
    int64_t due_ms; /* of the next timer; negative: none */
    struct timer wake;
};

/* Time does not pass a timer that has not fired yet. Where the machine is too slow for the speed, or stalls for a
 * moment that is a minute here, the clock goes slower instead of making every deadline be missed at once. */
static int64_t mono(void *ctx)
{
    struct fast_clock *fc = ctx;
    int64_t now_ms = clock_mono_ms(fc->below);
    int64_t mono_ms = fc->mono_ms + (now_ms - fc->below_ms) * fc->speed;
    if (fc->due_ms < 0 || mono_ms <= fc->due_ms) {
        return mono_ms;
    }
    fc->mono_ms = fc->due_ms;
    fc->below_ms = now_ms;
    return fc->mono_ms;
}

static int64_t wall(void *ctx)
{
    struct fast_clock *fc = ctx;
    return mono(fc) + fc->wall_offset_ms;
}

static void on_wake(struct timer *timer, void *ctx)
{
    struct fast_clock *fc = ctx;
    clock_fire(fc->clock);
}

/* Rounded up, so that the time has come when the clock below wakes us. */
static void arm(void *ctx, int64_t when_mono_ms)
{
    struct fast_clock *fc = ctx;
    int64_t now_ms = mono(fc);
    fc->due_ms = when_mono_ms > now_ms ? when_mono_ms : when_mono_ms < 0 ? -1 : now_ms;
    if (when_mono_ms < 0) {
        timer_cancel(&fc->wake);
        return;
    }
    timer_start(fc->below, &fc->wake, (fc->due_ms - now_ms + fc->speed - 1) / fc->speed, on_wake, fc);
}

struct fast_clock *fast_clock_new(struct clock *below, int speed, int64_t wall_ms)
{
    assert(speed >= 1);
    struct fast_clock *fc = mem_new(struct fast_clock);
    fc->below = below;
    fc->speed = speed;
    fc->wall_offset_ms = wall_ms;
    fc->below_ms = clock_mono_ms(below);
    fc->due_ms = -1;
    fc->clock = clock_new(&(struct clock_driver){.mono_ms = mono, .wall_ms = wall, .arm = arm, .ctx = fc});
    return fc;
}

void fast_clock_free(struct fast_clock *fc)
{
    timer_cancel(&fc->wake);
    clock_free(fc->clock);
    mem_free(fc);
}

struct clock *fast_clock_clock(struct fast_clock *fc)
{
    return fc->clock;
}
