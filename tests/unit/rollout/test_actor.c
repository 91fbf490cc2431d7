#include "actor_world.h"

#define READS(config_map)                                                                                              \
    "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:1','envFrom':[{'configMapRef':{"   \
    "'name':'" config_map "'}}]}]}}}}"

static void test_a_canary_at_rest_asks_for_nothing(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    size_t before = fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE);
    fake_clock_advance(w->fc, 60 * 1000);
    assert_int_equal(fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE), before);
    assert_int_equal(releases(w), 0);
    assert_false(w->script.running);
}

static void test_a_new_revision_begins_one_release(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    assert_int_equal(releases(w), 1);
    assert_int_equal(w->script.started, 1);
    assert_string_equal(text_at(w, RELEASE, "status", "holder"), "me");
}

/* The answer to its creation has all of it, and its claim says whether it has changed since. */
static void test_a_release_that_was_created_is_not_read(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    assert_int_equal(fake_http_count(w->fh, "GET", RELEASE), 0);
    restart_engine(w);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(fake_http_count(w->fh, "GET", RELEASE), 1);
    assert_true(w->script.running);
}

/* The primary is made and gets ready while the target goes on: its second revision must not pass for the one that the
 * primary has. */
static void test_a_revision_that_comes_in_the_initialisation_is_a_new_one(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initializing','lastAppliedSpec':null}}");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 1);
    assert_true(w->script.running);
}

/* The same of what it reads from a ConfigMap: what the primary's copy says counts, not the source of today. */
static void test_a_config_that_changes_in_the_initialisation_is_a_new_one(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':true}}");
    fake_api_put(w->api, CONFIG_MAPS "/settings-primary",
                 "{'metadata':{'ownerReferences':[{'kind':'Canary','name':'podinfo','uid':'u-1','controller':true}]},"
                 "'data':{'color':'red'}}");
    fake_api_put(w->api, CONFIG_MAPS "/settings", "{'data':{'color':'red'}}");
    fake_api_edit(w->api, PRIMARY, READS("settings-primary"));
    fake_api_edit(w->api, TARGET, READS("settings"));
    fake_api_edit(w->api, CANARY,
                  "{'spec':{'suspend':false},'status':{'phase':'Initializing','lastAppliedSpec':null}}");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 0);
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "trackedConfigs"),
                    "{'configmap/settings':'241889ca0604e333'}");

    fake_api_edit(w->api, CONFIG_MAPS "/settings", "{'data':{'color':'blue'}}");
    fake_api_edit(w->api, CANARY, "{'status':{'phase':'Initializing','lastAppliedSpec':null}}");
    fake_clock_advance(w->fc, 1000);
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "trackedConfigs"),
                    "{'configmap/settings':'241889ca0604e333'}");
    assert_int_equal(releases(w), 1);
}

/* The script's traffic is on the target: scaled down as in an initialisation, half of the requests would fail. */
static void test_a_status_lost_in_mid_run_is_written_again(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    char *applied = str_dup(text_at(w, CANARY, "status", "lastAppliedSpec"));
    fake_api_edit(w->api, CANARY, "{'status':null}");
    fake_clock_advance(w->fc, 1000);
    fake_doc_expect(node_at(fake_api_find(w->api, TARGET), "spec", "replicas"), "1");
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Progressing");
    assert_string_equal(text_at(w, CANARY, "status", "lastAppliedSpec"), applied);
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "canaryWeight"), "50");
    assert_int_equal(w->script.started, 1);
    str_free(&applied);
}

/* A process that was stopped wakes up: its Lease has expired without its knowing, and another engine goes on. */
static void test_who_was_fenced_claims_nothing_until_the_lease_is_sure(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_mute(w->api, true);
    fake_api_edit(w->api, RELEASE, "{'status':{'epoch':2,'holder':'other'}}");
    fake_script_enter(&w->script, "round");
    fake_script_call(&w->script, "act", "[{'kind':'status','weight':60}]");
    fake_clock_run(w->fc);
    assert_false(w->script.running);
    fake_api_mute(w->api, false);
    fake_clock_advance(w->fc, 9000);
    fake_doc_expect(node_at(fake_api_find(w->api, RELEASE), "status", "epoch"), "2");
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "canaryWeight"), "50");
    fake_clock_advance(w->fc, 1500); /* the Lease was renewed in between, so it was not another engine but a hand */
    fake_doc_expect(node_at(fake_api_find(w->api, RELEASE), "status", "epoch"), "3");
    assert_true(w->script.running);
}

static void test_a_release_deleted_in_mid_run_is_followed_by_another_at_once(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_delete(w->api, RELEASE);
    fake_script_enter(&w->script, "round");
    fake_script_call(&w->script, "act", "[{'kind':'status','weight':60}]");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 1);
    assert_int_equal(w->script.started, 2);
    fake_doc_expect(node_at(fake_api_find(w->api, SLUICE "/podinfo-2"), "spec", "restarted"), "true");
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "canaryWeight"), "0");
}

/* The run would have written nothing for a long while. */
static void test_a_run_whose_release_is_deleted_ends_by_the_watch(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_delete(w->api, RELEASE);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(w->script.started, 2);
    fake_doc_expect(node_at(fake_api_find(w->api, SLUICE "/podinfo-2"), "spec", "restarted"), "true");
}

/* By whom may write Releases, or by the mistake of a backup. */
static void test_a_release_of_another_canary_is_ended(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_put(w->api, SLUICE "/podinfo-5",
                 "{'metadata':{'ownerReferences':[{'uid':'u-1'}]},'spec':{'canary':'other','revision':'x',"
                 "'strategy':'canary','sources':{},'words':1}}");
    fake_clock_advance(w->fc, 12 * 1000);
    assert_string_equal(text_at(w, SLUICE "/podinfo-5", "status", "state"), "Stalled");
    assert_string_equal(text_at(w, SLUICE "/podinfo-5", "status", "reason"), "spec.canary: another one than the owner");
    assert_int_equal(w->script.started, 0);
}

/* Where nobody keeps others from writing Releases. */
static void test_a_release_without_owner_hides_nothing(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_put(w->api, SLUICE "/podinfo-1000",
                 "{'metadata':{},'spec':{'canary':'podinfo','revision':'x','strategy':'canary','sources':{},'words':1},"
                 "'status':{'state':'Running'}}");
    fake_api_put(w->api, SLUICE "/podinfo-1000000000", "{'metadata':{'ownerReferences':[{'uid':'of-before'}]}}");
    restart_engine(w);
    assert_true(w->script.running);
    fake_doc_expect(node_at(fake_api_find(w->api, RELEASE), "status", "epoch"), "2");
    assert_int_equal(releases(w), 1);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:4'}]}}}}");
    fake_script_enter(&w->script, "begin");
    fake_script_enter(&w->script, "shift");
    fake_script_call(&w->script, "act", "[]");
    fake_clock_advance(w->fc, 5000);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Superseded");
    assert_string_equal(text_at(w, SLUICE "/podinfo-2", "status", "holder"), "me");
    assert_string_equal(text_at(w, SLUICE "/podinfo-1000", "status", "state"), "Running");
}

static void test_a_release_whose_creation_was_not_answered_is_the_one(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_lose(w->api, "POST", SLUICE);
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    fake_api_mute(w->api, true); /* the watch is late */
    fake_clock_advance(w->fc, 5000);
    fake_api_mute(w->api, false);
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 1);
    assert_true(w->script.running);
    assert_int_equal(w->script.started, 1);
}

static void test_a_name_that_another_canary_has_taken_means_the_next_number(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    fake_api_mute(w->api, true);
    fake_api_put(w->api, RELEASE, "{'metadata':{'ownerReferences':[{'uid':'of-before'}]},'status':{}}");
    fake_clock_advance(w->fc, 1000);
    fake_api_mute(w->api, false);
    assert_true(w->script.running);
    assert_string_equal(text_at(w, SLUICE "/podinfo-2", "status", "holder"), "me");
    fake_doc_expect(node_get(fake_api_find(w->api, RELEASE), "status"), "{}");
}

/* By a hand, or by a later version of this engine that was taken back. */
static void test_a_record_that_cannot_be_read_is_closed_and_followed_by_another(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_edit(w->api, RELEASE, "{'status':{'epoch':2,'holder':'other','entries':[{'nonsense':1}]}}");
    fake_script_enter(&w->script, "round");
    fake_script_call(&w->script, "act", "[{'kind':'status','weight':60}]");
    fake_clock_advance(w->fc, 12 * 1000);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Stalled");
    assert_string_equal(text_at(w, RELEASE, "status", "reason"), "status.entries[0] is not a record of a word");
    assert_int_equal(releases(w), 2);
    assert_int_equal(w->script.started, 2);
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "canaryWeight"), "0");
}

static void test_a_release_goes_on_under_the_next_engine(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    restart_engine(w);
    assert_true(w->script.running);
    assert_int_equal(w->script.started, 2);
    assert_true(fake_script_enter(&w->script, "begin"));
    assert_false(fake_script_enter(&w->script, "shift")); /* its result was to ride with the next intent */
    size_t writes = fake_http_count(w->fh, "PATCH", CANARY) + fake_http_count(w->fh, "PATCH", ROUTES);
    fake_script_call(&w->script, "act", "[]");
    fake_clock_run(w->fc);
    fake_doc_expect(doc_root(w->script.answer), "{'ok':true}");
    assert_int_equal(fake_http_count(w->fh, "PATCH", CANARY) + fake_http_count(w->fh, "PATCH", ROUTES), writes);
    assert_int_equal(releases(w), 1);
    fake_doc_expect(node_at(fake_api_find(w->api, RELEASE), "status", "epoch"), "2");
}

static void test_another_revision_in_mid_run_starts_from_weight_0(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:4'}]}}}}");
    fake_clock_advance(w->fc, 1000);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Superseded");
    fake_doc_expect(node_at(fake_api_find(w->api, SLUICE "/podinfo-2"), "spec", "restarted"), "true");
    assert_int_equal(w->script.started, 2);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Progressing");
    fake_doc_expect(node_at(fake_api_find(w->api, CANARY), "status", "canaryWeight"), "0");
}

/* What the strategy of before analysed is not what the target has become since, before the next engine took the release
 * over. */
static void test_another_strategy_goes_on_with_what_was_analysed_only(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'analysis':{'maxWeight':null,'stepWeight':null,'iterations':2}}}");
    fake_clock_advance(w->fc, 100);
    assert_int_equal(releases(w), 2);
    fake_doc_expect(node_at(fake_api_find(w->api, SLUICE "/podinfo-2"), "spec", "continued"), "true");
    stop_engine(w);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:4'}]}}}}");
    start_engine(w);
    fake_clock_advance(w->fc, 100);
    assert_string_equal(text_at(w, SLUICE "/podinfo-2", "status", "state"), "Superseded");
    fake_doc_expect(node_at(fake_api_find(w->api, SLUICE "/podinfo-3"), "spec", "restarted"), "true");
}

/* Superseded while the status does not tell of it, it would leave a target that nobody knows to be scaled up: as when
 * the target goes back to what was promoted meanwhile, and nothing follows. */
static void test_another_strategy_lets_a_release_begin_first(void **state)
{
    static const char *const act = "[{'kind':'scale','to':'up'},{'kind':'sync','phase':'Progressing'}]";
    struct world *w = *state;
    fake_api_edit(w->api, TARGET, NEW_IMAGE);
    fake_clock_advance(w->fc, 1000);
    fake_script_enter(&w->script, "begin");
    fake_script_call(&w->script, "pin", "{}");
    fake_http_once(w->fh, "PATCH", CANARY, 503, "{}");
    fake_script_call(&w->script, "act", act);
    fake_clock_run(w->fc);
    stop_engine(w);
    char *at_rest = str_dup(text_at(w, CANARY, "status", "phase"));
    fake_api_edit(w->api, CANARY, "{'spec':{'analysis':{'maxWeight':null,'stepWeight':null,'iterations':2}}}");
    fake_api_edit(w->api, TARGET, PROMOTED_IMAGE);
    start_engine(w);
    fake_script_enter(&w->script, "begin");
    fake_script_call(&w->script, "pin", "{}");
    fake_script_call(&w->script, "act", act);
    fake_clock_advance(w->fc, 5000);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Superseded");
    assert_string_not_equal(text_at(w, CANARY, "status", "phase"), at_rest);
    assert_int_equal(releases(w), 2); /* which ends what the first one has begun */
    str_free(&at_rest);
}

static void test_a_suspended_canary_stands_still(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':true}}");
    fake_clock_advance(w->fc, 1000);
    size_t before = fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:4'}]}}}}");
    fake_api_edit(w->api, ROUTES, "{'metadata':{'annotations':{'a':'b'}}}");
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE), before);
    assert_null(w->script.answer);
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':false}}");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 2); /* what it met first is the other revision */
}

static void test_a_suspension_is_told_after_what_was_under_way(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "act", "[{'kind':'event','type':'Normal','message':'Advance'}]");
    fake_api_edit(w->api, CANARY, "{'spec':{'suspend':true}}");
    fake_clock_advance(w->fc, 2000);
    assert_true(is_told(w, "Advance"));
    assert_true(is_told(w, "skipping canary run as object is suspended"));
}

/* Applied together, the Canary may be seen first. */
static void test_what_is_missing_is_told_when_it_stays_away(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    fake_api_delete(w->api, TARGET);
    fake_clock_advance(w->fc, 1000);
    fake_api_put(w->api, TARGET, FAKE_DEPLOYMENT("podinfo", "1", ""));
    fake_clock_advance(w->fc, 60 * 1000);
    assert_false(is_told(w, "not found"));
    fake_api_delete(w->api, TARGET);
    fake_clock_advance(w->fc, 5000);
    assert_true(is_told(w, "deployment podinfo.test get query error: deployments.apps \\\"podinfo\\\" not found"));
}

static void test_a_canary_deleted_in_mid_run_is_left_alone(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    size_t before = fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE);
    fake_api_delete(w->api, CANARY);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_false(w->script.running);
    assert_int_equal(fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE), before);
    assert_int_equal(engine_canaries(w->engine), 0);
}

static void test_a_canary_deleted_and_made_again_has_nothing_of_the_old_one(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    struct doc *old = doc_copy(fake_api_find(w->api, CANARY));
    node_remove(doc_root(old), "metadata");
    node_remove(doc_root(old), "status");
    char *text = node_to_text(doc_root(old));
    fake_api_delete(w->api, CANARY);
    fake_api_put(w->api, CANARY, text);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    /* its primary is there, so it is adopted, and the target's revision is a new one: a Release of its own */
    assert_int_equal(w->script.started, 2);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Running"); /* the collector's, not ours */
    fake_doc_expect(node_at(fake_api_find(w->api, SLUICE "/podinfo-2"), "spec", "restarted"), "false");
    str_free(&text);
    doc_free(old);
}

static void test_a_target_deleted_in_mid_run_holds_the_rounds_up(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "ready", "{'side':'canary'}"); /* each round asks this first */
    fake_clock_run(w->fc);
    fake_doc_expect(doc_root(w->script.answer), "{'ready':true}");
    fake_api_delete(w->api, TARGET);
    fake_script_call(&w->script, "ready", "{'side':'canary'}");
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_null(w->script.answer);
    fake_api_put(w->api, TARGET, FAKE_DEPLOYMENT("podinfo", "3", ""));
    fake_clock_advance(w->fc, 1000);
    fake_doc_expect(doc_root(w->script.answer), "{'ready':true}");
    assert_int_equal(w->script.started, 1);
}

/* Its share answers nobody, and no condition of a Deployment has a deadline for that. */
static void expect_given_up(struct world *w, const char *told)
{
    fake_script_call(&w->script, "ready", "{'side':'canary'}");
    fake_clock_advance(w->fc, 590 * 1000);
    assert_null(w->script.answer);
    fake_clock_advance(w->fc, 11 * 1000);
    fake_doc_expect(node_get(doc_root(w->script.answer), "ready"), "false");
    assert_true(is_told(w, told));
    fake_script_call(&w->script, "rollback", "{'events':[]}");
    fake_clock_advance(w->fc, 1000);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Failed");
}

static void test_a_target_that_stays_away_gives_its_share_back(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_delete(w->api, TARGET);
    expect_given_up(w, "canary deployment podinfo.test not ready: deployment not found for 10m0s");
}

static void test_a_target_scaled_to_zero_by_hand_gives_its_share_back(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_api_edit(w->api, TARGET, "{'spec':{'replicas':0}}");
    expect_given_up(w, "canary deployment podinfo.test not ready: the deployment is scaled to zero for 10m0s");
}

static void test_a_release_that_failed_is_followed_by_the_next_revision_only(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "rollback", "{'events':[]}");
    fake_clock_advance(w->fc, INTERVAL_MS);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Failed");
    assert_string_equal(text_at(w, CANARY, "status", "phase"), "Failed");
    size_t before = fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE);
    fake_clock_advance(w->fc, 6 * INTERVAL_MS);
    assert_int_equal(fake_http_seen_count(w->fh) - fake_http_count(w->fh, "PUT", LEASE), before);
    assert_int_equal(releases(w), 1);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:4'}]}}}}");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 2);
    fake_doc_expect(node_at(fake_api_find(w->api, SLUICE "/podinfo-2"), "spec", "restarted"), "false");
}

/* A halted release: traffic as it is, nothing is begun for the same revision. */
static void test_a_halted_release_stays_until_another_revision(void **state)
{
    struct world *w = *state;
    bring_into_mid_run(w);
    fake_script_call(&w->script, "tick", "{}");
    for (int i = 0; i < 4200 && w->script.running; i++) {
        char *result = str_format("{'n':%d}", i);
        fake_script_enter(&w->script, "round");
        fake_script_leave(&w->script, result);
        str_free(&result);
    }
    fake_clock_advance(w->fc, 1000);
    assert_false(w->script.running);
    assert_string_equal(text_at(w, RELEASE, "status", "state"), "Halted");
    expect_routes(w, "[{" FAKE_SIDES(50, 50) "}]");
    restart_engine(w);
    fake_clock_advance(w->fc, 3 * INTERVAL_MS);
    assert_int_equal(releases(w), 1);
    fake_api_edit(w->api, TARGET,
                  "{'spec':{'template':{'spec':{'containers':[{'name':'podinfod','image':'podinfo:4'}]}}}}");
    fake_clock_advance(w->fc, 1000);
    assert_int_equal(releases(w), 2);
    expect_routes(w, "[{" FAKE_SIDES(100, 0) "}]");
}

/* What the first one has made is not the second one's. */
static void test_a_second_canary_for_one_target_takes_nothing_of_the_first(void **state)
{
    struct world *w = *state;
    fake_clock_advance(w->fc, 1000);
    size_t before = fake_http_count(w->fh, "PATCH", NULL);
    fake_api_put(
        w->api, FLAGGER "/rival",
        "{'spec':{'provider':'istio','targetRef':{'apiVersion':'apps/v1','kind':'Deployment','name':'podinfo'},"
        "'service':{'port':80},'analysis':{'interval':'10s','stepWeight':10}},'status':{'phase':'Initialized'}}");
    fake_clock_advance(w->fc, 6 * INTERVAL_MS);
    assert_in_range(fake_http_count(w->fh, "PATCH", NULL) - before, 0, 2); /* its status */
    assert_true(is_told(w, "Deployment podinfo-primary.test is left alone: it belongs to Canary podinfo"));
    assert_true(is_told(w, "Service podinfo-canary.test is left alone: it belongs to Canary podinfo"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_canary_at_rest_asks_for_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_new_revision_begins_one_release, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_that_was_created_is_not_read, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_revision_that_comes_in_the_initialisation_is_a_new_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_config_that_changes_in_the_initialisation_is_a_new_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_status_lost_in_mid_run_is_written_again, setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_was_fenced_claims_nothing_until_the_lease_is_sure, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_deleted_in_mid_run_is_followed_by_another_at_once, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_run_whose_release_is_deleted_ends_by_the_watch, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_of_another_canary_is_ended, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_without_owner_hides_nothing, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_whose_creation_was_not_answered_is_the_one, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_name_that_another_canary_has_taken_means_the_next_number, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_record_that_cannot_be_read_is_closed_and_followed_by_another, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_release_goes_on_under_the_next_engine, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_revision_in_mid_run_starts_from_weight_0, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_suspension_is_told_after_what_was_under_way, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_is_missing_is_told_when_it_stays_away, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_strategy_goes_on_with_what_was_analysed_only, setup, teardown),
        cmocka_unit_test_setup_teardown(test_another_strategy_lets_a_release_begin_first, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_suspended_canary_stands_still, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_canary_deleted_in_mid_run_is_left_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_canary_deleted_and_made_again_has_nothing_of_the_old_one, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_target_deleted_in_mid_run_holds_the_rounds_up, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_target_that_stays_away_gives_its_share_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_target_scaled_to_zero_by_hand_gives_its_share_back, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_release_that_failed_is_followed_by_the_next_revision_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_halted_release_stays_until_another_revision, setup, teardown),
        cmocka_unit_test_setup_teardown(test_a_second_canary_for_one_target_takes_nothing_of_the_first, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
