--- Numbers and durations as Go prints them, because event texts are compared with Flagger's.
local M = {}

--- The fewest digits that read back as the same number: '1.5e+02' as mantissa and exponent.
local function shortest(value)
  for digits = 0, 16 do
    local text = string.format('%.' .. digits .. 'e', value)
    if tonumber(text) == value then
      return text
    end
  end
end

local function plain(value, digits, exponent)
  return string.format('%.' .. math.max(0, digits - 1 - exponent) .. 'f', value)
end

--- `%v` of a float64: the shortest decimal, with an exponent below 1e-4 and from 1e6 on ('0.95',
--- '123456', '1e+06').
---@param value number
---@return string
function M.number(value)
  if value ~= value then
    return 'NaN'
  elseif value == math.huge or value == -math.huge then
    return value > 0 and '+Inf' or '-Inf'
  end
  local text = shortest(value)
  local mantissa, sign, exponent = text:match('^(.-)e([+-])(%d+)$')
  local power = tonumber(sign .. exponent)
  local digits = #mantissa:gsub('[^%d]', '')
  if power < -4 or power >= 6 then
    return string.format('%se%s%02d', mantissa, sign, math.abs(power))
  end
  return plain(value, digits, power)
end

--- `%.2f`: '88.76', '+Inf'. LuaJIT rounds a tie away from zero, Go to the even digit. A tie has an odd
--- number of eighths; a quarter of them in front makes the even digit the lower one, where cutting is right.
---@param value number
---@return string
function M.two_decimals(value)
  local is_finite = value - value == 0
  if not is_finite then
    return M.number(value)
  elseif math.abs(value) * 8 % 4 == 1 then
    return string.format('%.3f', value):sub(1, -2)
  end
  return string.format('%.2f', value)
end

local function fraction(value, unit)
  local text = string.format('%.6f', value):gsub('0+$', ''):gsub('%.$', '')
  return text .. unit
end

--- `%v` of a duration of whole milliseconds: '0s', '500ms', '1.515s', '1m0s', '1h0m0s'.
---@param ms integer
---@return string
function M.duration(ms)
  if ms == 0 then
    return '0s'
  elseif ms < 0 then
    return '-' .. M.duration(-ms)
  elseif ms < 1000 then
    return string.format('%dms', ms)
  end
  local hours, rest = math.floor(ms / 3600000), ms % 3600000
  local minutes, seconds = math.floor(rest / 60000), fraction(rest % 60000 / 1000, 's')
  if hours > 0 then
    return string.format('%dh%dm%s', hours, minutes, seconds)
  elseif minutes > 0 then
    return string.format('%dm%s', minutes, seconds)
  end
  return seconds
end

return M
