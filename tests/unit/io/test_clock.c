#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "fake_clock.h"

enum { MANY = 500, FIRED_MAX = 2000 };

static const int64_t WALL_MS = 1773216907000;

struct world {
    struct fake_clock *fc;
    struct clock *clock;
    struct timer timers[MANY];
    size_t fired[FIRED_MAX];
    int64_t fired_at_ms[FIRED_MAX];
    size_t fired_count;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.fc = fake_clock_new(WALL_MS)};
    world.clock = fake_clock_clock(world.fc);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < MANY; i++)
        timer_cancel(&w->timers[i]);
    assert_int_equal(clock_pending(w->clock), 0);
    fake_clock_free(w->fc);
    return 0;
}

static void note(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    assert_false(timer_is_pending(timer));
    assert_true(w->fired_count < FIRED_MAX);
    w->fired_at_ms[w->fired_count] = clock_mono_ms(w->clock);
    w->fired[w->fired_count++] = (size_t)(timer - w->timers);
}

static void start(struct world *w, size_t i, int64_t delay_ms)
{
    timer_start(w->clock, &w->timers[i], delay_ms, note, w);
}

static void a_timer_fires_once_and_not_before_its_time(void **state)
{
    struct world *w = *state;
    start(w, 0, 100);
    assert_true(timer_is_pending(&w->timers[0]));
    fake_clock_advance(w->fc, 99);
    assert_int_equal(w->fired_count, 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->fired_count, 1);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(w->fired_count, 1);
    assert_int_equal(clock_next_ms(w->clock), -1);
}

static void no_delay_still_means_a_later_turn(void **state)
{
    struct world *w = *state;
    start(w, 0, 0);
    start(w, 1, -5);
    assert_int_equal(w->fired_count, 0);
    fake_clock_run(w->fc);
    assert_int_equal(w->fired_count, 2);
    assert_int_equal(w->fired[0], 0);
    assert_int_equal(w->fired[1], 1);
}

static void the_same_millisecond_keeps_the_order_of_starting(void **state)
{
    struct world *w = *state;
    for (size_t i = 0; i < MANY; i++)
        start(w, i, 10);
    start(w, 3, 10); /* moved: now behind all others */
    fake_clock_advance(w->fc, 10);
    assert_int_equal(w->fired_count, MANY);
    for (size_t i = 0; i + 1 < MANY; i++)
        assert_int_equal(w->fired[i], i < 3 ? i : i + 1);
    assert_int_equal(w->fired[MANY - 1], 3);
}

/* Starts, moves and cancels in a fixed disorder, against the sorted truth. */
static void the_heap_keeps_its_order_under_any_mixture(void **state)
{
    struct world *w = *state;
    uint32_t seed = 42;
    for (int step = 0; step < 20000; step++) {
        seed = seed * 1664525 + 1013904223;
        size_t i = (seed >> 8) % MANY;
        if (seed >> 30 == 0)
            timer_cancel(&w->timers[i]);
        else
            start(w, i, (seed >> 16) % 1000);
        if (step % 97 == 0)
            assert_true(clock_validate(w->clock));
    }
    size_t pending = clock_pending(w->clock);
    assert_true(pending > MANY / 2);
    int64_t when_ms[MANY];
    uint64_t serial[MANY];
    for (size_t i = 0; i < MANY; i++) {
        when_ms[i] = w->timers[i].when_ms;
        serial[i] = w->timers[i].serial;
    }
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(w->fired_count, pending);
    for (size_t i = 0; i < pending; i++) {
        size_t now = w->fired[i];
        assert_int_equal(w->fired_at_ms[i], when_ms[now]);
        if (i == 0)
            continue;
        size_t before = w->fired[i - 1];
        assert_true(when_ms[before] < when_ms[now] ||
                    (when_ms[before] == when_ms[now] && serial[before] < serial[now]));
    }
}

static void a_cancelled_timer_is_silent_and_cancelling_twice_is_fine(void **state)
{
    struct world *w = *state;
    start(w, 0, 5);
    start(w, 1, 5);
    timer_cancel(&w->timers[0]);
    timer_cancel(&w->timers[0]);
    timer_cancel(&w->timers[2]); /* never started */
    fake_clock_advance(w->fc, 5);
    assert_int_equal(w->fired_count, 1);
    assert_int_equal(w->fired[0], 1);
}

static void cancel_other(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    timer_cancel(&w->timers[1]);
    start(w, 2, 0);
}

static void a_timer_may_cancel_one_that_is_due_in_the_same_turn(void **state)
{
    struct world *w = *state;
    timer_start(w->clock, &w->timers[0], 5, cancel_other, w);
    start(w, 1, 5);
    fake_clock_advance(w->fc, 4);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->fired_count, 1);
    assert_int_equal(w->fired[0], 2);
}

/* A driver of our own, to see single turns. */
struct driver {
    int64_t now_ms, armed_ms;
    int arm_count;
};

static int64_t driver_now(void *ctx)
{
    struct driver *driver = ctx;
    return driver->now_ms;
}

static void driver_arm(void *ctx, int64_t when_ms)
{
    struct driver *driver = ctx;
    driver->armed_ms = when_ms;
    driver->arm_count++;
}

struct repeater {
    struct timer timer;
    struct clock *clock;
    int count;
};

static void again(struct timer *timer, void *ctx)
{
    struct repeater *r = ctx;
    r->count++;
    timer_start(r->clock, timer, 0, again, r);
}

static void a_timer_started_while_firing_waits_for_the_next_turn(void **state)
{
    struct driver driver = {.now_ms = 7};
    struct clock *clock = clock_new(&(struct clock_driver){driver_now, driver_now, driver_arm, &driver});
    struct repeater r = {.clock = clock};
    timer_start(clock, &r.timer, 0, again, &r);
    clock_fire(clock);
    assert_int_equal(r.count, 1);
    assert_int_equal(driver.armed_ms, 7);
    clock_fire(clock);
    assert_int_equal(r.count, 2);
    timer_cancel(&r.timer);
    assert_int_equal(driver.armed_ms, -1);
    clock_free(clock);
}

static void the_driver_is_only_told_when_the_earliest_time_changes(void **state)
{
    struct driver driver = {.now_ms = 100, .armed_ms = -1};
    struct clock *clock = clock_new(&(struct clock_driver){driver_now, driver_now, driver_arm, &driver});
    struct repeater a = {.clock = clock}, b = {.clock = clock};
    timer_start(clock, &a.timer, 50, again, &a);
    assert_int_equal(driver.armed_ms, 150);
    timer_start(clock, &b.timer, 80, again, &b);
    assert_int_equal(driver.arm_count, 1);
    timer_start(clock, &b.timer, 20, again, &b);
    assert_int_equal(driver.armed_ms, 120);
    timer_cancel(&b.timer);
    assert_int_equal(driver.armed_ms, 150);
    clock_fire(clock); /* woken too early: nothing fires, the wake-up is asked for again */
    assert_int_equal(a.count, 0);
    assert_int_equal(driver.armed_ms, 150);
    assert_int_equal(driver.arm_count, 4);
    timer_cancel(&a.timer);
    clock_free(clock);
}

static void a_wall_time_in_the_past_fires_at_once(void **state)
{
    struct world *w = *state;
    timer_start_at_wall(w->clock, &w->timers[0], WALL_MS - 60000, note, w);
    timer_start_at_wall(w->clock, &w->timers[1], WALL_MS + 60000, note, w);
    fake_clock_run(w->fc);
    assert_int_equal(w->fired_count, 1);
    fake_clock_advance(w->fc, 59999);
    assert_int_equal(w->fired_count, 1);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->fired_count, 2);
    assert_int_equal(clock_wall_ms(w->clock), WALL_MS + 60000);
}

static void a_wall_clock_set_back_makes_wall_timers_wait_for_the_rest(void **state)
{
    struct world *w = *state;
    timer_start_at_wall(w->clock, &w->timers[0], WALL_MS + 1000, note, w);
    start(w, 1, 1000);
    fake_clock_set_wall(w->fc, WALL_MS - 500);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(w->fired_count, 1);
    assert_int_equal(w->fired[0], 1);
    fake_clock_advance(w->fc, 500);
    assert_int_equal(w->fired_count, 2);
}

static void a_delay_beyond_all_time_does_not_wrap(void **state)
{
    struct world *w = *state;
    start(w, 0, INT64_MAX);
    start(w, 1, 1);
    assert_true(clock_validate(w->clock));
    fake_clock_advance(w->fc, 1);
    assert_int_equal(w->fired_count, 1);
    assert_int_equal(w->fired[0], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_timer_fires_once_and_not_before_its_time, setup, teardown),
        cmocka_unit_test_setup_teardown(no_delay_still_means_a_later_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(the_same_millisecond_keeps_the_order_of_starting, setup, teardown),
        cmocka_unit_test_setup_teardown(the_heap_keeps_its_order_under_any_mixture, setup, teardown),
        cmocka_unit_test_setup_teardown(a_cancelled_timer_is_silent_and_cancelling_twice_is_fine, setup, teardown),
        cmocka_unit_test_setup_teardown(a_timer_may_cancel_one_that_is_due_in_the_same_turn, setup, teardown),
        cmocka_unit_test(a_timer_started_while_firing_waits_for_the_next_turn),
        cmocka_unit_test(the_driver_is_only_told_when_the_earliest_time_changes),
        cmocka_unit_test_setup_teardown(a_wall_time_in_the_past_fires_at_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wall_clock_set_back_makes_wall_timers_wait_for_the_rest, setup, teardown),
        cmocka_unit_test_setup_teardown(a_delay_beyond_all_time_does_not_wrap, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
