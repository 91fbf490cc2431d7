// room: rollout
#include "../rollout/actor_world.h"

#define MESSAGE "canary deployment podinfo.test not ready: "
#define THREE_OF_FOUR                                                                                                  \
    "{'spec':{'replicas':4},'status':{'replicas':4,'updatedReplicas':4,'readyReplicas':3,'availableReplicas':3}}"
#define ALL_OF_FOUR "{'status':{'readyReplicas':4,'availableReplicas':4}}"

static size_t writes(struct world *w)
{
    return fake_http_count(w->fh, "PATCH", "/") + fake_http_count(w->fh, "POST", "/");
}

static const char *waits(struct world *w, const char *key)
{
    return node_str_or(node_get(condition(w, "Waiting"), key), "");
}

/* In mid-run, 3 of 4 Pods of the canary are ready and nothing is going to change. */
static void wait_for_pods(struct world *w)
{
    bring_into_mid_run(w);
    fake_api_edit(w->api, TARGET, THREE_OF_FOUR);
    fake_clock_advance(w->fc, 100);
    fake_script_enter(&w->script, "round");
    fake_script_call(&w->script, "ready", "{'side':'canary'}");
    assert_null(w->script.answer);
}

static void test_a_moment_is_no_news(void **state)
{
    struct world *w = *state;
    wait_for_pods(w);
    size_t writes = fake_http_count(w->fh, "PATCH", CANARY);
    fake_clock_advance(w->fc, 5000);
    fake_api_edit(w->api, TARGET, ALL_OF_FOUR);
    fake_clock_advance(w->fc, 60 * 1000);
    assert_non_null(w->script.answer);
    assert_int_equal(fake_http_count(w->fh, "PATCH", CANARY), writes);
}

static void test_a_wait_that_lasts_is_visible_until_it_ends(void **state)
{
    struct world *w = *state;
    wait_for_pods(w);
    fake_clock_advance(w->fc, 15 * 1000);
    assert_string_equal(waits(w, "status"), "True");
    assert_string_equal(waits(w, "reason"), "PodsNotReady");
    assert_true(str_has_prefix(waits(w, "message"), MESSAGE));
    assert_string_equal(
        node_str(node_get(node_item(node_at(fake_api_find(w->api, CANARY), "status", "conditions"), 0), "type")),
        "Promoted");
    fake_api_edit(w->api, TARGET, ALL_OF_FOUR);
    fake_clock_advance(w->fc, 1000);
    assert_null(condition(w, "Waiting"));
}

static void test_a_wait_is_told_twice_and_asks_for_nothing(void **state)
{
    struct world *w = *state;
    wait_for_pods(w);
    fake_clock_advance(w->fc, 599 * 1000);
    assert_int_equal(count_told(w, MESSAGE), 1);
    fake_clock_advance(w->fc, 2 * 1000);
    assert_int_equal(count_told(w, "podinfo.test has been waiting for 10m0s: " MESSAGE), 1);
    assert_true(str_has_suffix(waits(w, "message"), " (for longer than 10m0s)"));
    size_t before = writes(w);
    fake_clock_advance(w->fc, 3600 * 1000);
    assert_int_equal(writes(w), before);
}

/* What a strategy waits for ends in the very millisecond of the deadline when both are ten minutes. */
static void test_a_wait_that_ends_with_its_deadline_is_not_overdue(void **state)
{
    struct world *w = *state;
    wait_for_pods(w);
    fake_clock_advance(w->fc, 600 * 1000);
    assert_int_equal(count_told(w, "has been waiting for"), 0);
    fake_clock_advance(w->fc, 1);
    assert_int_equal(count_told(w, "has been waiting for"), 1);
}

static void test_since_when_outlives_the_engine(void **state)
{
    struct world *w = *state;
    wait_for_pods(w);
    fake_clock_advance(w->fc, 60 * 1000);
    char *since = str_dup(waits(w, "lastTransitionTime"));
    w->script.running = false;
    restart_engine(w);
    fake_clock_advance(w->fc, 1000);
    assert_string_equal(waits(w, "lastTransitionTime"), since);
    str_free(&since);
}

static void test_a_release_that_cannot_be_created_is_tried_again_later_and_later(void **state)
{
    struct world *w = *state;
    fake_http_route(w->fh, "POST", SLUICE, 422, "{'kind':'Status','message':'no releases here','code':422}");
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    for (int i = 0; i < 601; i++) { /* each wakes the actor, once a second */
        fake_api_edit(w->api, TARGET,
                      i % 2 ? "{'metadata':{'labels':{'x':'1'}}}" : "{'metadata':{'labels':{'x':'2'}}}");
        fake_clock_advance(w->fc, 1000);
    }
    size_t tries = fake_http_count(w->fh, "POST", SLUICE);
    assert_true(tries >= 10 && tries <= 16);
    assert_int_equal(count_told(w, "creating the release of podinfo.test failed"),
                     2); /* when it began, and after the deadline */
    assert_string_equal(waits(w, "reason"), "ReleaseNotCreated");
}

static void test_a_word_says_what_it_waits_for(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_enter(&w->script, "open");
    fake_script_leave(&w->script, "{'done':false,'waiting':{'reason':'GateClosed','message':'for x','told':true}}");
    fake_script_call(&w->script, "tick", "{}");
    fake_clock_advance(w->fc, 11 * 1000);
    assert_string_equal(waits(w, "message"), "for x");
    fake_script_enter(&w->script, "round");
    fake_script_leave(&w->script, "{'passed':true}");
    fake_clock_advance(w->fc, 1000);
    assert_string_equal(waits(w, "message"), "for x");
    fake_script_enter(&w->script, "open");
    fake_script_leave(&w->script, "{'done':true}");
    fake_script_call(&w->script, "tick", "{}");
    fake_clock_advance(w->fc, 1000);
    assert_null(condition(w, "Waiting"));
    assert_int_equal(count_told(w, "for x"), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_moment_is_no_news, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wait_that_lasts_is_visible_until_it_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wait_is_told_twice_and_asks_for_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_wait_that_ends_with_its_deadline_is_not_overdue, setup, teardown),
        cmocka_unit_test_setup_teardown(test_since_when_outlives_the_engine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_that_cannot_be_created_is_tried_again_later_and_later, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_word_says_what_it_waits_for, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
