#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/virtual_clock.h"

struct world {
    struct virtual_clock *vc;
    struct timer a, b;
    int64_t a_at, b_at;
    int fired;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.vc = virtual_clock_new(1000000)};
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    timer_cancel(&w->a);
    timer_cancel(&w->b);
    virtual_clock_free(w->vc);
    return 0;
}

static void on_a(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    w->fired++;
    w->a_at = clock_mono_ms(virtual_clock_clock(w->vc));
}

static void on_b(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    w->b_at = clock_wall_ms(virtual_clock_clock(w->vc));
    virtual_clock_stop(w->vc);
}

static void each_timer_fires_at_its_own_time(void **state)
{
    struct world *w = *state;
    timer_start(virtual_clock_clock(w->vc), &w->b, 5000, on_b, w);
    timer_start(virtual_clock_clock(w->vc), &w->a, 20, on_a, w);
    assert_true(virtual_clock_run(w->vc, 100));
    assert_int_equal(w->a_at, 20);
    assert_int_equal(clock_mono_ms(virtual_clock_clock(w->vc)), 100);
    assert_int_equal(clock_wall_ms(virtual_clock_clock(w->vc)), 1000100);
}

static void a_stop_leaves_what_is_not_due(void **state)
{
    struct world *w = *state;
    timer_start(virtual_clock_clock(w->vc), &w->b, 50, on_b, w);
    timer_start(virtual_clock_clock(w->vc), &w->a, 60, on_a, w);
    assert_false(virtual_clock_run(w->vc, 1000));
    assert_int_equal(w->b_at, 1000050);
    assert_int_equal(w->fired, 0);
}

static void without_timers_it_runs_dry(void **state)
{
    struct world *w = *state;
    timer_start(virtual_clock_clock(w->vc), &w->a, 10, on_a, w);
    assert_false(virtual_clock_run(w->vc, 1000));
    assert_int_equal(clock_mono_ms(virtual_clock_clock(w->vc)), 10);
}

static void a_jump_fires_nothing(void **state)
{
    struct world *w = *state;
    timer_start(virtual_clock_clock(w->vc), &w->a, 20, on_a, w);
    virtual_clock_jump(w->vc, 50);
    assert_int_equal(w->fired, 0);
    assert_true(virtual_clock_turn(w->vc, 50));
    assert_int_equal(w->a_at, 50);
    assert_false(virtual_clock_turn(w->vc, 100));
    assert_int_equal(clock_mono_ms(virtual_clock_clock(w->vc)), 50);
}

static void the_wall_is_set_alone(void **state)
{
    struct world *w = *state;
    virtual_clock_jump(w->vc, 50);
    virtual_clock_set_wall(w->vc, 7000);
    assert_int_equal(clock_wall_ms(virtual_clock_clock(w->vc)), 7000);
    assert_int_equal(clock_mono_ms(virtual_clock_clock(w->vc)), 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_jump_fires_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(the_wall_is_set_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(each_timer_fires_at_its_own_time, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stop_leaves_what_is_not_due, setup, teardown),
        cmocka_unit_test_setup_teardown(without_timers_it_runs_dry, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
