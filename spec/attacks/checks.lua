--- Checks: they judge the releases of others, in the VM of a strategy, and can do nothing else there.
local JUDGE = '\nreturn c:judge(1, { max = 2 }) end }'
local CHECK = "return require 'stdlib.check' "

local function whole(what, script, outcome)
  outcome[1], outcome[2], outcome.whole = what, script, true
  return outcome
end

return {
  door = 'Check',

  { 'the words of strategies', [[
    for word in ('shift match mirror promote rollback begin rounds analyse wait wait_until gate hook fetch alert event '
      .. 'log open check history weights revision replicas random elapsed next_weight'):gmatch '%S+' do
      local ok, problem = pcall(function() return c[word] end)
      assert(not ok and problem:find('a check never acts', 1, true), word)
    end]] },
  { 'promote', 'c:promote()', raised = 'a check never acts, this is a word of strategies' },
  { 'the words beneath', [[
    for word in ('word act later tick spec round facts model place ended given asked run host rollout'):gmatch '%S+' do
      assert(not pcall(function() return c[word] end), word)
    end
    assert(rawget(_G, 'rollout') == nil and rawget(_G, 'host') == nil)]] },
  { 'what is not for checks', [[
    for name in ('host strategies.canary strategies.blue_green scripts.x checks.request-duration checks.test.attack '
      .. 'stdlib.checking stdlib.script_words stdlib.metrics stdlib.probe stdlib.round stdlib.protocol '
      .. 'adapters.metrics.prometheus'):gmatch '%S+' do
      assert(not pcall(require, name), name)
    end]] },
  { 'what it is given', [[
    assert(getmetatable(c) == false and next(c) == nil and not pcall(setmetatable, c, {}))
    assert(not pcall(rawset, c, 'x', 1) and not pcall(function() c.x = 1 end) and not pcall(table.insert, c, 1))
    assert(rawget(c, 'judge') == nil and not pcall(load('x = 1', 'x', 't', c)))]] },
  { 'the libraries and globals of others', [[
    if broken then return c:judge(1, { max = 2 }) end
    local all = _G
    for _, library in ipairs { string, table, math, coroutine, all } do
      for name in next, library do library[name] = function() all.error 'mine' end end
    end
    all.broken = true]] },
  { 'a metatable of its globals', 'setmetatable(_G, { __index = error, __newindex = error })' },
  { 'a result of its own making', "do return { verdict = 'pass', value = 1, text = 'x' } end",
    raised = 'run gives a table, wanted what c:judge or c:blind gives' },
  { 'a result that looks like one', [[
    local outcome = c:judge(5, { max = 2 })
    local copy = setmetatable({}, { __index = outcome, __eq = function() return true end })
    do return copy end]], raised = 'wanted what c:judge or c:blind gives' },
  { 'a result that it changes', [[
    local outcome = c:judge(5, { max = 2 })
    outcome.verdict, outcome.value, outcome.bounds = 'pass', 1, {}
    do return outcome end]], raised = 'failed checks reached the threshold' },
  { 'bounds that it changes afterwards', [[
    local options = { max = 2 }
    local outcome = c:judge(5, options)
    outcome.bounds.max, options.max = 100, setmetatable({}, { __index = error })
    do return outcome end]], raised = 'failed checks reached the threshold' },
  { 'a result of another question', [[
    if kept then return kept end
    kept = c:judge(1, { max = 2 })
    c:judge(1, { max = 2 })
    if not kept then return end
    do return kept end]], raised = 'wanted what c:judge or c:blind gives' },
  { 'the words of another question', [[
    if kept then
      assert(not pcall(function() return kept:judge(1, { max = 2 }) end))
      assert(not pcall(function() return kept:query 'x' end))
      assert(not pcall(c.judge, kept, 1, { max = 2 }))
    end
    kept = c]] },
  { 'many results, and one of them', [[
    local first = c:judge(1, { max = 2 })
    for _ = 1, 100 do c:judge(9, { max = 2 }) c:blind 'x' end
    do return first end]] },
  { 'values that are no numbers', [[
    local sly = setmetatable({}, { __lt = function() return true end, __le = function() return true end,
      __sub = function() return 1 end, __unm = function() return 1 end })
    for _, it in ipairs { '1', {}, sly, true, print, 1LL, 2ULL, c } do
      assert(not pcall(c.judge, c, it, { max = 2 }))
      assert(not pcall(c.judge, c, 1, { max = it }) and not pcall(c.judge, c, 1, { min = it }))
      assert(not pcall(c.judge, c, 1, { max = 2, unit = type(it) == 'string' and 5 or it }))
    end
    for _, it in ipairs { '1', 5, true, print, c } do assert(not pcall(c.judge, c, 1, it)) end
    assert(not pcall(c.judge, c, 1, { max = 0 / 0 }) and not pcall(c.judge, c) and not pcall(c.judge, c, 1))]] },
  { 'a value that is not a number', 'n = (n or 0) + 1 if n < 3 then return c:judge(0 / 0, { max = 2 }) end' },
  { 'a value without an end', 'do return c:judge(1 / 0, { max = 2 }) end', raised = 'failed checks reached' },
  { 'bounds without an end', 'do return c:judge(1, { max = 1 / 0 }) end',
    raised = 'checks/test/attack.lua:2: c:judge: max: a finite number is wanted, got inf' },
  { 'bounds that are metatables', [[
    local sly = setmetatable({}, { __lt = function() return false end, __sub = function() return 1 end })
    c.bounds.max = sly
    do return c:judge(1) end]], raised = 'options: min or max is wanted' },
  { 'a text that formats', [[
    for _, text in ipairs { '%s', '%n', '%p', '%999d', '%d %d', '%', '%q', '%c', '%*d', '%5.5.5f', '%%%', '%i%i',
      ('x'):rep(2000), '', 5, {}, print } do
      assert(not pcall(c.judge, c, 1, { max = 2 }, text), tostring(text))
    end
    do return c:judge(1, { max = 2 }, '%-+ #05.2f %%') end]] },
  { 'a text of control characters', "do return c:judge(1, { max = 2 }, '\\27[2J\\0\\r\\n%d') end" },
  { 'a text that is no text', "do return c:judge(5, { max = 2 }, '\\255\\254 %d') end",
    raised = 'c:judge: text: UTF-8 is wanted' },
  { 'a unit of a megabyte', "do return c:judge(5, { max = 2, unit = ('x'):rep(2 ^ 20) }) end",
    raised = 'c:judge: unit: at most 40 bytes of UTF-8 are wanted' },
  { 'a cause of a megabyte', "c:blind(('x'):rep(2 ^ 20))", raised = 'text: 1 to 1000 bytes are wanted' },
  { 'a flood of queries', "for _ = 1, 51 do c:query 'up' end", raised = 'more than 50 queries in one run' },
  { 'a query that is a program', "c:query(('{{ ('):rep(4000))", raised = 'strategy failed' },
  { 'a query in a coroutine', "coroutine.wrap(function() c:query 'up' end)()",
    raised = 'c:query: no word can run inside a coroutine' },
  { 'a query in every callback', [[
    local function ask() c:query 'up' return 'x' end
    local _ = ('x'):gsub('x', ask)
    local once = true
    table.sort({ 2, 1 }, function() if once then ask() end once = false return false end)
    tostring(setmetatable({}, { __tostring = ask }))
    local _ = setmetatable({}, { __index = ask }).x
    pcall(ask)
    xpcall(error, ask)]] },
  { 'a wait of its own', 'coroutine.yield()', raised = 'attempt to yield outside a coroutine' },
  { 'its parameters', [[
    c.params.x = 5
    setmetatable(c.params, { __index = error, __newindex = error, __pairs = error })]] },
  { 'the facts', [[
    local before = { c.target, c.name, c.namespace, c.service, c.interval, c.weight, c.iterations, c.now }
    for _, name in ipairs { 'target', 'name', 'weight', 'now', 'params', 'bounds', 'judge' } do
      assert(not pcall(function() c[name] = 1 end))
    end
    assert(c.target == before[1] and c.weight == before[6])]] },
  { 'an error', "error 'mine'", raised = 'checks/test/attack.lua:2: mine' },
  { 'an error that is a table that spins', 'error(setmetatable({}, { __tostring = function() while true do end end }))',
    raised = 'an error that is a table' },
  { 'an end without a result', 'do return end', raised = 'run gives a nil' },
  { 'its own words as the result', 'do return c end', raised = 'run gives a table' },
  { 'a spin', 'while true do end', stopped = 'time' },
  { 'a spin that catches', 'while true do pcall(function() while true do end end) end', stopped = 'time' },
  { 'a spin behind a query', "c:query 'up' while true do end", stopped = 'time' },
  { 'a pattern', "(('a'):rep(40)):find(('a*'):rep(20) .. 'b')", stopped = 'time' },
  { 'all memory', 'local t = {} while true do t[#t + 1] = {} end', stopped = 'limit' },
  { 'all memory, kept for the strategy', [[
    kept = {}
    pcall(function() while true do kept = { kept } end end)]], raised = 'strategy failed' },
  { 'a state that decides', 'n = (n or 0) + 1 if n > 1e9 then error() end' },
  whole('a strategy', "return require 'stdlib.strategy' { name = 'x', run = print }",
    { refused = 'the script returns a strategy, wanted a check' }),
  whole('a kind of its own', "return { kind = 'strategy', name = 'x', run = print }", { refused = 'wanted a check' }),
  whole('a name that others know',
    CHECK .. "{ name = 'request-success-rate', run = function(c)" .. JUDGE, {}),
  whole('modules that are called like the engine\'s',
    "assert(require 'scripts.host' == 1 and not pcall(require, 'host'))"
    .. CHECK .. "{ name = 'x', run = function(c)" .. JUDGE, { modules = { host = 'return 1', ['..'] = '' } }),
  whole('a module of its strategy', "assert(not pcall(require, 'strategies.canary'))" .. CHECK
    .. "{ name = 'x', run = function(c) assert(not pcall(require, 'strategies.canary'))" .. JUDGE, {}),
  whole('bytecode', '\27LJ\2\1', { refused = 'bytecode, and a script is a text of Lua' }),
  whole('a NUL', CHECK .. '{} --\0', { refused = 'NUL' }),
  whole('a definition that becomes another', "local definition definition = require 'stdlib.check' { name = 'x', "
    .. "run = function(c) definition.run, definition.name, definition.params = nil, {}, 5" .. JUDGE
    .. ' return definition', { raised = 'strategy failed' }),
  whole('a good one, after all that', CHECK .. "{ name = 'x', run = function(c)" .. JUDGE, {}),
}
