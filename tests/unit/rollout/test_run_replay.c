#include "fake_context.h"
#include "fake_strategist.h"
#include "rollout/run.h"

/* A run whose script is the test: what holds while it is replayed in many turns, while it rests, and while it waits for
 * its CPU time. */
struct world {
    struct fake_context f;
    struct fake_strategist script;
    struct waiting waiting;
    struct run *run;
    int settled, settled_at_claim;
    bool known;       /* what the script said before its tick */
    int64_t since_ms; /* of the tick */
};

static void on_ended(void *ctx, enum run_end end)
{
}

static void on_settled(void *ctx)
{
    ((struct world *)ctx)->settled++;
}

static void on_nothing(void *ctx)
{
}

static void open_run(struct world *w, const char *status)
{
    static const struct run_events events = {.ended = on_ended, .settled = on_settled};
    *w = (struct world){0};
    fake_context_open(&w->f);
    fake_strategist_init(&w->script);
    w->f.context.strategist = &w->script.base;
    waiting_init(&w->waiting, &w->f.context.notify, w->f.announcer, "test", "podinfo", on_nothing, w);
    struct release *release = fake_context_release_of(&w->f, "", status);
    w->run = run_start(&w->f.context, w->f.announcer, &w->waiting, release, &events, w);
    fake_clock_run(w->f.fc);
    w->settled_at_claim = w->settled;
}

static void close_world(struct world *w)
{
    run_free(w->run);
    waiting_fini(&w->waiting);
    fake_strategist_fini(&w->script);
    fake_context_close(&w->f);
}

/* What the last engine began and did not finish stands at the end of the record: until the script is there, nobody else
 * writes. */
static void test_nobody_else_writes_between_two_words_on_record(void **state)
{
    struct world w;
    open_run(&w, "{'state':'Running','pinned':true,'entries':[{'w':'start','r':{},'a':'5465b825'},"
                 "{'w':'round','r':{},'a':'5465b825','n':2}]}");
    const char *const words[] = {"start", "round", "round"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(run_is_acting(w.run));
        assert_false(run_is_settled(w.run));
        assert_int_equal(w.settled, w.settled_at_claim);
        assert_true(fake_script_enter(&w.script, words[i]));
    }
    assert_false(run_is_acting(w.run));
    assert_true(run_is_settled(w.run));
    assert_int_equal(w.settled, w.settled_at_claim + 1); /* the actor looks now */
    assert_false(fake_script_enter(&w.script, "round"));
    close_world(&w);
}

/* --- a script that rests --- */

#define BACKEND "/apis/flagger.app/v1beta1/namespaces/test/canaries/backend"

enum { LONG_MS = 5 * 1000, INTERVAL_MS = 60 * 1000 };

/* One round on record, and the tick after it, of a script that says a line before. */
static void play_to_tick(struct world *w, int64_t since_ms)
{
    if (!fake_script_enter(&w->script, "round")) {
        fake_script_leave(&w->script, "{}");
    }
    w->known = w->script.host.is_line_known(w->script.host.ctx);
    struct doc *args = fake_doc_format("{'since':%lld}", (long long)since_ms);
    char *text = node_to_text(doc_root(args));
    fake_script_call(&w->script, "tick", text);
    str_free(&text);
    doc_free(args);
}

/* So long before the interval is over. */
static void open_waiting(struct world *w, bool apart, int64_t left_ms)
{
    open_run(w, "{'state':'Running','pinned':true}");
    char *spec = str_format("{'spec':{'analysis':{'interval':'%lldms'}}}", (long long)INTERVAL_MS);
    fake_api_edit(w->f.api, CANARY, spec);
    str_free(&spec);
    run_freeze(w->run, false);
    w->script.apart = apart;
    w->since_ms = clock_wall_ms(w->f.context.clock) - (INTERVAL_MS - left_ms);
    play_to_tick(w, w->since_ms);
    assert_false(w->known);
}

static void open_resting(struct world *w, bool apart)
{
    open_waiting(w, apart, INTERVAL_MS);
    assert_true(w->script.running); /* as long as it is in its turn */
    fake_clock_run(w->f.fc);
}

static void test_a_script_that_waits_long_gives_its_vm_back_and_goes_on_from_its_record(void **state)
{
    struct world w;
    open_resting(&w, true);
    assert_false(w.script.running);
    assert_false(run_is_acting(w.run));
    assert_true(run_is_waiting(w.run));
    run_poke(w.run);
    fake_clock_advance(w.f.fc, INTERVAL_MS - 1);
    assert_false(w.script.running);
    fake_clock_advance(w.f.fc, 1);
    assert_true(w.script.running);
    assert_true(w.script.again);
    play_to_tick(&w, w.since_ms);
    assert_true(w.known); /* its line is not logged again */
    fake_clock_run(w.f.fc);
    assert_non_null(w.script.answer); /* the tick is due */
    assert_false(w.script.host.is_line_known(w.script.host.ctx));
    close_world(&w);
}

/* One that looks goes on with a look: it does not ask for the wait again. */
static void test_a_script_that_rests_between_two_looks_says_more_afterwards(void **state)
{
    struct world w;
    open_resting(&w, true);
    fake_clock_advance(w.f.fc, INTERVAL_MS);
    play_to_tick(&w, w.since_ms);
    fake_clock_run(w.f.fc);
    assert_false(fake_script_enter(&w.script, "look"));
    fake_script_leave(&w.script, "{'done':false}");
    struct doc *args = fake_doc_format("{'began':%lld,'since':%lld,'often':true,'canaries':[]}", (long long)w.since_ms,
                                       (long long)clock_wall_ms(w.f.context.clock));
    char *text = node_to_text(doc_root(args));
    fake_script_call(&w.script, "await", text);
    fake_clock_advance(w.f.fc, INTERVAL_MS);
    assert_true(w.script.again);
    assert_true(fake_script_enter(&w.script, "round"));
    assert_true(fake_script_enter(&w.script, "look"));
    assert_true(w.script.host.is_line_known(w.script.host.ctx));
    assert_false(fake_script_enter(&w.script, "look"));
    assert_false(w.script.host.is_line_known(w.script.host.ctx)); /* its next line is a new one */
    str_free(&text);
    doc_free(args);
    close_world(&w);
}

static void test_a_script_that_is_frozen_while_it_rests_goes_on_after_that(void **state)
{
    struct world w;
    open_resting(&w, true);
    run_freeze(w.run, true);
    fake_clock_advance(w.f.fc, 2 * INTERVAL_MS);
    assert_false(w.script.running);
    run_freeze(w.run, false);
    fake_clock_run(w.f.fc);
    assert_true(w.script.running);
    close_world(&w);
}

static void test_a_script_stays_for_a_short_wait(void **state)
{
    struct world w;
    for (int more_ms = 0; more_ms < 2; more_ms++) {
        open_waiting(&w, true, LONG_MS - 1 + more_ms);
        fake_clock_advance(w.f.fc, LONG_MS - 2);
        assert_true(w.script.running == (more_ms == 0));
        close_world(&w);
    }
}

static void test_a_script_that_shares_its_vm_stays(void **state)
{
    struct world w;
    open_resting(&w, false);
    fake_clock_advance(w.f.fc, INTERVAL_MS - 1);
    assert_true(w.script.running);
    fake_clock_advance(w.f.fc, 1);
    assert_non_null(w.script.answer);
    close_world(&w);
}

/* With so many words on record, and one more that it says before it waits. */
static bool stays_with(int words)
{
    struct world w;
    char *status =
        str_format("{'state':'Running','pinned':true,'entries':[{'w':'round','r':{},'a':'5465b825','n':%d}]}", words);
    open_run(&w, status);
    fake_api_edit(w.f.api, CANARY, "{'spec':{'analysis':{'interval':'60s'}}}");
    run_freeze(w.run, false);
    w.script.apart = true;
    for (int i = 0; i < words; i++) {
        assert_true(fake_script_enter(&w.script, "round"));
    }
    play_to_tick(&w, clock_wall_ms(w.f.context.clock));
    fake_clock_advance(w.f.fc, INTERVAL_MS - 1);
    bool stays = w.script.running;
    close_world(&w);
    str_free(&status);
    return stays;
}

static void test_a_script_of_many_words_stays(void **state)
{
    assert_false(stays_with(1999));
    assert_true(stays_with(2000));
}

/* What it waits for is there at the first look, on the turn on which it would rest. */
static void test_an_answer_that_comes_first_leaves_the_script_at_work(void **state)
{
    struct world w;
    open_run(&w, "{'state':'Running','pinned':true}");
    run_freeze(w.run, false);
    w.script.apart = true;
    fake_script_call(&w.script, "await",
                     "{'began':0,'since':0,'often':false,'canaries':[{'name':'backend','phase':'Succeeded'}]}");
    fake_api_put(w.f.api, BACKEND, "{'metadata':{'uid':'u-2'},'status':{'phase':'Succeeded'}}");
    fake_clock_run(w.f.fc);
    assert_non_null(w.script.answer);
    assert_true(w.script.running);
    close_world(&w);
}

static bool answer_query(void *ctx, const struct fake_http_seen *request, struct fake_http_answer *answer)
{
    *answer = (struct fake_http_answer){.status = 200, .body = "{}"};
    return true;
}

/* A run that is dropped while it is frozen takes the answer with it. */
static void test_an_answer_that_is_held_back_may_never_come(void **state)
{
    struct world w;
    open_run(&w, "{'state':'Running','pinned':true}");
    run_freeze(w.run, false);
    fake_http_handle(w.f.fh, answer_query, NULL);
    assert_false(fake_script_call(&w.script, "query", "{'query':'up'}"));
    run_freeze(w.run, true);
    fake_clock_advance(w.f.fc, INTERVAL_MS);
    assert_null(w.script.answer);
    close_world(&w);
}

static void leave_gate(struct world *w, const char *gate, const char *result)
{
    struct doc *args = fake_doc_format("{'gate':'%s'}", gate), *recorded = NULL;
    int64_t started_ms;
    assert_false(w->script.host.enter(w->script.host.ctx, "open", doc_root(args), &recorded, &started_ms));
    fake_script_leave(&w->script, result);
    doc_free(args);
}

static void test_another_gate_that_is_open_ends_no_wait(void **state)
{
    struct world w;
    open_run(&w, "{'state':'Running','pinned':true}");
    run_freeze(w.run, false);
    leave_gate(&w, "one", "{'done':false,'waiting':{'reason':'GateClosed','message':'waiting for one','told':true}}");
    leave_gate(&w, "other", "{'done':true}");
    assert_string_equal(waiting_reason(&w.waiting), "GateClosed");
    leave_gate(&w, "one", "{'done':true}");
    assert_null(waiting_reason(&w.waiting));
    close_world(&w);
}

static void test_a_delay_is_told_once_and_shown_while_it_lasts(void **state)
{
    struct world w;
    open_run(&w, "{'state':'Running','pinned':true}");
    for (int minute = 0; minute < 3; minute++) {
        w.script.host.delayed(w.script.host.ctx, 40 * 1000, STRATEGY_CPU_TIME, "strategies/canary.lua:9");
        fake_clock_advance(w.f.fc, 40 * 1000);
        assert_string_equal(waiting_reason(&w.waiting), WAIT_BUDGET);
        assert_int_equal(fake_http_count(w.f.fh, "POST", EVENTS) + fake_http_count(w.f.fh, "PATCH", EVENTS), 1);
        w.script.host.delayed(w.script.host.ctx, 0, STRATEGY_CPU_TIME, "");
        assert_null(waiting_reason(&w.waiting));
    }
    assert_non_null(
        strstr(fake_http_find(w.f.fh, "POST", EVENTS, 0)->body,
               "Release podinfo-1.test has used up its CPU time of this minute, at strategies/canary.lua:9"));
    static const char *const labels[] = {"podinfo", "test", "strategies/canary.lua", "9"};
    double count = 0;
    assert_true(metric_read(w.f.context.gauges.limits, labels, &count));
    assert_int_equal((int)count, 3);
    assert_false(run_is_acting(w.run)); /* it can be superseded, suspended and taken back meanwhile */
    close_world(&w);
}

/* The edit is refused, and the release goes on. */
static void test_a_deadline_that_no_clock_counts_is_the_usual_one(void **state)
{
    struct world w;
    open_run(&w, "{'state':'Running','pinned':true}");
    fake_api_edit(w.f.api, CANARY, "{'spec':{'progressDeadlineSeconds':9000000000000000000}}");
    w.script.host.delayed(w.script.host.ctx, 40 * 1000, STRATEGY_CPU_TIME, "strategies/canary.lua:9");
    assert_int_equal(w.waiting.list[0].deadline_ms, 600 * 1000);
    fake_clock_advance(w.f.fc, 40 * 1000);
    assert_false(w.waiting.list[0].overdue);
    close_world(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_else_writes_between_two_words_on_record),
        cmocka_unit_test(test_a_script_that_waits_long_gives_its_vm_back_and_goes_on_from_its_record),
        cmocka_unit_test(test_a_script_that_rests_between_two_looks_says_more_afterwards),
        cmocka_unit_test(test_a_script_that_is_frozen_while_it_rests_goes_on_after_that),
        cmocka_unit_test(test_a_script_stays_for_a_short_wait),
        cmocka_unit_test(test_a_script_that_shares_its_vm_stays),
        cmocka_unit_test(test_a_script_of_many_words_stays),
        cmocka_unit_test(test_an_answer_that_comes_first_leaves_the_script_at_work),
        cmocka_unit_test(test_an_answer_that_is_held_back_may_never_come),
        cmocka_unit_test(test_another_gate_that_is_open_ends_no_wait),
        cmocka_unit_test(test_a_delay_is_told_once_and_shown_while_it_lasts),
        cmocka_unit_test(test_a_deadline_that_no_clock_counts_is_the_usual_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
