/* What a script may spend in a minute, and how a long replay shares the loop. */
#include "base/log.h"
#include "task_world.h"

/* Answers the operation that is waited for, as soon as it is asked, until time has passed for `ms`. */
static int answers_within(struct engine *e, int64_t ms)
{
    int count = 0;
    int64_t end = clock_mono_ms(fake_clock_clock(e->time)) + ms;
    struct doc *nothing = doc_new();
    while (clock_mono_ms(fake_clock_clock(e->time)) < end) {
        fake_clock_run(e->time);
        while (buf_str(&e->seen)[0] != '\0') {
            buf_clear(&e->seen);
            count++;
            e->strategist->ops->answer(e->strategy, doc_root(nothing));
            fake_clock_run(e->time);
        }
        fake_clock_advance(e->time, 1000);
    }
    doc_free(nothing);
    return count;
}

static void test_a_script_that_is_due_at_once_waits_for_the_next_minute(void **state)
{
    struct engine *e = *state;
    e->later = "ask";
    run(e, "while true do host.call('ask') end");
    /* a turn costs 1 ms of 2000 in a minute; loading and the first one are paid for */
    assert_int_equal(answers_within(e, 60 * 1000), 1999);
    assert_int_equal(e->delays, 1);
    assert_int_equal(e->ended, 0);
    assert_int_equal(answers_within(e, 60 * 1000), 2000);
    assert_int_equal(e->delays, 2);
    assert_int_equal(e->resumptions, 2);
}

static void test_a_delay_holds_up_nobody_else_and_can_be_stopped(void **state)
{
    struct engine *e = *state;
    e->later = "ask";
    run(e, "while true do host.call('ask') end");
    answers_within(e, 1000);
    assert_int_equal(e->delays, 1);
    struct strategy *greedy = e->strategy;
    struct doc *pinned = e->pinned;
    e->pinned = NULL;
    run(e, "host.call('facts')");
    expect_returned(e);
    e->strategist->ops->stop(greedy);
    doc_free(pinned);
}

static void test_measured_time_is_spent_and_a_replayed_word_is_free(void **state)
{
    struct engine *e = *state;
    struct script_limits limits = SCRIPT_LIMITS_DEFAULT;
    limits.cpu.soft_ms = 2000;
    limits.budget.cpu_ms = 100; /* loading takes a part of it */
    limits.budget.turn_us = 0;
    const char *burn = "local function burn() local n = 0 for k = 1, 1000000 do n = n + k end end "
                       "for i = 1, 60 do %s burn() end host.call('ask') host.call('facts')";
    const char *const words[] = {"", "host.enter('round', {})"};
    script_strategist_limit(e->strategist, &limits);
    e->later = "ask";
    e->recorded = "round";
    for (int measured = 0; measured < 2; measured++) {
        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
            char *body = str_format(burn, words[i]);
            e->delays = 0;
            run(e, body);
            if (e->delays == 0) {
                answer(e, "null");
            }
            assert_int_equal(e->delays, measured); /* what lies between two replayed words is no replay */
            stop(e);
            str_free(&body);
        }
        limits.budget.measured = true;
        script_strategist_limit(e->strategist, &limits);
    }
    limits.budget.cpu_ms = 1000;
    script_strategist_limit(e->strategist, &limits);
    e->delays = 0;
    run(e, "for i = 1, 20000 do host.enter('round', {}) end host.call('ask')");
    answer(e, "null");
    assert_int_equal(e->delays, 0);
}

static struct buf logged;

static void keep_log(void *ctx, const char *line)
{
    buf_printf(&logged, "%s\n", line);
}

static void test_lines_above_the_budget_are_dropped_and_counted(void **state)
{
    struct engine *e = *state;
    buf_init(&logged, 64 * 1024);
    log_set_sink(keep_log, NULL);
    e->later = "ask";
    run(e, "for i = 1, 100 do print(i) end host.call('ask') for i = 1, 60 do print(i) end host.call('ask') "
           "print 'last'");
    assert_non_null(strstr(buf_str(&e->seen), "log 60;"));
    assert_null(strstr(buf_str(&e->seen), "log 61;"));
    assert_string_equal(buf_str(&logged), "");
    fake_clock_advance(e->time, 60 * 1000);
    assert_non_null(strstr(buf_str(&logged), "40 lines of the script's log were dropped"));
    buf_clear(&logged);
    buf_clear(&e->seen);
    answer(e, "null");
    assert_non_null(strstr(buf_str(&e->seen), "log 60;"));
    answer(e, "null");
    assert_null(strstr(buf_str(&e->seen), "last"));
    stop(e); /* what was not told yet is told now */
    assert_non_null(strstr(buf_str(&logged), "1 lines of the script's log were dropped"));
    log_set_sink(NULL, NULL);
    buf_fini(&logged);
}

static void test_lines_of_a_module_that_loads_are_counted(void **state)
{
    struct engine *e = *state;
    struct err err;
    buf_init(&logged, 64 * 1024);
    log_set_sink(keep_log, NULL);
    assert_false(start_source(e, "for i = 1, 100 do print('line', i) end error 'no'", &err));
    log_set_sink(NULL, NULL);
    assert_non_null(strstr(buf_str(&logged), "line\\t60"));
    assert_null(strstr(buf_str(&logged), "line\\t61"));
    assert_non_null(strstr(buf_str(&logged), "40 lines of the script's log were dropped"));
    buf_fini(&logged);
}

/* --- a long replay --- */

struct bystander {
    struct fake_clock *time;
    struct timer timer;
    int turns;
};

static void on_bystander(struct timer *timer, void *ctx)
{
    struct bystander *b = ctx;
    if (++b->turns < 1000) {
        timer_start(fake_clock_clock(b->time), timer, 0, on_bystander, b);
    }
}

static void test_a_long_replay_lets_others_have_their_turn(void **state)
{
    struct engine *e = *state;
    struct bystander other = {.time = e->time};
    e->recorded = "round";
    e->seen.size_max = 64 * 1024 * 1024;
    e->others = &other.turns;
    timer_start(fake_clock_clock(e->time), &other.timer, 0, on_bystander, &other);
    run(e, "for i = 1, 20000 do local done, result, started = host.enter('round', { i = i }) "
           "assert(done and result == 'recorded' and started == 1773216907000) end");
    expect_returned(e);
    assert_true(e->others_at_end >= 20000 / SCRIPT_LIMITS_DEFAULT.replay_words);
    assert_int_equal(e->delays, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_a_script_that_is_due_at_once_waits_for_the_next_minute),
        TEST(test_a_delay_holds_up_nobody_else_and_can_be_stopped),
        TEST(test_measured_time_is_spent_and_a_replayed_word_is_free),
        TEST(test_lines_above_the_budget_are_dropped_and_counted),
        TEST(test_lines_of_a_module_that_loads_are_counted),
        TEST(test_a_long_replay_lets_others_have_their_turn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
