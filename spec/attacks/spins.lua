--- Scripts that would not come to an end: each is stopped within its time, wherever it stands.
local function spin(what, body)
  return { what, body, stopped = 'time' }
end

return {
  door = 'Strategy',

  spin('a loop', 'while true do end'),
  { 'a loop behind words', 'rollout:shift(5) while true do end', raised = 'in one step (after rollout:shift)' },
  spin('a repetition', 'repeat until false'),
  spin('a count', 'for _ = 1, 1e18 do end'),
  spin('a jump', '::again:: goto again'),
  spin('a call in tail position', 'local function f() return f() end f()'),
  spin('two functions that call each other',
    'local f local function g() return f() end f = function() return g() end f()'),
  spin('a loop that catches', 'while true do pcall(function() while true do end end) end'),
  spin('a hundred loops that catch',
    'local function nest(n) while true do if n == 0 then while true do end end pcall(nest, n - 1) end end nest(100)'),
  spin('a recursion that catches', 'local function f() pcall(f) pcall(f) end f()'),
  spin('a handler of xpcall', 'xpcall(function() while true do end end, function() while true do end end)'),
  spin('handlers of xpcall', 'while true do xpcall(error, function() while true do end end) end'),
  spin('a handler of xpcall in a coroutine',
    'coroutine.wrap(function() xpcall(error, function() while true do end end) end)()'),
  spin('errors', 'while true do pcall(error, {}) end'),
  spin('errors of the language', 'while true do pcall(function() return nil + 1 end) end'),
  spin('stacks that overflow', 'local function f() return 1 + f() end while true do pcall(f) end'),
  spin('a coroutine', 'coroutine.wrap(function() while true do end end)()'),
  spin('coroutines', 'while true do coroutine.resume(coroutine.create(function() while true do end end)) end'),
  spin('a coroutine that yields',
    'local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end'),
  spin('coroutines in coroutines', [[
    local function deep(n)
      while true do pcall(coroutine.wrap(function() if n < 14 then deep(n + 1) end while true do end end)) end
    end
    deep(1)]]),
  spin('an iterator', 'for _ in function() return 1 end do end'),
  spin('pairs of pairs',
    'local t = {} for i = 1, 2000 do t["k" .. i] = i end while true do for _ in pairs(t) do end end'),
  spin('next', 'local t = { a = 1, b = 2 } local k while true do k = next(t, k) end'),
  spin('a metamethod',
    'local t = setmetatable({}, { __index = function(_, k) return k end }) while true do local _ = t.x end'),
  spin('__tostring', [[
    local t = setmetatable({}, { __tostring = function() while true do end end })
    while true do pcall(tostring, t) end]]),
  spin('print', 'while true do print() end'),
  spin('print of megabytes', "local s = ('x'):rep(1e6) while true do print(s) end"),
  spin('load', "while true do load('return 1')() end"),
  spin('load of what spins', "load('while true do end')()"),
  spin('load of megabytes', "local s = ('x = 1 '):rep(10000) while true do load(s) end"),
  spin('sort', 'while true do table.sort({ 3, 2, 1 }, function() return true end) end'),
  spin('a comparator', 'table.sort({ 2, 1 }, function() while true do end end)'),
  spin('gsub', "while true do ('x'):gsub('x', function() end) end"),
  spin('a replacement', "('x'):gsub('x', function() while true do end end)"),
  spin('a table of replacements', "('x'):gsub('x', setmetatable({}, { __index = function() while true do end end }))"),
  spin('require', "while true do pcall(require, 'scripts.nothing') end"),
  spin('require of the host', "while true do pcall(require, 'host') end"),
  spin('random', 'while true do rollout:random() end'),
  spin('lines of log', "while true do rollout:log 'x' end"),
  spin('words that are called wrongly', "while true do pcall(rollout.shift, rollout, 'x') end"),
  spin('words that are not there', 'while true do pcall(function() return rollout.nothing end) end'),
  spin('a handle that is written to', 'while true do pcall(function() rollout.x = 1 end) end'),
  spin('upper case of a megabyte', "local s = ('x'):rep(2 ^ 20) while true do s:upper() end"),
  spin('reversal of a megabyte', "local s = ('x'):rep(2 ^ 20) while true do s:reverse() end"),
  spin('comparison of megabytes',
    "local a, b = ('x'):rep(2 ^ 20) .. 'a', ('x'):rep(2 ^ 20) .. 'b' while true do local _ = a < b end"),
  spin('insertion at the front',
    'local t = {} for i = 1, 5e4 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end'),
  spin('insertion far before the front', 'while true do pcall(table.insert, {}, -2 ^ 31, 1) end'),
  spin('a number of 64 bits', 'local n = 0LL while true do n = n + 1LL end'),
  spin('a spin behind a word', 'rollout:shift(5) while true do end'),
  spin('a spin that catches behind a word',
    'rollout:shift(5) while true do pcall(function() while true do end end) end'),
}
