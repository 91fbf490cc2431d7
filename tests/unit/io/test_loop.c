#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <unistd.h>
#include <uv.h>

#include <cmocka.h>

#include "io/loop.h"

struct world {
    struct loop *loop;
    struct timer timers[3];
    int fired[8];
    int fired_count;
    int turns;
    bool read;
    int signals[2];
    int signal_count;
};

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.loop = loop_new()};
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    loop_free(w->loop);
    return 0;
}

static void note(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    w->fired[w->fired_count++] = (int)(timer - w->timers);
    if (w->fired_count == 3)
        loop_stop(w->loop);
}

static void timers_fire_in_the_order_of_their_time(void **state)
{
    struct world *w = *state;
    struct clock *clock = loop_clock(w->loop);
    int64_t before_ms = clock_mono_ms(clock);
    timer_start(clock, &w->timers[0], 6, note, w);
    timer_start(clock, &w->timers[1], 3, note, w);
    timer_start(clock, &w->timers[2], 0, note, w);
    assert_int_equal(w->fired_count, 0);
    loop_run(w->loop);
    assert_int_equal(w->fired_count, 3);
    assert_int_equal(w->fired[0], 2);
    assert_int_equal(w->fired[1], 1);
    assert_int_equal(w->fired[2], 0);
    assert_true(clock_mono_ms(clock) >= before_ms + 6);
}

static void the_loop_ends_by_itself_when_nothing_can_wake_it(void **state)
{
    struct world *w = *state;
    timer_start(loop_clock(w->loop), &w->timers[0], 1, note, w);
    loop_run(w->loop);
    assert_int_equal(w->fired_count, 1);
    timer_start(loop_clock(w->loop), &w->timers[0], 1000000, note, w);
    timer_cancel(&w->timers[0]);
    loop_run(w->loop);
    assert_int_equal(w->fired_count, 1);
}

static void turn_again(struct timer *timer, void *ctx)
{
    struct world *w = ctx;
    w->turns++;
    assert_true(w->turns < 100000); /* nobody else ever had a turn */
    if (!w->read)
        timer_start(loop_clock(w->loop), timer, 0, turn_again, w);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
    struct world *w = poll->data;
    w->read = true;
    uv_close((uv_handle_t *)poll, NULL);
}

static void turns_without_delay_leave_bytes_their_turn(void **state)
{
    struct world *w = *state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    uv_poll_t poll;
    uv_poll_init(loop_uv(w->loop), &poll, ends[0]);
    poll.data = w;
    uv_poll_start(&poll, UV_READABLE, on_readable);
    timer_start(loop_clock(w->loop), &w->timers[0], 0, turn_again, w);
    assert_int_equal(write(ends[1], "x", 1), 1);
    loop_run(w->loop);
    assert_true(w->read);
    assert_true(w->turns >= 1);
    close(ends[0]);
    close(ends[1]);
}

static void on_signal(void *ctx, int signum)
{
    struct world *w = ctx;
    w->signals[w->signal_count++] = signum;
    if (w->signal_count == 1)
        raise(SIGINT);
    else
        loop_stop(w->loop);
}

static void a_signal_comes_in_the_loop_and_so_does_a_second(void **state)
{
    struct world *w = *state;
    loop_on_signal(w->loop, on_signal, w);
    raise(SIGTERM);
    assert_int_equal(w->signal_count, 0);
    loop_run(w->loop);
    assert_int_equal(w->signal_count, 2);
    assert_int_equal(w->signals[0], SIGTERM);
    assert_int_equal(w->signals[1], SIGINT);
}

static void writing_to_a_closed_pipe_is_an_error_and_not_the_end(void **state)
{
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(write(ends[1], "x", 1), -1);
    close(ends[1]);
}

static void the_wall_clock_is_the_systems(void **state)
{
    struct world *w = *state;
    int64_t difference_s = clock_wall_ms(loop_clock(w->loop)) / 1000 - (int64_t)time(NULL);
    assert_true(difference_s >= -1 && difference_s <= 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(timers_fire_in_the_order_of_their_time, setup, teardown),
        cmocka_unit_test_setup_teardown(the_loop_ends_by_itself_when_nothing_can_wake_it, setup, teardown),
        cmocka_unit_test_setup_teardown(turns_without_delay_leave_bytes_their_turn, setup, teardown),
        cmocka_unit_test_setup_teardown(a_signal_comes_in_the_loop_and_so_does_a_second, setup, teardown),
        cmocka_unit_test_setup_teardown(writing_to_a_closed_pipe_is_an_error_and_not_the_end, setup, teardown),
        cmocka_unit_test_setup_teardown(the_wall_clock_is_the_systems, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
