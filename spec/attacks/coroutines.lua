--- Coroutines: the engine waits in one, and nothing that a script does with its own may leave or disturb it.
return {
  door = 'Strategy',

  { 'coroutines in coroutines without an end', [[
    local function deep(n) return coroutine.wrap(function() return deep(n + 1) end)() end
    local ok, problem = pcall(deep, 1)
    assert(not ok and problem == 'too many nested coroutines')]] },
  { 'sixteen levels, again and again', [[
    local reached = 0
    local function deep(n) reached = n return coroutine.wrap(function() return deep(n + 1) end)() end
    for _ = 1, 20 do pcall(deep, 1) assert(reached == 17, reached) end]] },
  { 'a yield of the engine\'s own coroutine', [[
    assert(not pcall(coroutine.yield) and not pcall(coroutine.yield, 1) and coroutine.running() == nil)
    assert(not pcall(function() for _ in coroutine.yield do end end))
    assert(not pcall(setmetatable({}, { __index = coroutine.yield }).x == nil))]], raised = 'strategy failed' },
  { 'a yield in callbacks', [[
    for _, f in ipairs { function() table.sort({ 2, 1 }, coroutine.yield) end,
      function() ('x'):gsub('x', coroutine.yield) end, function() xpcall(error, coroutine.yield) error 'x' end,
      function() tostring(setmetatable({}, { __tostring = coroutine.yield })) end,
      function() load('coroutine.yield()', 'x', 't', _G)() end } do
      assert(not pcall(f))
    end]] },
  { 'a coroutine that resumes itself', [[
    local co
    co = coroutine.create(function() return coroutine.resume(co) end)
    local ok, again = coroutine.resume(co)
    assert(ok and again == false)]] },
  { 'coroutines that resume each other', [[
    local a, b
    a = coroutine.create(function() return coroutine.resume(b) end)
    b = coroutine.create(function() return coroutine.resume(a) end)
    local ok, inner, innermost = coroutine.resume(a)
    assert(ok and inner and innermost == false)]] },
  { 'a dead coroutine', [[
    local co = coroutine.create(function() end)
    coroutine.resume(co)
    for _ = 1, 100 do assert(not coroutine.resume(co)) end
    assert(coroutine.status(co) == 'dead' and not pcall(coroutine.wrap(error)))]] },
  { 'what is no coroutine', [[
    for _, it in ipairs { {}, print, 5, 'x', true, rollout, 1LL } do
      assert(not pcall(coroutine.resume, it) and not pcall(coroutine.status, it))
    end
    for _, it in ipairs { {}, 5, 'x', true, rollout, coroutine.create(print) } do
      assert(not pcall(coroutine.create, it) and not pcall(coroutine.wrap, it))
    end
    assert(not pcall(coroutine.resume) and not pcall(coroutine.create))]] },
  { 'functions of C as coroutines', [[
    for _, f in ipairs { print, pcall, error, require, load, next, tostring, string.gsub, table.sort, coroutine.yield,
      coroutine.resume, coroutine.wrap, rollout.event, rollout.promote, rollout.shift, setmetatable, select, unpack } do
      pcall(coroutine.wrap(f))
    end]] },
  { 'too many values', [[
    assert(not pcall(coroutine.resume, coroutine.create(print), unpack({}, 1, 201)))
    for _ = 1, 40 do pcall(coroutine.resume, coroutine.create(function() end), unpack({}, 1, 7000)) end
    local function wide() return unpack({}, 1, 7900) end
    for _ = 1, 40 do pcall(coroutine.resume, coroutine.create(wide)) end
    assert(not coroutine.resume(coroutine.create(function() coroutine.yield(unpack({}, 1, 201)) end)))
    assert(not pcall(coroutine.yield) and coroutine.running() == nil)]] },
  { 'errors of every kind through coroutines', [[
    for _, value in ipairs { {}, print, 5, 'x', true } do
      local ok, problem = coroutine.resume(coroutine.create(error), value)
      assert(not ok and (problem == value or type(problem) == 'string'))
    end]] },
  { 'a stack that overflows in each of a thousand coroutines', [[
    local function deep() return 1 + deep() end
    for _ = 1, 10 do assert(not coroutine.resume(coroutine.create(deep))) end]] },
  { 'a coroutine that is kept over words', [[
    local co = coroutine.wrap(function() for i = 1, 1e9 do coroutine.yield(i) end end)
    local sum = co()
    rollout:shift(5)
    sum = sum + co()
    rollout:wait '5s'
    sum = sum + co()
    rollout:hook('told', { text = 'sum ' .. sum })]], tells = 'sum 6' },
  { 'a word in the coroutine of a check',
    "pcall(coroutine.wrap(function() rollout:check 'request-success-rate' end))" },
  { 'a word in a coroutine of a coroutine',
    'coroutine.wrap(function() coroutine.wrap(function() rollout:promote() end)() end)()', raised = 'strategy failed' },
  { 'the end of a script in a coroutine', "coroutine.wrap(function() rollout:rollback 'x' end)()",
    raised = 'rollout:rollback: no word can run inside a coroutine' },
  { 'an iterator that yields to the engine', [[
    local n = 0
    for _ in coroutine.wrap(function() for i = 1, 5 do coroutine.yield(i) end end) do n = n + 1 rollout:wait '1s' end
    rollout:hook('told', { text = 'times ' .. n })]], tells = 'times 5' },
}
