#include "run_world.h"

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
    fake_context_expect(&w.f, CANARY, "'Failed'", "status", "phase");
    fake_context_expect(&w.f, TARGET, "0", "spec", "replicas");
    fake_context_expect(&w.f, ROUTES, "[{" FAKE_SIDES(100, 0) "}]", "spec", "http");
    close_world(&w);
}

static void test_a_restarted_release_is_taken_back_too(void **state)
{
    struct world w;
    open_run(&w, ",'restarted':true", "{}");
    assert_int_equal(w.script.started, 1);
    fake_context_expect(&w.f, ROUTES, "[{" FAKE_SIDES(100, 0) "}]", "spec", "http");
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

static bool is_event(const struct world *w, const char *text)
{
    bool told = false;
    for (size_t i = 0; i < fake_http_count(w->f.fh, "POST", EVENTS); i++) {
        told = told || strstr(fake_http_find(w->f.fh, "POST", EVENTS, i)->body, text) != NULL;
    }
    return told;
}

static void test_a_broken_limit_is_told_and_counted(void **state)
{
    static const char *const labels[] = {"podinfo", "test", "scripts/ring.lua", "12"};
    struct world w;
    double count = 0;
    open_run(&w, "", "{'state':'Running','pinned':true}");
    fake_script_end(&w.script, STRATEGY_KILLED,
                    "scripts/ring.lua:12: more than 50 ms (called from strategies/canary.lua:9)");
    fake_clock_run(w.f.fc);
    assert_true(metric_read(w.f.context.gauges.limits, labels, &count));
    assert_int_equal((int)count, 1);
    assert_true(is_event(&w, "A script of release podinfo-1.test broke a limit: scripts/ring.lua:12: more than 50 ms"));
    close_world(&w);
}

/* --- a crash, at each place --- */

/* The process is killed and the next one takes over. */
static void crash(struct world *w)
{
    run_free(w->run);
    begin(w, record_open(&w->f.context, fake_api_find(w->f.api, RELEASE)));
    assert_true(w->script.running);
}

/* Every engine that goes on with a release gives its scripts what they began with. */
static void test_limits_are_those_on_record(void **state)
{
    static const struct {
        const char *spec;
        bool is_limited;
        int64_t memory, queries;
    } cases[] = {
        {"", false, 0, 0},
        {",'strategy':'test/ring','limits':{'memory':'2Mi','queriesPerMinute':7}", true, 2 * 1024 * 1024, 7},
        {",'strategy':'test/ring'", true, 0, 0}, /* of an older engine: what the flags say */
        {",'checks':{'test/calm':{'module':'checks.test.calm'}},'limits':{'queriesPerMinute':7}", true, 0, 7},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_run(&w, cases[i].spec, "{'state':'Running','pinned':true}");
        for (int life = 0; life < 2; life++) {
            assert_int_equal(w.script.is_limited, cases[i].is_limited);
            assert_int_equal(w.script.limits.of[LIMIT_MEMORY], cases[i].memory);
            assert_int_equal(w.script.limits.of[LIMIT_QUERIES], cases[i].queries);
            crash(&w);
        }
        close_world(&w);
    }
}

#define TO_20                                                                                                          \
    "[{'kind':'route','primary':80,'canary':20},{'kind':'status','weight':20},{'kind':'event','message':'Advance'}]"

/* The script's first words again, as a replay asks for them. */
static void begin_round(struct world *w)
{
    assert_false(fake_script_enter(&w->script, "round"));
    fake_script_call(&w->script, "facts", "{}");
    fake_doc_expect(node_at(doc_root(w->script.answer), "route", "canary"), "10");
}

static size_t effects_written(struct world *w)
{
    return fake_http_count(w->f.fh, "PATCH", ROUTES) + fake_http_count(w->f.fh, "PATCH", CANARY);
}

static void open_scripted(struct world *w)
{
    open_run(w, "", "{'state':'Running','pinned':true}");
}

/* It is the script's fault, and nothing of it goes on record. */
static void test_a_wrong_call_is_refused(void **state)
{
    static const char *const calls[][3] = {
        {"explode", "{}", "there is no operation 'explode'"},
        {"ready", "{'side':'left'}", "ready: args.side: 'primary' or 'canary' is wanted, got \"left\""},
        {"act", "[5]", "act: args[1]: a table is wanted, got 5"},
        {"rollback", "{}", "rollback: args.events: a list is wanted, got nothing"},
    };
    struct world w;
    open_scripted(&w);
    begin_round(&w);
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        assert_false(fake_script_call(&w.script, calls[i][0], calls[i][1]));
        assert_string_equal(w.script.refused.text, calls[i][2]);
    }
    assert_true(fake_script_call(&w.script, "facts", "{}")); /* as if nothing had been */
    assert_true(w.script.running);
    close_world(&w);
}

static void test_an_effect_is_on_record_before_it_begins(void **state)
{
    struct world w;
    open_scripted(&w);
    begin_round(&w);
    fake_http_route(w.f.fh, "PATCH", RELEASE, 500, "");
    fake_script_call(&w.script, "act", TO_20);
    fake_clock_advance(w.f.fc, 5000);
    assert_int_equal(effects_written(&w), 0);
    assert_true(run_is_acting(w.run));
    close_world(&w);
}

static void test_killed_before_the_intent_nothing_has_happened(void **state)
{
    struct world w;
    open_scripted(&w);
    begin_round(&w);
    fake_http_once(w.f.fh, "PATCH", RELEASE, 500, "");
    fake_script_call(&w.script, "act", TO_20);
    fake_clock_run(w.f.fc);
    crash(&w);
    begin_round(&w);
    fake_script_call(&w.script, "act", TO_20);
    fake_clock_run(w.f.fc);
    fake_doc_expect(doc_root(w.script.answer), "{'ok':true}");
    assert_int_equal(effects_written(&w), 2);
    close_world(&w);
}

static void test_killed_between_intent_and_result_what_is_left_is_done(void **state)
{
    struct world w;
    open_scripted(&w);
    begin_round(&w);
    fake_http_once(w.f.fh, "PATCH", CANARY "/status", 503, ""); /* the route is written, the status is not */
    fake_script_call(&w.script, "act", TO_20);
    fake_clock_run(w.f.fc);
    fake_doc_expect(node_get(doc_root(w.script.answer), "failed"), "2");
    crash(&w);
    assert_false(fake_script_enter(&w.script, "round"));
    assert_true(fake_script_call(&w.script, "facts", "{}")); /* as it was: the weights have moved since */
    fake_doc_expect(node_at(doc_root(w.script.answer), "route", "canary"), "10");
    fake_script_call(&w.script, "act", TO_20);
    fake_clock_run(w.f.fc);
    fake_doc_expect(doc_root(w.script.answer), "{'ok':true}");
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", ROUTES), 1);
    assert_int_equal(fake_http_count(w.f.fh, "POST", EVENTS), 1);
    fake_context_expect(&w.f, CANARY, "20", "status", "canaryWeight");
    close_world(&w);
}

static void test_killed_after_everything_was_done_nothing_is_repeated(void **state)
{
    struct world w;
    open_scripted(&w);
    begin_round(&w);
    fake_script_call(&w.script, "act", TO_20);
    fake_clock_run(w.f.fc);
    assert_int_equal(effects_written(&w), 2);
    crash(&w); /* its result was not on record yet */
    assert_false(fake_script_enter(&w.script, "round"));
    fake_script_call(&w.script, "facts", "{}");
    fake_script_call(&w.script, "act", TO_20);
    fake_clock_run(w.f.fc);
    fake_doc_expect(doc_root(w.script.answer), "{'ok':true}");
    assert_int_equal(effects_written(&w), 2);
    fake_script_leave(&w.script, "{'passed':true}");
    fake_script_enter(&w.script, "shift");
    fake_script_call(&w.script, "act", "[{'kind':'status','weight':30}]");
    fake_clock_run(w.f.fc);
    crash(&w);
    assert_true(fake_script_enter(&w.script, "round")); /* with the next intent it was */
    fake_doc_expect(doc_root(w.script.result), "{'passed':true}");
    assert_int_equal(effects_written(&w), 3);
    close_world(&w);
}

static bool answer_hook(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    answer->status = 200;
    answer->body = "";
    return strstr(request->url, "http://hooks/") != NULL;
}

static void add_hook(struct world *w, const char *type)
{
    struct doc *patch = fake_doc_format("{'spec':{'analysis':{'webhooks':[{'name':'load','type':'%s','url':"
                                        "'http://hooks/load'}]}}}",
                                        type);
    char *text = node_to_text(doc_root(patch));
    fake_api_edit(w->f.api, CANARY, text);
    fake_http_handle(w->f.fh, answer_hook, NULL);
    str_free(&text);
    doc_free(patch);
}

static void call_hooks(struct world *w, const char *type)
{
    struct doc *args = fake_doc_format("{'type':'%s','phase':'Progressing','stop':'failure'}", type);
    char *text = node_to_text(doc_root(args));
    fake_script_call(&w->script, "hooks", text);
    fake_clock_run(w->f.fc);
    fake_doc_expect(node_get(node_item(doc_root(w->script.answer), 0), "ok"), "true");
    str_free(&text);
    doc_free(args);
}

static void test_a_delivery_is_on_record_first_and_repeated_under_its_key(void **state)
{
    struct world w;
    open_scripted(&w);
    add_hook(&w, "rollout");
    begin_round(&w);
    size_t flushes = fake_http_count(w.f.fh, "PATCH", RELEASE);
    call_hooks(&w, "rollout");
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", RELEASE), flushes + 1);
    crash(&w);
    begin_round(&w);
    call_hooks(&w, "rollout");
    assert_int_equal(fake_http_count(w.f.fh, "POST", "http://hooks/"), 2);
    char *key = str_format("%s/1/rollout/load", run_release(w.run)->uid);
    for (size_t i = 0; i < 2; i++) {
        const struct fake_http_seen *hook = fake_http_find(w.f.fh, "POST", "http://hooks/", i);
        assert_string_equal(fake_http_header(hook, "Sluice-Key"), key);
    }
    str_free(&key);
    fake_script_call(&w.script, "act", TO_20); /* its answer goes on record with the next intent */
    fake_clock_run(w.f.fc);
    crash(&w);
    assert_false(fake_script_enter(&w.script, "round"));
    fake_script_call(&w.script, "facts", "{}");
    call_hooks(&w, "rollout");
    assert_int_equal(fake_http_count(w.f.fh, "POST", "http://hooks/"), 2);
    close_world(&w);
}

static void test_a_question_needs_no_record(void **state)
{
    struct world w;
    open_scripted(&w);
    add_hook(&w, "confirm-promotion");
    begin_round(&w);
    size_t flushes = fake_http_count(w.f.fh, "PATCH", RELEASE);
    call_hooks(&w, "confirm-promotion");
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", RELEASE), flushes);
    close_world(&w);
}

static void test_a_rollback_goes_on_after_a_crash(void **state)
{
    struct world w;
    open_scripted(&w);
    begin_round(&w);
    fake_http_once(w.f.fh, "PATCH", TARGET, 500, "");
    fake_script_call(&w.script, "rollback", "{'events':[{'type':'Warning','message':'bad'}]}");
    fake_clock_run(w.f.fc);
    assert_false(w.script.running);
    expect_state(&w, RELEASE_ROLLING_BACK);
    fake_context_expect(&w.f, ROUTES, "[{" FAKE_SIDES(100, 0) "}]", "spec", "http");
    run_free(w.run);
    begin(&w, record_open(&w.f.context, fake_api_find(w.f.api, RELEASE)));
    assert_int_equal(w.script.started, 1); /* no script has a say in it */
    assert_int_equal(w.how, RUN_ENDED);
    expect_state(&w, RELEASE_FAILED);
    fake_context_expect(&w.f, TARGET, "0", "spec", "replicas");
    fake_context_expect(&w.f, CANARY, "'Failed'", "status", "phase");
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", ROUTES), 1);
    close_world(&w);
}

static void test_a_rollback_that_meets_trouble_is_tried_until_it_works(void **state)
{
    struct world w;
    open_scripted(&w);
    add_hook(&w, "event");
    begin_round(&w);
    for (int i = 0; i < 6; i++) { /* at 0, 1, 3, 7, 15 and 31 seconds */
        fake_http_once(w.f.fh, "PATCH", "/deployments/podinfo", 503, "");
    }
    fake_script_call(&w.script, "rollback", "{'events':[{'type':'Warning','message':'bad'}]}");
    fake_clock_advance(w.f.fc, 60 * 1000);
    assert_int_equal(w.ended, 0);
    expect_state(&w, RELEASE_ROLLING_BACK);
    fake_context_expect(&w.f, ROUTES, "[{" FAKE_SIDES(100, 0) "}]", "spec", "http");
    fake_clock_advance(w.f.fc, 31 * 1000);
    assert_int_equal(w.how, RUN_ENDED);
    fake_context_expect(&w.f, TARGET, "0", "spec", "replicas");
    assert_int_equal(fake_http_count(w.f.fh, "POST", "http://hooks/"),
                     3); /* bad, the failure, the trouble: each once */
    close_world(&w);
}

/* --- waiting --- */

static void wait_for_tick(struct world *w, int64_t since_ms)
{
    struct doc *args = fake_doc_format("{'since':%lld}", (long long)since_ms);
    char *text = node_to_text(doc_root(args));
    fake_script_call(&w->script, "tick", text);
    str_free(&text);
    doc_free(args);
}

static void test_a_tick_counts_from_the_start_on_record(void **state)
{
    struct world w;
    open_scripted(&w);
    wait_for_tick(&w, clock_wall_ms(w.f.context.clock) - 4000);
    fake_clock_advance(w.f.fc, 5999);
    assert_null(w.script.answer);
    fake_clock_advance(w.f.fc, 1);
    assert_non_null(w.script.answer);
    wait_for_tick(&w, clock_wall_ms(w.f.context.clock) - 3600 * 1000); /* long past: one round, not several */
    fake_clock_run(w.f.fc);
    assert_non_null(w.script.answer);
    wait_for_tick(&w, clock_wall_ms(w.f.context.clock));
    fake_api_edit(w.f.api, CANARY, "{'spec':{'analysis':{'interval':'30s'}}}");
    run_poke(w.run);
    fake_clock_advance(w.f.fc, 29 * 1000);
    assert_null(w.script.answer);
    fake_clock_advance(w.f.fc, 1000);
    assert_non_null(w.script.answer);
    close_world(&w);
}

static void test_no_round_begins_while_frozen(void **state)
{
    struct world w;
    open_scripted(&w);
    wait_for_tick(&w, clock_wall_ms(w.f.context.clock));
    run_freeze(w.run, true);
    fake_clock_advance(w.f.fc, 15 * 1000);
    assert_null(w.script.answer);
    run_poke(w.run);
    assert_null(w.script.answer);
    run_freeze(w.run, false);
    fake_clock_run(w.f.fc);
    assert_non_null(w.script.answer);

    run_freeze(w.run, true);
    fake_script_call(&w.script, "facts", "{}"); /* nothing begins either */
    assert_null(w.script.answer);
    run_freeze(w.run, false);
    assert_non_null(w.script.answer);
    close_world(&w);
}

static void test_readiness_is_waited_for_until_the_deadline(void **state)
{
    struct world w;
    open_scripted(&w);
    begin_round(&w);
    fake_api_edit(w.f.api, TARGET,
                  "{'status':{'availableReplicas':0,'conditions':[{'type':'Progressing','status':'True'},{'type':"
                  "'Available','status':'False','reason':'MinimumReplicasUnavailable','lastUpdateTime':"
                  "'2026-03-11T08:15:07Z'}]}}");
    fake_script_call(&w.script, "ready", "{'side':'canary'}");
    fake_clock_advance(w.f.fc, 599 * 1000);
    run_poke(w.run);
    assert_null(w.script.answer);
    fake_clock_advance(w.f.fc, 2000); /* nothing changes, only the time */
    fake_doc_expect(node_get(doc_root(w.script.answer), "ready"), "false");
    fake_script_call(&w.script, "ready", "{'side':'primary'}");
    fake_doc_expect(doc_root(w.script.answer), "{'ready':true}");
    close_world(&w);
}

/* --- ends --- */

static void test_a_superseded_run_closes_its_record(void **state)
{
    struct world w;
    open_scripted(&w);
    wait_for_tick(&w, clock_wall_ms(w.f.context.clock));
    assert_true(run_is_replaceable(w.run));
    run_supersede(w.run, "another revision took its place");
    fake_clock_run(w.f.fc);
    assert_int_equal(w.how, RUN_SUPERSEDED);
    assert_int_equal(w.ended, 1);
    expect_state(&w, RELEASE_SUPERSEDED);
    fake_context_expect(&w.f, RELEASE, "'another revision took its place'", "status", "reason");
    close_world(&w);
}

static void test_a_finished_run_closes_its_record_and_answers_nothing_more(void **state)
{
    struct world w;
    open_scripted(&w);
    assert_false(fake_script_enter(&w.script, "finalise"));
    fake_script_call(&w.script, "finish", "{'skipped':false}");
    assert_false(fake_script_call(&w.script, "facts", "{}"));
    fake_clock_run(w.f.fc);
    assert_int_equal(w.how, RUN_ENDED);
    expect_state(&w, RELEASE_SUCCEEDED);
    close_world(&w);
}

/* --- what whoever may write a Release can say in it --- */

static void expect_stalled(struct world *w, const char *reason)
{
    assert_int_equal(w->how, RUN_UNREADABLE);
    expect_state(w, RELEASE_STALLED);
    assert_string_equal(node_str(node_at(fake_api_find(w->f.api, RELEASE), "status", "reason")), reason);
    struct buf text;
    buf_init(&text, 64 * 1024);
    metrics_write(w->f.metrics, &text);
    assert_non_null(strstr(buf_str(&text), "sluice_releases_stalled_total{name=\"podinfo\",namespace=\"test\"} 1\n"));
    buf_fini(&text);
    assert_int_equal(fake_http_count(w->f.fh, "PATCH", ROUTES), 0);
    assert_int_equal(fake_http_count(w->f.fh, "PATCH", PRIMARY), 0);
    assert_int_equal(fake_http_count(w->f.fh, "PATCH", TARGET), 0);
}

static void test_a_release_that_breaks_a_rule_ends_alone(void **state)
{
    static const char *const cases[][2] = {
        {"{'epoch':9223372036854775807}", "status.epoch: 9223372036854775807 is not a count"},
        {"{'epoch':-1}", "status.epoch: -1 is not a count"},
        {"{'state':'RollingBack','ending':[{'kind':'sync','phase':'Failed'}]}", "status.ending: it has no route"},
        {"{'serial':9223372036854775807}", "status.serial: 9223372036854775807 is not a count"},
        {"{'revision':7}", "status.revision: 7 is not a text"},
        {"{'checksums':{'secret/x':1}}", "status.checksums: 1 is not a text"},
        {"{'entries':{'w':'round'}}", "status.entries: {\"w\":\"round\"} is not a list"},
        {"{'entries':[{'w':'round','n':9223372036854775807}]}", "status.entries[0] is not a record of a word"},
        {"{'state':'RollingBack','ending':[{'kind':'explode'}]}",
         "status.ending[0].kind: \"explode\" is not a kind of effect"},
        {"{'state':'RollingBack','ending':[{'kind':'route','primary':150,'canary':-50}]}",
         "status.ending[0].primary: 150 is not a share of 0 to 100 percent"},
        {"{'state':'RollingBack','ending':[{'kind':'route','primary':50,'canary':50}]}",
         "status.ending[0].canary: 50 is not a share that such a list gives"},
        {"{'state':'RollingBack','ending':[{'kind':'promote','id':'x'}]}",
         "status.ending[0].kind: \"promote\" is not a kind of effect"},
        {"{'state':'RollingBack','ending':[{'kind':'scale','to':'up'}]}",
         "status.ending[0].to: \"up\" is not what such a list scales to"},
        {"{'open':[{'o':'act','i':[{'kind':'explode'}]}]}",
         "status.open[0].i[0].kind: \"explode\" is not a kind of effect"},
        {"{'open':[{'o':'act','i':[{'kind':'route','primary':150,'canary':-50}]}]}",
         "status.open[0].i[0].primary: 150 is not a share of 0 to 100 percent"},
        {"{'open':[{'o':'act','i':[{'kind':'event','message':'x','key_ms':-1}]}]}",
         "status.open[0].i[0].key_ms: -1 is not a time"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct world w;
        open_run(&w, "", cases[i][0]);
        expect_stalled(&w, cases[i][1]);
        assert_int_equal(w.script.started, 0);
        close_world(&w);
    }
}

static void test_a_restart_does_only_what_a_restart_does(void **state)
{
    struct world w;
    open_run(&w, ",'restarted':true", "{'open':[{'o':'act','i':[{'kind':'promote','id':'x'}]}]}");
    expect_stalled(&w, "status.open[0].i[0].kind: \"promote\" is not a kind of effect");
    close_world(&w);
}

static void test_a_failed_promotion_that_never_was_moves_no_traffic(void **state)
{
    struct world w;
    open_run(&w, "",
             "{'state':'RollingBack','ending':[{'kind':'route','primary':0,'canary':100},"
             "{'kind':'sync','phase':'Failed','weight':100}]}");
    assert_int_equal(w.how, RUN_ENDED);
    assert_int_equal(fake_http_count(w.f.fh, "PATCH", ROUTES), 0);
    close_world(&w);
}

static void test_the_end_of_no_word_is_a_failure_of_the_script(void **state)
{
    struct world w;
    open_scripted(&w);
    fake_script_leave(&w.script, "null");
    fake_clock_run(w.f.fc);
    assert_int_equal(w.how, RUN_UNREADABLE);
    expect_state(&w, RELEASE_SUPERSEDED);
    close_world(&w);
}

static void test_words_of_another_version_are_not_replayed(void **state)
{
    struct world w;
    open_world(&w);
    begin(&w, fake_context_release_of(&w.f, ",'words':99", "{}"));
    assert_int_equal(w.how, RUN_UNREADABLE);
    assert_int_equal(w.script.started, 0);
    expect_state(&w, RELEASE_SUPERSEDED);
    close_world(&w);
}

static void test_a_release_keeps_the_words_that_it_began_with(void **state)
{
    static const char *const members[] = {",'words':1", ",'words':2", ""};
    static const int64_t words[] = {1, 2, RELEASE_WORDS};
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        struct world w;
        open_world(&w);
        begin(&w, fake_context_release_of(&w.f, members[i], "{}"));
        assert_int_equal(w.script.started, 1);
        assert_int_equal(w.script.words, words[i]);
        close_world(&w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_failed_script_is_replayed_once_and_then_taken_back),
        cmocka_unit_test(test_a_restarted_release_is_taken_back_too),
        cmocka_unit_test(test_a_script_that_fails_and_then_goes_another_way_is_taken_back),
        cmocka_unit_test(test_a_broken_limit_is_told_and_counted),
        cmocka_unit_test(test_limits_are_those_on_record),
        cmocka_unit_test(test_a_wrong_call_is_refused),
        cmocka_unit_test(test_an_effect_is_on_record_before_it_begins),
        cmocka_unit_test(test_killed_before_the_intent_nothing_has_happened),
        cmocka_unit_test(test_killed_between_intent_and_result_what_is_left_is_done),
        cmocka_unit_test(test_killed_after_everything_was_done_nothing_is_repeated),
        cmocka_unit_test(test_a_delivery_is_on_record_first_and_repeated_under_its_key),
        cmocka_unit_test(test_a_question_needs_no_record),
        cmocka_unit_test(test_a_rollback_goes_on_after_a_crash),
        cmocka_unit_test(test_a_rollback_that_meets_trouble_is_tried_until_it_works),
        cmocka_unit_test(test_a_tick_counts_from_the_start_on_record),
        cmocka_unit_test(test_no_round_begins_while_frozen),
        cmocka_unit_test(test_readiness_is_waited_for_until_the_deadline),
        cmocka_unit_test(test_a_superseded_run_closes_its_record),
        cmocka_unit_test(test_a_finished_run_closes_its_record_and_answers_nothing_more),
        cmocka_unit_test(test_a_release_that_breaks_a_rule_ends_alone),
        cmocka_unit_test(test_a_restart_does_only_what_a_restart_does),
        cmocka_unit_test(test_a_failed_promotion_that_never_was_moves_no_traffic),
        cmocka_unit_test(test_the_end_of_no_word_is_a_failure_of_the_script),
        cmocka_unit_test(test_words_of_another_version_are_not_replayed),
        cmocka_unit_test(test_a_release_keeps_the_words_that_it_began_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
