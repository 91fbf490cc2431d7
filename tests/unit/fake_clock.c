#include "fake_clock.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "io/virtual_clock.h"

enum { TURNS_MAX = 1000000, MONO_FIRST_MS = 5000 };

struct fake_clock {
    struct virtual_clock *time;
};

static int64_t now_ms(const struct fake_clock *fc)
{
    return clock_mono_ms(virtual_clock_clock(fc->time));
}

struct fake_clock *fake_clock_new(int64_t wall_ms)
{
    struct fake_clock *fc = mem_new(struct fake_clock);
    fc->time = virtual_clock_new(wall_ms);
    virtual_clock_jump(fc->time, MONO_FIRST_MS); /* so that 0 is no time of a test's */
    virtual_clock_set_wall(fc->time, wall_ms);
    return fc;
}

void fake_clock_free(struct fake_clock *fc)
{
    if (fc == NULL) {
        return;
    }
    virtual_clock_free(fc->time);
    mem_free(fc);
}

struct clock *fake_clock_clock(struct fake_clock *fc)
{
    return virtual_clock_clock(fc->time);
}

void fake_clock_advance(struct fake_clock *fc, int64_t ms)
{
    int64_t until_ms = now_ms(fc) + ms;
    for (int turn = 0; turn < TURNS_MAX; turn++) {
        if (!virtual_clock_turn(fc->time, until_ms)) {
            virtual_clock_jump(fc->time, until_ms - now_ms(fc));
            return;
        }
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
    int64_t next_ms = clock_next_ms(fake_clock_clock(fc));
    if (next_ms < 0) {
        return false;
    }
    fake_clock_advance(fc, next_ms > now_ms(fc) ? next_ms - now_ms(fc) : 0);
    return true;
}

void fake_clock_jump(struct fake_clock *fc, int64_t ms)
{
    virtual_clock_jump(fc->time, ms);
}

void fake_clock_set_wall(struct fake_clock *fc, int64_t wall_ms)
{
    virtual_clock_set_wall(fc->time, wall_ms);
}
