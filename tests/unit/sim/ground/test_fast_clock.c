#include "sim/ground/fast_clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "fake_clock.h"

enum { WALL_MS = 1000000 };

struct world {
    struct fake_clock *below;
    struct fast_clock *fast;
    struct clock *clock;
    struct timer timer;
    int fired;
    int64_t fired_ms;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.below = fake_clock_new(5000)};
    world.fast = fast_clock_new(fake_clock_clock(world.below), 20, WALL_MS);
    world.clock = fast_clock_clock(world.fast);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    timer_cancel(&w->timer);
    fast_clock_free(w->fast);
    fake_clock_free(w->below);
    return 0;
}

static void on_timer(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    w->fired++;
    w->fired_ms = clock_mono_ms(w->clock);
    if (w->fired < 3) {
        timer_start(w->clock, timer, 1000, on_timer, w);
    }
}

static void seconds_pass_faster(void **state)
{
    struct world *w = *state;
    assert_int_equal(clock_wall_ms(w->clock), WALL_MS);
    fake_clock_advance(w->below, 100);
    assert_int_equal(clock_mono_ms(w->clock), 2000);
    assert_int_equal(clock_wall_ms(w->clock), WALL_MS + 2000);
}

static void a_timer_fires_at_its_time(void **state)
{
    struct world *w = *state;
    timer_start(w->clock, &w->timer, 1000, on_timer, w);
    fake_clock_advance(w->below, 49);
    assert_int_equal(w->fired, 0);
    fake_clock_advance(w->below, 1);
    assert_int_equal(w->fired, 1);
    assert_int_equal(w->fired_ms, 1000);
    fake_clock_advance(w->below, 100);
    assert_int_equal(w->fired, 3);
    assert_int_equal(w->fired_ms, 3000);
}

/* The process was stopped for a second, which would be twenty here. */
static void time_waits_for_a_timer_that_is_late(void **state)
{
    struct world *w = *state;
    timer_start(w->clock, &w->timer, 1000, on_timer, w);
    fake_clock_jump(w->below, 1000);
    assert_int_equal(clock_mono_ms(w->clock), 1000);
    fake_clock_run(w->below);
    assert_int_equal(w->fired, 1);
    assert_int_equal(w->fired_ms, 1000);
    fake_clock_advance(w->below, 50);
    assert_int_equal(w->fired_ms, 2000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(seconds_pass_faster, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_fires_at_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(time_waits_for_a_timer_that_is_late, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
