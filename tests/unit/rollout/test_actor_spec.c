/* Which spec a release under way goes by: a refused one changes nothing, whatever happens meanwhile. */
#include "spec_steps.h"

static void refuse(struct world *w)
{
    fake_api_edit(w->api, CANARY, REFUSED);
    fake_clock_advance(w->fc, 100);
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'");
}

static void test_a_refused_edit_changes_nothing_for_the_run(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    refuse(w);
    assert_true(is_told(w, "spec.analysis.threshold: 1.5 is not an integer"));
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    assert_non_null(w->script.answer); /* the next round begins */
    expect_threshold(w, "3");
    size_t events = fake_http_count(w->fh, "POST", EVENTS);
    fake_script_call(&w->script, "act",
                     "[{'kind':'route','primary':40,'canary':60},{'kind':'phase','phase':'WaitingPromotion'}]");
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    expect_routes(w, "[{" FAKE_SIDES(40, 60) "}]");
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "WaitingPromotion");
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'"); /* what the run writes keeps it */
    assert_int_equal(fake_http_count(w->fh, "POST", EVENTS), events);         /* told once */
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, 100);
    assert_null(condition(w, "Accepted"));
    expect_threshold(w, "7");
}

static void test_a_release_is_taken_back_under_a_refused_edit(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    refuse(w);
    fake_script_call(&w->script, "rollback", "{'events':[]}");
    fake_clock_advance(w->fc, 1000);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Failed");
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Failed");
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    fake_doc_expect(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), "0");
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'");
}

static void test_the_next_engine_goes_by_the_accepted_spec_too(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    refuse(w);
    restart_engine(w);
    replay(w);
    expect_threshold(w, "3");
    size_t events = fake_http_count(w->fh, "POST", EVENTS);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(fake_http_count(w->fh, "POST", EVENTS), events); /* told by the engine of before */
}

/* An accepted edit is on record with the first thing that is done after it. */
static void test_the_next_engine_goes_by_the_last_accepted_edit(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, 100);
    assert_false(fake_script_enter(&w->script, "tell"));
    fake_script_call(&w->script, "act", "[{'kind':'status','failed_checks':1}]");
    fake_clock_run(w->fc);
    fake_script_leave(&w->script, "{'done':true}");
    refuse(w);
    restart_engine(w);
    assert_true(fake_script_enter(&w->script, "begin"));
    assert_true(fake_script_enter(&w->script, "shift"));
    fake_script_enter(&w->script, "tell");
    fake_script_call(&w->script, "act", "[{'kind':'status','failed_checks':1}]");
    fake_clock_run(w->fc);
    fake_script_leave(&w->script, "{'done':true}");
    expect_threshold(w, "7");
}

/* What a Canary may name by the flags of the next engine is asked of the next release. */
static void test_the_next_engine_may_refuse_what_a_release_names(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->api, CANARY,
                  "{'spec':{'analysis':{'metrics':[{'name':'m','templateRef':{'name':'m','namespace':'other'}}],"
                  "'alerts':[{'name':'a','providerRef':{'name':'a','namespace':'other'}}]}}}");
    bring_into_mid_run(w);
    w->no_cross_namespace_refs = true;
    restart_engine(w);
    replay(w);
    expect_threshold(w, "3");
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'");
    assert_true(is_told(w, "cross-namespace references are blocked; spec.analysis.alerts[0].providerRef: can't access "
                           "alert provider a.other, cross-namespace references are blocked; the release under way "
                           "goes on"));
    assert_null(condition(w, "Waiting"));
}

/* An engine that accepted more than this one. */
static void test_a_release_of_a_spec_that_is_refused_says_what_it_waits_for(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    stop_engine(w);
    fake_api_edit(w->api, CANARY, REFUSED);
    fake_api_edit(w->api, RELEASE, "{'status':{'accepted':{'generation':99,'spec':'{\\\"analysis\\\":{}}'}}}");
    start_engine(w);
    replay_to_act(w);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_null(w->script.answer);
    assert_int_equal(count_told(w, "this engine refuses the spec that it goes by: spec.targetRef.name is missing"), 1);
    assert_string_equal(node_str(node_get(condition(w, "Waiting"), "reason")), "SpecRefused");
    expect_routes(w, "[{" FAKE_SIDES(50, 50) "}]");
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_non_null(w->script.answer);
    assert_null(condition(w, "Waiting"));
    fake_script_leave(&w->script, "{'done':true}");
    expect_threshold(w, "7");
}

static void test_a_new_revision_waits_until_the_spec_is_accepted(void **state)
{
    struct world *w = *state;
    refuse(w);
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(releases(w), 0);
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 1);
    assert_true(w->script.running);
}

/* Its share belongs to the revision of before, so it goes at once; its own analysis waits. */
static void test_a_new_revision_in_mid_run_gives_up_its_share_and_waits(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    refuse(w);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:4'}]}}}}");
    fake_clock_advance(w->fc, 1000);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Superseded");
    assert_int_equal(releases(w), 2);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    for (int engines = 1; engines <= 2; engines++) {
        assert_true(w->script.running);
        assert_false(fake_script_enter(&w->script, "start"));
        fake_script_call(&w->script, "facts", "{}");
        fake_clock_advance(w->fc, 3 * INTERVAL_MS);
        assert_null(w->script.answer);
        if (engines == 1) {
            restart_engine(w);
        }
    }
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, 1000);
    assert_non_null(w->script.answer);
    expect_threshold(w, "7");
    assert_int_equal(releases(w), 2);
}

static void test_a_suspension_counts_in_a_refused_spec_too(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':true,'analysis':{'threshold':1.5}}}");
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_null(w->script.answer);
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'");
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':false}}");
    fake_clock_advance(w->fc, 1000);
    assert_non_null(w->script.answer);
}

/* --- edits that are accepted --- */

static void expect_weight(struct world *w, const char *phase, const char *weight)
{
    assert_string_equal(text_at(w, CANARY, "status", "phase"), phase);
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "canaryWeight"), weight);
}

static const char *text_of_answer(struct world *w, const char *key)
{
    return node_str_or(node_get(doc_root(w->script.answer), key), "");
}

static void test_a_share_is_given_back_before_its_routing_changes(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'name':'other'}}}");
    fake_clock_advance(w->fc, 1000);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]"); /* the VirtualService of before keeps no share */
    const struct node *http = node_at(fake_api_find(w->api, ISTIO "/other"), "spec", "http");
    fake_doc_expect(node_get(node_item(node_get(node_item(http, 0), "route"), 1), "weight"), "0");
    expect_weight(w, "Progressing", "0");
    assert_int_equal(releases(w), 1); /* the same release goes on */
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_non_null(w->script.answer);
}

/* TCP routes would turn the share of an A/B test into a share of everybody. */
static void test_an_ab_test_goes_on_under_its_match(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->api, CANARY,
                  "{'spec':{'analysis':{'iterations':8,'stepWeight':null,'maxWeight':null,'match':[{'headers':{'x':"
                  "{'exact':'1'}}}]}}}");
    fake_clock_advance(w->fc, 1000);
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'appProtocol':'tcp'}}}");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    fake_doc_expect(node_get(condition(w, "Accepted"), "status"), "'False'");
    assert_non_null(w->script.answer); /* the next round is judged by the spec of before */
    fake_script_call(&w->script, "act", "[{'kind':'route','primary':0,'canary':100}]");
    fake_clock_run(w->fc);
    const struct node *spec = node_get(fake_api_find(w->api, ROUTES), "spec");
    fake_doc_expect(node_get(spec, "tcp"), "absent");
    fake_doc_expect(node_get(node_item(node_get(spec, "http"), 0), "match"), "[{'headers':{'x':{'exact':'1'}}}]");
}

/* Its 50 % are the other Canary's: read as ours they would be a promotion without one step. */
static void test_the_share_of_another_canary_is_none_of_ours(void **state)
{
    struct world *w = *state;
    fake_api_put(w->api, ISTIO "/other",
                 "{'metadata':{'ownerReferences':[{'kind':'Canary','name':'other','uid':'u-2','controller':true}]},"
                 "'spec':{'hosts':['other'],'http':[{'route':[{'destination':{'host':'other-primary'},'weight':50},"
                 "{'destination':{'host':'other-canary'},'weight':50}]}]}}");
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'name':'other'}}}");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    expect_weight(w, "Progressing", "0");
    fake_script_call(&w->script, "facts", "{}");
    fake_clock_run(w->fc);
    fake_doc_expect(node_get(doc_root(w->script.answer), "route"), "absent");
    assert_non_null(strstr(text_of_answer(w, "route_error"), "it belongs to Canary other"));
    assert_true(is_told(w, "VirtualService other.test is left alone: it belongs to Canary other"));
}

/* A round goes by what it has read before the edit: its step must not be made under the new routing. */
static void test_a_round_under_way_ends_under_the_routing_it_began_with(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "facts", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'hosts':['other']}}}");
    fake_clock_advance(w->fc, 1000);
    fake_script_call(&w->script, "act", "[{'kind':'route','primary':40,'canary':60}]");
    fake_clock_run(w->fc);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, TARGET,
                  "{'metadata':{'annotations':{'a':'b'}}}"); /* a script of ours waits before the actor is woken */
    fake_clock_advance(w->fc, 1000);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    fake_doc_expect(node_at(fake_api_find(w->api, ROUTES), "spec", "hosts"), "['other','podinfo']");
}

static void test_another_target_waits_for_the_end_of_the_release(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_put(w->api, APPS "/other", FAKE_DEPLOYMENT("other", "1", ""));
    fake_api_edit(w->api, CANARY, "{'spec':{'targetRef':{'name':'other'}}}");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    expect_routes(w, "[{" FAKE_SIDES(50, 50) "}]");
    assert_true(is_told(w, "it names another target"));
    assert_null(fake_api_find(w->api, APPS "/other-primary"));
    assert_non_null(w->script.answer); /* it is judged as before */
}

static void test_a_target_that_is_gone_holds_no_share(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_put(w->api, APPS "/other", FAKE_DEPLOYMENT("other", "1", ""));
    fake_api_delete(w->api, TARGET);
    fake_api_edit(w->api, CANARY, "{'spec':{'targetRef':{'name':'other'}}}");
    fake_clock_advance(w->fc, 1000);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Superseded");
}

static void test_an_edit_of_the_routing_waits_for_the_end_of_a_promotion(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_enter(&w->script, "copy");
    fake_script_call(&w->script, "act", "[{'kind':'phase','phase':'Promoting'}]");
    fake_clock_run(w->fc);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'hosts':['other']}}}");
    fake_clock_advance(w->fc, 1000);
    expect_routes(w, "[{" FAKE_SIDES(50, 50) "}]");
    fake_doc_expect(node_at(fake_api_find(w->api, ROUTES), "spec", "hosts"), "['podinfo']");
}

/* --- edits that cannot be carried out --- */

#define SERVICES "/api/v1/namespaces/test/services"
#define TIMEOUT "{'spec':{'service':{'timeout':'abc'}}}"

/* As a CRD or a webhook does that knows more than the Canary's own CRD. */
static bool refuse_timeout(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    bool write = strcmp(request->method, "GET") != 0 && strstr(request->url, "/virtualservices") != NULL;
    if (!write || strstr(request->body, "\"abc\"") == NULL) {
        return false;
    }
    ++*(int *)ctx;
    answer->status = 422;
    answer->body = "{\"kind\":\"Status\",\"status\":\"Failure\",\"message\":\"timeout abc is no duration\"}";
    return true;
}

static void expect_next_round(struct world *w)
{
    fake_script_call(&w->script, "tick", "{}");
    fake_clock_advance(w->fc, INTERVAL_MS + 1000);
    assert_non_null(w->script.answer);
}

static void test_a_release_goes_on_by_the_spec_that_could_be_carried_out(void **state)
{
    struct world *w = *state;
    int refused = 0;
    bring_into_mid_run(w);
    fake_http_handle(w->fh, refuse_timeout, &refused);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, TIMEOUT);
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_non_null(w->script.answer);
    assert_int_equal(count_told(w, "The edit of canary podinfo.test cannot be carried out: "), 1);
    expect_next_round(w);
    expect_next_round(w);
    assert_string_equal(node_str(node_get(condition(w, "Waiting"), "reason")), "EditFailed");
    expect_routes(w, "[{" FAKE_SIDES(50, 50) "}]");
    for (int i = 0; i < 30; i++) {
        expect_next_round(w);
    }
    assert_in_range(refused, 2, 8); /* tried again, later and later */
    assert_int_equal(count_told(w, "cannot be carried out"), 1);
    fake_script_call(&w->script, "rollback", "{'events':[]}");
    fake_clock_advance(w->fc, 1000);
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Failed");
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_null(node_get(node_item(node_at(fake_api_find(w->api, ROUTES), "spec", "http"), 0), "timeout"));
}

static void test_an_edit_counts_as_soon_as_it_is_mended(void **state)
{
    struct world *w = *state;
    int refused = 0;
    bring_into_mid_run(w);
    fake_http_handle(w->fh, refuse_timeout, &refused);
    fake_api_edit(w->api, CANARY, TIMEOUT);
    fake_api_edit(w->api, CANARY, ACCEPTED);
    fake_clock_advance(w->fc, 1000);
    expect_threshold(w, "3"); /* one edit is one, whatever a part of it could do */
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'timeout':'10s'}}}");
    fake_clock_advance(w->fc, 1000);
    expect_threshold(w, "7");
    fake_doc_expect(node_get(node_item(node_at(fake_api_find(w->api, ROUTES), "spec", "http"), 0), "timeout"), "'10s'");
}

/* Its share must not go again and again for what fails. */
static void test_another_routing_that_is_refused_is_tried_once(void **state)
{
    struct world *w = *state;
    int refused = 0;
    bring_into_mid_run(w);
    fake_http_handle(w->fh, refuse_timeout, &refused);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'hosts':['other'],'timeout':'abc'}}}");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    assert_non_null(w->script.answer);
    fake_script_call(&w->script, "act", "[{'kind':'route','primary':40,'canary':60}]");
    fake_clock_run(w->fc);
    assert_non_null(w->script.answer);
    fake_doc_expect(doc_root(w->script.answer), "{'ok':true}");
    for (int i = 0; i < 30; i++) {
        expect_next_round(w);
    }
    expect_routes(w, "[{" FAKE_SIDES(40, 60) "}]");
    fake_doc_expect(node_at(fake_api_find(w->api, ROUTES), "spec", "hosts"), "['podinfo']");
}

static void test_an_object_that_cannot_be_planned_keeps_no_release_from_its_end(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY,
                  "{'spec':{'autoscalerRef':{'apiVersion':'autoscaling/v2','kind':'HorizontalPodAutoscaler','name':"
                  "'nope'}}}");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    assert_non_null(w->script.answer);
    assert_true(is_told(w, "nope"));
    fake_script_call(&w->script, "spec", "{}");
    fake_clock_run(w->fc);
    assert_null(node_get(doc_root(w->script.answer), "autoscalerRef"));
}

/* An admission policy that denies the repair of one object: the others are repaired, and the release is judged. */
static void test_a_refused_repair_holds_nothing_up(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_http_route(w->fh, "PATCH", "/services/podinfo-canary", 403, "{\"kind\":\"Status\",\"message\":\"no\"}");
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, SERVICES "/podinfo-canary", "{'metadata':{'labels':{'x':'y'}},'spec':{'selector':null}}");
    fake_api_delete(w->api, SERVICES "/podinfo");
    fake_clock_advance(w->fc, 2 * INTERVAL_MS);
    assert_non_null(w->script.answer);
    assert_non_null(fake_api_find(w->api, SERVICES "/podinfo"));
    assert_string_equal(node_str(node_get(condition(w, "Waiting"), "reason")), "ObjectsFailed");
    assert_int_equal(count_told(w, "podinfo-canary update error"), 1);
    fake_api_edit(w->api, CANARY, ACCEPTED); /* which asks for no other objects */
    fake_clock_advance(w->fc, 1000);
    expect_threshold(w, "7");
}

/* A server in trouble has refused nothing: the edit counts once it works again, and the release is judged meanwhile. */
static void test_a_write_that_fails_for_now_is_tried_until_it_works(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    for (int i = 0; i < 5; i++) {
        fake_http_once(w->fh, "PATCH", "/virtualservices/", 503, "");
    }
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'service':{'timeout':'10s'}}}");
    fake_clock_advance(w->fc, INTERVAL_MS + 1000);
    assert_non_null(w->script.answer);
    assert_int_equal(count_told(w, "cannot be carried out"), 0);
    for (int i = 0; i < 6; i++) {
        expect_next_round(w);
    }
    fake_doc_expect(node_get(node_item(node_at(fake_api_find(w->api, ROUTES), "spec", "http"), 0), "timeout"), "'10s'");
}

static void test_an_engine_may_refuse_what_is_of_another_namespace(void **state)
{
    static const char *const wanted[] = {
        "spec.strategy: Strategy delivery/ring not found",
        "spec.strategy.namespace: delivery is another namespace, and the engine runs with -no-cross-namespace-refs",
    };
    for (int refused = 0; refused < 2; refused++) {
        struct world *w = new_world();
        w->no_cross_namespace_refs = refused;
        start_engine(w);
        fake_api_edit(w->api, CANARY, "{'spec':{'strategy':{'name':'ring','namespace':'delivery'}}}");
        fake_clock_advance(w->fc, 1000);
        assert_true(is_told(w, wanted[refused]));
        *state = w;
        teardown(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_refused_edit_changes_nothing_for_the_run, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_is_taken_back_under_a_refused_edit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_next_engine_goes_by_the_accepted_spec_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_next_engine_goes_by_the_last_accepted_edit, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_next_engine_may_refuse_what_a_release_names, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_of_a_spec_that_is_refused_says_what_it_waits_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_new_revision_waits_until_the_spec_is_accepted, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_revision_in_mid_run_gives_up_its_share_and_waits, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_suspension_counts_in_a_refused_spec_too, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_share_is_given_back_before_its_routing_changes, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_share_of_another_canary_is_none_of_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_ab_test_goes_on_under_its_match, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_round_under_way_ends_under_the_routing_it_began_with, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_target_waits_for_the_end_of_the_release, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_target_that_is_gone_holds_no_share, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_edit_of_the_routing_waits_for_the_end_of_a_promotion, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_goes_on_by_the_spec_that_could_be_carried_out, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_edit_counts_as_soon_as_it_is_mended, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_routing_that_is_refused_is_tried_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_object_that_cannot_be_planned_keeps_no_release_from_its_end, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_refused_repair_holds_nothing_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_write_that_fails_for_now_is_tried_until_it_works, setup, teardown),
        cmocka_unit_test(test_an_engine_may_refuse_what_is_of_another_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
