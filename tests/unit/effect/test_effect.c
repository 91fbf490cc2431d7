#include "effect_world.h"
#include "workload/facts.h"
#include "workload/tracked_config.h"

static void not_ready(struct world *w, const char *path)
{
    fake_api_edit(w->f.api, path, "{'status':{'availableReplicas':0}}");
}

/* --- the redo table --- */

#define FROM_10_TO_20                                                                                                  \
    "[{'kind':'route','primary':80,'canary':20,'mirrored':false,'from':{'primary':90,'canary':10,'mirrored':false}}]"

static void test_a_route_is_written_once(void **state)
{
    struct world w;
    open_world(&w);
    do_list(&w, FROM_10_TO_20);
    expect_routes(&w, "[{" FAKE_SIDES(80, 20) "}]");
    assert_int_equal(redo(&w, FROM_10_TO_20), 0);
    close_world(&w);
}

static void test_a_route_that_did_not_happen_is_written_by_the_redo(void **state)
{
    struct world w;
    open_world(&w);
    assert_int_equal(redo(&w, FROM_10_TO_20), 1);
    expect_routes(&w, "[{" FAKE_SIDES(80, 20) "}]");
    close_world(&w);
}

static void test_weights_changed_by_hand_win_over_a_redo_only(void **state)
{
    struct world w;
    open_world(&w);
    fake_api_edit(w.f.api, ROUTES, FAKE_ROUTES(60, 40));
    assert_int_equal(redo(&w, FROM_10_TO_20), 0);
    expect_routes(&w, "[{" FAKE_SIDES(60, 40) "}]");
    do_list(&w, FROM_10_TO_20);
    expect_routes(&w, "[{" FAKE_SIDES(80, 20) "}]");

    fake_api_edit(w.f.api, ROUTES, FAKE_ROUTES(60, 40));
    start(&w, "[{'kind':'route','primary':100,'canary':0,'from':{'primary':80,'canary':20}}]", true, true);
    expect_ok(&w); /* the engine takes a release back whatever it meets */
    expect_routes(&w, "[{" FAKE_SIDES(100, 0) "}]");
    close_world(&w);
}

static void test_scaling_is_compared(void **state)
{
    struct world w;
    open_world(&w);
    static const char up[] = "[{'kind':'scale','to':'up'}]", zero[] = "[{'kind':'scale','to':'zero'}]";
    fake_api_edit(w.f.api, TARGET, "{'spec':{'replicas':5}}");
    assert_int_equal(redo(&w, up), 0);
    fake_context_expect(&w.f, TARGET, "5", "spec", "replicas");
    assert_int_equal(redo(&w, zero), 1);
    assert_int_equal(redo(&w, zero), 0);
    fake_context_expect(&w.f, TARGET, "0", "spec", "replicas");
    assert_int_equal(redo(&w, up), 1);
    fake_context_expect(&w.f, TARGET, "1", "spec", "replicas");
    close_world(&w);
}

static void test_a_status_is_compared(void **state)
{
    struct world w;
    open_world(&w);
    static const char *const lists[] = {
        "[{'kind':'status','weight':20}]",
        "[{'kind':'status','failed_checks':2,'iterations':3}]",
        "[{'kind':'phase','phase':'WaitingPromotion'}]",
        "[{'kind':'sync','phase':'Progressing','weight':5}]",
        "[{'kind':'phase','phase':'Succeeded'}]",
    };
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        size_t before = writes(&w);
        do_list(&w, lists[i]);
        assert_int_equal(writes(&w) - before, 1);
        fake_clock_advance(w.f.fc, 5000); /* another time is no other status */
        assert_int_equal(redo(&w, lists[i]), 0);
    }
    fake_context_expect(&w.f, CANARY, "'pinned'", "status", "lastAppliedSpec"); /* by sync: the pinned revision */
    fake_context_expect(&w.f, CANARY, "'pinned'", "status", "lastPromotedSpec");
    close_world(&w);
}

static void test_an_event_is_sent_once_under_its_key(void **state)
{
    static const char list[] = "[{'kind':'event','type':'Normal','message':'Advance','key':'uid/2/7/0'}]";
    struct world w;
    open_world(&w);
    do_list(&w, list);
    assert_int_equal(fake_http_count(w.f.fh, "POST", EVENTS), 1);
    /* the next process knows nothing of what this one has sent */
    event_recorder_free(w.f.context.notify.recorder);
    w.f.context.notify.recorder = event_recorder_new(w.f.context.kube, w.f.context.clock, "flagger");
    start(&w, list, true, false);
    expect_ok(&w);
    assert_int_equal(fake_http_count(w.f.fh, "POST", EVENTS), 2);
    struct doc *first = fake_doc(fake_http_find(w.f.fh, "POST", EVENTS, 0)->body);
    struct doc *second = fake_doc(fake_http_find(w.f.fh, "POST", EVENTS, 1)->body);
    assert_string_equal(object_name(doc_root(first)), object_name(doc_root(second)));
    doc_free(first);
    doc_free(second);
    close_world(&w);
}

static void test_a_promotion_that_is_carried_out_is_not_repeated(void **state)
{
    struct world w;
    open_world(&w);
    size_t before = fake_http_seen_count(w.f.fh);
    start(&w, "[{'kind':'promote','id':'id-of-before'}]", true, false);
    expect_ok(&w);
    assert_int_equal(fake_http_seen_count(w.f.fh), before);
    close_world(&w);
}

static void test_only_the_pinned_revision_is_promoted(void **state)
{
    struct world w;
    open_world(&w);
    start(&w, "[{'kind':'status','weight':1},{'kind':'promote','id':'new'},{'kind':'phase','phase':'Promoting'}]",
          false, false);
    finish(&w);
    assert_int_equal(w.err.code, ERR_CONFLICT);
    assert_int_equal(w.failed, 1);
    assert_non_null(strstr(w.err.text, "wanted pinned"));
    fake_context_expect(&w.f, CANARY, "'Progressing'", "status", "phase"); /* what stands behind it does not happen */
    fake_context_expect(&w.f, PRIMARY, "'id-of-before'", "spec", "template", "metadata", "annotations", "flagger-id");
    close_world(&w);
}

static void pin_target(struct world *w)
{
    struct doc *target = store_find(context_store(&w->f.context, &KUBE_DEPLOYMENTS), "test", "podinfo");
    str_free(&w->release->revision);
    w->release->revision = str_dup(facts_revision(doc_root(target)));
    doc_free(target);
}

static void test_the_pinned_revision_is_promoted_under_the_id_on_record(void **state)
{
    struct world w;
    open_world(&w);
    pin_target(&w);
    do_list(&w, "[{'kind':'promote','id':'id-7'}]");
    fake_context_expect(&w.f, PRIMARY, "'id-7'", "spec", "template", "metadata", "annotations", "flagger-id");
    assert_int_equal(redo(&w, "[{'kind':'promote','id':'id-7'}]"), 0);
    close_world(&w);
}

/* Taken for a failure, the release could be rolled back over a primary that has the new revision. */
static void test_a_promotion_without_an_answer_is_asked_for_until_there_is_one(void **state)
{
    struct world w;
    open_world(&w);
    pin_target(&w);
    fake_api_lose(w.f.api, "PATCH", PRIMARY);
    start(&w, "[{'kind':'promote','id':'id-7'},{'kind':'phase','phase':'Promoting'}]", false, false);
    fake_clock_advance(w.f.fc, 2000);
    expect_ok(&w);
    fake_context_expect(&w.f, PRIMARY, "'id-7'", "spec", "template", "metadata", "annotations", "flagger-id");
    fake_context_expect(&w.f, CANARY, "'Promoting'", "status", "phase");
    close_world(&w);
}

#define CONFIG_MAPS "/api/v1/namespaces/test/configmaps"
#define COLOURED(color) "'data':{'color':'" color "'}}"
#define READS(config_map)                                                                                              \
    "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','envFrom':[{'configMapRef':{'name':'" config_map    \
    "'}}]}]}}}}"
#define PROMOTION(copies) "[{'kind':'promote','id':'id-7','copies':{" copies "}}]"
#define RED "'configmap/settings':'241889ca0604e333'"

/* The primary reads red; the target, as it was analysed, blue. */
static void open_configured_world(struct world *w)
{
    struct err err = {0};
    open_world(w);
    w->f.context.config_tracking = true;
    fake_api_put(
        w->f.api, CONFIG_MAPS "/settings-primary",
        "{'metadata':{'ownerReferences':[{'kind':'Canary','name':'podinfo','uid':'u-1','controller':true}]}," COLOURED(
            "red"));
    fake_api_put(w->f.api, CONFIG_MAPS "/settings", "{" COLOURED("blue"));
    fake_api_edit(w->f.api, PRIMARY, READS("settings-primary"));
    fake_api_edit(w->f.api, TARGET, READS("settings"));
    pin_target(w);
    struct doc *target = store_find(context_store(&w->f.context, &KUBE_DEPLOYMENTS), "test", "podinfo");
    struct config_stores stores = context_configs(&w->f.context);
    struct node *map = tracked_config_checksums(w->release->checksums, doc_root(target), NULL, &stores, "test", &err);
    assert_non_null(map);
    doc_set_root(w->release->checksums, map);
    doc_free(target);
}

static void test_the_record_says_which_copies_a_promotion_writes_over(void **state)
{
    struct world w;
    open_configured_world(&w);
    struct doc *list = fake_doc("[{'kind':'promote'}]"), *prepared = doc_new();
    assert_true(effects_prepare(&w.f.context, w.release, doc_root(list), EFFECTS_OF_SCRIPT, prepared, &w.err));
    fake_doc_expect(node_get(node_item(doc_root(prepared), 0), "copies"), "{" RED "}");
    doc_free(prepared);
    fake_api_edit(w.f.api, CONFIG_MAPS "/settings-primary", "{" COLOURED("blue"));
    prepared = doc_new();
    assert_true(effects_prepare(&w.f.context, w.release, doc_root(list), EFFECTS_OF_SCRIPT, prepared, &w.err));
    fake_doc_expect(node_get(node_item(doc_root(prepared), 0), "copies"), "{}");
    doc_free(prepared);
    doc_free(list);
    close_world(&w);
}

static void refuse_once(struct world *w, const char *method, const char *path)
{
    fake_http_once(w->f.fh, method, path, 500, "{\"message\":\"trouble\"}");
}

static void test_a_promotion_has_begun_when_a_copy_is_written(void **state)
{
    struct world w;
    open_configured_world(&w);
    refuse_once(&w, "PUT", CONFIG_MAPS "/settings-primary");
    start(&w, PROMOTION(RED), false, false);
    finish(&w);
    assert_int_equal(w.err.code, ERR_SERVER);
    assert_false(w.begun);
    refuse_once(&w, "PATCH", PRIMARY);
    start(&w, PROMOTION(RED), false, false);
    finish(&w);
    assert_int_equal(w.err.code, ERR_SERVER);
    assert_true(w.begun);
    close_world(&w);
}

static void test_in_doubt_a_promotion_has_begun(void **state)
{
    struct world w;
    open_configured_world(&w);
    refuse_once(&w, "GET", TARGET);
    start(&w, PROMOTION(RED), true, false); /* whoever began it has died */
    finish(&w);
    assert_true(w.begun);
    refuse_once(&w, "GET", TARGET);
    start(&w, PROMOTION(""), true, false); /* but there was nothing to copy */
    finish(&w);
    assert_false(w.begun);
    close_world(&w);
}

static void test_only_the_pinned_configs_are_promoted(void **state)
{
    struct world w;
    open_configured_world(&w);
    fake_api_edit(w.f.api, CONFIG_MAPS "/settings", "{" COLOURED("green"));
    start(&w, PROMOTION(RED), false, false);
    finish(&w);
    assert_int_equal(w.err.code, ERR_CONFLICT);
    assert_false(w.begun);
    fake_context_expect(&w.f, CONFIG_MAPS "/settings-primary", "{'color':'red'}", "data");
    close_world(&w);
}

/* --- trouble --- */

static void test_a_conflict_starts_from_what_is_live(void **state)
{
    struct world w;
    open_world(&w);
    fake_api_subscribe(w.f.api, NULL, NULL); /* the store does not learn of it */
    fake_api_edit(w.f.api, ROUTES, "{'metadata':{'labels':{'a':'b'}}}");
    do_list(&w, FROM_10_TO_20);
    expect_routes(&w, "[{" FAKE_SIDES(80, 20) "}]");
    fake_context_expect(&w.f, ROUTES, "{'a':'b'}", "metadata", "labels");
    close_world(&w);
}

static void test_the_first_failure_ends_the_list(void **state)
{
    struct world w;
    open_world(&w);
    fake_http_once(w.f.fh, "PATCH", ROUTES, 500, "{\"message\":\"no space\"}");
    start(&w, "[{'kind':'status','weight':1},{'kind':'route','primary':80,'canary':20},{'kind':'status','weight':20}]",
          false, false);
    expect_failure(&w, 1, "VirtualService podinfo.test update failed: no space");
    fake_context_expect(&w.f, CANARY, "1", "status", "canaryWeight");
    close_world(&w);
}

static void test_a_write_that_was_done_without_an_answer_is_done_by_the_redo(void **state)
{
    struct world w;
    open_world(&w);
    fake_api_lose(w.f.api, "PATCH", ROUTES);
    start(&w, FROM_10_TO_20, false, false);
    finish(&w);
    assert_int_equal(w.err.code, ERR_TIMEOUT);
    assert_int_equal(redo(&w, FROM_10_TO_20), 0);
    close_world(&w);
}

static void test_a_refused_event_stops_nothing(void **state)
{
    struct world w;
    open_world(&w);
    fake_http_once(w.f.fh, "POST", EVENTS, 403, "no");
    do_list(&w, "[{'kind':'event','message':'x','key':'k'},{'kind':'status','weight':20}]");
    fake_context_expect(&w.f, CANARY, "20", "status", "canaryWeight");
    close_world(&w);
}

static bool answer_late(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->delay_ms = 1000;
    answer->body = "{}";
    return strstr(request->url, EVENTS) != NULL;
}

static void test_a_cancelled_list_does_no_more(void **state)
{
    struct world w;
    open_world(&w);
    fake_http_handle(w.f.fh, answer_late, NULL);
    start(&w, "[{'kind':'event','message':'x','key':'k'},{'kind':'status','weight':20}]", false, false);
    fake_clock_run(w.f.fc);
    effects_cancel(w.effects);
    w.effects = NULL;
    fake_clock_advance(w.f.fc, 2000);
    assert_int_equal(w.done, 0);
    fake_context_expect(&w.f, CANARY, "10", "status", "canaryWeight");
    close_world(&w);
}

/* --- safety --- */

static void test_no_share_grows_of_a_side_that_is_not_ready(void **state)
{
    struct world w;
    open_world(&w);
    not_ready(&w, TARGET);
    start(&w, FROM_10_TO_20, false, false);
    expect_failure(&w, 0, "the canary's share of podinfo.test must not grow while it is not ready");
    start(&w, FROM_10_TO_20, true, false); /* nor when it is done again */
    expect_failure(&w, 0, "the canary's share of podinfo.test must not grow while it is not ready");
    do_list(&w, "[{'kind':'route','primary':95,'canary':5}]"); /* it may shrink */

    not_ready(&w, PRIMARY);
    start(&w, "[{'kind':'route','primary':100,'canary':0}]", false, false);
    expect_failure(&w, 0, "the primary's share of podinfo.test must not grow while it is not ready");
    expect_routes(&w, "[{" FAKE_SIDES(95, 5) "}]");
    start(&w, "[{'kind':'route','primary':100,'canary':0}]", false, true);
    expect_ok(&w); /* the engine's own ending */
    expect_routes(&w, "[{" FAKE_SIDES(100, 0) "}]");
    close_world(&w);
}

/* Kubernetes calls a Deployment complete that wants no Pods and has none. */
static void test_no_share_grows_of_a_target_without_pods(void **state)
{
    struct world w;
    open_world(&w);
    fake_api_edit(w.f.api, TARGET,
                  "{'spec':{'replicas':0},'status':{'replicas':0,'updatedReplicas':0,'availableReplicas':0}}");
    start(&w, FROM_10_TO_20, false, false);
    expect_failure(&w, 0, "the canary's share of podinfo.test must not grow while it is not ready");
    do_list(&w, "[{'kind':'route','primary':95,'canary':5}]");
    close_world(&w);
}

/* --- what goes on record --- */

static void expect_refused(struct world *w, const char *list, const char *text)
{
    struct doc *doc = fake_doc(list), *prepared = doc_new();
    struct err err = {0};
    assert_false(effects_prepare(&w->f.context, w->release, doc_root(doc), EFFECTS_OF_SCRIPT, prepared, &err));
    assert_string_equal(err.text, text);
    doc_free(prepared);
    doc_free(doc);
}

static void test_a_list_that_makes_no_sense_is_refused(void **state)
{
    static const char *const cases[][2] = {
        {"[{'kind':'gauge','value':1},{'kind':'explode'}]", "effects[1].kind: \"explode\" is not a kind of effect"},
        {"[{}]", "effects[0].kind: \"\" is not a kind of effect"},
        {"[{'kind':'route','primary':130,'canary':-30}]", "effects[0].primary: 130 is not a share of 0 to 100 percent"},
        {"[{'kind':'route','primary':100,'canary':-1}]", "effects[0].canary: -1 is not a share of 0 to 100 percent"},
        {"[{'kind':'route','primary':0.5,'canary':0.5}]", "effects[0].primary: 0.5 is not a share of 0 to 100 percent"},
        {"[{'kind':'route','primary':'90','canary':10}]",
         "effects[0].primary: \"90\" is not a share of 0 to 100 percent"},
        {"[{'kind':'route','canary':10}]", "effects[0].primary: nothing is not a share of 0 to 100 percent"},
        {"[{'kind':'route','primary':90,'canary':20}]", "effects[0]: primary 90 and canary 20 do not sum to 100"},
        {"[{'kind':'phase','phase':'Initialized'}]", "effects[0].phase: \"Initialized\" is not a phase of a release"},
        {"[{'kind':'sync'}]", "effects[0].phase: \"\" is not a phase of a release"},
        {"[{'kind':'event','type':'Normal'}]", "effects[0].message is missing"},
        {"[{'kind':'scale','to':'down'}]", "effects[0].to: \"down\" is neither up nor zero"},
        {"[{'kind':'scale'}]", "effects[0].to: \"\" is neither up nor zero"},
        {"[{'kind':'status','weight':101}]", "effects[0].weight: 101 is not a share of 0 to 100 percent"},
        {"[{'kind':'status','failed_checks':9223372036854775807}]",
         "effects[0].failed_checks: 9223372036854775807 is not a count"},
        {"[{'kind':'event','type':'Loud','message':'x'}]", "effects[0].type: \"Loud\" is not Normal or Warning"},
        {"[{'kind':'gauge','name':'x','value':'high'}]", "effects[0].value: \"high\" is not a number"},
        {"[{'kind':'route','primary':80,'canary':20,'mirorred':true}]", "effects[0].mirorred: there is no such field"},
        {"[{'kind':'gauge','value':1}]", "effects[0].name: a string is wanted, got nothing"},
        {"[{'kind':'hooks','type':'post-rollout'}]", "effects[0].kind: \"hooks\" is not a kind of effect"},
        {"{'kind':'promote'}", "effects: a list of at most 2000 effects is wanted"},
    };
    struct world w;
    open_world(&w);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        expect_refused(&w, cases[i][0], cases[i][1]);
    }
    close_world(&w);
}

static void test_nothing_is_promoted_before_it_is_pinned(void **state)
{
    struct world w;
    open_world(&w);
    w.release->pinned = false;
    expect_refused(&w, "[{'kind':'promote'}]", "effects[0]: no revision is fixed yet that could be promoted");
    close_world(&w);
}

static void test_a_list_is_completed_to_what_a_redo_needs(void **state)
{
    struct world w;
    open_world(&w);
    struct doc *doc = fake_doc("[{'kind':'route','primary':80,'canary':20,'mirrored':true},{'kind':'event','message':"
                               "'x'},{'kind':'promote'}]");
    struct doc *end = fake_doc("[{'kind':'hooks','type':'post-rollout'}]"), *prepared_end = doc_new();
    struct doc *prepared = doc_new();
    struct err err = {0};
    assert_true(effects_prepare(&w.f.context, w.release, doc_root(doc), EFFECTS_OF_SCRIPT, prepared, &err));
    assert_true(effects_prepare(&w.f.context, w.release, doc_root(end), EFFECTS_OF_ENDING, prepared_end, &err));
    const struct node *list = doc_root(prepared);
    fake_doc_expect(node_get(node_item(list, 0), "from"), "{'primary':90,'canary':10,'mirrored':false}");
    char *key = str_format("'%s/2/7/1'", w.release->uid), *hooks = str_format("'%s/end'", w.release->uid);
    fake_doc_expect(node_get(node_item(list, 1), "key"), key);
    fake_doc_expect(node_get(node_item(doc_root(prepared_end), 0), "key"), hooks);
    doc_free(prepared_end);
    doc_free(end);
    /* Ordered again by the same release it is the same promotion: the primary that carries the id is left alone. */
    assert_string_equal(node_str_or(node_get(node_item(list, 2), "id"), ""), w.release->uid);
    str_free(&key);
    str_free(&hooks);
    doc_free(prepared);
    doc_free(doc);
    close_world(&w);
}

/* Each list of one round goes on record by itself, and within the millisecond of the one before. */
static void test_events_of_several_lists_are_told_in_order(void **state)
{
    struct world w;
    open_world(&w);
    struct doc *doc = fake_doc("[{'kind':'event','message':'x'},{'kind':'event','message':'y'}]");
    int64_t ms = 0, index = -1;
    for (int i = 0; i < 3; i++) {
        struct doc *prepared = doc_new();
        struct err err = {0};
        assert_true(effects_prepare(&w.f.context, w.release, doc_root(doc), EFFECTS_OF_SCRIPT, prepared, &err));
        struct node_iter it = node_iterate(doc_root(prepared));
        while (node_next(&it)) {
            assert_true(ms == 0 || node_int_or(node_get(it.value, "key_ms"), -1) == ms);
            assert_true(node_int_or(node_get(it.value, "key_index"), -1) > index);
            ms = node_int_or(node_get(it.value, "key_ms"), -1);
            index = node_int_or(node_get(it.value, "key_index"), -1);
        }
        doc_free(prepared);
    }
    doc_free(doc);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_route_is_written_once),
        cmocka_unit_test(test_a_route_that_did_not_happen_is_written_by_the_redo),
        cmocka_unit_test(test_weights_changed_by_hand_win_over_a_redo_only),
        cmocka_unit_test(test_scaling_is_compared),
        cmocka_unit_test(test_a_status_is_compared),
        cmocka_unit_test(test_an_event_is_sent_once_under_its_key),
        cmocka_unit_test(test_a_promotion_that_is_carried_out_is_not_repeated),
        cmocka_unit_test(test_only_the_pinned_revision_is_promoted),
        cmocka_unit_test(test_the_pinned_revision_is_promoted_under_the_id_on_record),
        cmocka_unit_test(test_the_record_says_which_copies_a_promotion_writes_over),
        cmocka_unit_test(test_a_promotion_has_begun_when_a_copy_is_written),
        cmocka_unit_test(test_in_doubt_a_promotion_has_begun),
        cmocka_unit_test(test_only_the_pinned_configs_are_promoted),
        cmocka_unit_test(test_a_promotion_without_an_answer_is_asked_for_until_there_is_one),
        cmocka_unit_test(test_a_conflict_starts_from_what_is_live),
        cmocka_unit_test(test_the_first_failure_ends_the_list),
        cmocka_unit_test(test_a_write_that_was_done_without_an_answer_is_done_by_the_redo),
        cmocka_unit_test(test_a_refused_event_stops_nothing),
        cmocka_unit_test(test_a_cancelled_list_does_no_more),
        cmocka_unit_test(test_no_share_grows_of_a_side_that_is_not_ready),
        cmocka_unit_test(test_no_share_grows_of_a_target_without_pods),
        cmocka_unit_test(test_a_list_that_makes_no_sense_is_refused),
        cmocka_unit_test(test_nothing_is_promoted_before_it_is_pinned),
        cmocka_unit_test(test_a_list_is_completed_to_what_a_redo_needs),
        cmocka_unit_test(test_events_of_several_lists_are_told_in_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
