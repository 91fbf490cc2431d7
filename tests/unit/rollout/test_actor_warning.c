/* What defeats the weights of a Canary is told once, and shown as long as it lasts. */
#include "actor_world.h"

#define OTHER ISTIO "/other"
#define OLDER "{'metadata':{'creationTimestamp':'2026-03-11T08:00:00Z'},'spec':{'hosts':['podinfo']}}"
#define SENTENCE                                                                                                       \
    "VirtualService other.test is older and has host podinfo too (gateway mesh): requests follow its routes, not the " \
    "weights of VirtualService podinfo.test"

/* A Canary at rest whose VirtualService is the younger one of two. */
static int setup_two(void **state)
{
    struct world *w = new_world();
    fake_api_edit(w->api, ROUTES, "{'metadata':{'creationTimestamp':'2026-03-11T08:00:01Z'}}");
    fake_api_put(w->api, OTHER, OLDER);
    start_engine(w);
    fake_clock_advance(w->fc, 2000);
    *state = w;
    return 0;
}

static size_t told(struct world *w)
{
    return count_told(w, "The mesh does not follow the weights of podinfo.test everywhere: " SENTENCE);
}

static const struct node *ineffective(struct world *w)
{
    return condition(w, "WeightsEffective");
}

static void test_what_defeats_the_weights_is_told_once_and_shown(void **state)
{
    struct world *w = *state;
    assert_int_equal(told(w), 1);
    fake_doc_expect(node_get(ineffective(w), "status"), "'False'");
    fake_doc_expect(node_get(ineffective(w), "message"), "'" SENTENCE "'");
    fake_api_edit(w->api, TARGET, "{'metadata':{'labels':{'touched':'1'}}}");
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(told(w), 1);
}

static void test_another_engine_does_not_repeat_it(void **state)
{
    struct world *w = *state;
    restart_engine(w);
    fake_clock_advance(w->fc, 60000);
    assert_int_equal(told(w), 1);
}

/* Another writer takes our condition away each time. */
static void test_a_status_that_is_changed_back_holds_up_nothing(void **state)
{
    struct world *w = *state;
    for (int i = 0; i < 20; i++) {
        fake_api_edit(w->api, CANARY, "{'status':{'conditions':null}}");
        fake_clock_advance(w->fc, 1000);
    }
    assert_null(ineffective(w));
    assert_int_equal(told(w), 1);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:3'}]}}}}");
    fake_clock_advance(w->fc, 1000);
    assert_true(w->script.running); /* the new revision is seen all the same */
}

static void test_it_goes_with_its_cause(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->api, OTHER, "{'spec':{'hosts':['elsewhere']}}");
    fake_clock_advance(w->fc, 2000);
    assert_null(ineffective(w));
    assert_int_equal(told(w), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_defeats_the_weights_is_told_once_and_shown, setup_two, teardown),
        cmocka_unit_test_setup_teardown(test_another_engine_does_not_repeat_it, setup_two, teardown),
        cmocka_unit_test_setup_teardown(test_a_status_that_is_changed_back_holds_up_nothing, setup_two, teardown),
        cmocka_unit_test_setup_teardown(test_it_goes_with_its_cause, setup_two, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
