--- Reads Prometheus' query language into a tree, whose types are checked as the server does.
---
---     number, string     value
---     selector           matchers, range?, offset, at?        subquery  expr, range, step?, offset, at?
---     call               name, args                           aggregate op, expr, param?, names, without
---     binary             op, left, right, bool, matching      negative, paren  expr
local failure = require 'tool.promql.failure'
local lexer = require 'tool.promql.lexer'
local signatures = require 'tool.promql.signatures'

local M = {}

---@class PromqlMatcher
---@field label string
---@field op '='|'!='|'=~'|'!~'
---@field value string

---@class PromqlNode
---@field kind string
---@field type PromqlType
---@field at_time number|'start'|'end'|nil ms

---@class PromqlMatching how elements of two vectors find each other
---@field on boolean
---@field names string[]
---@field group 'left'|'right'|nil the side of which several may have the same partner
---@field include string[]

local LEVELS = {
  { ['or'] = true }, { ['and'] = true, ['unless'] = true },
  { ['=='] = true, ['!='] = true, ['<='] = true, ['<'] = true, ['>='] = true, ['>'] = true },
  { ['+'] = true, ['-'] = true }, { ['*'] = true, ['/'] = true, ['%'] = true, ['atan2'] = true },
}
local SHOWN = { scalar = 'scalar', vector = 'instant vector', matrix = 'range vector', string = 'string' }
local DEPTH_MAX = 100

M.SETS = { ['and'] = true, ['or'] = true, ['unless'] = true }
M.COMPARISONS = LEVELS[3]

local reader = {}
reader.__index = reader

local function wrong(token, format, ...)
  failure.bad_data('%d: parse error: ' .. format, token.at, ...)
end

function reader:token()
  return self.tokens[self.index]
end

function reader:is(text)
  local token = self:token()
  return token.text == text and (token.kind == 'symbol' or token.kind == 'name')
end

--- The same for words, which have any case.
function reader:is_word(text)
  local token = self:token()
  return token.kind == 'name' and token.text:lower() == text
end

function reader:take()
  local token = self:token()
  self.index = self.index + 1
  return token
end

function reader:unexpected(where)
  local token = self:token()
  wrong(token, 'unexpected %s%s', token.kind == 'end' and 'end of input' or ('%q'):format(token.text), where or '')
end

function reader:expect(symbol, where)
  if not self:is(symbol) then
    self:unexpected((' %s, expected %q'):format(where, symbol))
  end
  return self:take()
end

--- Milliseconds. A server of version 3 also reads a number, of seconds.
function reader:duration(where)
  local token = self:token()
  if token.kind == 'duration' then
    self:take()
    return token.value
  elseif token.kind == 'number' and self.major >= 3 then
    self:take()
    return token.value * 1000
  end
  self:unexpected((' in %s, expected duration'):format(where))
end

-- Selectors -------------------------------------------------------------------------------------

function reader:matcher()
  local token = self:take()
  if token.kind ~= 'name' and token.kind ~= 'string' then
    self.index = self.index - 1
    self:unexpected ' in label matching, expected label name'
  end
  local label = token.kind == 'string' and token.value or token.text
  if token.kind == 'string' and (self:is ',' or self:is '}') then
    return { label = '__name__', op = '=', value = label }
  end
  local op = self:token().text
  if not (op == '=' or op == '!=' or op == '=~' or op == '!~') then
    self:unexpected ' in label matching, expected label matching operator'
  end
  self:take()
  if self:token().kind ~= 'string' then
    self:unexpected ' in label matching, expected string'
  end
  return { label = label, op = op, value = self:take().value }
end

--- Behind the name, if there is one.
function reader:selector(name)
  local from = self:token()
  local matchers = name and { { label = '__name__', op = '=', value = name } } or {}
  if self:is '{' then
    self:take()
    while not self:is '}' do
      matchers[#matchers + 1] = self:matcher()
      if not self:is '}' then
        self:expect(',', 'in label matching')
      end
    end
    self:take()
  end
  local selects
  for _, matcher in ipairs(matchers) do
    selects = selects or matcher.value ~= '' and (matcher.op == '=' or matcher.op == '=~')
      or matcher.value == '' and matcher.op == '!='
  end
  if not selects then
    wrong(from, 'vector selector must contain at least one non-empty matcher')
  end
  return { kind = 'selector', type = 'vector', matchers = matchers, offset = 0 }
end

local function can_shift(node)
  return (node.kind == 'selector' or node.kind == 'subquery') and node
end

function reader:offset(node)
  local token = self:take()
  local is_back = self:is '-' and self:take() and true
  local ms = self:duration 'offset'
  if not can_shift(node) then
    wrong(token,
      'offset modifier must be preceded by an instant vector selector or range vector selector or a subquery')
  elseif node.is_shifted then
    wrong(token, 'offset may not be set multiple times')
  end
  node.offset, node.is_shifted = is_back and -ms or ms, true
end

function reader:pin(node)
  local token = self:take()
  if not can_shift(node) then
    wrong(token, '@ modifier must be preceded by an instant vector selector or range vector selector or a subquery')
  elseif node.at_time then
    wrong(token, '@ <timestamp> may not be set multiple times')
  end
  if self:is_word 'start' or self:is_word 'end' then
    node.at_time = self:take().text:lower()
    self:expect('(', 'in @')
    self:expect(')', 'in @')
    return
  end
  local sign = (self:is '-' and self:take() and -1) or (self:is '+' and self:take() and 1) or 1
  if self:token().kind ~= 'number' then
    self:unexpected ' in @, expected timestamp'
  end
  node.at_time = sign * self:take().value * 1000
end

--- [5m] or [5m:1m]
function reader:range(node)
  local token = self:take()
  local range, step = self:duration 'range', nil
  if range <= 0 then
    wrong(token, 'duration must be greater than 0')
  end
  local is_subquery = self:is ':'
  if is_subquery then
    self:take()
    step = not self:is ']' and self:duration 'subquery selector' or nil
  end
  self:expect(']', 'in range')
  if is_subquery then
    if node.type ~= 'vector' and node.type ~= 'scalar' then
      wrong(token, 'subquery is only allowed on instant vector, got %s instead', SHOWN[node.type])
    end
    return { kind = 'subquery', type = 'matrix', expr = node, range = range, step = step, offset = 0 }
  elseif node.kind ~= 'selector' or node.range then
    wrong(token, 'ranges only allowed for vector selectors')
  elseif node.is_shifted or node.at_time then
    wrong(token, 'no %s modifiers allowed before range', node.is_shifted and 'offset' or '@')
  end
  node.range, node.type = range, 'matrix'
  return node
end

-- Calls -----------------------------------------------------------------------------------------

local function expect_type(token, node, wanted, where)
  if node.type ~= wanted then
    wrong(token, 'expected type %s in %s, got %s', SHOWN[wanted], where, SHOWN[node.type])
  end
end

function reader:arguments()
  local args, tokens = {}, {}
  self:expect('(', 'in call')
  while not self:is ')' do
    tokens[#tokens + 1] = self:token()
    args[#args + 1] = self:expression()
    if not self:is ')' then
      self:expect(',', 'in call')
      if self:is ')' then
        self:unexpected ' in call'
      end
    end
  end
  self:take()
  return args, tokens
end

function reader:call(token)
  local name = token.text
  local signature = signatures.functions[name]
  if not signature then
    if signatures.unknown_functions[name] then
      failure.unsupported('the function %s() is not evaluated here', name)
    end
    wrong(token, 'unknown function with name %q', name)
  end
  local args, tokens = self:arguments()
  local takes, least = signature.takes, #signature.takes - signature.optional
  if #args < least or #args > #takes and not signature.endless then
    wrong(token, 'expected %s%d argument(s) in call to %q, got %d', least < #takes and 'at least ' or '', least, name,
      #args)
  end
  for i, argument in ipairs(args) do
    expect_type(tokens[i], argument, takes[math.min(i, #takes)], ('call to function %q'):format(name))
  end
  return { kind = 'call', type = signature.gives, name = name, args = args }
end

function reader:names(where)
  local names = {}
  self:expect('(', where)
  while not self:is ')' do
    local token = self:take()
    if token.kind ~= 'name' and token.kind ~= 'string' then
      self.index = self.index - 1
      self:unexpected((' %s, expected label'):format(where))
    end
    names[#names + 1] = token.kind == 'string' and token.value or token.text
    if not self:is ')' then
      self:expect(',', where)
    end
  end
  self:take()
  return names
end

function reader:grouping(node)
  if self:is_word 'by' or self:is_word 'without' then
    node.without = self:take().text:lower() == 'without'
    node.names = self:names 'in grouping opts'
    return true
  end
end

function reader:aggregation(token)
  local node = { kind = 'aggregate', type = 'vector', op = token.text:lower(), names = {}, without = false }
  local is_grouped = self:grouping(node)
  local args, tokens = self:arguments()
  if not is_grouped then
    self:grouping(node)
  end
  local param = signatures.aggregations[node.op]
  local wanted = param and 2 or 1
  if #args ~= wanted then
    wrong(token, 'wrong number of arguments for aggregate expression provided, expected %d, got %d', wanted, #args)
  end
  if param then
    node.param = args[1]
    expect_type(tokens[1], args[1], param, 'aggregation parameter')
  end
  node.expr = args[wanted]
  expect_type(tokens[wanted], node.expr, 'vector', 'aggregation expression')
  return node
end

-- Expressions -----------------------------------------------------------------------------------

local NUMBERS = { inf = math.huge, nan = 0 / 0 }

function reader:name()
  local token = self:take()
  local lower = token.text:lower()
  if signatures.unknown_aggregations[lower] and self:is '(' then
    failure.unsupported('the aggregation %s() is not evaluated here', lower)
  elseif signatures.aggregations[lower] ~= nil and (self:is '(' or self:is_word 'by' or self:is_word 'without') then
    return self:aggregation(token)
  elseif self:is '(' then
    return self:call(token)
  elseif NUMBERS[lower] then
    return { kind = 'number', type = 'scalar', value = NUMBERS[lower] }
  end
  return self:selector(token.text)
end

function reader:primary()
  local token = self:token()
  if token.kind == 'number' or token.kind == 'duration' and self.major >= 3 then
    self:take()
    return { kind = 'number', type = 'scalar', value = token.kind == 'number' and token.value or token.value / 1000 }
  elseif token.kind == 'string' then
    return { kind = 'string', type = 'string', value = self:take().value }
  elseif token.kind == 'name' then
    return self:name()
  elseif self:is '{' then
    return self:selector()
  elseif self:is '(' then
    self:take()
    local node = self:expression()
    self:expect(')', 'in paren expression')
    return { kind = 'paren', type = node.type, expr = node }
  end
  self:unexpected()
end

function reader:postfix()
  local node = self:primary()
  while true do
    if self:is '[' then
      node = self:range(node)
    elseif self:is_word 'offset' then
      self:offset(node)
    elseif self:is '@' then
      self:pin(node)
    else
      return node
    end
  end
end

local function binary_of(token, left, right, matching, is_bool)
  local op = token.text:lower()
  for _, side in ipairs { left, right } do
    if side.type ~= 'scalar' and side.type ~= 'vector' then
      wrong(token, 'binary expression must contain only scalar and instant vector types')
    end
  end
  local are_scalars = left.type == 'scalar' and right.type == 'scalar'
  if are_scalars and M.COMPARISONS[op] and not is_bool then
    wrong(token, 'comparisons between scalars must use BOOL modifier')
  elseif M.SETS[op] and (left.type == 'scalar' or right.type == 'scalar') then
    wrong(token, 'set operator %q not allowed in binary scalar expression', op)
  elseif matching and (left.type == 'scalar' or right.type == 'scalar') then
    wrong(token, 'vector matching only allowed between instant vectors')
  end
  return { kind = 'binary', type = are_scalars and 'scalar' or 'vector', op = op, left = left, right = right,
    bool = is_bool, matching = matching or { on = false, names = {}, include = {} } }
end

--- ^ binds closer than a sign, and from the right.
function reader:power()
  local base = self:postfix()
  if not self:is '^' then
    return base
  end
  local token = self:take()
  local matching, is_bool = self:matching(token)
  return binary_of(token, base, self:signed(), matching, is_bool)
end

function reader:signed()
  if not (self:is '-' or self:is '+') then
    return self:power()
  end
  local token = self:take()
  self:deeper(1)
  local node = self:signed()
  self:deeper(-1)
  if node.type ~= 'scalar' and node.type ~= 'vector' then
    wrong(token, 'unary expression only allowed on expressions of type scalar or instant vector, got %q',
      SHOWN[node.type])
  end
  return token.text == '-' and { kind = 'negative', type = node.type, expr = node } or node
end

function reader:matching(token)
  local is_bool = self:is_word 'bool' and self:take() and true or false
  if is_bool and not M.COMPARISONS[token.text] then
    wrong(token, 'bool modifier can only be used on comparison operators')
  end
  if not (self:is_word 'on' or self:is_word 'ignoring') then
    return nil, is_bool
  end
  local matching = { on = self:take().text:lower() == 'on', names = self:names 'in grouping opts', include = {} }
  if self:is_word 'group_left' or self:is_word 'group_right' then
    if M.SETS[token.text:lower()] then
      wrong(self:token(), 'no grouping allowed for %q operation', token.text:lower())
    end
    matching.group = self:take().text:lower():sub(7)
    matching.include = self:is '(' and self:names 'in grouping opts' or {}
  end
  return matching, is_bool
end

function reader:deeper(by)
  self.depth = self.depth + by
  if self.depth > DEPTH_MAX then
    failure.unsupported('a query that is nested more than %d times is not evaluated here', DEPTH_MAX)
  end
end

function reader:level(number)
  if number > #LEVELS then
    return self:signed()
  end
  local left = self:level(number + 1)
  while (self:token().kind == 'symbol' or self:token().kind == 'name') and LEVELS[number][self:token().text:lower()] do
    local token = self:take()
    local matching, is_bool = self:matching(token)
    left = binary_of(token, left, self:level(number + 1), matching, is_bool)
  end
  return left
end

function reader:expression()
  self:deeper(1)
  local node = self:level(1)
  self:deeper(-1)
  return node
end

--- Raises what it cannot read (tool.promql.failure).
---@param text string
---@param major integer? of the server's version; 2 without one
---@return PromqlNode
function M.parse(text, major)
  local self = setmetatable({ tokens = lexer.tokens(text), index = 1, major = major or 2, depth = 0 }, reader)
  if self:token().kind == 'end' then
    failure.bad_data 'unknown position: parse error: no expression found in input'
  end
  local node = self:expression()
  if self:token().kind ~= 'end' then
    self:unexpected()
  end
  return node
end

return M
