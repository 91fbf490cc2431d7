--- Scripts that would take all memory: each is stopped at its limit, or on the way there by that of its time, and what
--- it took is given back.
local function bomb(what, body)
  return { what, body, stopped = 'limit' }
end

local function caught(what, body)
  return bomb(what, 'while true do pcall(function() ' .. body .. ' end) end')
end

return {
  door = 'Strategy',

  bomb('a list', 'local t = {} for i = 1, 1e9 do t[i] = i end'),
  bomb('names', "local t = {} for i = 1, 1e9 do t['k' .. i] = i end"),
  bomb('tables in tables', 'local t = {} while true do t = { t } end'),
  bomb('tables', 'local t = {} while true do t[#t + 1] = {} end'),
  bomb('a text that doubles', "local s = 'x' while true do s = s .. s end"),
  bomb('a text that grows', "local s = '' for i = 1, 1e6 do s = s .. ('x'):rep(i) end"),
  bomb('texts', "local t, s = {}, ('x'):rep(1e5) while true do t[#t + 1] = s .. #t end"),
  bomb('functions', 'local t = {} while true do t[#t + 1] = function() return t end end'),
  bomb('coroutines', 'local t = {} while true do t[#t + 1] = coroutine.create(print) end'),
  bomb('coroutines that wait', [[
    local t = {}
    while true do
      t[#t + 1] = coroutine.wrap(function() local a, b, c = 1, 2, 3 coroutine.yield() return a + b + c end)
      t[#t]()
    end]]),
  bomb('metatables', 'local t = {} while true do t = setmetatable({}, { __index = t }) end'),
  bomb('chunks', "local t = {} while true do t[#t + 1] = load('return ' .. #t) end"),
  bomb('a constructor',
    "local f, t = load('return {' .. ('{},'):rep(9000) .. '}'), {} while true do t[#t + 1] = f() end"),
  bomb('numbers of 64 bits', 'local t = {} while true do t[#t + 1] = 1LL * #t end'),
  bomb('upper case', "local t, s = {}, ('x'):rep(1e6) for i = 1, 1e3 do t[i] = (s .. i):upper() end"),
  bomb('rep', "local t = {} for i = 1, 1e3 do t[i] = ('x'):rep(1e6 - i) end"),
  bomb('rep with a separator', "local t = {} for i = 1, 1e3 do t[i] = ('x'):rep(1e5, 'yyyyyyyy' .. i) end"),
  bomb('table.concat', [[
    local t, all = {}, {}
    for i = 1, 1000 do t[i] = ('x'):rep(1000) end
    for i = 1, 1e3 do t[1] = i all[i] = table.concat(t) end]]),
  bomb('gsub', "local s = ('x'):rep(1000) for _ = 1, 20 do s = s:gsub('x', 'xxxx') end"),
  bomb('gsub with a function',
    "local s = ('x'):rep(1000) for _ = 1, 20 do s = s:gsub('x', function() return 'xxxx' end) end"),
  bomb('formats', "local t = {} for i = 1, 1e9 do t[i] = ('%99d %99d'):format(i, i) end"),
  bomb('sort', 'local t = {} for i = 1, 3e5 do t[i] = -i end table.sort(t)'),
  bomb('pairs', 'local t = {} for i = 1, 3e5 do t[i] = i end for _ in pairs(t) do end'),
  bomb('unpack', 'local t = {} while true do t[#t + 1] = { unpack({}, 1, 7000) } end'),
  bomb('varargs', 'local function f(...) return f(1, ...) end f()'),
  bomb('parts of a text', "local t, s = {}, ('x'):rep(1e5) for i = 1, 1e5 do t[i] = s:sub(i) end"),
  bomb('memory behind a word', 'rollout:shift(5) local t = {} while true do t[#t + 1] = {} end'),

  caught('texts, caught', "local s = 'x' while true do s = s .. s end"),
  caught('tables, caught', 'local t = {} while true do t[#t + 1] = {} end'),
  caught('names, caught', "local t = {} for i = 1, 1e9 do t['k' .. i] = i end"),
  caught('coroutines, caught', 'local t = {} while true do t[#t + 1] = coroutine.create(print) end'),
  caught('chunks, caught', "local t = {} while true do t[#t + 1] = load('return ' .. #t) end"),
  { 'all memory, then a word', [[
    local t = {}
    for size = 16, 1, -1 do
      pcall(function() while true do t[#t + 1] = ('x'):rep(2 ^ size) .. #t end end)
    end
    rollout:shift(5)]], stopped = 'limit' },
  { 'all memory, then a word with data', [[
    local data, t = { a = { b = { c = {} } } }, {}
    pcall(function() while true do t = { t } end end)
    rollout:hook('told', data)]], stopped = 'limit' },
  { 'all memory, then an end', 'local t = {} pcall(function() while true do t = { t } end end) do return end',
    raised = 'strategy failed' },
  { 'all memory, then an error', "local t = {} pcall(function() while true do t = { t } end end) error(t)",
    raised = 'strategy failed' },
  { 'all memory, then an error with a number',
    "local t = {} pcall(function() while true do t = { t } end end) error(5)",
    raised = 'strategy failed' },
}
