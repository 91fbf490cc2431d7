#include "io/virtual_clock.h"

#include "base/mem.h"

struct virtual_clock {
    struct clock *clock;
    int64_t mono_ms, wall_offset_ms; /* wall = mono + this */
    bool stopped;
};

static int64_t mono(void *ctx)
{
    return ((struct virtual_clock *)ctx)->mono_ms;
}

static int64_t wall(void *ctx)
{
    struct virtual_clock *vc = ctx;
    return vc->mono_ms + vc->wall_offset_ms;
}

/* Whoever runs the clock asks clock_next_ms. */
static void arm(void *ctx, int64_t when_mono_ms)
{
}

struct virtual_clock *virtual_clock_new(int64_t wall_ms)
{
    struct virtual_clock *vc = mem_new(struct virtual_clock);
    vc->wall_offset_ms = wall_ms;
    vc->clock = clock_new(&(struct clock_driver){.mono_ms = mono, .wall_ms = wall, .arm = arm, .ctx = vc});
    return vc;
}

void virtual_clock_free(struct virtual_clock *vc)
{
    if (vc == NULL) {
        return;
    }
    clock_free(vc->clock);
    mem_free(vc);
}

struct clock *virtual_clock_clock(struct virtual_clock *vc)
{
    return vc->clock;
}

bool virtual_clock_turn(struct virtual_clock *vc, int64_t until_ms)
{
    int64_t next_ms = clock_next_ms(vc->clock);
    if (next_ms < 0 || next_ms > until_ms) {
        return false;
    }
    if (next_ms > vc->mono_ms) {
        vc->mono_ms = next_ms;
    }
    clock_fire(vc->clock);
    return true;
}

bool virtual_clock_run(struct virtual_clock *vc, int64_t until_ms)
{
    vc->stopped = false;
    while (!vc->stopped && virtual_clock_turn(vc, until_ms)) {
    }
    if (vc->stopped || clock_next_ms(vc->clock) < 0) {
        return false;
    }
    if (until_ms > vc->mono_ms) {
        vc->mono_ms = until_ms;
    }
    return true;
}

void virtual_clock_stop(struct virtual_clock *vc)
{
    vc->stopped = true;
}

void virtual_clock_jump(struct virtual_clock *vc, int64_t ms)
{
    vc->mono_ms += ms;
}

void virtual_clock_set_wall(struct virtual_clock *vc, int64_t wall_ms)
{
    vc->wall_offset_ms = wall_ms - vc->mono_ms;
}
