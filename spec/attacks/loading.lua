--- Scripts that are hostile before they run: their text, their modules, what they return and declare.
local DEFINE = "return require 'stdlib.strategy' "
local GOOD = DEFINE .. "{ name = 'x', run = function(rollout) rollout:begin() rollout:analyse { rounds = 1 } "
  .. 'rollout:promote() end }'

local function text(what, script, outcome)
  outcome[1], outcome[2], outcome.whole = what, script, true
  return outcome
end

local function declares(what, params, outcome)
  return text(what, DEFINE .. "{ name = 'x', run = print, params = " .. params .. ' }', outcome)
end

local function repeated(format, count)
  local parts = {}
  for i = 1, count do
    parts[i] = format:format(i)
  end
  return table.concat(parts)
end

return {
  door = 'Strategy',

  -- its text
  text('bytecode', '\27LJ\2\1\1', { refused = 'bytecode, and a script is a text of Lua' }),
  text('bytecode of another Lua', '\27LuaQ\1\4\8\4\8', { refused = 'scripts.attack' }),
  text('bytecode with a NUL', '\27LJ\2\0', { refused = 'spec.script: there is a NUL behind 4 bytes' }),
  text('bytecode behind a byte order mark', '\239\187\191\27LJ\2', { refused = 'cannot load malformed bytecode' }),
  text('bytecode behind a line for a shell', '#!/bin/lua\n\27LJ\2', { refused = 'cannot load malformed bytecode' }),
  text('a byte order mark', '\239\187\191' .. GOOD, {}),
  text('a line for a shell', '#!/usr/bin/env lua\n' .. GOOD, {}),
  text('ends of lines as Windows has them', (GOOD:gsub(' ', '\r\n')), {}),
  text('a NUL, and another script behind it', GOOD .. ' --\0 error "hidden"', { refused = 'NUL' }),
  text('a NUL in a text', "local _ = '\0' " .. GOOD, { refused = 'NUL' }),
  text('nothing but blanks', (' '):rep(100000), { refused = 'the module gives nothing' }),
  text('a comment without an end', '--[[' .. ('x'):rep(1000), { refused = 'scripts/attack.lua:1:' }),
  text('a text without an end', 'return [==[' .. ('x'):rep(1000), { refused = 'scripts/attack.lua:1:' }),
  text('parentheses in parentheses', 'return ' .. ('('):rep(50000) .. '1' .. (')'):rep(50000),
    { refused = 'scripts/attack.lua:1:' }),
  text('tables in tables', 'return ' .. ('{'):rep(50000) .. ('}'):rep(50000), { refused = 'scripts/attack.lua:1:' }),
  text('functions in functions', 'return ' .. ('function() return '):rep(5000) .. '1' .. (' end'):rep(5000),
    { refused = 'scripts/attack.lua:1:' }),
  text('blocks in blocks', ('do '):rep(20000) .. ('end '):rep(20000), { refused = 'scripts/attack.lua:1:' }),
  text('operators in operators', 'return ' .. ('not - #'):rep(20000) .. '1', { refused = 'scripts/attack.lua:1:' }),
  text('a concatenation of thousands', "return 'x'" .. (".. 'x'"):rep(20000), { refused = 'scripts/attack.lua:1:' }),
  text('powers of powers', 'return 2' .. ('^2'):rep(20000), { refused = 'scripts/attack.lua:1:' }),
  text('300 locals', repeated('local a%d\n', 300), { refused = 'more than 200 local variables' }),
  text('300 upvalues', repeated('local a%d ', 150) .. 'local function f() ' .. repeated('local b%d ', 150)
    .. 'return function() return 1' .. repeated(', a%d', 150) .. repeated(', b%d', 150) .. ' end end',
    { refused = 'scripts/attack.lua:1:' }),
  text('30,000 constants', 'local t = {' .. repeated('%d.5,', 30000) .. '} ' .. GOOD, {}),
  text('a jump into nothing', 'goto nowhere', { refused = "scripts/attack.lua:1:1: undefined label 'nowhere'" }),
  text('a name of 100,000 letters', ('x'):rep(100000) .. ' = 1 ' .. GOOD, {}),
  text('a field of 100,000 letters', DEFINE .. '{ ' .. ('x'):rep(100000) .. ' = 1 }',
    { refused = 'scripts/attack.lua:1:1: strategy: there is no field' }),
  text('escapes that are none', [[return '\xZZ']], { refused = 'scripts/attack.lua:1:1: invalid escape sequence' }),
  text('a number of 100,000 digits', 'local _ = ' .. ('9'):rep(100000) .. ' ' .. GOOD, {}),

  -- what it does while it loads
  text('a spin while it loads', 'while true do end', { refused = 'scripts/attack.lua:1:1: more than' }),
  text('a spin that catches while it loads', 'while true do pcall(function() while true do end end) end',
    { refused = 'scripts/attack.lua:1:1: more than' }),
  text('a pattern bomb while it loads', "(('a'):rep(40)):find(('a*'):rep(20) .. 'b')",
    { refused = 'more than ' }),
  text('a memory bomb while it loads', "local t = {} for i = 1, 1e9 do t[i] = { i } end",
    { refused = 'more than ' }),
  text('a stack that overflows while it loads', 'local function f() return 1 + f() end f()',
    { refused = 'stack overflow' }),
  text('a wait while it loads', 'coroutine.yield()', { refused = 'attempt to yield outside a coroutine' }),
  text('a wait in a coroutine while it loads', 'coroutine.wrap(function() coroutine.yield() end)() ' .. GOOD, {}),
  text('a flood of lines while it loads', "for i = 1, 2000 do print('line', i) end " .. GOOD, {}),
  text('everything in memory, then a declaration', [[
    local full = {}
    for size = 16, 2, -1 do
      pcall(function() while true do full[#full + 1] = ('x'):rep(2 ^ size) .. #full end end)
    end
    local deep = {}
    return require 'stdlib.strategy' { name = 'x', run = print, params = {} }]], { refused = 'memory' }),
  text('a deep declaration in what is left of memory', [[
    local strategy = require 'stdlib.strategy'
    local deep = {}
    for _ = 1, 60 do deep = { of = deep } end
    local definition = strategy { name = 'x', run = print, params = { a = { type = 'list', of = deep } } }
    keep = {}
    pcall(function() while true do keep = { keep } end end)
    return definition]], { refused = 'memory' }),

  -- what it returns
  text('a function', 'return function() end', { refused = 'the module gives a function' }),
  text('a coroutine', 'return coroutine.create(print)', { refused = 'the module gives a thread' }),
  text('a number of 64 bits', 'return 1LL', { refused = 'the module gives a cdata' }),
  text('an error', 'error {}', { refused = 'an error that is a table' }),
  text('an error that spins', 'error(setmetatable({}, { __tostring = function() while true do end end }))',
    { refused = 'an error that is a table' }),
  text('fields by __index', "return setmetatable({}, { __index = { name = 'x', run = print } })",
    { refused = "field 'name' is a nil" }),
  text('a function by __call', "return { name = 'x', run = setmetatable({}, { __call = print }) }",
    { refused = "field 'run' is a table" }),
  text('a name that is no text', 'return { name = {}, run = print }', { refused = "field 'name' is a table" }),
  text('a definition without strategy', "return { name = 'x', run = function(rollout) rollout:begin() "
    .. 'rollout:analyse { rounds = 1 } rollout:promote() end }', {}),
  text('another kind', "return require 'stdlib.check' { name = 'x', run = print }",
    { refused = 'the script returns a check, wanted a strategy' }),
  text('a kind of its own', "return { kind = ('x'):rep(1e5), name = 'x', run = print }",
    { refused = 'the script returns a' }),
  text('the module of strategies itself', "return require 'stdlib.strategy'", { refused = "field 'name' is a nil" }),
  text('a name of a megabyte', "return { name = ('n'):rep(2 ^ 20), run = print }", { refused = 'scripts.attack' }),
  text('a name that is a control character',
    "return require 'stdlib.strategy' { name = '\\27[2J', run = function() end }", { raised = 'run returned' }),

  -- what it declares
  declares('parameters that contain themselves', '(function() local t = {} t.a = { type = "list", of = t } '
    .. 't.a.of = t.a return t end)()', { refused = 'more than 64 levels' }),
  declares('three thousand parameters', '(function() local t = {} for i = 1, 3000 do t["p" .. i] = '
    .. '{ type = "boolean", default = true } end return t end)()', { refused = 'more than 2000 names' }),
  declares('a type that is none', "{ a = { type = 'x' } }", { refused = 'a: x is not a type' }),
  declares('a type that is a table', '{ a = { type = {} } }', { refused = 'a declaration like' }),
  declares('a default that is a function', "{ a = { type = 'number', default = print } }",
    { refused = 'a function has no place in JSON' }),
  declares('a default that is no number', "{ a = { type = 'number', default = 0 / 0 } }", { refused = 'NaN' }),
  declares('bounds that are infinite', "{ a = { type = 'number', min = -1 / 0, default = 1 } }",
    { refused = 'infinity' }),
  declares('lists of lists of lists', "{ a = { type = 'list', of = { type = 'list', of = { type = 'list' } } } }",
    { refused = 'a' }),
  declares('a choice of nothing', "{ a = { type = 'choice' } }", { refused = 'a' }),
  declares('a name that is a list', "{ { type = 'number', default = 1 } }", { refused = 'a name like max_drop' }),
  declares('names by metamethods', "setmetatable({}, { __pairs = error, __index = error, __call = error })",
    { raised = 'strategy failed' }),
  declares('a text for people of a megabyte', "{ a = { type = 'boolean', default = true, doc = ('x'):rep(2 ^ 20) } }",
    { refused = 'bytes of text in one value' }),

  -- its modules
  text('modules that require each other', "require 'scripts.a' " .. GOOD, { refused = 'requires itself',
    modules = { a = "require 'scripts.b'", b = "require 'scripts.a'" } }),
  text('a module that requires itself', "require 'scripts.a' " .. GOOD, { refused = 'requires itself',
    modules = { a = "require 'scripts.a'" } }),
  text('a module that fails, asked again', "pcall(require, 'scripts.a') require 'scripts.a' " .. GOOD,
    { refused = 'failed to load before', modules = { a = 'error {}' } }),
  text('a module that waits', "local co = coroutine.wrap(function() require 'scripts.a' end) co() " .. GOOD,
    { modules = { a = 'coroutine.yield()' } }),
  text('a module that waits, asked again',
    "coroutine.wrap(function() require 'scripts.a' end)() require 'scripts.a' " .. GOOD,
    { refused = 'requires itself', modules = { a = 'coroutine.yield()' } }),
  text('a module that gives nothing', "assert(require 'scripts.a' == true and require 'scripts.b' == false) " .. GOOD,
    { modules = { a = '', b = 'return false' } }),
  text('modules that are called like the engine\'s',
    "assert(require 'scripts.host' == 'mine' and require 'scripts.stdlib.start' == 'mine' and "
      .. "not pcall(require, 'host') and not pcall(require, 'stdlib.start')) " .. GOOD,
    { modules = { host = "return 'mine'", ['stdlib.start'] = "return 'mine'", ['stdlib.strategy'] = "return error" } }),
  text('modules of names that are none', GOOD, { modules = { ['..'] = 'error()', [''] = 'error()', ['a b'] = 'error()',
    ['../../x'] = 'error()', ['\n'] = 'error()', UPPER = 'error()', [('x'):rep(300)] = 'error()' } }),
  text('a module that is called like the script', GOOD, { modules = { attack = 'error "the module"' } }),
  text('a module that is bytecode', "require 'scripts.a' " .. GOOD,
    { refused = 'bytecode, and a script is a text of Lua', modules = { a = '\27LJ\2' } }),
  text('a module with a NUL', GOOD, { refused = 'NUL', modules = { a = 'return 1 --\0' } }),
  text('a module that spins', "require 'scripts.a' " .. GOOD,
    { refused = 'scripts/a.lua:1:1: more than', modules = { a = 'while true do end' } }),
  text('a module that is changed by the script', "require 'scripts.a'.run = error " .. GOOD,
    { modules = { a = 'return { run = 1 }' } }),
  text('32 modules in a chain', "require 'scripts.m1' " .. GOOD, { modules = (function()
    local modules = {}
    for i = 1, 31 do
      modules['m' .. i] = "return require 'scripts.m" .. i + 1 .. "'"
    end
    modules.m32 = 'return 1'
    return modules
  end)() }),

  text('a good one, after all that', GOOD, {}),
}
