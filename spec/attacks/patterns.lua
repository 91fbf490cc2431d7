--- Patterns that take for ever: C runs them, where no hook can stop them, so the VM is given up.
local STARS = "(('a*'):rep(20) .. 'b')"
local TEXT = "(('a'):rep(40))"

local function bomb(what, body)
  return { what, body, stopped = 'time' }
end

return {
  door = 'Strategy',

  bomb('find', ('%s:find(%s)'):format(TEXT, STARS)),
  bomb('match', ('%s:match(%s)'):format(TEXT, STARS)),
  bomb('gmatch', ('for _ in %s:gmatch(%s) do end'):format(TEXT, STARS)),
  bomb('gsub', ('%s:gsub(%s, "x")'):format(TEXT, STARS)),
  bomb('gsub with a function', ('%s:gsub(%s, function() end)'):format(TEXT, STARS)),
  bomb('gsub with a table', ('%s:gsub(%s, {})'):format(TEXT, STARS)),
  bomb('lazy repetitions', "(('a'):rep(40)):find(('a-'):rep(20) .. 'b')"),
  bomb('captures', "(('a'):rep(30)):find(('(a*)'):rep(20) .. 'b')"),
  bomb('classes', "(('ab'):rep(30)):find(('[ab]*'):rep(20) .. 'c')"),
  bomb('references', "(('a'):rep(60)):find('(a*)(a*)(a*)%1%2%3' .. ('a*'):rep(12) .. 'b')"),
  bomb('a find that is caught', ('while true do pcall(string.find, %s, %s) end'):format(TEXT, STARS)),
  bomb('a find in a coroutine', ('coroutine.wrap(function() %s:find(%s) end)()'):format(TEXT, STARS)),
  bomb('a find in a handler', ('xpcall(error, function() %s:find(%s) end)'):format(TEXT, STARS)),
  bomb('a find in __tostring', ("print(setmetatable({}, { __tostring = function() %s:find(%s) return '' end }))")
    :format(TEXT, STARS)),
  bomb('a quadratic search', "local s = ('a'):rep(2 ^ 20) s:find '.-b'"),
  bomb('a quadratic search for a balance', "local s = ('('):rep(2 ^ 20) while true do s:find '%b()' end"),
  bomb('a quadratic replacement', "local s = ('a'):rep(2 ^ 20) s:gsub('a*b', '')"),
  bomb('a bomb behind a word', ('rollout:shift(5); %s:find(%s)'):format(TEXT, STARS)),
  { 'patterns that are none', [[
    for _, pattern in ipairs { '[', '[a', '%', '(', '(()', '%1', '(a)%2', '[]', '[^', '%b', '%bx', '%f', '[%', '[a-',
      '(%1)', ')', ('('):rep(40), ('()'):rep(40), '\0[', '%g(', '%z%', '[%a-', '[[:alpha:' } do
      pcall(string.find, 'aaa', pattern)
      pcall(string.gsub, 'aaa', pattern, 'x')
      pcall(string.gsub, 'aaa', pattern, function() return 'x' end)
      pcall(function() for _ in ('aaa'):gmatch(pattern) do end end)
    end
    assert(not pcall(string.gsub, 'a', 'a', '%9') and not pcall(string.find, 'a', '['))]] },
  { 'a pattern of a megabyte', "pcall(string.find, 'aaa', ('a?'):rep(2 ^ 19))" },
  { 'a nested pattern', "pcall(string.find, ('a'):rep(1000), ('(a?'):rep(30) .. (')'):rep(30))" },
  { 'a pattern that calls itself', [[
    local function f(s) return (s:gsub('.', f)) end
    assert(not pcall(f, 'x'))]] },
}
