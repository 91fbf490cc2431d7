#include "fake_clock.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

enum { TURNS_MAX = 1000000, MONO_FIRST_MS = 5000 };

struct fake_clock {
    struct clock *clock;
    int64_t mono_ms;
    int64_t wall_offset_ms; /* wall = mono + this */
};

static int64_t mono(void *ctx)
{
    struct fake_clock *fc = ctx;
    return fc->mono_ms;
}

static int64_t wall(void *ctx)
{
    struct fake_clock *fc = ctx;
    return fc->mono_ms + fc->wall_offset_ms;
}

/* Nothing to do: whoever moves the time asks clock_next_ms. */
static void arm(void *ctx, int64_t when_mono_ms)
{
}

struct fake_clock *fake_clock_new(int64_t wall_ms)
{
    struct fake_clock *fc = mem_new(struct fake_clock);
    fc->mono_ms = MONO_FIRST_MS;
    fake_clock_set_wall(fc, wall_ms);
    fc->clock = clock_new(&(struct clock_driver){.mono_ms = mono, .wall_ms = wall, .arm = arm, .ctx = fc});
    return fc;
}

void fake_clock_free(struct fake_clock *fc)
{
    if (!fc)
        return;
    clock_free(fc->clock);
    mem_free(fc);
}

struct clock *fake_clock_clock(struct fake_clock *fc)
{
    return fc->clock;
}

void fake_clock_advance(struct fake_clock *fc, int64_t ms)
{
    int64_t target_ms = fc->mono_ms + ms;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        int64_t next_ms = clock_next_ms(fc->clock);
        if (next_ms < 0 || next_ms > target_ms) {
            fc->mono_ms = target_ms;
            return;
        }
        if (next_ms > fc->mono_ms)
            fc->mono_ms = next_ms;
        clock_fire(fc->clock);
    }
    fprintf(stderr, "fake clock: a million turns without an end\n");
    abort();
}

void fake_clock_run(struct fake_clock *fc)
{
    fake_clock_advance(fc, 0);
}

bool fake_clock_step(struct fake_clock *fc)
{
    int64_t next_ms = clock_next_ms(fc->clock);
    if (next_ms < 0)
        return false;
    fake_clock_advance(fc, next_ms > fc->mono_ms ? next_ms - fc->mono_ms : 0);
    return true;
}

void fake_clock_jump(struct fake_clock *fc, int64_t ms)
{
    fc->mono_ms += ms;
}

void fake_clock_set_wall(struct fake_clock *fc, int64_t wall_ms)
{
    fc->wall_offset_ms = wall_ms - fc->mono_ms;
}
