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
    assert_int_equal(e->others_at_end, 1 + 20000 / SCRIPT_LIMITS_DEFAULT.replay_words);
    assert_int_equal(e->delays, 0);
}

/* --- what is asked and told in a minute --- */

static void expect_delay(struct engine *e, int delays, enum strategy_budget lack, const char *at)
{
    assert_int_equal(e->delays, delays);
    assert_int_equal(e->lack, lack);
    assert_string_equal(e->delayed_at, at);
}

static void answer_and_expect(struct engine *e, const char *wanted)
{
    buf_clear(&e->seen);
    answer(e, "{}");
    expect_seen(e, wanted);
}

static void test_a_query_too_many_is_asked_in_the_next_minute(void **state)
{
    struct engine *e = *state;
    const struct limits asked = {.of = {[LIMIT_QUERIES] = 2}};
    e->limits = &asked;
    e->later = "query";
    run(e, "for i = 1, 5 do host.call('query', { n = i }) end");
    expect_seen(e, "call query {\"n\":1};");
    answer_and_expect(e, "call query {\"n\":2};");
    answer_and_expect(e, "");
    expect_delay(e, 1, STRATEGY_QUERIES, "strategies/t.lua:2");
    fake_clock_advance(e->time, 60 * 1000);
    expect_seen(e, "call query {\"n\":3};");
    assert_int_equal(e->resumptions, 1);
    answer_and_expect(e, "call query {\"n\":4};");
    answer_and_expect(e, "");
    assert_int_equal(e->delays, 2);
    fake_clock_advance(e->time, 60 * 1000);
    answer_and_expect(e, "");
    expect_returned(e);
}

static void test_a_query_on_record_is_none_of_this_minute(void **state)
{
    struct engine *e = *state;
    const struct limits asked = {.of = {[LIMIT_QUERIES] = 1}};
    e->limits = &asked;
    run(e, "for i = 1, 20 do host.call('query', {}) end"); /* answered at once */
    expect_returned(e);
    assert_int_equal(e->delays, 0);
}

static void test_a_message_too_many_is_told_in_the_next_minute(void **state)
{
    static const char *const words[] = {"event", "alert", "hook", "fetch"};
    const struct limits asked = {.of = {[LIMIT_MESSAGES] = 1}};
    struct engine *e = *state;
    e->limits = &asked;
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        e->ended = e->delays = 0;
        char *body = str_format("for i = 1, 2 do\nlocal done, result, began = host.enter('%s', {})\n"
                                "assert(done == false and result == nil and began == 1773216907000)\n"
                                "host.call('act', { n = i })\nend",
                                words[i]);
        run(e, body);
        assert_null(strstr(buf_str(&e->seen), "\"n\":2"));
        expect_delay(e, 1, STRATEGY_MESSAGES, "strategies/t.lua:3");
        fake_clock_advance(e->time, 60 * 1000);
        assert_non_null(strstr(buf_str(&e->seen), "\"n\":2"));
        expect_returned(e);
        stop(e);
        buf_clear(&e->seen);
        mem_free(body);
    }
    e->recorded = "event";
    e->ended = e->delays = 0;
    run(e, "for i = 1, 20 do host.enter('event', {}) end");
    expect_returned(e);
    assert_int_equal(e->delays, 0);
}

static void test_a_held_script_can_be_stopped(void **state)
{
    const struct limits asked = {.of = {[LIMIT_MESSAGES] = 1, [LIMIT_QUERIES] = 1}};
    struct engine *e = *state;
    e->limits = &asked;
    e->later = "query";
    run(e, "host.enter('event', {}) host.enter('event', {})");
    assert_int_equal(e->delays, 1);
    stop(e);
    run(e, "while true do host.call('query', {}) end");
    answer(e, "{}");
    assert_int_equal(e->delays, 2);
}

static void test_the_engines_own_scripts_ask_what_they_must(void **state)
{
    struct engine *e = *state;
    e->later = "query";
    run(e, "for i = 1, 700 do host.call('query', {}) host.enter('event', {}) end");
    for (int i = 0; i < 700; i++) {
        answer(e, "{}");
    }
    expect_returned(e);
    assert_int_equal(e->delays, 0);
}

/* --- what a script asks for --- */

static void test_less_memory_than_there_is(void **state)
{
    struct engine *e = *state;
    const struct limits asked = {.of = {[LIMIT_MEMORY] = 2 * 1024 * 1024}}, more = {.of = {[LIMIT_MEMORY] = 1 << 30}};
    const char *body = "local t = {} for i = 1, 60 do t[i] = ('x'):rep(50000) .. i end";
    run(e, body);
    expect_returned(e);
    stop(e);
    e->limits = &asked;
    run(e, body);
    assert_int_equal(e->end, STRATEGY_KILLED);
    assert_non_null(strstr(e->err.text, "more than 2097152 bytes of memory"));
    stop(e);
    e->limits = &more;
    run(e, "local t = {} for i = 1, 1000 do t[i] = ('x'):rep(50000) .. i end");
    assert_non_null(strstr(e->err.text, "more than 8388608 bytes of memory"));
}

static void test_the_engines_own_limits_are_the_most(void **state)
{
    struct engine *e = *state;
    struct limits most = limits_default(), asked = {.of = {[LIMIT_STEP_TIME] = 5}};
    most.of[LIMIT_STEP_TIME] = 20;
    most.of[LIMIT_LOG_LINES] = 3;
    const char *spin = "for i = 1, 5 do print(i) end while true do end";
    script_strategist_measure(e->strategist);
    script_strategist_allow(e->strategist, &most);
    most = e->strategist->ops->limits(e->strategist);
    assert_int_equal(most.of[LIMIT_STEP_TIME], 20);
    for (int i = 0; i < 2; i++) {
        e->limits = i == 0 ? NULL : &asked;
        run(e, spin);
        assert_int_equal(e->end, STRATEGY_KILLED);
        char *wanted = str_format("more than %d ms of CPU time", i == 0 ? 20 : 5);
        assert_non_null(strstr(e->err.text, wanted));
        assert_non_null(strstr(buf_str(&e->seen), "log 3;"));
        assert_null(strstr(buf_str(&e->seen), "log 4;"));
        mem_free(wanted);
        stop(e);
    }
}

/* A machine that is slow must not tell another story. */
static void test_a_simulated_engine_measures_no_step(void **state)
{
    struct engine *e = *state;
    const struct limits asked = {.of = {[LIMIT_STEP_TIME] = 5, [LIMIT_TIME_PER_MINUTE] = 100}};
    e->limits = &asked;
    run(e, "local n = 0 for i = 1, 20000000 do n = n + i end");
    expect_returned(e);
    stop(e);
    e->later = "ask";
    run(e, "while true do host.call('ask') end");
    assert_int_equal(answers_within(e, 60 * 1000), 99); /* a turn costs 1 ms, and loading one */
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
        TEST(test_a_query_too_many_is_asked_in_the_next_minute),
        TEST(test_a_query_on_record_is_none_of_this_minute),
        TEST(test_a_message_too_many_is_told_in_the_next_minute),
        TEST(test_a_held_script_can_be_stopped),
        TEST(test_the_engines_own_scripts_ask_what_they_must),
        TEST(test_less_memory_than_there_is),
        TEST(test_the_engines_own_limits_are_the_most),
        TEST(test_a_simulated_engine_measures_no_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
