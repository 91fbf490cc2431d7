--- The tokens of Prometheus' query language.
local failure = require 'tool.promql.failure'
local utf8 = require 'stdlib.utf8'

local M = {}

---@class PromqlToken
---@field kind 'number'|'duration'|'string'|'name'|'symbol'|'end'
---@field text string as it stands
---@field at integer
---@field value number|string|nil of a number, a duration (ms), a string

local UNITS = { ms = 1, s = 1000, m = 60000, h = 3600000, d = 86400000, w = 7 * 86400000, y = 365 * 86400000 }
local ORDER = { y = 1, w = 2, d = 3, h = 4, m = 5, s = 6, ms = 7 }
local ESCAPES = { a = '\a', b = '\b', f = '\f', n = '\n', r = '\r', t = '\t', v = '\v', ['\\'] = '\\', ['"'] = '"',
  ["'"] = "'" }
local TWO = { ['=='] = true, ['!='] = true, ['=~'] = true, ['!~'] = true, ['<='] = true, ['>='] = true }

--- Milliseconds of '1h30m', and what comes behind it; nil for another text.
---@param text string
---@param at integer
---@return number?
---@return integer
function M.duration(text, at)
  local sum, rank = 0, 0
  local from = at
  while true do
    local count, unit = text:match('^(%d+)(%a+)', at)
    unit = unit and (unit:find '^ms' and 'ms' or unit:sub(1, 1))
    if not count or not UNITS[unit] or ORDER[unit] <= rank then
      break
    end
    sum, rank = sum + tonumber(count) * UNITS[unit], ORDER[unit]
    at = at + #count + #unit
  end
  if at == from or text:find('^[%w_]', at) then
    return nil, from
  end
  return sum, at
end

--- The text of an escape behind its backslash, and where it ends.
local function read_escape(text, at)
  local char = text:sub(at, at)
  if ESCAPES[char] then
    return ESCAPES[char], at + 1
  end
  local octal = text:match('^[0-3][0-7][0-7]', at)
  if octal then
    return string.char(tonumber(octal, 8)), at + 3
  end
  local digits = text:match('^x(%x%x)', at)
  if digits then
    return string.char(tonumber(digits, 16)), at + 3
  end
  digits = text:match('^u(%x%x%x%x)', at) or text:match('^U(%x%x%x%x%x%x%x%x)', at)
  if digits then
    local code = tonumber(digits, 16)
    if code > 0x10FFFF or code >= 0xD800 and code < 0xE000 then
      return failure.bad_data 'parse error: escape sequence is an invalid Unicode code point'
    end
    return utf8.char(code), at + 1 + #digits
  end
  return failure.bad_data('parse error: unknown escape sequence \\%s', char)
end

local function read_string(text, at)
  local quote, parts = text:sub(at, at), {}
  if quote == '`' then
    local ends = text:find('`', at + 1, true) or failure.bad_data 'parse error: unterminated raw string'
    return text:sub(at + 1, ends - 1), ends + 1
  end
  at = at + 1
  while true do
    local char = text:sub(at, at)
    if char == '' or char == '\n' then
      return failure.bad_data 'parse error: unterminated quoted string'
    elseif char == quote then
      return table.concat(parts), at + 1
    elseif char == '\\' then
      parts[#parts + 1], at = read_escape(text, at + 1)
    else
      parts[#parts + 1], at = char, at + 1
    end
  end
end

--- As Go reads it: `_` may stand between two digits, and a whole number that begins with 0 is octal, unless an 8 or a 9
--- is in it.
---@return string literal
---@return number value
local function read_number(text, at)
  local literal = text:match('^0[xX][%x_]+', at)
  local pair = literal and '([%xxX])_%f[%x]' or '(%d)_%f[%d]'
  literal = literal or text:match('^[%d_]*%.?[%d_]*[eE][+-]?%d[%d_]*', at) or text:match('^[%d_]*%.?[%d_]*', at)
  local plain = literal:gsub(pair, '%1')
  local value = plain:find '^0[0-7]+$' and tonumber(plain, 8) or tonumber(plain)
  if not value or text:find('^[%w_.]', at + #literal) then
    failure.bad_data('parse error: bad number or duration syntax: "%s"', text:match('^[%w_.]+', at))
  end
  return literal, value
end

--- Behind blanks and comments.
local function behind_blanks(text, at)
  while true do
    at = text:match('^%s*()', at)
    if text:sub(at, at) ~= '#' then
      return at
    end
    at = text:find('\n', at, true) or #text + 1
  end
end

---@class PromqlPlace
---@field brackets boolean inside of [ ], where a colon stands alone

--- The token at `at`, and what is behind it.
---@return PromqlToken token
---@return integer
local function read_token(text, at, place)
  local char = text:sub(at, at)
  if char == '' then
    return { kind = 'end', text = '', at = at }, at
  elseif char:find '["\'`]' then
    local value, behind = read_string(text, at)
    return { kind = 'string', text = text:sub(at, behind - 1), value = value, at = at }, behind
  elseif text:find('^%.?%d', at) then
    local ms, behind = M.duration(text, at)
    if ms then
      return { kind = 'duration', text = text:sub(at, behind - 1), value = ms, at = at }, behind
    end
    local literal, value = read_number(text, at)
    return { kind = 'number', text = literal, value = value, at = at }, at + #literal
  end
  local name = text:match(place.brackets and '^[%a_][%w_]*' or '^[%a_:][%w_:]*', at)
  if name then
    return { kind = 'name', text = name, at = at }, at + #name
  end
  local symbol = TWO[text:sub(at, at + 1)] and text:sub(at, at + 1) or char
  if not symbol:find '^[-+*/%%^(){}%[%],:@<>=!~]' or symbol == '!' or symbol == '~' then
    failure.bad_data('parse error: unexpected character: %s', ("'%s'"):format(symbol))
  end
  place.brackets = symbol == '[' or place.brackets and symbol ~= ']'
  return { kind = 'symbol', text = symbol, at = at }, at + #symbol
end

--- All tokens; the last one is the end.
---@param text string
---@return PromqlToken[]
function M.tokens(text)
  local tokens, at, place = {}, 1, { brackets = false }
  repeat
    at = behind_blanks(text, at)
    tokens[#tokens + 1], at = read_token(text, at, place)
  until tokens[#tokens].kind == 'end'
  return tokens
end

return M
