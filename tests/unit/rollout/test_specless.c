/* A release without a spec on record, as an older engine wrote it: it goes by its Canary's, once that is accepted. */
#include "spec_steps.h"

static void forget_accepted(struct world *w)
{
    fake_api_edit(w->api, RELEASE, "{'spec':{'accepted':null},'status':{'accepted':null}}");
}

static void test_a_release_without_a_recorded_spec_goes_on(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    stop_engine(w);
    forget_accepted(w);
    start_engine(w);
    replay(w);
    expect_threshold(w, "3");
    fake_script_call(&w->script, "act", "[{'kind':'status','failed_checks':1}]");
    fake_clock_run(w->fc);
    assert_non_null(node_at(fake_api_find(w->api, RELEASE), "status", "accepted", "spec"));
}

static void test_a_release_without_a_recorded_spec_waits_for_an_accepted_one(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    stop_engine(w);
    forget_accepted(w);
    fake_api_edit(w->api, CANARY, REFUSED);
    start_engine(w);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_false(w->script.running);
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, 1000);
    replay(w);
    expect_threshold(w, "7");
}

/* Nobody can bring it on record that it stands still; that is told all the same, and so is the refusal. */
static void test_a_release_without_a_recorded_spec_is_held_still(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    stop_engine(w);
    forget_accepted(w);
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':true,'analysis':{'threshold':1.5}}}");
    start_engine(w);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(count_told(w, "skipping canary run as object is suspended"), 1);
    assert_int_equal(count_told(w, "spec.analysis.threshold: 1.5 is not an integer"), 1);
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'");
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, INTERVAL_MS);
    replay_to_act(w);
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_null(w->script.answer); /* its pause is on record now */
    assert_string_equal(
        node_str_or(node_get(node_item(node_at(fake_api_find(w->api, RELEASE), "status", "requests"), 0), "verb"), ""),
        "pause");
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':false}}");
    fake_clock_advance(w->fc, INTERVAL_MS);
    fake_script_leave(&w->script, "{'done':true}");
    expect_threshold(w, "7");
}

/* It is taken back before all else, once somebody says by which spec. */
static void test_a_rollback_without_a_recorded_spec_waits_for_an_accepted_one(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    stop_engine(w);
    forget_accepted(w);
    fake_api_edit(w->api, CANARY,
                  "{'metadata':{'annotations':{'sluice.dev/request':'rollback podinfo-1'}},"
                  "'spec':{'analysis':{'threshold':1.5}}}");
    start_engine(w);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(count_told(w, "spec.analysis.threshold: 1.5 is not an integer"), 1);
    assert_null(node_at(fake_api_find(w->api, CANARY), "status", "lastRequest"));
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, INTERVAL_MS);
    replay_to_act(w);
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Failed");
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_int_equal(count_told(w, "Request rollback by somebody: podinfo-1 is taken back"), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_release_without_a_recorded_spec_goes_on, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_without_a_recorded_spec_waits_for_an_accepted_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_release_without_a_recorded_spec_is_held_still, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_rollback_without_a_recorded_spec_waits_for_an_accepted_one, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
