/* The strategist from outside: turns, words, waiting, replay, ends. */
#include "task_world.h"

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
    script_strategist_measure(e->strategist);
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
        {"return 5",
         "strategies.t: strategies/t.lua:1: the module gives a number, wanted strategy { name = …, run = … }"},
        {"return { name = 't' }", "strategies.t: strategies/t.lua:1: field 'run' is a nil, wanted a function"},
        {"return { run = print }", "strategies.t: strategies/t.lua:1: field 'name' is a nil, wanted a string"},
        {"error 'at load'", "strategies.t: strategies/t.lua:1: at load"},
        {"error {}", "strategies.t: strategies/t.lua:1: an error that is a table, not a text"},
        {"require 'strategies.t'", "strategies.t: strategies/t.lua:1: module 'strategies.t' requires itself, or failed "
                                   "to load before"},
        {"require 'scripts.nope'", "strategies.t: strategies/t.lua:1: module 'scripts.nope' is neither pinned by the "
                                   "release nor part of this engine; there are stdlib.steps, "},
        {"require 'host'", "strategies.t: strategies/t.lua:1: module 'host' is not for scripts; there are "
                           "stdlib.stats, "},
        {"require('stdlib.steps').enter('w', {})",
         "strategies.t: strategies/t.lua:1: no word can run while a module loads"},
        {"while true do end",
         "strategies.t: strategies/t.lua:1: more than 50 ms of CPU time in one step (while it loads)"},
    };
    struct engine *e = *state;
    script_strategist_measure(e->strategist);
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        struct err err;
        assert_false(start_source(e, sources[i][0], &err));
        if (str_has_suffix(sources[i][1], ", ")) { /* a list that the engine's modules go on */
            assert_true(str_has_prefix(err.text, sources[i][1]));
            assert_true(str_has_suffix(err.text, ", …")); /* the nearest few */
        } else {
            assert_string_equal(err.text, sources[i][1]);
        }
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

/* Its own line, and not the one in the stdlib at which it happened. */
static void test_a_bound_that_breaks_in_the_stdlib_is_told_with_the_scripts_line(void **state)
{
    static const char *const bodies[][2] = {
        {"local steps = require 'stdlib.steps'\nlocal go = 1\nsteps.spin() go = 2",
         "strategies/t.lua:4: more than 50 ms of CPU time in one step (before its first word)"},
        {"local steps = require 'stdlib.steps'\nlocal go = 1\npcall(steps.spin)",
         "strategies/t.lua:4: more than 50 ms of CPU time in one step (before its first word)"},
        {"local steps = require 'stdlib.steps'\nlocal co = coroutine.wrap(function()\nsteps.spin()\nend)\nco()",
         "strategies/t.lua:4: more than 50 ms of CPU time in one step (before its first word)"},
        {"local t = setmetatable({}, { __index = function(_, i) return i end })\nlocal n = 0\n"
         "n = ('x'):gsub('x', function() while true do n = n + 1 end end)",
         "strategies/t.lua:4: more than 50 ms of CPU time in one step (before its first word)"},
        {"local text, pattern = ('a'):rep(40), ('a*'):rep(20) .. 'b'\nlocal go = 1\ngo = text:find(pattern)",
         "strategies/t.lua:4: more than 100 ms of CPU time in one step (before its first word)"},
        {"local text, pattern = ('a'):rep(40), ('a*'):rep(20) .. 'b'\nlocal go = 1\n"
         "for word in text:gmatch(pattern) do go = word end",
         "strategies/t.lua:4: more than 100 ms of CPU time in one step (before its first word)"},
        {"local text, pattern = ('a'):rep(40), ('a*'):rep(20) .. 'b'\nlocal go = 1\n"
         "go = pcall(string.gsub, text, pattern, function() end)",
         "strategies/t.lua:4: more than 100 ms of CPU time in one step (before its first word)"},
        {"local steps = require 'stdlib.steps'\nlocal go = 1\nsteps.grow() go = 2",
         "strategies/t.lua:4: more than 8388608 bytes of memory"},
    };
    struct engine *e = *state;
    script_strategist_measure(e->strategist);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        run(e, bodies[i][0]);
        assert_int_equal(e->end, STRATEGY_KILLED);
        assert_string_equal(e->err.text, bodies[i][1]);
        stop(e);
    }
}

/* A call in tail position leaves no frame of its module. */
static void test_a_module_that_fails_in_tail_position_is_named_with_its_own_line(void **state)
{
    static const char *const cases[][2] = {
        {"local a = 1\n\nreturn require 'scripts.nope'", "scripts/u.lua:3: module 'scripts.nope' is neither"},
        {"local a = 1\n\nreturn require 'host'", "scripts/u.lua:3: module 'host' is not for scripts"},
        {"local a = 1\nreturn require 'scripts.u'", "scripts/u.lua:2: module 'scripts.u' requires itself"},
        {"local a = require 'scripts.nope'\nreturn a", "scripts/u.lua:1: module 'scripts.nope' is neither"},
    };
    struct engine *e = *state;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct err err;
        e->pinned = doc_new();
        struct node *pinned = node_new_object(e->pinned);
        doc_set_root(e->pinned, pinned);
        node_set_str(e->pinned, pinned, "strategies.t", "\n\n\n\nlocal u = require 'scripts.u'\nreturn u");
        node_set_str(e->pinned, pinned, "scripts.u", cases[i][0]);
        assert_false(start_named(e, "t", &err));
        char *wanted = str_format("strategies.t: %s", cases[i][1]);
        if (!str_has_prefix(err.text, wanted)) {
            fail_msg("%s", err.text);
        }
        mem_free(wanted);
        doc_free(e->pinned);
        e->pinned = NULL;
    }
}

/* Wherever in the stdlib the primitive is called. */
static void test_what_a_primitive_refuses_is_told_with_the_scripts_line(void **state)
{
    static const char *const bodies[][2] = {
        {"local enter = require('stdlib.steps').enter\nenter('event', { text = '\\255' })",
         "strategies/t.lua:3: rollout:event: text: a string that is not UTF-8 has no place in JSON"},
        {"local t = {}\nt.t = t\nhost.enter('hook', { data = t })", "strategies/t.lua:4: rollout:hook: data"},
        {"host.enter('hook', { [1] = 1, a = 2 })", "strategies/t.lua:2: rollout:hook: "},
        {"local co = coroutine.wrap(function()\nhost.enter('event', {})\nend)\nco()",
         "strategies/t.lua:3: no word can run inside a coroutine of the script"},
    };
    struct engine *e = *state;
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        run(e, bodies[i][0]);
        assert_int_equal(e->end, STRATEGY_FAILED);
        if (!str_has_prefix(e->err.text, bodies[i][1])) {
            fail_msg("%s", e->err.text);
        }
        stop(e);
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

/* A story in virtual time may not turn on how fast this machine is: what is slow is only killed in real time. */
static void test_only_an_engine_in_real_time_kills_what_is_slow(void **state)
{
    struct engine *e = *state;
    const char *slow = "local n = 0 for i = 1, 60000000 do n = n + i end";
    run(e, slow);
    expect_returned(e);
    stop(e);
    script_strategist_measure(e->strategist);
    run(e, slow);
    assert_int_equal(e->end, STRATEGY_KILLED);
    assert_non_null(strstr(e->err.text, "more than 50 ms of CPU time"));
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
        TEST(test_a_bound_that_breaks_in_the_stdlib_is_told_with_the_scripts_line),
        TEST(test_a_module_that_fails_in_tail_position_is_named_with_its_own_line),
        TEST(test_what_a_primitive_refuses_is_told_with_the_scripts_line),
        TEST(test_unknown_strategy_is_not_found),
        TEST(test_pinned_source_goes_before_the_binary),
        TEST(test_sources_are_what_a_release_pins),
        TEST(test_same_seed_same_numbers),
        TEST(test_long_replay_is_not_the_scripts_expense),
        TEST(test_only_an_engine_in_real_time_kills_what_is_slow),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
