--- The functions that every template of Go's text/template may call, and what its values are: texts, booleans, numbers
--- ({ int = n }, { float = n }), maps ({ map = { … } }) and nil (M.NIL).
local go_format = require 'stdlib.go_format'
local go_printf = require 'stdlib.go_printf'
local keys = require 'stdlib.keys'

local M = {}

M.NIL = {}

---@param value any
---@return string kind 'string', 'bool', 'int', 'float', 'map', 'nil'
function M.kind(value)
  if value == M.NIL or value == nil then
    return 'nil'
  elseif type(value) == 'string' then
    return 'string'
  elseif type(value) == 'boolean' then
    return 'bool'
  end
  return value.int and 'int' or value.float and 'float' or 'map'
end

local TYPES = { string = 'string', bool = 'bool', int = 'int', float = 'float64', map = 'map[string]string',
  ['nil'] = 'nil' }

function M.type_name(value)
  return TYPES[M.kind(value)]
end

--- Whether an if takes it.
function M.truth(value)
  local kind = M.kind(value)
  if kind == 'string' then
    return value ~= ''
  elseif kind == 'map' then
    return next(value.map) ~= nil
  elseif kind == 'bool' then
    return value
  end
  return kind ~= 'nil' and (value.int or value.float) ~= 0
end

--- `%v`.
function M.text(value)
  local kind = M.kind(value)
  if kind == 'int' then
    return ('%.0f'):format(value.int)
  elseif kind == 'float' then
    return go_format.number(value.float)
  elseif kind == 'map' then
    local parts = {}
    for i, key in ipairs(keys.sorted(value.map)) do
      parts[i] = key .. ':' .. value.map[key]
    end
    return 'map[' .. table.concat(parts, ' ') .. ']'
  end
  return kind == 'nil' and '<nil>' or tostring(value)
end

--- Ends the call; the executor catches it.
local function fail(format, ...)
  error({ problem = format:format(...) }, 0)
end

-- Comparisons ------------------------------------------------------------------------------------

local function equal(a, b)
  local kind_a, kind_b = M.kind(a), M.kind(b)
  if kind_a ~= kind_b then
    if kind_a ~= 'nil' and kind_b ~= 'nil' then
      fail('incompatible types for comparison: %s and %s', M.type_name(a), M.type_name(b))
    end
    return false
  elseif kind_a == 'map' then
    fail('non-comparable type %s: %s', M.text(a), M.type_name(a))
  end
  return kind_a == 'nil' or (kind_a == 'int' and a.int == b.int) or (kind_a == 'float' and a.float == b.float) or a == b
end

local function less(a, b)
  local kind_a, kind_b = M.kind(a), M.kind(b)
  if kind_a == 'nil' or kind_a == 'map' or kind_b == 'nil' or kind_b == 'map' then
    fail 'invalid type for comparison'
  elseif kind_a ~= kind_b then
    fail('incompatible types for comparison: %s and %s', M.type_name(a), M.type_name(b))
  elseif kind_a == 'bool' then
    fail 'invalid type for comparison'
  elseif kind_a == 'string' then
    return a < b
  end
  return (a.int or a.float) < (b.int or b.float)
end

-- Printing ---------------------------------------------------------------------------------------

local HTML = { ['\0'] = '\239\191\189', ['"'] = '&#34;', ["'"] = '&#39;', ['&'] = '&amp;', ['<'] = '&lt;',
  ['>'] = '&gt;' }
local JS = { ['\\'] = '\\\\', ["'"] = "\\'", ['"'] = '\\"', ['<'] = '\\u003C', ['>'] = '\\u003E', ['&'] = '\\u0026',
  ['='] = '\\u003D' }

--- Blanks between two operands of which neither is a text, as fmt.Sprint puts them.
local function print(args)
  local out = {}
  for i, value in ipairs(args) do
    if i > 1 and M.kind(value) ~= 'string' and M.kind(args[i - 1]) ~= 'string' then
      out[#out + 1] = ' '
    end
    out[#out + 1] = M.text(value)
  end
  return table.concat(out)
end

local function println(args)
  local out = {}
  for i, value in ipairs(args) do
    out[i] = M.text(value)
  end
  return table.concat(out, ' ') .. '\n'
end

local function printf(args)
  if M.kind(args[1]) ~= 'string' then
    fail('wrong type for value; expected string; got %s', M.type_name(args[1]))
  end
  return go_printf.format(M, args)
end

-- Parts ------------------------------------------------------------------------------------------

local function index(args)
  local item = args[1]
  if M.kind(item) == 'nil' then
    fail 'index of untyped nil'
  end
  for i = 2, #args do
    local key = args[i]
    if M.kind(item) == 'map' then
      if M.kind(key) ~= 'string' then
        fail('value has type %s; should be string', M.type_name(key))
      end
      item = item.map[key] or ''
    elseif M.kind(item) == 'string' then
      local place = M.kind(key) == 'int' and key.int
      if not place then
        fail('cannot index slice/array with type %s', M.type_name(key))
      elseif place < 0 or place >= #item then
        fail('index out of range: %d', place)
      end
      item = { int = item:byte(place + 1) }
    else
      fail("can't index item of type %s", M.type_name(item))
    end
  end
  return item
end

local function slice(args)
  local item = args[1]
  if M.kind(item) ~= 'string' then
    fail("can't slice item of type %s", M.type_name(item))
  elseif #args > 3 then
    fail 'cannot 3-index slice a string'
  end
  local places = { 0, #item }
  for i = 2, #args do
    local place = M.kind(args[i]) == 'int' and args[i].int
    if not place then
      fail('cannot index slice/array with type %s', M.type_name(args[i]))
    elseif place < 0 or place > #item then
      fail('index out of range: %d', place)
    end
    places[i - 1] = place
  end
  if places[1] > places[2] then
    fail('invalid slice index: %d > %d', places[1], places[2])
  end
  return item:sub(places[1] + 1, places[2])
end

local function length(args)
  local kind = M.kind(args[1])
  if kind == 'string' then
    return { int = #args[1] }
  elseif kind == 'map' then
    return { int = #keys.sorted(args[1].map) }
  end
  fail('len of type %s', M.type_name(args[1]))
end

local function escaped(pattern, by)
  return function(args)
    return (print(args):gsub(pattern, by))
  end
end

local function equal_any(args)
  if #args < 2 then
    fail 'missing argument for comparison'
  end
  for i = 2, #args do
    if equal(args[1], args[i]) then
      return true
    end
  end
  return false
end

---@class TemplateFunction
---@field min integer
---@field max integer? absent: as many as there are
---@field run fun(args: any[], written: string?): any  written: the first operand

---@type table<string, TemplateFunction>
M.functions = {
  ['and'] = { min = 1, lazy = true },
  ['or'] = { min = 1, lazy = true },
  ['not'] = { min = 1, max = 1, run = function(args) return not M.truth(args[1]) end },
  eq = { min = 1, run = equal_any },
  ne = { min = 2, max = 2, run = function(args) return not equal(args[1], args[2]) end },
  lt = { min = 2, max = 2, run = function(args) return less(args[1], args[2]) end },
  le = { min = 2, max = 2, run = function(args) return less(args[1], args[2]) or equal(args[1], args[2]) end },
  gt = { min = 2, max = 2, run = function(args) return not (less(args[1], args[2]) or equal(args[1], args[2])) end },
  ge = { min = 2, max = 2, run = function(args) return not less(args[1], args[2]) end },
  len = { min = 1, max = 1, run = length },
  index = { min = 1, run = index },
  slice = { min = 1, run = slice },
  print = { min = 0, run = print },
  println = { min = 0, run = println },
  printf = { min = 1, run = printf },
  html = { min = 0, run = escaped('[%z"\'&<>]', HTML) },
  js = { min = 0, run = escaped('[\\\'"<>&=]', JS) },
  urlquery = { min = 0, run = escaped('[^%w%-._~]', function(char)
    return char == ' ' and '+' or ('%%%02X'):format(char:byte())
  end) },
  call = { min = 1, run = function(args, written)
    if M.kind(args[1]) == 'nil' then
      fail 'call of nil'
    end
    fail('non-function %s of type %s', written or M.text(args[1]), M.type_name(args[1]))
  end },
}

return M
