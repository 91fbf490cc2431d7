// room: script
/* The strategist from outside: turns, words, waiting, replay, ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"
#include "fake_clock.h"
#include "script/strategist.h"

/* The engine's side: writes down what is asked of it, one line each, and answers as it is told. */
struct engine {
    struct fake_clock *time;
    struct strategist *strategist;
    struct strategy *strategy;
    struct doc *pinned;
    struct buf seen;
    const char *later;    /* an operation that is answered later */
    const char *recorded; /* a word that is on record with the result "recorded" */
    const char *stop_in;  /* an operation or word during which the strategy is stopped */
    int ended;
    enum strategy_end end;
    struct err err;
};

static void note(struct engine *e, const char *what, const char *name, const struct node *n)
{
    char *json = n ? node_to_text(n) : str_dup("");
    buf_printf(&e->seen, "%s %s%s%s;", what, name, n ? " " : "", json);
    mem_free(json);
}

static void stop(struct engine *e)
{
    e->strategist->ops->stop(e->strategy);
    e->strategy = NULL;
}

static bool on_call(void *ctx, const char *operation, const struct node *args, struct doc **answer)
{
    struct engine *e = ctx;
    note(e, "call", operation, args);
    if (str_equal(e->stop_in, operation))
        stop(e);
    if (str_equal(e->later, operation))
        return false;
    *answer = doc_copy(args);
    return true;
}

static bool on_enter(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms)
{
    struct engine *e = ctx;
    note(e, "enter", word, args);
    if (str_equal(e->stop_in, word))
        stop(e);
    *started_ms = 1773216907000;
    if (!str_equal(e->recorded, word))
        return false;
    *result = doc_new();
    doc_set_root(*result, node_new_str(*result, "recorded"));
    return true;
}

static void on_leave(void *ctx, const struct node *result)
{
    note(ctx, "leave", "", result);
}

static void on_evidence(void *ctx, const struct node *evidence, const char *where)
{
    note(ctx, "evidence", where, evidence);
}

static void on_log(void *ctx, const char *message)
{
    note(ctx, "log", message, NULL);
}

static void on_ended(void *ctx, enum strategy_end end, const struct err *err)
{
    struct engine *e = ctx;
    e->ended++;
    e->end = end;
    e->err = *err;
}

static const char start[] =
    "local host = require 'host' return { start = function(definition) return definition.run('rollout', host) end }";
static const char steps[] = "return { enter = require('host').enter }";
static const char builtin[] = "return { name = 'plain', run = function() end }";
static const struct embedded_module modules[] = {
    {"stdlib.start", start, sizeof start - 1},
    {"stdlib.steps", steps, sizeof steps - 1},
    {"strategies.plain", builtin, sizeof builtin - 1},
};

static int setup(void **state)
{
    struct engine *e = mem_new(struct engine);
    e->time = fake_clock_new(1773216907000);
    e->strategist = script_strategist_new(fake_clock_clock(e->time), modules, sizeof modules / sizeof modules[0]);
    buf_init(&e->seen, 64 * 1024);
    *state = e;
    return 0;
}

static int teardown(void **state)
{
    struct engine *e = *state;
    if (e->strategy)
        stop(e);
    script_strategist_free(e->strategist);
    fake_clock_free(e->time);
    doc_free(e->pinned);
    buf_fini(&e->seen);
    mem_free(e);
    return 0;
}

static bool start_named(struct engine *e, const char *name, struct err *err)
{
    struct strategy_start order = {.name = name,
                                   .sources = doc_root(e->pinned),
                                   .label = "podinfo.test",
                                   .seed = 7,
                                   .host = {e, on_call, on_enter, on_leave, on_evidence, on_log, on_ended}};
    e->strategy = e->strategist->ops->start(e->strategist, &order, err);
    return e->strategy != NULL;
}

static bool start_source(struct engine *e, const char *source, struct err *err)
{
    doc_free(e->pinned);
    e->pinned = doc_new();
    struct node *pinned = node_new_object(e->pinned);
    doc_set_root(e->pinned, pinned);
    node_set_str(e->pinned, pinned, "strategies.t", source);
    return start_named(e, "t", err);
}

/* Starts a strategy with this body and lets it run as far as it comes. */
static void run(struct engine *e, const char *body)
{
    struct err err;
    char *source = str_format("return { name = 't', run = function(rollout, host)\n%s\nend }", body);
    bool started = start_source(e, source, &err);
    mem_free(source);
    if (!started)
        fail_msg("%s", err.text);
    fake_clock_run(e->time);
}

static void answer(struct engine *e, const char *json)
{
    struct err err;
    struct doc *doc = doc_parse(json, strlen(json), &err);
    e->strategist->ops->answer(e->strategy, doc_root(doc));
    doc_free(doc);
    fake_clock_run(e->time);
}

static void expect_seen(struct engine *e, const char *wanted)
{
    assert_string_equal(buf_str(&e->seen), wanted);
}

static void expect_returned(struct engine *e)
{
    assert_int_equal(e->ended, 1);
    if (e->end != STRATEGY_RETURNED)
        fail_msg("%s", e->err.text);
}

static void test_end_comes_on_a_later_turn(void **state)
{
    struct engine *e = *state;
    struct err err;
    assert_true(start_named(e, "plain", &err));
    assert_int_equal(e->ended, 0);
    fake_clock_run(e->time);
    expect_returned(e);
}

static void test_words_and_operations_reach_the_engine(void **state)
{
    struct engine *e = *state;
    run(e, "assert(rollout == 'rollout')"
           "local done, result, started = host.enter('shift', { weight = 30 }) assert(done == false and result == nil "
           "and started == 1773216907000)"
           "local a = host.call('facts') assert(next(a) == nil)"
           "local b = host.call('act', { { kind = 'route' } }) assert(b[1].kind == 'route')"
           "host.evidence { verdict = 'pass' } host.log 'hello' host.leave(host.array {})");
    expect_returned(e);
    expect_seen(e, "enter shift {\"weight\":30};call facts {};call act [{\"kind\":\"route\"}];"
                   "evidence strategies/t.lua:2 {\"verdict\":\"pass\"};log hello;leave  [];");
}

static void test_word_on_record_is_skipped_without_a_yield(void **state)
{
    struct engine *e = *state;
    e->recorded = "shift";
    e->later = "act";
    run(e, "local done, result = host.enter('shift', {}) assert(done == true and result == 'recorded')"
           "if not done then host.call('act') host.leave(true) end host.enter('next', {}) host.leave(nil)");
    expect_returned(e);
    expect_seen(e, "enter shift {};enter next {};leave  null;");
}

static void test_waits_for_an_answer(void **state)
{
    struct engine *e = *state;
    e->later = "ready";
    run(e, "local a = host.call('ready', { side = 'canary' }) assert(a.ready == true) host.log 'went on'");
    expect_seen(e, "call ready {\"side\":\"canary\"};");
    assert_int_equal(e->ended, 0);
    fake_clock_advance(e->time, 3600000);
    assert_int_equal(e->ended, 0);
    answer(e, "{\"ready\":true}");
    expect_returned(e);
}

static void test_answer_runs_lua_on_a_later_turn(void **state)
{
    struct engine *e = *state;
    struct doc *nothing = doc_new();
    e->later = "ready";
    run(e, "host.call('ready')");
    e->strategist->ops->answer(e->strategy, doc_root(nothing));
    assert_int_equal(e->ended, 0);
    fake_clock_run(e->time);
    expect_returned(e);
    doc_free(nothing);
}

static void test_waits_inside_pcall_iterators_and_metamethods(void **state)
{
    struct engine *e = *state;
    e->later = "ask";
    run(e, "local function each() local value = host.call('ask') if value > 0 then return value end end "
           "local ok, sum = pcall(function() local n = 0 for value in each do n = n + value end return n end) "
           "assert(ok and sum == 5) "
           "local lazy = setmetatable({}, { __index = function(_, k) return host.call('ask', { key = k }) end })"
           "local ok2, value = pcall(function() return lazy.x + lazy.y end) assert(ok2 and value == 7)"
           "local ok3, message = xpcall(function() error(host.call('ask'), 0) end, function(m) return 'handled ' .. m "
           "end) assert(message == 'handled no')"
           "local s = ('a b'):gsub('%a', function(c) return host.call('ask', { c = c }) end) assert(s == '1 2')");
    static const char *const answers[] = {"2", "3", "0", "3", "4", "\"no\"", "1", "2"};
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        assert_int_equal(e->ended, 0);
        answer(e, answers[i]);
    }
    expect_returned(e);
}

static void test_error_carries_file_and_line(void **state)
{
    struct engine *e = *state;
    e->later = "ask";
    run(e, "host.call('ask')\nerror 'no good'");
    answer(e, "null");
    assert_int_equal(e->end, STRATEGY_FAILED);
    assert_int_equal(e->err.code, ERR_SCRIPT);
    assert_string_equal(e->err.text, "strategies/t.lua:3: no good");
}

static void test_stop_while_it_waits_is_clean(void **state)
{
    struct engine *e = *state;
    e->later = "ask";
    run(e, "pcall(host.call, 'ask') host.log 'never'");
    stop(e);
    fake_clock_run(e->time);
    expect_seen(e, "call ask {};");
    assert_int_equal(e->ended, 0);
}

static void test_stop_before_the_first_turn_and_before_an_answer_is_taken(void **state)
{
    struct engine *e = *state;
    struct err err;
    assert_true(start_named(e, "plain", &err));
    stop(e);
    e->later = "ask";
    run(e, "host.call('ask') host.log 'never'");
    struct doc *nothing = doc_new();
    e->strategist->ops->answer(e->strategy, doc_root(nothing));
    stop(e);
    fake_clock_run(e->time);
    expect_seen(e, "call ask {};");
    assert_int_equal(e->ended, 0);
    doc_free(nothing);
}

static void test_stop_from_inside_a_word_or_an_operation(void **state)
{
    struct engine *e = *state;
    e->stop_in = "act";
    run(e, "while true do pcall(host.call, 'act', {}) host.log 'never' end");
    assert_null(e->strategy);
    e->stop_in = "shift";
    run(e, "while true do pcall(host.enter, 'shift', {}) host.log 'never' end");
    assert_null(e->strategy);
    expect_seen(e, "call act {};enter shift {};");
    assert_int_equal(e->ended, 0);
}

static void test_killed_strategy_leaves_others_untouched(void **state)
{
    struct engine *e = *state;
    e->later = "ask";
    run(e, "local kept = {} for i = 1, 100 do kept[i] = 'k' .. i end host.call('ask') for i = 1, 100 do assert(kept[i] "
           "== 'k' .. i) end");
    struct strategy *waiting = e->strategy;
    struct doc *waiting_pinned = e->pinned;
    e->pinned = NULL;
    for (int i = 0; i < 3; i++) {
        run(e, i % 2 == 0 ? "string.find(('a'):rep(40), ('a*'):rep(20) .. 'b')" : "while true do end");
        assert_int_equal(e->end, STRATEGY_KILLED);
        assert_int_equal(e->err.code, ERR_LIMIT);
        stop(e);
    }
    assert_int_equal(e->ended, 3);
    e->ended = 0;
    e->strategy = waiting;
    answer(e, "1");
    expect_returned(e);
    doc_free(waiting_pinned);
}

static void test_start_refuses_what_cannot_run(void **state)
{
    static const char *const sources[][2] = {
        {"return +", "strategies.t: strategies/t.lua:1: unexpected symbol near '+'"},
        {"return 5", "strategies.t: strategies.t: the module gives a number, wanted strategy { name = …, run = … }"},
        {"return { name = 't' }", "strategies.t: strategies.t: field 'run' is a nil, wanted a function"},
        {"return { run = print }", "strategies.t: strategies.t: field 'name' is a nil, wanted a string"},
        {"error 'at load'", "strategies.t: strategies/t.lua:1: at load"},
        {"error {}", "strategies.t: strategies/t.lua:1: an error that is a table, not a text"},
        {"require 'strategies.t'", "strategies.t: strategies/t.lua:1: module 'strategies.t' requires itself, or failed "
                                   "to load before"},
        {"require 'checks.nope'", "strategies.t: strategies/t.lua:1: module 'checks.nope' is neither pinned by the "
                                  "release nor part of this engine"},
        {"require 'host'", "strategies.t: strategies/t.lua:1: module 'host' is not for scripts: a name such as "
                           "stdlib.strategy is wanted"},
        {"require('stdlib.steps').enter('w', {})",
         "strategies.t: strategies/t.lua:1: host.enter: no word can run while a module loads"},
        {"while true do end",
         "strategies.t: strategies/t.lua:1: more than 50 ms of CPU time in one step (after loading)"},
    };
    struct engine *e = *state;
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct err err;
        assert_false(start_source(e, sources[i][0], &err));
        assert_string_equal(err.text, sources[i][1]);
    }
    expect_seen(e, "");
    assert_int_equal(e->ended, 0);
}

static void test_memory_that_is_out_while_loading_is_a_bound_with_a_place(void **state)
{
    static const char *const sources[][2] = {
        {"local t = {}\nfor i = 1, 1e9 do t[i] = { i } end", "strategies/t.lua"},
        {"local t = {}\nrequire 'strategies.u'", "strategies/u.lua"},
    };
    static const struct script_limits limits = {.memory_max = 1024 * 1024, .cpu = {.soft_ms = 2000, .hard_ms = 2000}};
    struct engine *e = *state;
    script_strategist_limit(e->strategist, &limits);
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct err err;
        e->pinned = doc_new();
        struct node *pinned = node_new_object(e->pinned);
        doc_set_root(e->pinned, pinned);
        node_set_str(e->pinned, pinned, "strategies.t", sources[i][0]);
        node_set_str(e->pinned, pinned, "strategies.u", "local s = ('x'):rep(1e5)\nwhile true do s = s .. s end");
        assert_false(start_named(e, "t", &err));
        assert_int_equal(err.code, ERR_LIMIT);
        if (strstr(err.text, sources[i][1]) == NULL) {
            fail_msg("%s", err.text);
        }
        assert_non_null(strstr(err.text, "more than 1048576 bytes of memory"));
        doc_free(e->pinned);
        e->pinned = NULL;
    }
}

static void test_unknown_strategy_is_not_found(void **state)
{
    struct engine *e = *state;
    struct err err;
    assert_false(start_named(e, "missing", &err));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_non_null(strstr(err.text, "strategy 'missing'"));
    assert_false(start_named(e, "", &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void test_pinned_source_goes_before_the_binary(void **state)
{
    struct engine *e = *state;
    struct err err;
    e->pinned = doc_new();
    struct node *pinned = node_new_object(e->pinned);
    doc_set_root(e->pinned, pinned);
    node_set_str(e->pinned, pinned, "strategies.plain",
                 "return { name = 'plain', run = function() print 'pinned' end }");
    assert_true(start_named(e, "plain", &err));
    fake_clock_run(e->time);
    expect_returned(e);
    expect_seen(e, "log pinned;");
}

static void test_sources_are_what_a_release_pins(void **state)
{
    struct engine *e = *state;
    struct doc *doc = doc_new();
    struct node *sources = e->strategist->ops->sources(e->strategist, "plain", doc);
    assert_int_equal(node_count(sources), 1);
    assert_string_equal(node_str(node_get(sources, "strategies.plain")), builtin);
    assert_int_equal(node_count(e->strategist->ops->sources(e->strategist, "missing", doc)), 0);
    doc_free(doc);
}

static void test_same_seed_same_numbers(void **state)
{
    struct engine *e = *state;
    const char *body = "host.log(('%.12f %.12f'):format(host.random(), host.random()))";
    run(e, body);
    stop(e);
    char *first = buf_take(&e->seen);
    run(e, body);
    assert_string_equal(buf_str(&e->seen), first);
    mem_free(first);
}

static void test_long_replay_is_not_the_scripts_expense(void **state)
{
    struct engine *e = *state;
    struct script_limits limits = {.memory_max = 1024 * 1024, .cpu = {.soft_ms = 30, .hard_ms = 50}};
    const char *body = "for i = 1, 100 do host.enter('round', {}) local n = 0 for k = 1, 500000 do n = n + k end end";
    script_strategist_limit(e->strategist, &limits);
    e->recorded = "round";
    run(e, body);
    expect_returned(e);
    stop(e);
    e->recorded = NULL;
    run(e, body);
    assert_int_equal(e->end, STRATEGY_KILLED);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(test_end_comes_on_a_later_turn),
        TEST(test_words_and_operations_reach_the_engine),
        TEST(test_word_on_record_is_skipped_without_a_yield),
        TEST(test_waits_for_an_answer),
        TEST(test_answer_runs_lua_on_a_later_turn),
        TEST(test_waits_inside_pcall_iterators_and_metamethods),
        TEST(test_error_carries_file_and_line),
        TEST(test_stop_while_it_waits_is_clean),
        TEST(test_stop_before_the_first_turn_and_before_an_answer_is_taken),
        TEST(test_stop_from_inside_a_word_or_an_operation),
        TEST(test_killed_strategy_leaves_others_untouched),
        TEST(test_start_refuses_what_cannot_run),
        TEST(test_memory_that_is_out_while_loading_is_a_bound_with_a_place),
        TEST(test_unknown_strategy_is_not_found),
        TEST(test_pinned_source_goes_before_the_binary),
        TEST(test_sources_are_what_a_release_pins),
        TEST(test_same_seed_same_numbers),
        TEST(test_long_replay_is_not_the_scripts_expense),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
