#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "fake_clock.h"
#include "fake_http.h"
#include "load/player.h"

struct world {
    struct fake_clock *clock;
    struct fake_http *http;
    struct load_plan plan;
    struct player *player;
    int done, results;
    int64_t elapsed_ms;
    uint64_t answers, failures, ok, unavailable;
    int64_t p50_us;
    int64_t delay_ms; /* of an answer */
};

static bool answer(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    struct world *w = ctx;
    answer->delay_ms = w->delay_ms;
    answer->status = request->index % 10 == 9 ? 503 : 200;
    return true;
}

static bool no_answer(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->code = ERR_UNREACHABLE;
    answer->text = "GET http://a/: Could not resolve host: a";
    return true;
}

static void on_result(void *ctx, int status, int64_t took_us)
{
    ((struct world *)ctx)->results++;
}

static void on_done(void *ctx, const struct tally *tally, int64_t elapsed_ms)
{
    struct world *w = ctx;
    w->done++;
    w->player = NULL;
    w->elapsed_ms = elapsed_ms;
    w->answers = tally->answers;
    w->failures = tally->failures;
    w->ok = tally->status[200];
    w->unavailable = tally->status[503];
    w->p50_us = tally_quantile_us(tally, 0.5);
}

static int setup(void **state)
{
    static struct world world;
    world = (struct world){.plan = {.workers = 1, .rate = 10, .duration_ms = 1000, .timeout_ms = 20000}};
    world.clock = fake_clock_new(1773216907000);
    world.http = fake_http_new(fake_clock_clock(world.clock));
    world.plan.method = "GET";
    world.plan.url = "http://a/";
    fake_http_handle(world.http, answer, &world);
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    fake_http_free(w->http);
    fake_clock_free(w->clock);
    return 0;
}

static void start(struct world *w)
{
    w->player = player_start(fake_clock_clock(w->clock), fake_http_door(w->http), &w->plan, on_result, on_done, w);
    assert_int_equal(w->done, 0);
}

/* The first tick comes after one period, the last one at the end. */
static void a_load_has_its_rate_and_its_duration(void **state)
{
    struct world *w = *state;
    w->plan.workers = 2;
    w->plan.duration_ms = 60000;
    start(w);
    fake_clock_advance(w->clock, 99);
    assert_int_equal(fake_http_seen_count(w->http), 0);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(fake_http_seen_count(w->http), 2);
    fake_clock_advance(w->clock, 59899);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->elapsed_ms, 60000);
    assert_int_equal(w->answers, 1200);
    assert_int_equal(w->results, 1200);
    assert_int_equal(w->ok, 1080);
    assert_int_equal(w->unavailable, 120);
}

/* Ticks between the milliseconds of timers are not lost, nor those of a moment in which the process did not run. */
static void rates_above_a_thousand_are_kept(void **state)
{
    struct world *w = *state;
    w->plan.rate = 1500;
    start(w);
    fake_clock_advance(w->clock, 500);
    fake_clock_jump(w->clock, 8);
    fake_clock_advance(w->clock, 492);
    assert_int_equal(w->done, 1);
    assert_in_range(w->answers, 1499, 1501);
}

/* A new rate holds from the last tick on, for those who wait and those who are busy. */
static void the_rate_may_change(void **state)
{
    struct world *w = *state;
    w->plan.workers = 2;
    w->plan.duration_ms = 60000;
    start(w);
    fake_clock_advance(w->clock, 10050);
    assert_int_equal(fake_http_seen_count(w->http), 200);
    player_set_rate(w->player, 1);
    fake_clock_advance(w->clock, 950 - 1);
    assert_int_equal(fake_http_seen_count(w->http), 200);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(fake_http_seen_count(w->http), 202);
    fake_clock_advance(w->clock, 9000);
    assert_int_equal(fake_http_seen_count(w->http), 220);
    player_set_rate(w->player, 10);
    fake_clock_advance(w->clock, 40000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answers, 1020);
    assert_int_equal(w->elapsed_ms, 60000);
}

/* So slow that no tick comes before the end, and fast again. */
static void a_worker_rests_and_goes_on(void **state)
{
    struct world *w = *state;
    w->plan.requests = 100;
    w->plan.duration_ms = 60000;
    start(w);
    fake_clock_advance(w->clock, 1000);
    player_set_rate(w->player, 0.001);
    fake_clock_advance(w->clock, 1000);
    player_set_rate(w->player, 0.002);
    fake_clock_advance(w->clock, 30000);
    assert_int_equal(w->done, 0);
    assert_int_equal(fake_http_seen_count(w->http), 10);
    player_set_rate(w->player, 10);
    fake_clock_advance(w->clock, 9000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answers, 100);
}

/* Slow to the end: it ends then, with the requests that it has made. */
static void a_resting_load_ends_in_time(void **state)
{
    struct world *w = *state;
    w->plan.requests = 100;
    w->plan.duration_ms = 20000;
    start(w);
    fake_clock_advance(w->clock, 1000);
    player_set_rate(w->player, 0.001);
    fake_clock_advance(w->clock, 19000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answers, 10);
    assert_int_equal(w->elapsed_ms, 20000);
}

static void a_load_ends_when_its_requests_are_made(void **state)
{
    struct world *w = *state;
    w->plan.workers = 3;
    w->plan.requests = 30;
    w->plan.duration_ms = 3600000;
    start(w);
    fake_clock_advance(w->clock, 1000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answers, 30);
    assert_int_equal(w->elapsed_ms, 1000);
}

/* 250 ms an answer, 100 ms a tick: each answer finds one tick that was kept, and the others are lost. */
static void a_slow_server_is_asked_less(void **state)
{
    struct world *w = *state;
    w->delay_ms = 250;
    start(w);
    fake_clock_advance(w->clock, 100 + 250);
    assert_int_equal(fake_http_seen_count(w->http), 2);
    fake_clock_advance(w->clock, 10000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answers, 4); /* at 100, 350, 600 and 850 */
    assert_int_equal(w->elapsed_ms, 1100);
    assert_in_range(w->p50_us, 250000, 258000);
}

/* The last answer comes at the very end, when a tick is left that is not over. */
static void nothing_begins_when_the_time_is_over(void **state)
{
    struct world *w = *state;
    w->delay_ms = 150;
    start(w);
    fake_clock_advance(w->clock, 10000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answers, 6); /* at 100, 250, 400, 550, 700 and 850 */
    assert_int_equal(w->elapsed_ms, 1000);
}

/* When the server is quick again the requests are a period apart again. */
static void lost_ticks_are_not_made_up_for(void **state)
{
    struct world *w = *state;
    w->delay_ms = 730;
    w->plan.duration_ms = 2000;
    start(w);
    fake_clock_advance(w->clock, 100 + 730);
    w->delay_ms = 0;
    fake_clock_advance(w->clock, 729);
    size_t before = fake_http_seen_count(w->http);
    assert_int_equal(before, 2);
    fake_clock_advance(w->clock, 1);  /* 1560: the tick of 1500 is kept */
    fake_clock_advance(w->clock, 39); /* 1599 */
    assert_int_equal(fake_http_seen_count(w->http), before + 1);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(fake_http_seen_count(w->http), before + 2);
    fake_clock_advance(w->clock, 1000);
    assert_int_equal(w->done, 1);
}

static void a_load_without_answers_ends_too(void **state)
{
    struct world *w = *state;
    fake_http_handle(w->http, no_answer, NULL);
    start(w);
    fake_clock_advance(w->clock, 1000);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->failures, 10);
    assert_int_equal(w->answers, 0);
    assert_int_equal(w->results, 10);
}

/* The end waits for what is under way, no longer than a request may last. */
static void a_hanging_server_is_given_up(void **state)
{
    struct world *w = *state;
    w->delay_ms = 3600000;
    w->plan.timeout_ms = 5000;
    start(w);
    fake_clock_advance(w->clock, 5099);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->failures, 1);
}

static void a_period_longer_than_the_load_makes_no_request(void **state)
{
    struct world *w = *state;
    w->plan.rate = 0.5;
    start(w);
    fake_clock_advance(w->clock, 999);
    assert_int_equal(w->done, 0);
    fake_clock_advance(w->clock, 1);
    assert_int_equal(w->done, 1);
    assert_int_equal(w->answers, 0);
    w->done = 0;
    w->plan.requests = 1;
    start(w);
    fake_clock_advance(w->clock, 999);
    assert_int_equal(w->done, 0); /* its rate may rise yet */
    fake_clock_advance(w->clock, 1);
    assert_int_equal(w->done, 1);
}

static void the_plan_is_what_is_sent(void **state)
{
    struct world *w = *state;
    struct load_plan *plan = &w->plan;
    plan->method = "POST";
    plan->body = "{test: 2}";
    plan->body_len = 9;
    plan->no_redirects = true;
    str_list_push(&plan->header_names, "Cookie");
    str_list_push(&plan->header_values, "type=insider");
    start(w);
    fake_clock_advance(w->clock, 1000);
    const struct fake_http_seen *seen = fake_http_last(w->http);
    assert_string_equal(seen->method, "POST");
    assert_string_equal(seen->body, "{test: 2}");
    assert_string_equal(fake_http_header(seen, "cookie"), "type=insider");
    assert_false(seen->follow_redirects);
    assert_true(seen->no_proxy);
    assert_true(seen->streamed);
    assert_int_equal(seen->timeout_ms, 20000);
    str_list_fini(&plan->header_names);
    str_list_fini(&plan->header_values);
}

static void a_cancelled_load_is_gone_at_once(void **state)
{
    struct world *w = *state;
    w->delay_ms = 500;
    w->plan.workers = 3;
    start(w);
    fake_clock_advance(w->clock, 150);
    assert_int_equal(fake_http_open_calls(w->http), 3);
    player_cancel(w->player);
    assert_int_equal(fake_http_open_calls(w->http), 0);
    fake_clock_advance(w->clock, 2000);
    assert_int_equal(w->done, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_load_has_its_rate_and_its_duration),
        TEST(rates_above_a_thousand_are_kept),
        TEST(the_rate_may_change),
        TEST(a_worker_rests_and_goes_on),
        TEST(a_resting_load_ends_in_time),
        TEST(a_load_ends_when_its_requests_are_made),
        TEST(a_slow_server_is_asked_less),
        TEST(nothing_begins_when_the_time_is_over),
        TEST(lost_ticks_are_not_made_up_for),
        TEST(a_load_without_answers_ends_too),
        TEST(a_hanging_server_is_given_up),
        TEST(a_period_longer_than_the_load_makes_no_request),
        TEST(the_plan_is_what_is_sent),
        TEST(a_cancelled_load_is_gone_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
