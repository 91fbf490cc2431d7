--- Reads regular expressions as RE2 writes them, to a tree:
---
---     { kind = 'set', … }    one character          { kind = 'repeat', node, low, high, lazy }
---     { kind = 'sequence', … }                      { kind = 'group', node, index }
---     { kind = 'choice', … }                        { kind = 'first' }, { kind = 'last' }
---
--- What RE2 knows and this does not is refused by its name: classes such as \p{Greek}, \b, flags other than i, m, s.
local failure = require 'tool.promql.failure'

local M = {}

local REPEATS_MAX, CODE_POINT_MAX = 1000, 0x10FFFF

--- Characters as numbers, one for each code point.
---@param text string
---@return integer[]
function M.code_points(text)
  local list, at = {}, 1
  while at <= #text do
    local byte = text:byte(at)
    local length = byte >= 0xF0 and 4 or byte >= 0xE0 and 3 or byte >= 0xC0 and 2 or 1
    local code = length == 1 and byte or byte % 2 ^ (7 - length)
    for i = 1, length - 1 do
      code = code * 64 + (text:byte(at + i) or 0x80) % 64
    end
    list[#list + 1], at = code, at + length
  end
  return list
end

-- Sets of characters: pairs of the first and the last code point ----------------------------------

local CLASSES = { d = { 48, 57 }, w = { 48, 57, 65, 90, 95, 95, 97, 122 }, s = { 9, 10, 12, 13, 32, 32 } }
local NAMED = { alnum = { 48, 57, 65, 90, 97, 122 }, alpha = { 65, 90, 97, 122 }, digit = { 48, 57 },
  lower = { 97, 122 }, upper = { 65, 90 }, space = { 9, 13, 32, 32 }, xdigit = { 48, 57, 65, 70, 97, 102 },
  punct = { 33, 47, 58, 64, 91, 96, 123, 126 }, word = { 48, 57, 65, 90, 95, 95, 97, 122 } }
local CONTROLS = { n = 10, t = 9, r = 13, f = 12, v = 11, a = 7 }
local ANY = { 0, CODE_POINT_MAX }

--- All characters that a set does not have.
local function complement(set)
  local pairs_of = {}
  for i = 1, #set, 2 do
    pairs_of[#pairs_of + 1] = { set[i], set[i + 1] }
  end
  table.sort(pairs_of, function(a, b) return a[1] < b[1] end)
  local rest, from = {}, 0
  for _, pair in ipairs(pairs_of) do
    if pair[1] > from then
      rest[#rest + 1], rest[#rest + 2] = from, pair[1] - 1
    end
    from = math.max(from, pair[2] + 1)
  end
  if from <= CODE_POINT_MAX then
    rest[#rest + 1], rest[#rest + 2] = from, CODE_POINT_MAX
  end
  return rest
end

--- The same with the other case of each letter of ASCII.
local function folded(set)
  local all = { unpack(set) }
  for i = 1, #set, 2 do
    for _, case in ipairs { { 65, 90, 32 }, { 97, 122, -32 } } do
      local from, to = math.max(set[i], case[1]), math.min(set[i + 1], case[2])
      if from <= to then
        all[#all + 1], all[#all + 2] = from + case[3], to + case[3]
      end
    end
  end
  return all
end

-- Reading ---------------------------------------------------------------------------------------

local reader = {}
reader.__index = reader

function reader:peek()
  return self.text:match('^[%z\1-\127\194-\244][\128-\191]*', self.at) or ''
end

function reader:next()
  local char = self:peek()
  self.at = self.at + math.max(1, #char)
  return char
end

function reader:refuse(what)
  failure.unsupported('the regular expression `%s` has %s, which is not evaluated here', self.text, what)
end

function reader:wrong(what)
  failure.bad_data('error parsing regexp: %s: `%s`', what, self.text)
end

function reader:set(set)
  local node = { kind = 'set', unpack(self.folds and folded(set) or set) }
  return node
end

--- What is escaped, behind the backslash.
function reader:escape()
  local char = self:next()
  local class = CLASSES[char:lower()]
  if class then
    return char == char:lower() and class or complement(class)
  elseif CONTROLS[char] then
    return { CONTROLS[char], CONTROLS[char] }
  elseif char == 'x' and self.text:find('^%x%x', self.at) then
    local code = tonumber(self.text:sub(self.at, self.at + 1), 16)
    self.at = self.at + 2
    return { code, code }
  elseif char:find '^%w$' then
    self:refuse('\\' .. char)
  elseif char == '' then
    self:wrong 'trailing backslash at end of expression'
  end
  local code = M.code_points(char)[1]
  return { code, code }
end

--- One member of [ ].
function reader:member()
  local name = self.text:match('^%[:(%^?%a+):%]', self.at)
  if name then
    self.at = self.at + #name + 4
    return NAMED[name] or self:refuse('[:' .. name .. ':]')
  end
  local char = self:next()
  if char == '\\' then
    return self:escape()
  end
  local code = M.code_points(char)[1] or self:wrong 'missing closing ]'
  return { code, code }
end

--- Behind the `[`.
function reader:class()
  local set, is_negated, is_first = {}, self:peek() == '^', true
  if is_negated then
    self:next()
  end
  while is_first or self:peek() ~= ']' do
    local one = self:member()
    is_first = false
    if self:peek() == '-' and self.text:sub(self.at + 1, self.at + 1) ~= ']' and #one == 2 then
      self:next()
      one = { one[1], self:member()[2] }
      if one[2] < one[1] then
        self:wrong 'invalid character class range'
      end
    end
    for _, code in ipairs(one) do
      set[#set + 1] = code
    end
  end
  self:next()
  set = self.folds and folded(set) or set
  return { kind = 'set', unpack(is_negated and complement(set) or set) }
end

--- Behind the `(`.
function reader:group()
  local flags, ends = self.text:match('^%?([ims]*)([:)])', self.at)
  local opening, name = self.text:match('^(%?P?<([%w_]+)>)', self.at)
  local outer, index = self.folds, nil
  if flags then
    self.folds = self.folds or flags:find 'i' ~= nil
    self.at = self.at + #flags + 2
    if ends == ')' then
      return { kind = 'sequence' } -- flags for what follows
    end
  elseif self:peek() == '?' and not name then
    self:refuse('a group (' .. self.text:sub(self.at, self.at + 1))
  else
    self.at = self.at + #(opening or '')
    self.count = self.count + 1
    index = self.count
    self.names[name or ''] = index
  end
  local node = self:choice()
  if self:next() ~= ')' then
    self:wrong 'missing closing )'
  end
  self.folds = outer
  return index and { kind = 'group', node = node, index = index } or node
end

function reader:atom()
  local char = self:next()
  if char == '(' then
    return self:group()
  elseif char == '[' then
    return self:class()
  elseif char == '.' then
    return { kind = 'set', unpack(ANY) } -- also a newline: Prometheus sets the flag s
  elseif char == '^' or char == '$' then
    return { kind = char == '^' and 'first' or 'last' }
  elseif char == '\\' then
    return self:set(self:escape())
  elseif char:find '^[*+?]$' then
    return self:wrong('missing argument to repetition operator: `' .. char .. '`')
  end
  local code = M.code_points(char)[1]
  return self:set { code, code }
end

--- How often, by what stands behind an atom; nil: once.
---@return integer? low
---@return integer? high nil: without an end
function reader:count_of()
  local char = self:peek()
  local low, comma, high, behind = self.text:match('^{(%d+)(,?)(%d*)}()', self.at)
  if char:find '^[*+?]$' then
    self:next()
    return char == '+' and 1 or 0, char == '?' and 1 or nil
  elseif low then
    self.at = behind
    low, high = tonumber(low), comma == '' and tonumber(low) or tonumber(high)
    if low > REPEATS_MAX or (high or 0) > REPEATS_MAX or high and high < low then
      self:wrong 'invalid repeat count'
    end
    return low, high
  end
end

function reader:repeated()
  local node = self:atom()
  local low, high = self:count_of()
  if not low then
    return node
  end
  local is_lazy = self:peek() == '?'
  if is_lazy then
    self:next()
  end
  if self:peek():find '^[*+?]$' then
    self:wrong 'invalid nested repetition operator'
  end
  return { kind = 'repeat', node = node, low = low, high = high, lazy = is_lazy }
end

function reader:sequence()
  local list = { kind = 'sequence' }
  while self.at <= #self.text and self:peek() ~= '|' and self:peek() ~= ')' do
    list[#list + 1] = self:repeated()
  end
  return list
end

function reader:choice()
  local list = { kind = 'choice', self:sequence() }
  while self:peek() == '|' do
    self:next()
    list[#list + 1] = self:sequence()
  end
  return #list == 1 and list[1] or list
end

--- Raises what it cannot read.
---@param text string
---@return table tree
---@return integer count of groups
---@return table<string, integer> names of groups
function M.parse(text)
  local self = setmetatable({ text = text, at = 1, count = 0, names = {} }, reader)
  local tree = self:choice()
  if self.at <= #text then
    self:wrong 'unexpected )'
  end
  self.names[''] = nil
  return tree, self.count, self.names
end

return M
