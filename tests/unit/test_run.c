// room: rollout
#include "fake_house.h"
#include "fake_strategist.h"
#include "rollout/run.h"

/* A run of Release podinfo-1 whose script is the test. */
struct world {
    struct fake_house f;
    struct fake_strategist script;
    struct run *run;
    int ended, settled;
    enum run_end how;
};

static void on_ended(void *ctx, enum run_end end)
{
    struct world *w = ctx;
    w->ended++;
    w->how = end;
}

static void on_settled(void *ctx)
{
    struct world *w = ctx;
    w->settled++;
}

static void begin(struct world *w, struct release *release)
{
    static const struct run_events events = {.ended = on_ended, .settled = on_settled};
    w->run = run_start(&w->f.house, w->f.announcer, release, &events, w);
    assert_false(w->script.running); /* not before the claim */
    fake_clock_run(w->f.fc);
}

static void open_world(struct world *w)
{
    *w = (struct world){0};
    fake_house_open(&w->f);
    fake_strategist_init(&w->script);
    w->f.house.strategist = &w->script.base;
}

static void close_world(struct world *w)
{
    run_free(w->run);
    fake_strategist_fini(&w->script);
    fake_house_close(&w->f);
}

static void open_run(struct world *w, const char *spec, const char *status)
{
    open_world(w);
    begin(w, fake_house_release_of(&w->f, spec, status));
}

static void expect_state(struct world *w, const char *state)
{
    assert_string_equal(node_str(node_at(fake_api_find(w->f.api, RELEASE), "status", "state")), state);
}

/* --- failures of the script --- */

static void test_a_failed_script_is_replayed_once_and_then_taken_back(void **state)
{
    struct world w;
    open_run(&w, "", "{'state':'Running','pinned':true}");
    assert_int_equal(w.script.started, 1);
    assert_false(fake_script_enter(&w.script, "start"));
    fake_script_leave(&w.script, "{'done':true}");
    fake_script_fail(&w.script, "canary.lua:7: no");
    fake_clock_run(w.f.fc);
    assert_int_equal(w.script.started, 2);
    assert_true(fake_script_enter(&w.script, "start")); /* a finished word runs once */
    fake_script_fail(&w.script, "canary.lua:7: no");
    fake_clock_run(w.f.fc);
    assert_int_equal(w.ended, 1);
    assert_int_equal(w.how, RUN_ENDED);
    expect_state(&w, RELEASE_FAILED);
    fake_house_expect(&w.f, CANARY, "'Failed'", "status", "phase");
    fake_house_expect(&w.f, TARGET, "0", "spec", "replicas");
    fake_house_expect(&w.f, ROUTES, "[{" FAKE_SIDES(100, 0) "}]", "spec", "http");
    close_world(&w);
}

static void test_a_restarted_release_is_taken_back_too(void **state)
{
    struct world w;
    open_run(&w, ",'restarted':true", "{}");
    assert_int_equal(w.script.started, 1);
    fake_house_expect(&w.f, ROUTES, "[{" FAKE_SIDES(100, 0) "}]", "spec", "http");
    for (int i = 0; i < 2; i++) {
        assert_int_equal(w.script.started, i + 1);
        assert_false(fake_script_enter(&w.script, "start"));
        fake_script_fail(&w.script, "canary.lua:7: no");
        fake_clock_run(w.f.fc);
    }
    assert_int_equal(w.how, RUN_ENDED);
    expect_state(&w, RELEASE_FAILED);
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", ROUTES), 1); /* the restart was not done again */
    close_world(&w);
}

/* Otherwise it would be started again from weight 0, fail again, and so on for ever. */
static void test_a_script_that_fails_and_then_goes_another_way_is_taken_back(void **state)
{
    struct world w;
    open_run(&w, "", "{'state':'Running','pinned':true}");
    assert_false(fake_script_enter(&w.script, "start"));
    fake_script_leave(&w.script, "{'done':true}");
    fake_script_fail(&w.script, "canary.lua:7: no");
    fake_clock_run(w.f.fc);
    fake_script_enter(&w.script, "round");
    fake_clock_run(w.f.fc);
    assert_int_equal(w.how, RUN_ENDED);
    expect_state(&w, RELEASE_FAILED);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failed_script_is_replayed_once_and_then_taken_back),
        cmocka_unit_test(test_a_restarted_release_is_taken_back_too),
        cmocka_unit_test(test_a_script_that_fails_and_then_goes_another_way_is_taken_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
