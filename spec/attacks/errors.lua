--- Errors: whatever is raised, its author gets a text with a line, and nothing of it is called.
local SPIN = 'function() while true do end end'

local function raises(what, expression, text)
  return { what, 'error(' .. expression .. ')', raised = text }
end

return {
  door = 'Strategy',

  raises('nothing', '', 'scripts/attack.lua:2: an error that is a nil'),
  raises('nil with a level', 'nil, 2', 'an error that is a nil'),
  raises('a boolean', 'true', 'an error that is a boolean'),
  raises('a table', '{}', 'scripts/attack.lua:2: an error that is a table'),
  raises('a function', 'print', 'an error that is a function'),
  raises('a coroutine', 'coroutine.create(print)', 'an error that is a thread'),
  raises('a number of 64 bits', '1LL', 'an error that is a cdata'),
  raises('a number that is none', '0 / 0', 'nan'),
  raises('the words', 'rollout', 'an error that is a table'),
  raises('a module', "require 'stdlib.param'", 'an error that is a table'),
  raises('a table that spins when it is read', ('setmetatable({}, { __tostring = %s, __index = %s, __concat = %s, '
    .. '__call = %s, __metatable = %s })'):format(SPIN, SPIN, SPIN, SPIN, SPIN), 'an error that is a table'),
  raises('a message that is a table', '{ message = {} }', 'an error that is a table'),
  raises('a message that spins', ('{ message = setmetatable({}, { __tostring = %s }) }'):format(SPIN),
    'an error that is a table'),
  raises('a table with a message', "{ message = 'mine' }", 'scripts/attack.lua:2: mine'),
  raises('a megabyte', "('x'):rep(2 ^ 20)", 'xxxxxxxx'),
  raises('a megabyte in a table', "{ message = ('y'):rep(2 ^ 20) }", 'yyyyyyyy'),
  raises('formats of C', "('%s%n%p%999999d'):rep(20)", '%s%n%p%999999d'),
  raises('bytes that are no text', "'\\255\\254\\0\\237\\160\\128 end'", 'end'),
  raises('control characters', "'\\27[2J\\27]0;x\\7\\r\\n\\b forged'", 'forged'),
  raises('half a character at the end of what fits', "('\\195\\169'):rep(5000)", '\195\169\195\169'),
  raises('the place of another script', "'strategies/canary.lua:9: not mine', 0",
    'scripts/attack.lua:2: strategies/canary.lua:9: not mine'),
  raises('the place of the sandbox', "'sandbox:1: not mine', 0", 'scripts/attack.lua:2: sandbox:1: not mine'),
  raises('a place of its own that is not on the stack', "'scripts/attack.lua:99: here', 0",
    'scripts/attack.lua:2: scripts/attack.lua:99: here'),
  raises('the text of a limit', "'more than 50 ms of CPU time in one step', 0", 'scripts/attack.lua:2: more than'),
  raises('a level without a frame', "'far', 1000", 'far'),
  raises('a level below zero', "'near', -5", 'near'),

  { 'an error in a metamethod', 'local _ = setmetatable({}, { __index = function() error "deep" end }).x',
    raised = 'scripts/attack.lua:2: deep' },
  { 'an error in an iterator', 'for _ in function() error "turn" end do end', raised = 'scripts/attack.lua:2: turn' },
  { 'an error in __tostring', "tostring(setmetatable({}, { __tostring = function() error 'told' end }))",
    raised = 'told' },
  { 'an error in a handler of xpcall', [[
    local ok, problem = xpcall(error, function() error 'again' end)
    assert(not ok and problem:find 'again')]] },
  { 'errors in handlers without an end', [[
    local function handler() error(xpcall(error, error)) end
    for _ = 1, 1000 do xpcall(error, handler) end]] },
  { 'an error while an error is caught, without an end', [[
    local function again() return xpcall(again, again) end
    again()]] },
  { 'a stack that overflows', 'local function deep() return 1 + deep() end deep()', raised = 'stack overflow' },
  { 'a stack that overflows, caught', [[
    local function deep() return 1 + deep() end
    for _ = 1, 5 do assert(not pcall(deep)) end
    rollout:hook('told', { text = 'still here' })]], tells = 'still here' },
  { 'a stack of pcalls that overflows', 'local function deep() return pcall(deep) end deep()' },
  { 'a stack of metamethods that overflows', [[
    local t = setmetatable({}, {})
    getmetatable(t).__index = function(self, key) return self[key + 1] end
    assert(not pcall(function() return t[1] end))
    local u = setmetatable({}, {})
    getmetatable(u).__call = u
    assert(not pcall(u))
    local s = setmetatable({}, {})
    getmetatable(s).__tostring = function() return tostring(s) end
    assert(not pcall(tostring, s))
    local c = setmetatable({}, {})
    getmetatable(c).__concat = function(a) return a .. 'x' end
    assert(not pcall(function() return c .. 'x' end))]] },
  { 'a chain of __index without an end', [[
    local a, b = {}, {}
    setmetatable(a, { __index = b })
    setmetatable(b, { __index = a })
    assert(not pcall(function() return a.x end))
    assert(not pcall(function() setmetatable(a, { __newindex = a }).x = 1 end))]] },
  { 'a word that is called wrongly, with a handler', [[
    local seen
    xpcall(function() rollout:shift 'x' end, function(problem) seen = problem end)
    assert(type(seen) == 'string' and seen:find 'rollout:shift: weight' and not seen:find 'stdlib/')]] },
  { 'an error with every kind of value, caught', [[
    for _, value in ipairs { {}, print, true, 5, 'x', coroutine.create(print), 1LL, rollout } do
      local ok, problem = pcall(error, value)
      assert(not ok and (rawequal(problem, value) or type(value) == 'string' or type(value) == 'number'))
      assert(not pcall(coroutine.wrap(function() error(value) end)))
    end]] },
  { 'a return of everything', 'do return rollout, nil, {}, error end', raised = 'run returned' },
  { 'a definition that becomes another', [[
    local definition = rollout.params
    for name in pairs(definition) do definition[name] = nil end
    do return setmetatable(definition, { __index = error }) end]], raised = 'run returned' },
  { 'a name that is a spin', [[
    local definition
    definition = require 'stdlib.strategy' { name = 'x', run = function()
      definition.name = setmetatable({}, { __concat = function() while true do end end })
    end }
    return definition]], whole = true, stopped = 'time' },
  { 'a name that is no text in the end', [[
    local definition
    definition = require 'stdlib.strategy' { name = 'x', run = function() definition.name = nil end }
    return definition]], whole = true, raised = 'strategy failed' },
  { 'a function that is another in the end', [[
    local definition
    definition = require 'stdlib.strategy' { name = 'x', run = function() definition.run = 5 end }
    return definition]], whole = true, raised = 'strategy failed' },
}
