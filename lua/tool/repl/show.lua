--- Values as the console shows them: tables with their fields, sorted, with bounds on depth and length, and cut to the
--- width of the terminal.
local keys = require 'stdlib.keys'
local columns_of = require 'tool.columns'
local readable = require 'tool.readable'
local verdicts = require 'tool.record.verdict'

local M = {}

local DEPTH_MAX, FIELDS_MAX, TEXT_MAX, LINES_MAX = 6, 60, 4000, 400
local LINE_WIDTH = 100 -- of a table that is written in one line, where no terminal says how wide it is

--- The beginning of a text that fits, with a mark where it was cut.
---@param text string
---@param columns integer 0: any
function M.cut(text, columns)
  if columns <= 0 or columns_of.width(text) <= columns then
    return text
  end
  local at, count = 1, 0
  while count < columns - 1 do
    local _, last = text:find('^[^\128-\191][\128-\191]*', at)
    at, count = (last or at) + 1, count + 1
  end
  return text:sub(1, at - 1) .. '…'
end

--- Words of a text in lines that fit, the later ones behind so many blanks.
---@param text string
---@param columns integer 0: any
---@param indent integer
function M.fold(text, columns, indent)
  if columns <= 0 or columns_of.width(text) <= columns or columns <= indent + 16 then
    return text
  end
  local lines, line = {}, nil
  for blanks, word in text:gmatch '( *)([^ ]+)' do
    if line and columns_of.width(line .. blanks .. word) > columns then
      lines[#lines + 1], line = line, (' '):rep(indent) .. word
    else
      line = (line or '') .. blanks .. word
    end
  end
  lines[#lines + 1] = line
  return table.concat(lines, '\n')
end

--- 48, 99.5, 0.1234: no more digits than a person reads.
function M.number(value)
  if value == math.floor(value) and math.abs(value) < 1e15 then
    return ('%d'):format(value)
  end
  return (('%.6g'):format(value))
end

local KEYWORDS = {}
for word in ('and break do else elseif end false for function goto if in local nil not or repeat return then true '
  .. 'until while'):gmatch '%a+' do
  KEYWORDS[word] = true
end

local function quoted(text)
  text = #text > TEXT_MAX and text:sub(1, TEXT_MAX) .. '…' or text
  return "'" .. text:gsub("[\\']", '\\%0'):gsub('\n', '\\n') .. "'"
end

local scalar

local function key_text(key)
  if type(key) == 'string' then
    return key:find '^[%a_][%w_]*$' and not KEYWORDS[key] and key or '[' .. quoted(key) .. ']'
  end
  return type(key) == 'table' and '[{…}]' or '[' .. scalar(key) .. ']'
end

function scalar(value)
  if type(value) == 'string' then
    return quoted(value)
  elseif type(value) == 'number' then
    return M.number(value)
  elseif type(value) == 'function' then
    return 'a function'
  elseif type(value) == 'userdata' or type(value) == 'thread' or type(value) == 'cdata' then
    return M.name(value)
  end
  return tostring(value)
end

--- What a value without fields to show is called; set by who knows.
function M.name(value)
  return 'a ' .. type(value)
end

--- A verdict of a check: 'pass  48 ms, at most 100 wanted, margin 52'. The text of one that failed names its bound.
local function verdict_text(value)
  local verdict, text, bounds = rawget(value, 'verdict'), rawget(value, 'text'), rawget(value, 'bounds')
  if type(verdict) ~= 'string' or type(text) ~= 'string' then
    return nil
  end
  local within = verdict == 'pass' and type(bounds) == 'table' and verdicts.within(bounds, rawget(value, 'margin'))
  return ('%s  %s%s'):format(verdict, text, within or '')
end

M.ALL = {} -- of a metatable: gives all fields; a key that no line can name

--- Fields of a table, also those that are only there when they are asked for.
local function fields_of(value)
  local meta = getmetatable(value)
  local all = type(meta) == 'table' and meta[M.ALL]
  return all and all(value) or value
end

local write

local function parts_of(value, depth, seen)
  local parts, count = {}, 0
  local length = #value
  for _, key in ipairs(keys.sorted(value)) do
    count = count + 1
    if count <= FIELDS_MAX then
      local is_item = type(key) == 'number' and key >= 1 and key <= length and key % 1 == 0
      parts[count] = { is_item and '' or key_text(key) .. ' = ', value[key] }
    end
  end
  for _, part in ipairs(parts) do
    part.lines = write(part[2], depth + 1, seen)
  end
  return parts, count - #parts
end

local function in_one_line(parts, more, columns)
  local texts = {}
  for i, part in ipairs(parts) do
    if #part.lines > 1 then
      return nil
    end
    texts[i] = part[1] .. part.lines[1]
  end
  texts[#texts + 1] = more > 0 and ('… %d more'):format(more) or nil
  local text = '{ ' .. table.concat(texts, ', ') .. ' }'
  return columns_of.width(text) <= columns and text or nil
end

local columns_now

--- The lines of a value.
function write(value, depth, seen)
  if type(value) ~= 'table' then
    return { scalar(value) }
  elseif seen[value] then
    return { '{…}' }
  end
  local text = verdict_text(value)
  value = fields_of(value)
  if text then
    return { text }
  elseif next(value) == nil then
    return { '{}' }
  elseif depth > DEPTH_MAX then
    return { '{…}' }
  end
  seen[value] = true
  local parts, more = parts_of(value, depth, seen)
  seen[value] = nil
  local line = in_one_line(parts, more, columns_now - 2 * depth)
  if line then
    return { line }
  end
  local lines = { '{' }
  for _, part in ipairs(parts) do
    for i, one in ipairs(part.lines) do
      local comma = i == #part.lines and ',' or ''
      lines[#lines + 1] = '  ' .. (i == 1 and part[1] or '') .. one .. comma
    end
  end
  lines[#lines + 1] = more > 0 and ('  … %d more'):format(more) or nil
  lines[#lines + 1] = '}'
  return lines
end

--- A value for people, without an end of line.
---@param value any
---@param columns integer of the terminal; 0: there is none, and nothing is cut
---@return string
function M.value(value, columns)
  if type(value) == 'string' then
    return readable(value)
  end
  columns_now = columns > 0 and columns or LINE_WIDTH
  local lines = write(value, 0, {})
  for i = LINES_MAX + 1, #lines do
    lines[i] = nil
  end
  for i, line in ipairs(lines) do
    lines[i] = M.cut(readable(line), columns)
  end
  lines[#lines + 1] = #lines == LINES_MAX and '…' or nil
  return table.concat(lines, '\n')
end

return M
