/* Hostile scripts, and scripts that rely on what the sandbox replaced. Every class of attack that was ever found stays
 * in here. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
// clang-format off
#include <cmocka.h>
// clang-format on
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/str.h"
#include "script/task.h"

static const char frame[] =
    "local host = require 'host' return { start = function(definition) return definition.run(host) end }";
static const char text[] = "return { length = function(s) return s:len() + string.len(s) end, more = { a = 1 } }";
static const char acts[] = "return { act = require('host').call }";
/* A class over another one, which asks for something as it is loaded; and a module that needs it at times. */
static const char class[] = "local Base = { base = function() return 'base' end } Base.__index = Base "
                            "local Class = setmetatable({}, Base) Class.__index = Class "
                            "function Class:new() return setmetatable({ own = 'own' }, self) end "
                            "require('host').call('load', { x = 1 }) return Class";
static const char needs[] = "local Class = require 'stdlib.round' "
                            "return { base = function() return Class.base() end, class = function() return Class end, "
                            "join = function() local object = Class:new() return object.own .. object.base() end }";
static const struct embedded_module modules[] = {
    {"stdlib.start", frame, sizeof frame - 1},      {"stdlib.steps", text, sizeof text - 1},
    {"stdlib.promotion", acts, sizeof acts - 1},    {"stdlib.round", class, sizeof class - 1},
    {"stdlib.thresholds", needs, sizeof needs - 1},
};
static const struct script_limits roomy = {.memory_max = 4 * 1024 * 1024, .cpu = {.soft_ms = 500, .hard_ms = 500}};
/* So that a suite of spins stays quick; the stages are the same. */
static const struct script_limits tight = {.memory_max = 4 * 1024 * 1024, .cpu = {.soft_ms = 8, .hard_ms = 12}};

static char logged[512];
static int loads, failing_loads;

static bool host_call(void *ctx, const char *operation, const struct node *args, struct doc **answer, struct err *err)
{
    loads += strcmp(operation, "load") == 0;
    if (strcmp(operation, "refuse") == 0 || (strcmp(operation, "load") == 0 && loads <= failing_loads)) {
        err_set(err, ERR_SCRIPT, "refuse: args.x: a table is wanted, got 5");
        return false;
    }
    *answer = doc_copy(args);
    return true;
}

static bool host_enter(void *ctx, const char *word, const struct node *args, struct doc **result, int64_t *started_ms)
{
    *started_ms = 1;
    return false;
}

static void host_leave(void *ctx, const struct node *result)
{
}

static void host_evidence(void *ctx, const struct node *evidence, const char *where)
{
}

static void host_log(void *ctx, const char *message)
{
    snprintf(logged, sizeof logged, "%s", message);
}

static void host_ended(void *ctx, enum strategy_end end, const struct err *err)
{
}

static struct strategy_host host(void)
{
    return (struct strategy_host){.call = host_call,
                                  .enter = host_enter,
                                  .leave = host_leave,
                                  .evidence = host_evidence,
                                  .log = host_log,
                                  .ended = host_ended};
}

/* A strategy whose run function has this body. Returns how its first resume ended. */
static enum task_turn run_within(const struct script_limits *limits, const char *body, struct err *err)
{
    struct doc *doc = doc_new();
    struct node *pinned = node_new_object(doc);
    char *source = str_format("return { name = 't', run = function(host)\n%s\nend }", body);
    node_set_str(doc, pinned, "strategies.t", source);
    node_set_str(doc, pinned, "stdlib.start", "error 'a forged start'");
    node_set_str(doc, pinned, "stdlib.strategy", "return require 'host'");
    node_set_str(doc, pinned, "scripts.mine", "return { host = pcall(require, 'host'), same = string }");
    struct module_set set = {
        .embedded = modules, .embedded_count = sizeof modules / sizeof modules[0], .pinned = pinned};
    struct strategy_start start = {.module = "strategies.t", .label = "podinfo.test", .seed = 7, .host = host()};
    struct sandbox_vm *vm = sandbox_vm_new(&set, limits->memory_max, false, err);
    assert_non_null(vm);
    struct task *task = task_new(&start, vm, limits, NULL, err);
    sandbox_vm_release(vm);
    enum task_turn turn = task ? task_resume(task, err) : TASK_FAILED;
    task_free(task);
    doc_free(doc);
    mem_free(source);
    return turn;
}

/* --- what must work --- */

static const char *const friendly[] = {
    /* the whitelist, whole */
    "for name in ('assert error ipairs next pairs pcall xpcall select tonumber tostring type unpack rawequal rawget "
    "rawset getmetatable setmetatable print load "
    "require'):gmatch '%S+' do assert(type(_G[name]) == 'function', name) end",
    "assert(math.floor(2.5) == 2 and math.huge > 1 and math.max(1, 2) == 2)",
    /* gsub in Lua gives what gsub in C gives */
    "local t = setmetatable({ ab = 'x', cd = false }, { __index = function(_, k) return k:upper() end })"
    "assert(('ab cd ef'):gsub('%a+', t) == 'x cd EF')",
    "local s, n = ('hello world'):gsub('o', function() return '0' end) assert(s == 'hell0 w0rld' and n == 2)",
    "local s, n = ('abc'):gsub('', function() return '-' end) assert(s == '-a-b-c-' and n == 4, s)",
    "local s, n = ('abc'):gsub('%w*', function(w) return '<' .. w .. '>' end) assert(s == ('abc'):gsub('%w*', '<%0>') "
    "and n == 2, s)",
    "local s, n = ('aaa'):gsub('^a', function() return 'b' end) assert(s == 'baa' and n == 1)",
    "local s, n = ('aaa'):gsub('a', function() return 'b' end, 2) assert(s == 'bba' and n == 2)",
    "assert(('k=v'):gsub('(%w)=(%w)', function(k, v) return v .. '=' .. k end) == 'v=k')",
    "assert(('ab'):gsub('()', function(place) return place end) == '1a2b3')",
    "assert(('THE (quick) fox'):gsub('%f[%a]%a+', function(w) return w:lower() end) == 'the (quick) fox')",
    "assert(('ab'):gsub('%w', '%0%0') == 'aabb')",
    /* sort: stable, and any comparator ends */
    "local t = { 5, 3, 9, 1 } table.sort(t) assert(table.concat(t, ',') == '1,3,5,9')",
    "local t = {} for i = 1, 101 do t[i] = { key = i % 3, place = i } end table.sort(t, function(a, b) return a.key < "
    "b.key end)"
    "for i = 2, 101 do assert(t[i - 1].key < t[i].key or (t[i - 1].key == t[i].key and t[i - 1].place < t[i].place)) "
    "end",
    "local t = {} for i = 1, 50 do t[i] = i end table.sort(t, function() return true end) assert(#t == 50)",
    "local t = { 'b', 'a' } table.sort(t, function(a, b) host.call('facts') return a < b end) assert(t[1] == 'a')",
    /* pairs and next: the same order everywhere */
    "local keys = {} for k in pairs { z = 1, a = 2, [10] = 3, [2] = 4, [-1] = 5, m = 6, [true] = 7, [false] = 8 } do "
    "keys[#keys + 1] = tostring(k) end"
    " assert(table.concat(keys, ' ') == '-1 2 10 a m z false true', table.concat(keys, ' '))",
    "local t, n = {}, 0 for i = 1, 100 do t['k' .. i] = i end for k in pairs(t) do t[k] = nil n = n + 1 end assert(n "
    "== 100 and next(t) == nil)",
    "local keys = {} for k, v in next, { c = 1, a = 1, b = 1 } do keys[#keys + 1] = k end assert(table.concat(keys) == "
    "'abc')",
    "local t = { a = 1, b = 2 } assert(next(t) == 'a' and next(t, 'a') == 'b' and next(t, 'b') == nil) assert(not "
    "pcall(next, t, 'zz'))",
    "local f = function() end assert(next { [f] = 1 } == f) assert(not pcall(pairs, { [f] = 1, [{}] = 2 }))",
    /* coroutines of its own */
    "local co = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) assert(co(1) == 2 and "
    "co(5) == 10)",
    "local ok, e = coroutine.resume(coroutine.create(function() error('x', 0) end)) assert(ok == false and e == 'x')",
    "assert(coroutine.running() == nil) coroutine.wrap(function() assert(type(coroutine.running()) == 'thread') end)()",
    /* errors */
    "local ok, e = xpcall(function() error('a', 0) end, function(m) return m .. 'b' end) assert(ok == false and e == "
    "'ab')",
    "assert(select('#', xpcall(function(...) return ... end, print, 1, nil)) == 3)",
    "local ok, e = pcall(error, { code = 1 }) assert(not ok and e.code == 1)",
    /* text */
    "assert(('%5.1f|%d|%s|%q|%%|%x'):format(1.5, 3, nil, 'a', 255) == '  1.5|3|nil|\"a\"|%|ff')",
    "assert(('%s %s'):format({}, setmetatable({}, { __tostring = function() return 'me' end })) == 'table me')",
    "assert(('ab'):rep(3) == 'ababab' and ('a'):rep(3, ',') == 'a,a,a' and ('a'):rep(0) == '' and (''):rep(1e9) == '')",
    "assert(tostring(1e15) == '1e+15' and tostring({}) == 'table' and tostring(print) == 'function')",
    "assert(tonumber('0x10') == 16 and tonumber('z', 36) == 35)",
    "assert(load('return 1 + 1')() == 2 and load('x = 5', 'n', 't', setmetatable({}, { __newindex = function() end })) "
    "~= nil)",
    "local f, e = load('return +', '=mine') assert(f == nil and e:find('load(mine):1:', 1, true))",
    "local r = host.random() assert(r >= 0 and r < 1 and r ~= host.random())",
    /* what two coroutines exchange */
    "local n = select('#', coroutine.wrap(function(...) return ... end)(unpack({}, 1, 200))) assert(n == 200)",
    /* modules: one environment per root, none shared with the stdlib */
    "string.len = function() return 0 end assert(require('stdlib.steps').length('abc') == 6)",
    "local mine = require 'scripts.mine' assert(mine.host == false and mine.same ~= string and mine == require "
    "'scripts.mine')",
};

static void test_friendly_scripts_work(void **state)
{
    for (size_t i = 0; i < sizeof friendly / sizeof friendly[0]; i++) {
        struct err err;
        enum task_turn turn = run_within(&roomy, friendly[i], &err);
        if (turn != TASK_RETURNED)
            fail_msg("%s\n%s", friendly[i], err.text);
    }
}

/* --- what must be absent or harmless: these return when the attack found nothing --- */

static const char *const escapes[] = {
    "for name in ('io os debug package ffi jit bit collectgarbage gcinfo newproxy getfenv setfenv dofile loadfile "
    "loadstring module'):gmatch '%S+' do"
    " assert(rawget(_G, name) == nil, name) end",
    "assert(string.dump == nil and ('').dump == nil and math.random == nil and math.randomseed == nil)",
    "for name in ('ffi jit debug io os string table math _G package stdlib strategies bit string.buffer "
    "table.new'):gmatch '%S+' do"
    " assert(not pcall(require, name), name) end",
    "assert(not pcall(require, 'stdlib.../../etc/passwd') and not pcall(require, 'stdlib.missing') and not "
    "pcall(require, 42))",
    "local f, e = load('\\27LJ\\2\\0') assert(f == nil and e:find 'mode') assert(load('\\27Lua') == nil)",
    "assert(load('return 1', 'x', 'b') == nil) assert(not pcall(load, function() return nil end))",
    "assert(getmetatable('') == false) assert(not pcall(setmetatable, '', {}))",
    "assert(not pcall(function() ('').x = 1 end))",
    "string.len = nil string.format = nil assert(('abc'):len() == 3 and ('%d'):format(1) == '1')",
    "setmetatable(_G, { __index = function() return 'trap' end, __newindex = error }) assert(host.call('facts', { a = "
    "1 }).a == 1)",
    "assert(not pcall(setmetatable, {}, { __gc = print })) assert(not pcall(setmetatable, {}, { __mode = 'k' }))",
    "assert(not pcall(string.format, '%p', {})) assert(not tostring(print):find '0x') assert(not "
    "('%s'):format({}):find '0x')",
    "assert(not pcall(coroutine.yield)) assert(not pcall(coroutine.wrap(function() host.call('facts') end)))",
    "assert(not pcall(coroutine.wrap(function() host.enter('w', {}) end)))",
    "local function deep(n) return coroutine.wrap(function() return deep(n + 1) end)() end"
    " local ok, e = pcall(deep, 1) assert(not ok and e == 'too many nested coroutines')",
    "local n = 1LL + 2ULL assert(not pcall(host.call, 'x', { n = n })) assert(not pcall(host.call, 'x', { n = 2i })) "
    "tostring(n)",
    "assert(not pcall(host.call, 'x', { f = print })) assert(not pcall(host.call, {})) assert(not pcall(host.enter)) "
    "assert(not pcall(host.log, {}))",
    "local t = {} t.t = t assert(not pcall(host.call, 'x', t)) assert(not pcall(host.leave, t)) assert(not "
    "pcall(host.evidence, t))",
    "assert(not pcall(string.rep, 'x', 1e9)) assert(not pcall(string.rep, 'x', 1e300)) assert(not pcall(string.rep, "
    "'x', 3, ('y'):rep(1e6)))",
    "assert(not pcall(string.gsub, 'a', 'a', function() return {} end)) assert(not pcall(string.gsub, 'a', '(', "
    "function() end))",
    "local function f(s) return (s:gsub('.', f)) end assert(not pcall(f, 'x'))",
    "local function f() return f() .. 'x' end local ok, e = pcall(f) assert(not ok and e:find 'stack overflow')",
    "local t = setmetatable({}, {}) getmetatable(t).__tostring = function() return tostring(t) end assert(not "
    "pcall(tostring, t))",
    "local t = setmetatable({}, {}) getmetatable(t).__index = function(x, k) return (x[k + 1]) end assert(not "
    "pcall(function() return t[1] end))",
    "local t = setmetatable({}, { __tostring = function() return {} end }) assert(not pcall(tostring, t)) assert(not "
    "pcall(print, t))",
    "local a, b = {}, {} for i = 1, 300 do a = setmetatable({}, { __index = a }) end assert(not pcall(function() "
    "return a.x.y end))",
    "assert(not pcall(unpack, {}, 1, 1e8)) assert(not pcall(table.concat, { {}, {} })) assert(not pcall(string.char, "
    "256))",
    "assert(load(('('):rep(1000) .. ('x') .. (')'):rep(1000)) == nil and load(('{'):rep(1000)) == nil)",
    "local locals = {} for i = 1, 300 do locals[i] = 'local a' .. i end assert(load(table.concat(locals, '\\n')) == "
    "nil)",
    "assert(load(('x=1 '):rep(100000)) == nil)",
    "local ok, e = pcall(error, setmetatable({}, { __tostring = error, __index = error, __metatable = error })) "
    "assert(not ok)",
    "table.sort({ 3, 1, 2 }, function(a, b) coroutine.wrap(function() end)() return a < b end)",
    /* the engine's coroutine is left by no yield, whatever went wrong in a resume */
    "local co = coroutine.create(function() end) assert(not pcall(coroutine.resume, co, unpack({}, 1, 201)))"
    " for i = 1, 40 do pcall(coroutine.resume, coroutine.create(function() end), unpack({}, 1, 7000)) end"
    " assert(not pcall(coroutine.yield) and coroutine.running() == nil)",
    "local function wide() return unpack({}, 1, 7900) end"
    " for i = 1, 40 do pcall(coroutine.resume, coroutine.create(wide)) end assert(not pcall(coroutine.yield))",
    "local co = coroutine.create(function() coroutine.yield(unpack({}, 1, 201)) end) assert(not coroutine.resume(co))",
    "local co co = coroutine.create(function() return coroutine.resume(co) end)"
    " local ok, again = coroutine.resume(co) assert(ok and again == false) assert(not pcall(coroutine.yield))",
    /* stdlib: no host, nothing that acts, nothing to change; what a Release pins of it is not looked at */
    "assert(not pcall(require, 'host') and not pcall(require, 'stdlib.promotion') and not pcall(require, "
    "'stdlib.start'))",
    "assert(not pcall(require, 'stdlib.strategy'))",
    "local steps = require 'stdlib.steps' assert(steps == require 'stdlib.steps' and steps.length 'abc' == 6)"
    " assert(not pcall(function() steps.length = print end) and not pcall(rawset, steps, 'length', print))"
    " assert(not pcall(function() steps.more.a = 2 end) and steps.more.a == 1 and rawget(steps, 'length') == nil)"
    " assert(getmetatable(steps) == false and not pcall(setmetatable, steps, {}) and steps.length 'abc' == 6)"
    " assert(not pcall(table.insert, steps, 1) and not pcall(table.insert, steps.more, 1, 2) and steps[1] == nil)",
    /* what stdlib seals, no function of a script's changes; other tables are its own */
    "local t = host.seal({ 1 }, 'sealed') local ok, why = pcall(rawset, t, 'a', 1) assert(not ok and why:find 'sealed')"
    " ok, why = pcall(table.insert, t, 2) assert(not ok and why:find 'sealed' and #t == 1)"
    " local mine = { 1 } table.insert(mine, 3) table.insert(mine, 2, 2) assert(#mine == 3 and mine[2] == 2)"
    " assert(not pcall(table.insert, nil, 1) and not pcall(table.insert, mine, 'a', 1))",
    /* load: an environment of one's own or none */
    "assert(not pcall(load, 'x = 1', 'n', 't', false) and not pcall(load, 'x = 1', 'n', 't', 5))"
    " load('leaked = 1')() assert(leaked == 1)",
    /* a weak table that becomes one later */
    "local m = {} setmetatable({}, m) m.__mode = 'k' assert(not pcall(host.call, 'facts', {}))"
    " assert(not pcall(host.enter, 'w', {})) m.__mode = nil assert(pcall(host.call, 'facts', {}))",
};

static void test_nothing_to_escape_through(void **state)
{
    for (size_t i = 0; i < sizeof escapes / sizeof escapes[0]; i++) {
        struct err err;
        enum task_turn turn = run_within(&roomy, escapes[i], &err);
        if (turn != TASK_RETURNED)
            fail_msg("%s\n%s", escapes[i], err.text);
    }
}

/* --- what must end --- */

static const char *const bombs[] = {
    "while true do end",
    "for i = 1, 1e18 do end",
    "::again:: goto again",
    "local function f() return f() end f()",
    "while true do pcall(function() while true do end end) end",
    "local function nest(n) while true do if n == 0 then while true do end end pcall(nest, n - 1) end end nest(100)",
    "xpcall(function() while true do end end, function() while true do end end)",
    "while true do xpcall(error, function() while true do end end) end",
    "coroutine.wrap(function() xpcall(error, function() while true do end end) end)()",
    "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
    "while true do coroutine.resume(coroutine.create(function() while true do end end)) end",
    "while true do pcall(error, {}) end",
    "for k in function() return 1 end do end",
    "local t = setmetatable({}, { __index = function(t, k) return t[k + 1] end }) while true do pcall(function() "
    "return t[1] end) end",
    "local function f() f() end while true do pcall(f) end",
    /* the standard library, which the hook cannot enter */
    "string.find(('a'):rep(40), ('a*'):rep(20) .. 'b')",
    "while true do pcall(string.find, ('a'):rep(40), ('a*'):rep(20) .. 'b') end",
    "for _ in (('a'):rep(40)):gmatch(('a*'):rep(20) .. 'b') do end",
    "(('a'):rep(40)):gsub(('a*'):rep(20) .. 'b', 'x')",
    "(('a'):rep(40)):gsub(('a*'):rep(20) .. 'b', function() end)",
    "pcall(string.gsub, ('a'):rep(1e5), 'a', function() host.log 'x' end) while true do end",
    "local s = ('x'):rep(1e6) while true do s:upper() end",
    "local t = {} for i = 1, 5e4 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end",
    "local t = {} for i = 1, 1e5 do t[i] = i end for i = 1, 1e5 do t[i] = nil end while true do next(t) end",
    "local t = {} for i = 1, 5e4 do t['k' .. i] = i end while true do for k in pairs(t) do end end",
    "while true do table.sort({ 3, 2, 1 }, function() return true end) end",
    /* memory */
    "local t = {} for i = 1, 1e9 do t[i] = i end",
    "local t = {} for i = 1, 1e9 do t[i .. 'k'] = i end",
    "local t = {} while true do t = { t } end",
    "local s = 'x' while true do s = s .. s end",
    "local t, s = {}, ('x'):rep(1e5) while true do t[#t + 1] = s .. #t end",
    "local t = {} while true do t[#t + 1] = coroutine.create(function() end) end",
    "local t = {} while true do t[#t + 1] = function() return t end end",
    "local t = {} while true do t = setmetatable({}, { __index = t }) end",
    "while true do pcall(function() local s = 'x' while true do s = s .. s end end) end",
    "while true do pcall(function() local t = {} while true do t[#t + 1] = {} end end) end",
    "local s = '' for i = 1, 1e6 do s = s .. ('x'):rep(i) end",
    "local f = load(('local t = {' .. ('{},'):rep(9000) .. '} return t')) local all = {} while true do all[#all + 1] = "
    "f() end",
    /* through the host */
    "while true do host.log 'x' end",
    "while true do host.call('facts', { a = 1 }) end",
    "while true do pcall(host.call, 'facts', { a = print }) end",
    "while true do host.enter('w', {}) host.leave(nil) end",
    "while true do print(('x'):rep(1e5)) end",
};

static void test_bombs_end(void **state)
{
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < sizeof bombs / sizeof bombs[0]; i++) {
            struct err err;
            enum task_turn turn = run_within(&tight, bombs[i], &err);
            if (turn != TASK_KILLED)
                fail_msg("turn %d of %s\n%s", turn, bombs[i], err.text);
            assert_int_equal(err.code, ERR_LIMIT);
            assert_non_null(strstr(err.text, "more than"));
        }
    }
}

static void test_killed_script_says_where(void **state)
{
    struct err err;
    assert_int_equal(run_within(&tight, "local n = 0\nwhile true do n = n + 1 end", &err), TASK_KILLED);
    assert_string_equal(err.text, "strategies/t.lua:3: more than 8 ms of CPU time in one step (before its first word)");
    assert_int_equal(run_within(&roomy, "local s = ('x'):rep(1e6)\nwhile true do s = s .. s end", &err), TASK_KILLED);
    assert_string_equal(err.text,
                        "strategies/t.lua:1, in the function that begins there: more than 4194304 bytes of memory");
    assert_int_equal(run_within(&tight, "host.call('facts') string.find(('a'):rep(40), ('a*'):rep(20) .. 'b')", &err),
                     TASK_KILLED);
    assert_string_equal(err.text,
                        "strategies/t.lua:2: more than 20 ms of CPU time in one step (before its first word)");
}

/* --- errors --- */

static void test_errors_have_a_place(void **state)
{
    static const char *const texts[][2] = {
        {"error('broken')", "strategies/t.lua:2: broken"},
        {"error('broken', 0)", "strategies/t.lua:2: broken"},
        /* a place that the script wrote is a part of its message; one on the stack is the VM's own */
        {"error('strategies/canary.lua:9: broken', 0)", "strategies/t.lua:2: strategies/canary.lua:9: broken"},
        {"error('x.lua:9: broken', 0)", "strategies/t.lua:2: x.lua:9: broken"},
        {"error({ message = 'stdlib/steps.lua:1: broken' })", "strategies/t.lua:2: stdlib/steps.lua:1: broken"},
        {"local function inner()\nerror('broken', 2) end\ninner()\nreturn", "strategies/t.lua:4: broken"},
        {"error({ message = 'from a table' })", "strategies/t.lua:2: from a table"},
        {"error({})", "strategies/t.lua:2: an error that is a table, not a text"},
        {"error()", "strategies/t.lua:2: an error that is a nil, not a text"},
        {"error(setmetatable({}, { __tostring = error, __index = error }))",
         "strategies/t.lua:2: an error that is a table, not a text"},
        {"local x = nil .. 'x'", "strategies/t.lua:2: attempt to concatenate a nil value"},
        {"string.format('%d', 'x')", "strategies/t.lua:2: bad argument #2 to 'format' (number expected, got string)"},
        {"('x'):find({})", "strategies/t.lua:2: bad argument #2 to 'find' (string expected, got table)"},
        {"string.gsub({}, 'x', 'y')", "strategies/t.lua:2: bad argument #1 to 'gsub' (string expected, got table)"},
        {"('x'):match('%')", "strategies/t.lua:2: malformed pattern (ends with '%')"},
        {"('x'):gsub('[', '')", "strategies/t.lua:2: malformed pattern (missing ']')"},
        {"('x'):rep({})", "strategies/t.lua:2: bad argument #2 to 'rep' (number expected, got table)"},
        {"host.call('act', { { weight = 0/0 } })", "strategies/t.lua:2: act: args[1].weight: NaN has no place in JSON"},
        {"host.call('refuse', { x = 5 })", "strategies/t.lua:2: refuse: args.x: a table is wanted, got 5"},
        {"error('bad \\255 bytes')", "strategies/t.lua:2: bad ? bytes"},
        {"error('\\27[31m red \\7 \\194\\155m \\0 end')", "strategies/t.lua:2: ?[31m red ? ?m   end"},
        {"load('error(\"x\", 0)')()", "strategies/t.lua:2: x"},
        {"load('\\nerror \"x\"', '@strategies/canary.lua')()",
         "load(strategiescanary.lua):2: x (called from strategies/t.lua:2)"},
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct err err;
        assert_int_equal(run_within(&roomy, texts[i][0], &err), TASK_FAILED);
        assert_int_equal(err.code, ERR_SCRIPT);
        assert_string_equal(err.text, texts[i][1]);
    }
}

static void test_long_errors_are_cut(void **state)
{
    struct err err;
    assert_int_equal(run_within(&roomy, "error(('x'):rep(1e6))", &err), TASK_FAILED);
    assert_true(strlen(err.text) < sizeof err.text);
    assert_memory_equal(err.text, "strategies/t.lua:2: xxx", 23);
}

static void test_print_goes_to_the_log(void **state)
{
    struct err err;
    logged[0] = '\0';
    assert_int_equal(run_within(&roomy, "print('a', 1, nil, {}, true)", &err), TASK_RETURNED);
    assert_string_equal(logged, "a\t1\tnil\ttable\ttrue");
}

/* --- modules of stdlib --- */

static int count_loads(const char *body)
{
    struct err err;
    loads = 0;
    if (run_within(&roomy, body, &err) != TASK_RETURNED)
        fail_msg("%s\n%s", body, err.text);
    return loads;
}

static void test_a_module_of_stdlib_is_loaded_once_it_is_needed(void **state)
{
    assert_int_equal(count_loads("require 'stdlib.thresholds'"), 0);
    assert_int_equal(count_loads("assert(require('stdlib.thresholds').base() == 'base')"), 1);
    assert_int_equal(count_loads("local needs = require 'stdlib.thresholds' "
                                 "assert(needs.join() == 'ownbase' and needs.base() == 'base')"),
                     1);
    assert_int_equal(count_loads("assert(next(require('stdlib.thresholds').class()) == nil)"), 0);
}

static void test_a_module_of_stdlib_that_failed_to_load_is_tried_again(void **state)
{
    failing_loads = 1;
    assert_int_equal(count_loads("local needs = require 'stdlib.thresholds' local ok, text = pcall(needs.join) "
                                 "assert(not ok and text:find 'a table is wanted', text) "
                                 "assert(needs.join() == 'ownbase')"),
                     2);
    failing_loads = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_friendly_scripts_work),
        cmocka_unit_test(test_nothing_to_escape_through),
        cmocka_unit_test(test_bombs_end),
        cmocka_unit_test(test_killed_script_says_where),
        cmocka_unit_test(test_errors_have_a_place),
        cmocka_unit_test(test_long_errors_are_cut),
        cmocka_unit_test(test_print_goes_to_the_log),
        cmocka_unit_test(test_a_module_of_stdlib_is_loaded_once_it_is_needed),
        cmocka_unit_test(test_a_module_of_stdlib_that_failed_to_load_is_tried_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
