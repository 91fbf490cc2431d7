#include "fake_context.h"
#include "fake_strategist.h"
#include "rollout/run.h"

/* A run whose script is the test: what its Release says to people, for each way to its end. */
struct world {
    struct fake_context f;
    struct fake_strategist script;
    struct waiting waiting;
    struct run *run;
    int ended;
};

static void on_ended(void *ctx, enum run_end end)
{
    ((struct world *)ctx)->ended++;
}

static void on_nothing(void *ctx)
{
}

static void begin(struct world *w, struct release *release)
{
    static const struct run_events events = {.ended = on_ended, .settled = on_nothing};
    w->run = run_start(&w->f.context, w->f.announcer, &w->waiting, release, &events, w);
    run_freeze(w->run, false); /* nobody edits its Canary */
    fake_clock_run(w->f.fc);
}

static int setup(void **state)
{
    struct world *w = mem_new(struct world);
    fake_context_open(&w->f);
    fake_strategist_init(&w->script);
    w->f.context.strategist = &w->script.base;
    waiting_init(&w->waiting, &w->f.context.notify, w->f.announcer, "test", "podinfo", on_nothing, w);
    begin(w, fake_context_release_of(&w->f, "", "{'state':'Running'}"));
    fake_script_enter(&w->script, "begin");
    fake_script_call(&w->script, "pin", "{}");
    fake_script_leave(&w->script, "{'done':true}");
    *state = w;
    return 0;
}

static int teardown(void **state)
{
    struct world *w = *state;
    run_free(w->run);
    waiting_fini(&w->waiting);
    fake_strategist_fini(&w->script);
    fake_context_close(&w->f);
    mem_free(w);
    return 0;
}

static const struct node *status_of(struct world *w, const char *key)
{
    return node_at(fake_api_find(w->f.api, RELEASE), "status", key);
}

static void expect_text(struct world *w, const char *key, const char *want)
{
    assert_string_equal(node_str_or(status_of(w, key), ""), want);
}

static void expect_end(struct world *w, const char *state, const char *reason, const char *summary)
{
    fake_clock_run(w->f.fc);
    assert_int_equal(w->ended, 1);
    expect_text(w, "state", state);
    expect_text(w, "reason", reason);
    expect_text(w, "summary", summary);
}

static void fail_check(struct world *w, int failed)
{
    char *orders = str_format("[{'kind':'event','type':'Warning','message':'Halt podinfo.test advancement success rate "
                              "88.7%d%% < 99%%'},{'kind':'status','failed_checks':%d}]",
                              failed, failed);
    fake_script_enter(&w->script, "round");
    fake_script_call(&w->script, "act", orders);
    fake_clock_run(w->f.fc);
    fake_script_leave(&w->script, "{'passed':false}");
    str_free(&orders);
}

static void reach_threshold(struct world *w)
{
    for (int i = 1; i <= 3; i++) {
        fail_check(w, i);
    }
    fake_script_enter(&w->script, "round");
}

#define THRESHOLD "{'type':'Warning','message':'Rolling back podinfo.test failed checks threshold reached 3'}"
#define LAST_CHECK "failed checks reached the threshold, the last one: success rate 88.73% < 99%"

static void test_the_threshold_with_its_last_check(void **state)
{
    struct world *w = *state;
    reach_threshold(w);
    fake_script_call(&w->script, "rollback", "{'events':[" THRESHOLD "],'by':'threshold'}");
    expect_end(w, RELEASE_FAILED, LAST_CHECK,
               "taken back at weight 10, 3 of 3 failed checks: " LAST_CHECK "; podinfo:1 -> podinfo:2");
    fake_context_expect(&w->f, RELEASE, "{'from':'podinfo:1','to':'podinfo:2'}", "status", "images");
    fake_context_expect(&w->f, RELEASE, "10", "status", "weight");
    fake_context_expect(&w->f, RELEASE, "3", "status", "failedChecks");
    fake_context_expect(&w->f, RELEASE, "3", "status", "threshold");
    expect_text(w, "checks", "3/3");
    expect_text(w, "decided", "2026-03-11T08:15:07.000Z");
    fake_context_expect(&w->f, RELEASE, "0", "status", "drainedAfterMs");
    fake_context_expect(&w->f, RELEASE, "{'kind':'threshold'}", "status", "endedBy");
}

static void test_who_wrote_the_revision(void **state)
{
    struct world *w = *state;
    fake_api_edit(w->f.api, TARGET,
                  "{'metadata':{'managedFields':["
                  "{'manager':'helm','time':'2026-03-10T07:00:00Z','fieldsV1':{'f:spec':{'f:template':{}}}},"
                  "{'manager':'kubectl-set','time':'2026-03-11T08:14:00Z','fieldsV1':{'f:spec':{'f:template':{}}}},"
                  "{'manager':'sluice','time':'2026-03-11T08:15:00Z','fieldsV1':{'f:spec':{'f:template':{}}}},"
                  "{'manager':'kubelet','time':'2026-03-11T08:15:01Z','fieldsV1':{'f:status':{}}}]}}");
    fake_script_enter(&w->script, "again");
    fake_script_call(&w->script, "pin", "{}");
    fake_script_call(&w->script, "act", "[{'kind':'status','iterations':1}]");
    fake_clock_run(w->f.fc);
    fake_context_expect(&w->f, RELEASE, "{'manager':'kubectl-set','at':'2026-03-11T08:14:00Z'}", "status", "startedBy");
}

static void test_the_last_check_survives_a_crash(void **state)
{
    struct world *w = *state;
    for (int i = 1; i <= 3; i++) {
        fail_check(w, i);
    }
    expect_text(w, "lastCheck", "Halt podinfo.test advancement success rate 88.73% < 99%");
    run_free(w->run);
    begin(w, record_open(&w->f.context, fake_api_find(w->f.api, RELEASE)));
    fake_script_enter(&w->script, "begin");
    fake_script_enter(&w->script, "round");
    fake_script_enter(&w->script, "round");
    fake_script_enter(&w->script, "round");
    fake_script_leave(&w->script, "{'passed':false}");
    fake_script_enter(&w->script, "round");
    fake_http_once(w->f.fh, "PATCH", TARGET, 500, "");
    fake_script_call(&w->script, "rollback", "{'events':[" THRESHOLD "]}");
    fake_clock_run(w->f.fc);
    expect_text(w, "state", RELEASE_ROLLING_BACK);
    expect_text(w, "reason", LAST_CHECK);
    run_free(w->run); /* who finishes it knows nothing but the record */
    begin(w, record_open(&w->f.context, fake_api_find(w->f.api, RELEASE)));
    expect_end(w, RELEASE_FAILED, LAST_CHECK,
               "taken back at weight 10, 3 of 3 failed checks: " LAST_CHECK "; podinfo:1 -> podinfo:2");
}

static void test_a_counter_at_zero_forgets_the_check(void **state)
{
    struct world *w = *state;
    fail_check(w, 1);
    fake_script_enter(&w->script, "again");
    fake_script_call(&w->script, "act", "[{'kind':'sync','phase':'Progressing','weight':10}]");
    fake_clock_run(w->f.fc);
    assert_int_equal(node_type(status_of(w, "lastCheck")), NODE_ABSENT);
    expect_text(w, "checks", "0/3");
}

static void test_by_hand_even_when_the_threshold_is_reached(void **state)
{
    struct world *w = *state;
    reach_threshold(w);
    fake_script_call(&w->script, "rollback",
                     "{'events':[{'type':'Warning','message':'Rollback check stop passed'},{'type':'Warning','message':"
                     "'Rolling back podinfo.test manual webhook invoked'}," THRESHOLD "],'by':'hook','name':'stop'}");
    fake_clock_run(w->f.fc);
    fake_context_expect(&w->f, RELEASE, "{'kind':'hook','name':'stop'}", "status", "endedBy");
    expect_text(w, "reason",
                "Rollback check stop passed; Rolling back podinfo.test manual webhook invoked; Rolling back "
                "podinfo.test failed checks threshold reached 3");
}

static void test_never_ready(void **state)
{
    struct world *w = *state;
    fake_script_enter(&w->script, "round");
    fake_api_edit(w->f.api, TARGET,
                  "{'status':{'availableReplicas':0,'conditions':[{'type':'Progressing','status':'False','reason':"
                  "'ProgressDeadlineExceeded'}]}}");
    fake_script_call(&w->script, "ready", "{'side':'canary'}");
    fake_script_call(&w->script, "rollback", "{'events':[]}");
    fake_clock_run(w->f.fc);
    expect_text(w, "state", RELEASE_FAILED);
    fake_context_expect(&w->f, RELEASE, "{'kind':'deadline'}", "status", "endedBy");
    const char *reason = node_str_or(status_of(w, "reason"), "");
    if (!str_has_prefix(reason, "never ready: canary deployment podinfo.test not ready: ")) {
        fail_msg("%s", reason);
    }
}

static void test_a_failed_promotion(void **state)
{
    struct world *w = *state;
    fake_script_enter(&w->script, "move_traffic");
    fake_script_call(&w->script, "fail_promotion", "{'error':'deadline'}");
    expect_end(w, RELEASE_FAILED, "promotion failed, primary not ready: deadline",
               "failed at weight 10, 0 of 3 failed checks: promotion failed, primary not ready: deadline; podinfo:1 -> "
               "podinfo:2");
}

static void test_a_strategy_that_fails(void **state)
{
    struct world *w = *state;
    fake_script_fail(&w->script, "canary.lua:7: no");
    fake_clock_run(w->f.fc);
    fake_script_fail(&w->script, "canary.lua:7: no");
    expect_end(w, RELEASE_FAILED, "strategy failed: canary.lua:7: no",
               "taken back at weight 10, 0 of 3 failed checks: strategy failed: canary.lua:7: no; podinfo:1 -> "
               "podinfo:2");
}

static void test_a_promotion(void **state)
{
    struct world *w = *state;
    fake_script_enter(&w->script, "finalise");
    fake_script_call(&w->script, "act", "[{'kind':'route','primary':100,'canary':0}]");
    fake_clock_run(w->f.fc);
    fake_script_call(&w->script, "finish", "{'skipped':false}");
    expect_end(w, RELEASE_SUCCEEDED, "promoted, the analysis passed",
               "succeeded, 0 of 3 failed checks: promoted, the analysis passed; podinfo:1 -> podinfo:2");
}

static void test_a_promotion_without_analysis(void **state)
{
    struct world *w = *state;
    fake_script_call(&w->script, "finish", "{'skipped':true}");
    fake_clock_run(w->f.fc);
    expect_text(w, "reason", "promoted, the analysis was skipped");
}

/* What it has replaced is not known. */
static void test_a_promotion_that_is_finished(void **state)
{
    struct world *w = *state;
    run_supersede(w->run, "it makes room");
    fake_clock_run(w->f.fc);
    run_free(w->run);
    w->run = NULL;
    fake_api_delete(w->f.api, RELEASE);
    begin(w, fake_context_release_of(&w->f, ",'finishing':true", "{}"));
    w->ended = 0;
    fake_script_enter(&w->script, "finalise");
    fake_script_call(&w->script, "act", "[{'kind':'route','primary':100,'canary':0}]");
    fake_clock_run(w->f.fc);
    fake_script_call(&w->script, "finish", "{'skipped':false}");
    expect_end(w, RELEASE_SUCCEEDED, "finished, its primary had been promoted before",
               "succeeded, 0 of 3 failed checks: finished, its primary had been promoted before");
}

/* A revision that takes the place of another one in mid-run begins with nothing of it. */
static void test_a_restart_begins_anew(void **state)
{
    struct world *w = *state;
    run_supersede(w->run, "another revision took its place");
    fake_clock_run(w->f.fc);
    run_free(w->run);
    w->run = NULL;
    fake_api_delete(w->f.api, RELEASE);
    fake_api_edit(w->f.api, CANARY, "{'status':{'failedChecks':2}}");
    begin(w, fake_context_release_of(&w->f, ",'restarted':true", "{}"));
    expect_text(w, "checks", "0/3");
    fake_context_expect(&w->f, RELEASE, "0", "status", "weight");
}

static void test_superseded(void **state)
{
    struct world *w = *state;
    run_supersede(w->run, "another revision took its place");
    expect_end(w, RELEASE_SUPERSEDED, "another revision took its place",
               "superseded at weight 10, 0 of 3 failed checks: another revision took its place; podinfo:1 -> "
               "podinfo:2");
}

static void test_evidence_has_time_weight_and_round(void **state)
{
    struct world *w = *state;
    fail_check(w, 1);
    fake_script_enter(&w->script, "round");
    struct doc *evidence = fake_doc("{'value':0.5,'query':'up'}");
    w->script.host.evidence(w->script.host.ctx, doc_root(evidence), "metrics.lua:93");
    doc_free(evidence);
    fake_script_call(&w->script, "act", "[{'kind':'status','iterations':1}]");
    fake_clock_run(w->f.fc);
    fake_doc_expect(status_of(w, "evidence"), "[{'value':0.5,'query':'up','at':'2026-03-11T08:15:07Z','round':2,"
                                              "'weight':10,'server':'http://prometheus:9090',"
                                              "'where':'metrics.lua:93'}]");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    static const struct CMUnitTest tests[] = {
        CASE(test_the_threshold_with_its_last_check),
        CASE(test_the_last_check_survives_a_crash),
        CASE(test_a_counter_at_zero_forgets_the_check),
        CASE(test_who_wrote_the_revision),
        CASE(test_by_hand_even_when_the_threshold_is_reached),
        CASE(test_never_ready),
        CASE(test_a_failed_promotion),
        CASE(test_a_strategy_that_fails),
        CASE(test_a_promotion),
        CASE(test_a_promotion_without_analysis),
        CASE(test_a_promotion_that_is_finished),
        CASE(test_a_restart_begins_anew),
        CASE(test_superseded),
        CASE(test_evidence_has_time_weight_and_round),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
