--- Times and values of a series as text, for the file of sluice record: short, exact, and quick to read.
---
---     1780000000000 15000x239 14998    the first number, then what each adds to the one before; x239: so many times
---     = 0.25 0.5x3 NaN +Inf            the numbers themselves, when they are not whole
local ffi = require 'ffi'

local M = {}

local WHOLE_MAX = 2 ^ 52

local function are_whole(list)
  for i = 1, #list do
    local number = list[i]
    if number ~= math.floor(number) or math.abs(number) > WHOLE_MAX or number == 0 and 1 / number < 0 then
      return false
    end
  end
  return true
end

local function written(number)
  if number ~= number then
    return 'NaN'
  elseif number - number ~= 0 then
    return number > 0 and '+Inf' or '-Inf'
  end
  local short = ('%.15g'):format(number)
  return tonumber(short) == number and short or ('%.17g'):format(number)
end

--- Equal texts in a row as one.
local function join(list)
  local parts, i = {}, 1
  while i <= #list do
    local ends = i
    while list[ends + 1] == list[i] do
      ends = ends + 1
    end
    parts[#parts + 1] = ends > i and ('%sx%d'):format(list[i], ends - i + 1) or list[i]
    i = ends + 1
  end
  return table.concat(parts, ' ')
end

---@param list number[]
---@return string
function M.write(list)
  local texts = {}
  if are_whole(list) then
    for i = 1, #list do
      texts[i] = ('%.0f'):format(list[i] - (i > 1 and list[i - 1] or 0))
    end
    return join(texts)
  end
  for i = 1, #list do
    texts[i] = written(list[i])
  end
  return '= ' .. join(texts)
end

local BLANK, MINUS, ZERO, NINE, TIMES = (' -09x'):byte(1, 5)

--- How many numbers there are; nil: it is no such text.
local function count_of(text)
  local count = 0
  for repeated in text:gsub('^= ', ''):gmatch '[^ ]+' do
    local times = repeated:match 'x(%d+)$'
    if times == '0' then
      return nil
    end
    count = count + (times and tonumber(times) or 1)
  end
  return count
end

--- Whole numbers: a file of months has millions, so they are read byte by byte.
local function read_whole(text, numbers)
  local at, length, number, count = 1, #text, 0, 0
  while at <= length do
    local byte, negative, digits = text:byte(at), false, 0
    if byte == MINUS then
      negative, at = true, at + 1
    end
    local begins = at
    byte = text:byte(at)
    while byte and byte >= ZERO and byte <= NINE do
      digits, at = digits * 10 + (byte - ZERO), at + 1
      byte = text:byte(at)
    end
    local times = 1
    local is_number = at > begins
    if is_number and byte == TIMES then
      times, at = 0, at + 1
      byte = text:byte(at)
      while byte and byte >= ZERO and byte <= NINE do
        times, at = times * 10 + (byte - ZERO), at + 1
        byte = text:byte(at)
      end
    end
    if not is_number or byte and byte ~= BLANK then
      return nil
    end
    digits = negative and -digits or digits
    for _ = 1, times do
      number = number + digits
      numbers[count], count = number, count + 1
    end
    at = at + 1
  end
  return count
end

local NAMED = { NaN = 0 / 0, ['+Inf'] = math.huge, ['-Inf'] = -math.huge }

local function read_any(text, numbers)
  local count = 0
  for token in text:sub(3):gmatch '[^ ]+' do
    local literal, times = token:match '^(.-)x(%d+)$'
    local number = NAMED[literal or token] or tonumber(literal or token)
    if not number then
      return nil
    end
    for _ = 1, tonumber(times or 1) do
      numbers[count], count = number, count + 1
    end
  end
  return count
end

local COUNT_MAX = 1e8

--- The numbers of a text, from 0 on; nil: it is none.
---@param text string
---@return ffi.cdata*? numbers
---@return integer? count
function M.read(text)
  local count = type(text) == 'string' and count_of(text)
  if not count or count > COUNT_MAX then
    return nil
  end
  local numbers = ffi.new('double[?]', math.max(1, count))
  local read = (text:sub(1, 2) == '= ' and read_any or read_whole)(text, numbers)
  if read ~= count then
    return nil
  end
  return numbers, count
end

return M
