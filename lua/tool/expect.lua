--- `assert` of specs, as far as busted's is used: assert(value, message), assert.equal, assert.is_true,
--- assert.is_not.same, assert.has_error, …. The words between (is, are, has, …) mean nothing, `not` and `no` turn it
--- round. A failure is a table { expectation = text }, so that it is told apart from errors.
local keys = require 'stdlib.keys'

local M = {}

local SHOWN_MAX = 400

-- Texts -----------------------------------------------------------------------------------------

local function show(value, seen)
  if type(value) == 'string' then
    return ("'%s'"):format(value)
  elseif type(value) ~= 'table' then
    return tostring(value)
  elseif seen[value] then
    return '{…}'
  end
  seen[value] = true
  local parts = {}
  for _, key in ipairs(keys.sorted(value)) do
    local name = type(key) == 'number' and key <= #value and '' or type(key) == 'string' and key:find '^[%a_][%w_]*$'
      and key .. ' = ' or '[' .. show(key, seen) .. '] = '
    parts[#parts + 1] = name .. show(value[key], seen)
  end
  seen[value] = nil
  return parts[1] and '{ ' .. table.concat(parts, ', ') .. ' }' or '{}'
end

--- A value for people, cut where it becomes long.
function M.show(value)
  local text = show(value, {})
  return #text > SHOWN_MAX and text:sub(1, SHOWN_MAX) .. '…' or text
end

-- Assertions: true, or what is wrong; and how it reads when it is turned round -------------------

local function same(a, b, seen)
  if type(a) ~= 'table' or type(b) ~= 'table' then
    return a == b or a ~= a and b ~= b
  elseif seen[a] == b then
    return true
  end
  seen[a] = b
  for key, value in pairs(a) do
    if not same(value, b[key], seen) then
      return false
    end
  end
  for key in pairs(b) do
    if a[key] == nil then
      return false
    end
  end
  return true
end

local assertions = {}

local function compare(how, phrase)
  return function(args)
    local wanted, got = args[1], args[2]
    return how(wanted, got), ('expected %s%s, got %s'):format(phrase, M.show(wanted), M.show(got)),
      ('expected anything but %s'):format(M.show(wanted)), 3
  end
end

assertions.equal = compare(function(a, b)
  return a == b
end, '')
assertions.same = compare(function(a, b)
  return same(a, b, {})
end, '')

local function is(test, what)
  return function(args)
    return test(args[1]), ('expected %s, got %s'):format(what, M.show(args[1])),
      ('expected anything but %s, got %s'):format(what, M.show(args[1])), 2
  end
end

assertions['true'] = is(function(value)
  return value == true
end, 'true')
assertions['false'] = is(function(value)
  return value == false
end, 'false')
assertions.truthy = is(function(value)
  return value and true or false
end, 'a value that is true')
assertions.falsy = is(function(value)
  return not value
end, 'false or nil')
for _, name in ipairs { 'nil', 'number', 'string', 'table', 'function', 'boolean', 'userdata', 'thread' } do
  assertions[name] = is(function(value)
    return type(value) == name
  end, name == 'nil' and 'nil' or 'a ' .. name)
end

function assertions.near(args)
  local wanted, got, by = args[1], args[2], args[3]
  return type(got) == 'number' and math.abs(got - wanted) <= by,
    ('expected %s, give or take %s, got %s'):format(M.show(wanted), M.show(by), M.show(got)),
    ('expected anything but %s, give or take %s, got %s'):format(M.show(wanted), M.show(by), M.show(got)), 4
end

function assertions.matches(args)
  local pattern, text, init, plain = args[1], args[2], args[3], args[4]
  init = type(init) == 'number' and init or 1
  local found = (type(text) == 'string' or type(text) == 'number') and tostring(text):find(pattern, init, plain == true)
  return found ~= nil and found ~= false, ('expected a text that matches %s, got %s'):format(M.show(pattern),
    M.show(text)), ('expected no text that matches %s, got %s'):format(M.show(pattern), M.show(text)), 5
end

local function raised_by(f)
  local ok, raised = pcall(f)
  if not ok and type(raised) == 'string' then
    raised = raised:gsub('^.-:%d+: ', '', 1)
  end
  return not ok, raised
end

function assertions.error(args)
  local raises, raised = raised_by(args[1])
  local fits = raises and (args[2] == nil or same(args[2], raised, {}))
  return fits, args[2] == nil and 'expected an error, there is none' or ('expected the error %s, got %s'):format(
    M.show(args[2]), raises and M.show(raised) or 'none'), ('expected no error, got %s'):format(M.show(raised)), 3
end

function assertions.error_matches(args)
  local raises, raised = raised_by(args[1])
  local fits = raises and tostring(raised):find(args[2], args[3] or 1, args[4] == true) ~= nil
  return fits, ('expected an error that matches %s, got %s'):format(M.show(args[2]), raises and M.show(raised)
    or 'none'), ('expected no error that matches %s'):format(M.show(args[2])), 5
end

function assertions.unique(args)
  local seen = {}
  for _, value in pairs(args[1]) do
    if seen[value] then
      return false, ('expected values that differ, %s is there twice'):format(M.show(value)), '', 2
    end
    seen[value] = true
  end
  return true, '', 'expected values that are there twice', 2
end

local OTHER = { equals = 'equal', match = 'matches', errors = 'error', error_match = 'error_matches' }

-- The chain of words ----------------------------------------------------------------------------

local EMPTY = { is = true, are = true, was = true, were = true, has = true, have = true, does = true, to = true,
  a = true, an = true, be = true }
local TURNS = { ['not'] = true, no = true, isnt = true, ['is_not'] = true }

local function fail(text)
  error({ expectation = text }, 0)
end

local function check(name, is_turned, ...)
  local args = { ... }
  local ok, wrong, wrong_turned, message_at = assertions[name](args)
  if (ok and true or false) == is_turned then
    local message = args[message_at]
    fail((type(message) == 'string' and message .. ': ' or '') .. (is_turned and wrong_turned or wrong))
  end
  return ...
end

--- The words so far; a word that completes an assertion makes it callable.
local function chain(words, is_turned)
  return setmetatable({}, {
    __index = function(_, word)
      local more, turned = {}, is_turned
      for i, before in ipairs(words) do
        more[i] = before
      end
      for part in word:gmatch '[^_]+' do
        if TURNS[part] then
          turned = not turned
        elseif not (EMPTY[part] and #more == 0) then
          more[#more + 1] = part
        end
      end
      return chain(more, turned)
    end,
    __call = function(_, ...)
      local name = table.concat(words, '_')
      name = OTHER[name] or name
      if not assertions[name] then
        error(("assert has no %s, known are %s"):format(name, table.concat(keys.sorted(assertions), ', ')), 2)
      end
      return check(name, is_turned, ...)
    end,
  })
end

--- What specs have as `assert`.
M.assert = setmetatable({}, {
  __index = function(_, word)
    return chain({}, false)[word]
  end,
  __call = function(_, value, message, ...)
    if not value then
      fail(message == nil and 'assertion failed!' or tostring(message))
    end
    return value, message, ...
  end,
})

return M
