--- What is given to words: every value in every place, and words said where nobody expects them.
local EVIL = [[
    local sly = setmetatable({}, { __index = function() return 1 end, __newindex = function() end,
      __tostring = function() return 'x' end, __eq = function() return true end, __lt = function() return true end,
      __le = function() return true end, __call = function() return 1 end, __concat = function() return 'x' end,
      __metatable = 'x' })
    local evil = { 0 / 0, 1 / 0, -1 / 0, 1LL, 2ULL, 2i, -0.5, -1, 2 ^ 53 + 2, 1e308, print, rollout, true, sly,
      coroutine.create(print), { sly }, { [1] = 1, x = 2 }, { [2 ^ 53] = 1 }, { [0.5] = 1 }, { [sly] = 1 },
      { [1LL] = 1 }, { ['\0'] = 1 }, { ['\255'] = 1 }, { f = print }, { n = 0 / 0 }, { { { 1LL } } } }
    local function refuses(word, ...)
      local ok, problem = pcall(rollout[word], rollout, ...)
      assert(not ok, word)
      assert(type(problem) == 'string' and problem:find(word, 1, true), problem)
    end
]]

--- Each evil value at one place of a word's arguments, the others being good.
local function all(word, arguments, text)
  return { 'every kind of value for ' .. text,
    EVIL .. 'for i = 1, #evil do local it = evil[i] refuses(' .. ("'%s', %s"):format(word, arguments) .. ') end' }
end

--- The same, of a word whose table is checked where it is recorded: the word that raised has not come to its end.
local function recorded(word, arguments, problem)
  return { 'data that is none for ' .. word .. ', ' .. problem,
    ('rollout:%s(%s)'):format(word, arguments), raised = problem }
end

local ONCE = 'rollout:hook("told", { text = "%s" })'

--- A word where the language calls a function of its own.
local function within(place, text)
  return { 'a word in ' .. place, 'local function say() ' .. ONCE:format(place) .. ' end\n' .. text, tells = place }
end

return {
  door = 'Strategy',

  all('shift', 'it', 'shift'),
  all('wait', 'it', 'wait'),
  all('event', 'it', 'event'),
  all('log', 'it', 'log'),
  all('rollback', 'it', 'rollback'),
  all('alert', 'it, "x"', 'the severity of alert'),
  all('alert', '"info", it', 'the text of alert'),
  all('open', 'it', 'open'),
  all('mirror', 'it', 'mirror'),
  all('replicas', 'it', 'replicas'),
  all('history', 'it', 'history'),
  all('query', 'it', 'query'),
  all('next_weight', 'it', 'next_weight'),
  all('hook', 'it', 'the name of hook'),
  all('fetch', 'it', 'the name of fetch'),
  all('gate', 'it', 'the name of gate'),
  all('gate', '"told", { timeout = it }', 'the timeout of gate'),
  all('gate', '"told", { timeout = "1m", otherwise = it }', 'what gate does otherwise'),
  all('gate', '"told", { [tostring(it) .. i] = it }', 'an option of gate'),
  all('check', 'it', 'the name of check'),
  all('analyse', '{ rounds = it }', 'the rounds of analyse'),
  all('analyse', '{ lasting = it }', 'the time of analyse'),
  all('analyse', '{ rounds = 1, checks = { it } }', 'a check of analyse'),
  all('wait_until', '{ canary = it, phase = "Succeeded" }', 'the canary of wait_until'),
  all('wait_until', '{ canary = "x", phase = it }', 'the phase of wait_until'),
  all('wait_until', '{ weekdays = it, from = "08:00" }', 'the weekdays of wait_until'),
  all('wait_until', '{ from = it }', 'the hour of wait_until'),
  all('wait_until', '{ from = "08:00", to = it }', 'the end of wait_until'),
  all('wait_until', '{ from = "08:00", zone = it }', 'the zone of wait_until'),
  all('wait_until', '{ from = "08:00", except = { it } }', 'an exception of wait_until'),
  all('wait_until', '{ from = "08:00" }, { timeout = it }', 'the timeout of wait_until'),
  all('match', '{ headers = it }', 'the headers of match'),
  all('match', '{ headers = { x = it } }', 'a header of match'),
  all('match', '{ headers = { x = { regex = it } } }', 'an expression of match'),
  all('match', '{ cookies = { x = it } }', 'a cookie of match'),
  all('match', '{ it, it }', 'a rule of match'),

  recorded('hook', '"told", { n = 0 / 0 }', 'data.n: NaN'),
  recorded('hook', '"told", { n = 1 / 0 }', 'data.n: infinity'),
  recorded('hook', '"told", { n = 1LL }', 'data.n: a cdata'),
  recorded('hook', '"told", { f = print }', 'data.f: a function'),
  recorded('hook', '"told", { r = { coroutine.create(print) } }', 'data.r[1]: a thread'),
  recorded('hook', '"told", { 1, nil, 3 }', 'data: neither a list'),
  recorded('hook', '"told", { [0.5] = 1 }', 'data: neither a list'),
  recorded('hook', '"told", { [2 ^ 53] = 1 }', 'data: neither a list'),
  recorded('hook', '"told", { ["a\\0b"] = 1 }', 'a name with a NUL'),
  recorded('hook', '"told", { ["\\255"] = 1 }', 'a name that is not UTF-8'),
  recorded('hook', '"told", { x = "\\237\\160\\128" }', 'a string that is not UTF-8'),
  recorded('fetch', '"told", { n = 0 / 0 }', 'data.n: NaN'),
  recorded('event', '"\\255\\254"', 'a string that is not UTF-8'),
  { 'a table that contains itself for hook', "local t = {} t.t = t rollout:hook('told', t)",
    raised = 'more than 64 levels of tables' },
  { 'a table of a thousand levels for hook', "local t = {} for _ = 1, 1000 do t = { t } end rollout:hook('told', t)",
    raised = 'more than 64 levels of tables' },
  { 'a table that contains one table a million times for hook', [[
    local t = { 'leaf' }
    for _ = 1, 20 do t = { t, t } end
    rollout:hook('told', t)]], raised = 'more than 20000 values' },
  { 'a table of many names for hook', [[
    local t = {}
    for i = 1, 3000 do t['n' .. i] = i end
    rollout:hook('told', t)]], raised = 'more than 2000 names' },
  { 'a text of two megabytes for hook', "rollout:hook('told', { ('x'):rep(2 ^ 20), ('y'):rep(2 ^ 20) })",
    raised = 'bytes of text in one value' },
  { 'data with metamethods for hook', [[
    local t = setmetatable({ x = 'plain' }, { __index = error, __pairs = error, __len = error, __call = error,
      __tojson = error, __metatable = false })
    rollout:hook('told', t)]], tells = '"data":{"x":"plain"}' },
  { 'options by __index', [[
    local options = setmetatable({}, { __index = { timeout = '1ms', otherwise = 'rollback' } })
    rollout:gate('told', options)]] },
  { 'options that differ each time they are read', [[
    local n, values = 0, { '1h', 5, {}, print, '1h', -1 }
    local options = setmetatable({}, { __index = function() n = n + 1 return values[n % #values + 1] end })
    pcall(rollout.analyse, rollout, options)
    assert(not pcall(rollout.shift, rollout, options))]] },
  { 'a zone that is a path', [[
    for _, zone in ipairs { '../../../etc/passwd', '/etc/passwd', 'Europe/../../../../etc/passwd', '.', '..', 'a\0b',
      ('x'):rep(1e5), 'UTC/', '//UTC', 'tzdata.zi', ' UTC', 'UTC\n', '%s%n', '~', '$HOME' } do
      local ok = pcall(rollout.wait_until, rollout, { from = '00:00', zone = zone })
      assert(not ok, zone)
    end]], raised = 'has not come to an end' },
  { 'a query that is a program', [[
    for _, text in ipairs { '{{', '{{ . ', ('{{ ('):rep(3000), ('('):rep(16000), '{{ template "x" }}', '{{ .Secret }}',
      '{{ define "x" }}{{ template "x" }}{{ end }}', '{{ range }}', '{{ printf "%999999999d" 1 }}' } do
      pcall(rollout.query, rollout, text)
    end]], raised = 'has not come to an end' },
  { 'a query of nothing but levels', "rollout:query(('{{ ('):rep(4000))", raised = 'strategy failed' },
  { 'a query that formats a gigabyte', "rollout:query('{{ printf \"%999999999d\" 1 }}')" },
  { 'a query that formats megabytes', [[
    rollout:query('{{ printf "%20000d" 1 }}')
    rollout:query(('{{ printf "%20000d" 1 }}'):rep(600))]], stopped = 'limit' },
  { 'a webhook that is not declared', "rollout:fetch 'http://elsewhere/'", raised = 'rollout:fetch' },
  { 'a webhook by a path', "rollout:hook '../../told'", raised = 'rollout:hook' },
  { 'a metric that is none', "rollout:check '__index'", raised = 'rollout:check: there is no metric' },
  { 'parameters by __index for check', [[
    local params = setmetatable({}, { __index = error, __pairs = error })
    rollout:check('request-success-rate', params)]], raised = 'rollout:check: params: min or max is wanted' },
  { 'begin twice', 'rollout:begin()', raised = 'rollout:begin: it has come back already' },
  { 'a share of 101', 'rollout:shift(101)', raised = 'rollout:shift: weight: a whole number from 0 to 100' },
  { 'promote twice', [[
    rollout:analyse { rounds = 1 }
    pcall(rollout.promote, rollout)
    rollout:hook('told', { text = 'after the end' })
    rollout:promote()]], silent = 'after the end' },
  { 'promote, caught in every way', [[
    rollout:analyse { rounds = 1 }
    xpcall(function() pcall(coroutine.wrap(function() end)) rollout:promote() end, function() rollout:shift(99) end)
    while true do pcall(rollout.shift, rollout, 99) end]], silent = 'weight 99' },
  { 'rollback, caught', "pcall(rollout.rollback, rollout, 'enough') while true do rollout:shift(99) end",
    raised = 'enough', silent = 'weight 99' },
  { 'promote before a round', 'rollout:promote()', raised = 'no round has passed yet' },
  { 'a word while another is under way', [[
    local meta = {}
    pcall(rollout.hook, rollout, 'told', { n = 0 / 0 })
    rollout:shift(5)]], raised = 'the word hook has not come to an end' },
  { 'words after an error that was caught', [[
    pcall(rollout.query, rollout, '{{ nothing }}')
    pcall(rollout.promote, rollout)
    rollout:shift(5)]], raised = 'has not come to an end', silent = 'weight 5' },

  within('a metamethod', 'local _ = setmetatable({}, { __index = function() say() return 1 end }).x'),
  within('an assignment', 'setmetatable({}, { __newindex = say }).x = 1'),
  within('a comparison', 'local m = { __lt = function() say() return true end } ' ..
    'local _ = setmetatable({}, m) < setmetatable({}, m)'),
  within('a concatenation', "local _ = setmetatable({}, { __concat = function() say() return '' end }) .. 'x'"),
  within('an addition', 'local _ = setmetatable({}, { __add = function() say() return 1 end }) + 1'),
  within('a call', 'setmetatable({}, { __call = say })()'),
  within('tostring', "tostring(setmetatable({}, { __tostring = function() say() return '' end }))"),
  within('print', "print(setmetatable({}, { __tostring = function() say() return '' end }))"),
  within('a format', "local _ = ('%s'):format(setmetatable({}, { __tostring = function() say() return '' end }))"),
  within('gsub', "local _ = ('x'):gsub('x', function() say() end)"),
  within('a table of gsub', "local _ = ('x'):gsub('x', setmetatable({}, { __index = function() say() end }))"),
  within('sort', 'local once = true table.sort({ 2, 1 }, function(a, b) if once then say() end once = false ' ..
    'return a < b end)'),
  within('an iterator', 'local n = 0 for _ in function() n = n + 1 if n == 1 then say() return 1 end end do end'),
  within('pcall', 'pcall(say)'),
  within('a handler of xpcall', 'xpcall(error, say)'),
  within('a loaded chunk', "load('say()', 'x', 't', { say = say })()"),
  within('a deep recursion', 'local function deep(n) if n == 0 then say() return 0 end ' ..
    'return 1 + deep(n - 1) end deep(5000)'),
  { 'a word in a coroutine', "coroutine.wrap(function() rollout:event 'x' end)()",
    raised = 'rollout:event: no word can run inside a coroutine of the script' },
  { 'a word in a coroutine, caught', [[
    pcall(coroutine.wrap(function() rollout:hook('told', { text = 'x' }) end))
    rollout:hook('told', { text = 'y' })]], tells = 'y' },
  { 'a round in a coroutine', "coroutine.wrap(rollout:rounds())()",
    raised = 'rollout:rounds: no word can run inside a coroutine of the script' },
  { 'the function of rounds, kept and renamed', [[
    local next_round = rollout:rounds()
    local t = setmetatable({}, { __index = next_round, __call = next_round })
    local _ = t.x
    t()
    rollout:hook('told', { text = 'two rounds' })]], tells = 'two rounds' },
  { 'a loop of waits of a second', "for _ = 1, 300 do rollout:wait '1s' end" },
  { 'wait a millisecond', "rollout:wait '1ms'", raised = 'rollout:wait: from 1s to 720h are wanted, got 1ms' },
  { 'a condition of a millisecond', "rollout:any { '1ms' }", raised = 'rollout:any: [1]: from 1s to 720h are wanted' },
  { 'a limit of a millisecond', "rollout:within('1ms', { from = '08:00' })",
    raised = 'rollout:within: from 1s to 720h' },
  { 'a timeout of a millisecond', "rollout:wait_until({ from = '08:00' }, { timeout = '1ms' })",
    raised = 'rollout:wait_until: timeout: from 1s to 720h' },
  { "a number of LuaJIT's", 'rollout:shift(5LL)', raised = 'rollout:shift: weight: a whole number from 0 to 100' },
  { "a number of LuaJIT's as a duration", 'rollout:wait(5ULL)', raised = 'rollout:wait: a duration like' },
  { "a number of LuaJIT's in a payload", "rollout:hook('told', { a = { 5LL } })",
    raised = 'rollout:hook: data.a[1]: a cdata has no place in JSON' },
  { "a number of LuaJIT's as a text", "rollout:hook('told', { text = tostring(5LL) })", tells = 'cdata' },
  { "numbers of LuaJIT's as keys", 'for k in pairs { [5LL] = 1, [6LL] = 2 } do rollout:event(k) end',
    raised = 'pairs: keys that are tables or functions have no order' },
  { 'wait 0', "rollout:wait '0s'", raised = 'from 1s to 720h are wanted' },
  { 'a wait without an end', "rollout:wait(('9'):rep(300) .. 'h')", raised = 'rollout:wait' },
}
