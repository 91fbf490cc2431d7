/* An initialisation keeps the target's Pods as long as requests may still be sent to them. */
#include "actor_world.h"
#include "base/duration.h"

#define APEX "/api/v1/namespaces/test/services/podinfo"

static int64_t replicas(struct world *w)
{
    return node_int_or(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), -1);
}

static bool leads_to_primary(struct world *w)
{
    const struct node *selector = node_at(fake_api_find(w->api, APEX), "spec", "selector");
    return node_is(node_get(selector, "app"), "podinfo-primary");
}

/* A Canary that is being initialised, for an application whose Service is there and leads to the target. */
static void begin_initialisation(struct world *w)
{
    stop_engine(w);
    fake_api_delete(w->api, PRIMARY);
    fake_api_edit(w->api, APEX, "{'spec':{'selector':{'app':'podinfo'}}}");
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initializing','lastAppliedSpec':null}}");
    w->scale_down_delay_ms = 5000;
    start_engine(w);
    fake_clock_advance(w->fc, 1000);
}

/* Proxies send users to the target's Pods until they know where its Service leads now. */
static void test_an_initialisation_keeps_the_target_until_its_users_are_moved(void **state)
{
    struct world *w = *state;
    begin_initialisation(w);
    fake_clock_advance(w->fc, 6000);
    assert_false(leads_to_primary(w)); /* which is not ready */
    assert_int_equal(replicas(w), 1);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}");
    fake_clock_advance(w->fc, 4900);
    assert_true(leads_to_primary(w));
    assert_int_equal(replicas(w), 1);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initializing");
    fake_clock_advance(w->fc, 300);
    assert_int_equal(replicas(w), 0);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
}

/* The status has no condition Promoted (another engine's, or somebody took it away), gets the condition Waiting, and
 * looks from then on like one that was lost; later it is lost. As Initialized, users would be led to a primary without
 * Pods at once, and the target would lose its own. */
static void test_a_status_that_is_lost_meanwhile_leads_nobody_to_an_unready_primary(void **state)
{
    struct world *w = *state;
    begin_initialisation(w);
    fake_clock_advance(w->fc, 30 * 1000);
    assert_string_equal(node_str(node_get(condition(w, "Waiting"), "reason")), "PodsNotReady");
    fake_api_edit(w->api, CANARY, "{'status':null}");
    fake_clock_advance(w->fc, 60 * 1000);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initializing");
    assert_false(leads_to_primary(w));
    assert_int_equal(replicas(w), 1);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}");
    fake_clock_advance(w->fc, 60 * 1000);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
    assert_true(leads_to_primary(w));
    assert_int_equal(replicas(w), 0);
    assert_int_equal(releases(w), 0);
}

/* A target that is written whole goes through the admission policies, which may change its template; and a template
 * that has changed is a new revision. */
static void test_a_target_is_scaled_by_the_subresource(void **state)
{
    struct world *w = *state;
    begin_initialisation(w);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}");
    fake_clock_advance(w->fc, 6000);
    assert_int_equal(replicas(w), 0);
    assert_int_equal(fake_http_count(w->fh, "PATCH", TARGET "/scale"), 1);
    for (size_t i = 0; i < fake_http_count(w->fh, "PATCH", TARGET); i++) {
        assert_non_null(strstr(fake_http_find(w->fh, "PATCH", TARGET, i)->url, TARGET "/scale"));
    }
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    fake_clock_advance(w->fc, 1000);
    assert_true(w->script.running);
    fake_script_enter(&w->script, "begin");
    fake_script_call(&w->script, "pin", "{}");
    fake_script_call(&w->script, "act", "[{'kind':'scale','to':'up'}]");
    fake_clock_run(w->fc);
    assert_int_equal(replicas(w), 1);
    assert_int_equal(fake_http_count(w->fh, "PATCH", TARGET "/scale"), 2);
}

/* An API server's Scale of zero replicas has none, which is not one replica: that would be written again, and told as a
 * write that somebody undoes. */
static void test_a_target_at_zero_is_known_before_its_watch_tells(void **state)
{
    struct world *w = *state;
    begin_initialisation(w);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}");
    fake_clock_advance(w->fc, 4900);
    fake_api_mute(w->api, true);
    fake_clock_advance(w->fc, 30 * 1000);
    assert_int_equal(replicas(w), 0);
    assert_int_equal(fake_http_count(w->fh, "PATCH", TARGET "/scale"), 1);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
    fake_api_mute(w->api, false);
}

/* The one before may have changed the Service a moment ago. */
static void test_an_engine_that_finds_a_service_moved_keeps_the_target_as_long(void **state)
{
    struct world *w = *state;
    begin_initialisation(w);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}");
    fake_clock_advance(w->fc, 1000);
    assert_true(leads_to_primary(w));
    restart_engine(w);
    fake_clock_advance(w->fc, 4500);
    assert_int_equal(replicas(w), 1);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(replicas(w), 0);
}

/* What an earlier Canary left behind: its target must not go under a share, nor be promoted by it. */
static void test_an_initialisation_takes_the_share_of_an_earlier_canary_back(void **state)
{
    static const char *const left_behind[] = {FAKE_ROUTES(50, 50), FAKE_ROUTES(0, 100)};
    struct world *w = *state;
    for (size_t i = 0; i < 2; i++) {
        stop_engine(w);
        fake_api_edit(w->api, TARGET, "{'spec':{'replicas':1}}");
        fake_api_edit(w->api, ROUTES, left_behind[i]);
        fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initializing','lastAppliedSpec':null}}");
        w->scale_down_delay_ms = 5000;
        start_engine(w);
        fake_clock_advance(w->fc, 4800);
        expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
        assert_int_equal(replicas(w), 1);
        fake_clock_advance(w->fc, 1000);
        assert_int_equal(replicas(w), 0);
        assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
    }
}

/* A proxy that learns of a route and of its Service at once has no answer for a moment, as it asks for Pods of a new
 * Service after it has the route. */
static void test_a_route_that_has_users_follows_when_the_service_it_leads_to_is_known(void **state)
{
    static const char *const http = "[{'route':[{'destination':{'host':'podinfo'}}]}]";
    struct world *w = *state;
    begin_initialisation(w);
    char now[32];
    time_write(clock_wall_ms(fake_clock_clock(w->fc)), now);
    char *created = str_format("{'metadata':{'creationTimestamp':'%s'}}", now);
    char *routes = str_format("{'spec':{'http':%s}}", http);
    fake_api_edit(w->api, APEX "-primary", created);
    fake_api_edit(w->api, ROUTES, routes);
    str_free(&created);
    str_free(&routes);
    fake_api_edit(w->api, PRIMARY, "{" FAKE_READY "}");
    fake_clock_advance(w->fc, 4900);
    assert_true(leads_to_primary(w));
    expect_routes(w, http);
    fake_clock_advance(w->fc, 1200); /* the API server's time is a second's beginning */
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_int_equal(replicas(w), 1);
    fake_clock_advance(w->fc, 5000);
    assert_int_equal(replicas(w), 0);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
}

/* As long as somebody gives the share again, the target is needed. */
static void test_a_share_that_comes_back_keeps_the_target(void **state)
{
    struct world *w = *state;
    stop_engine(w);
    fake_api_edit(w->api, CANARY,
                  "{'status':{'phase':'Initializing','lastAppliedSpec':null,'conditions':[{'type':'Promoted','status':'"
                  "Unknown','reason':'Initializing'}]}}");
    fake_api_edit(w->api, ROUTES, FAKE_ROUTES(50, 50));
    w->scale_down_delay_ms = 5000;
    start_engine(w);
    for (int i = 0; i < 20; i++) {
        fake_api_edit(w->api, ROUTES, FAKE_ROUTES(50, 50));
        fake_clock_advance(w->fc, 1000);
        assert_int_equal(replicas(w), 1);
    }
    assert_true(is_told(w, "somebody changes them back"));
    fake_clock_advance(w->fc, INTERVAL_MS);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    fake_clock_advance(w->fc, 5000);
    assert_int_equal(replicas(w), 0);
}

/* A status, and with it the release that knew of the share, is lost: nobody else would take it back. */
static void test_a_share_that_no_release_knows_of_is_given_back(void **state)
{
    struct world *w = *state;
    stop_engine(w);
    fake_api_edit(w->api, ROUTES, FAKE_ROUTES(50, 50));
    fake_api_edit(w->api, CANARY, "{'status':null}");
    start_engine(w);
    fake_clock_advance(w->fc, 1000);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
    assert_int_equal(replicas(w), 1); /* it was not initialised again */
}

/* Nobody can be using what has no Service. */
static void test_an_initialisation_without_users_waits_for_nobody(void **state)
{
    struct world *w = *state;
    stop_engine(w);
    fake_api_delete(w->api, APEX);
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initializing','lastAppliedSpec':null}}");
    w->scale_down_delay_ms = 5000;
    start_engine(w);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(replicas(w), 0);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Initialized");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_an_initialisation_keeps_the_target_until_its_users_are_moved, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_status_that_is_lost_meanwhile_leads_nobody_to_an_unready_primary, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_target_is_scaled_by_the_subresource, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_target_at_zero_is_known_before_its_watch_tells, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_engine_that_finds_a_service_moved_keeps_the_target_as_long, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_an_initialisation_takes_the_share_of_an_earlier_canary_back, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_route_that_has_users_follows_when_the_service_it_leads_to_is_known,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_share_that_comes_back_keeps_the_target, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_share_that_no_release_knows_of_is_given_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_initialisation_without_users_waits_for_nobody, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
