/* An engine on an embedded cluster, and whoever keeps it running. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"
#include "io/virtual_clock.h"
#include "lab/keeper.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, TOLD_MAX = 4096 };

struct world {
    struct virtual_clock *time;
    struct stage stage;
    struct keeper keeper;
    struct buf told; /* "4 ready;", with the second */
    bool is_cut;     /* nobody answers the engine */
};

static int64_t now_ms(const struct world *w)
{
    return clock_mono_ms(virtual_clock_clock(w->time));
}

static void on_told(void *ctx, const char *text)
{
    struct world *w = ctx;
    buf_printf(&w->told, "%lld %s;", (long long)(now_ms(w) / SECOND), text);
}

static void on_ready(void *ctx)
{
    on_told(ctx, "ready");
}

static void on_closed(void *ctx)
{
    on_told(ctx, "closed");
}

static struct network_fate on_fate(void *ctx, const struct http_request *request)
{
    struct world *w = ctx;
    return (struct network_fate){.code = w->is_cut ? ERR_UNREACHABLE : ERR_NONE};
}

static void run_until(struct world *w, int64_t ms)
{
    virtual_clock_run(w->time, ms);
}

static void expect_told(struct world *w, const char *text)
{
    assert_string_equal(buf_str(&w->told), text);
}

static int setup(void **state)
{
    static struct world world;
    struct err err = {0};
    log_set_sink(log_drop, NULL);
    world = (struct world){.time = virtual_clock_new(1773216907000)};
    buf_init(&world.told, TOLD_MAX);
    assert_true(stage_init(&world.stage, virtual_clock_clock(world.time), 1, &err));
    network_fates(cluster_network(world.stage.cluster), on_fate, &world);
    world.keeper =
        (struct keeper){.stage = &world.stage, .ready = on_ready, .closed = on_closed, .told = on_told, .ctx = &world};
    keeper_start(&world.keeper);
    run_until(&world, 10 * SECOND);
    expect_told(&world, "0 ready;");
    *state = &world;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    stage_kill_engine(&w->stage, false); /* of a test that failed */
    timer_cancel(&w->keeper.turn);
    timer_cancel(&w->keeper.restart);
    stage_fini(&w->stage);
    assert_int_equal(clock_pending(virtual_clock_clock(w->time)), 0);
    virtual_clock_free(w->time);
    buf_fini(&w->told);
    return 0;
}

static void test_it_closes(void **state)
{
    struct world *w = *state;
    keeper_close(&w->keeper);
    run_until(w, 20 * SECOND);
    expect_told(w, "0 ready;10 closed;");
}

static void test_a_killed_engine_stays_away_until_it_is_restarted(void **state)
{
    struct world *w = *state;
    keeper_kill(&w->keeper);
    keeper_kill(&w->keeper);
    run_until(w, 5 * MINUTE);
    assert_int_equal(w->stage.state, STAGE_DEAD);
    keeper_restart(&w->keeper);
    keeper_restart(&w->keeper); /* it is up already */
    run_until(w, 6 * MINUTE);
    assert_int_equal(w->stage.state, STAGE_READY);
    keeper_close(&w->keeper);
    run_until(w, 7 * MINUTE);
    expect_told(w, "0 ready;360 closed;"); /* that the second one is ready is no news */
}

static void test_one_that_loses_its_lease_is_started_again(void **state)
{
    struct world *w = *state;
    w->is_cut = true;
    run_until(w, 25 * SECOND);
    w->is_cut = false;
    run_until(w, MINUTE);
    assert_int_equal(w->stage.state, STAGE_READY);
    expect_told(w, "0 ready;20 the engine could not renew its Lease and has ended;30 the engine starts again;");
    keeper_close(&w->keeper);
    run_until(w, 2 * MINUTE);
}

static void test_what_was_killed_meanwhile_is_not_started_again(void **state)
{
    struct world *w = *state;
    w->is_cut = true;
    run_until(w, 22 * SECOND);
    keeper_kill(&w->keeper);  /* it waits to be started */
    run_until(w, 5 * MINUTE); /* nothing happens, so no time passes */
    assert_int_equal(w->stage.state, STAGE_DEAD);
    keeper_close(&w->keeper);
    keeper_restart(&w->keeper); /* too late */
    run_until(w, 6 * MINUTE);
    expect_told(w, "0 ready;20 the engine could not renew its Lease and has ended;22 closed;");
}

static void test_asked_twice_it_waits_for_nobody(void **state)
{
    struct world *w = *state;
    w->is_cut = true;
    keeper_close(&w->keeper); /* cannot give its Lease back */
    keeper_close(&w->keeper);
    run_until(w, 10 * SECOND);
    expect_told(w, "0 ready;10 closed;");
}

#define CASE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(test_it_closes),
        CASE(test_a_killed_engine_stays_away_until_it_is_restarted),
        CASE(test_one_that_loses_its_lease_is_started_again),
        CASE(test_what_was_killed_meanwhile_is_not_started_again),
        CASE(test_asked_twice_it_waits_for_nobody),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
