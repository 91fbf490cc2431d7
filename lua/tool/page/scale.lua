--- Places of values and times along an axis, and the round ones that are written at it.
local go_format = require 'stdlib.go_format'
local moments = require 'tool.record.moment'

local M = {}

local SECOND, MINUTE, HOUR, DAY = 1000, 60000, 3600000, 86400000

--- Distances between two times that people count in.
local STEPS = { SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 30 * SECOND, MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE,
  30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, 12 * HOUR, DAY, 2 * DAY, 7 * DAY, 14 * DAY, 28 * DAY, 91 * DAY, 364 * DAY }

--- How much of an axis a label takes.
local ROOM = 0.15

--- Where a value stands between two others, in percent; beyond them it stands at the edge.
---@param value number may be infinite
---@param low number
---@param high number above `low`
---@return number percent 0 to 100
function M.percent(value, low, high)
  return math.max(0, math.min(100, (value - low) / (high - low) * 100))
end

local function is_finite(value)
  return value - value == 0
end

--- The lowest and the highest of some values, with room around them. Infinite ones and NaN have no part in it.
---@param values number[]
---@return number low
---@return number high above `low`
function M.range(values)
  local low, high
  for _, value in ipairs(values) do
    if is_finite(value) then
      low, high = math.min(low or value, value), math.max(high or value, value)
    end
  end
  low, high = low or 0, high or 1
  local room = high > low and (high - low) * 0.08 or math.max(math.abs(high) * 0.1, 0.5)
  -- what is never below nothing needs no room there
  return low >= 0 and math.max(0, low - room) or low - room, high + room
end

--- Round values from `low` to `high`: 1, 2 or 5 of a power of ten apart.
---@param low number
---@param high number above `low`
---@param count integer about so many
---@return number[]
function M.ticks(low, high, count)
  local rough = (high - low) / count
  local power = 10 ^ math.floor(math.log10(rough))
  local step = rough <= power and power or rough <= 2 * power and 2 * power or rough <= 5 * power and 5 * power
    or 10 * power
  local ticks = {}
  for i = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) do
    ticks[#ticks + 1] = i * step + 0 -- which makes 0 of -0
  end
  return ticks
end

--- Where an axis of values has its labels: at the bounds, and at the round values that are not close to one.
---@param low number
---@param high number above `low`
---@param count integer about so many round values
---@param bounds number[]
---@return number[]
function M.labelled(low, high, count, bounds)
  local values, room = {}, (high - low) * ROOM
  for _, bound in ipairs(bounds) do
    if bound >= low and bound <= high then
      values[#values + 1] = bound
    end
  end
  for _, value in ipairs(M.ticks(low, high, count)) do
    local free = true
    for _, bound in ipairs(bounds) do
      free = free and math.abs(value - bound) >= room
    end
    values[#values + 1] = free and value or nil
  end
  table.sort(values)
  return values
end

--- Round times from 0 to `span`.
---@param span integer ms, above 0
---@param count integer at most so many behind the first
---@return integer[] ms
function M.times(span, count)
  local step
  for _, candidate in ipairs(STEPS) do
    step = candidate
    if span / step <= count then
      break
    end
  end
  while span / step > count do
    step = step * 2
  end
  local times = {}
  for at = 0, span, step do
    times[#times + 1] = at
  end
  return times
end

--- A time of a story as people read it: 4:05, 1:04:05, 2d 1:04, 7d.
---@param ms integer
---@return string
function M.clock(ms)
  local days = math.floor(ms / DAY)
  local rest = ms - days * DAY
  if days == 0 then
    return moments.clock(ms)
  elseif rest < MINUTE then
    return ('%dd'):format(days)
  end
  local minutes = math.floor(rest / MINUTE)
  return ('%dd %d:%02d'):format(days, math.floor(minutes / 60), minutes % 60)
end

--- A value as short as it can be told.
---@param value number
---@return string
function M.number(value)
  if not is_finite(value) then
    return go_format.number(value)
  end
  local text = ('%.6g'):format(value)
  return (text:gsub('e%+?(%-?)0*', 'e%1'))
end

return M
