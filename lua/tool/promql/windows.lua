--- Functions over the samples in a window, as Prometheus reckons them. Each is given the samples from `first` to the
--- one before `behind`, at least one, and gives a number, or nil: the series has no value then.
local M = {}

---@class PromqlSpan
---@field from number ms, where the window begins
---@field to number ms
---@field time number ms, of the question
---@field major integer of the server's version

---@alias WindowFunction fun(times: ffi.cdata*, values: ffi.cdata*, first: integer, behind: integer, span: PromqlSpan,
---  argument: number?): number?

local floor, min, sqrt, huge = math.floor, math.min, math.sqrt, math.huge
local NAN = 0 / 0

--- How much longer than between two samples a gap at an end may be, so that the series is thought to fill it.
local FILLS = 1.1

-- Differences -------------------------------------------------------------------------------------

--- How much of the time before the first sample counts. A counter was not below zero, so it cannot have grown longer
--- than back to there. Servers before version 3 let that decide first, and the size of the gap after it.
local function reach_back(gap, mean, to_zero, major)
  if major >= 3 then
    return min(gap >= mean * FILLS and mean / 2 or gap, to_zero)
  end
  gap = min(gap, to_zero)
  return gap < mean * FILLS and gap or mean / 2
end

local function extrapolated(times, values, first, behind, span, is_counter, is_rate)
  local last = behind - 1
  if first >= last then
    return nil
  end
  local grown = values[last] - values[first]
  if is_counter then
    for i = first + 1, last do
      if values[i] < values[i - 1] then
        grown = grown + values[i - 1]
      end
    end
  end
  local sampled = (times[last] - times[first]) / 1000
  local mean = sampled / (last - first)
  local to_zero = huge
  if is_counter and grown > 0 and values[first] >= 0 then
    to_zero = sampled * (values[first] / grown)
  end
  local after = (span.to - times[last]) / 1000
  local covered = sampled + reach_back((times[first] - span.from) / 1000, mean, to_zero, span.major)
    + (after < mean * FILLS and after or mean / 2)
  local factor = covered / sampled
  if is_rate then
    factor = factor / ((span.to - span.from) / 1000)
  end
  return grown * factor
end

function M.rate(times, values, first, behind, span)
  return extrapolated(times, values, first, behind, span, true, true)
end

function M.increase(times, values, first, behind, span)
  return extrapolated(times, values, first, behind, span, true, false)
end

function M.delta(times, values, first, behind, span)
  return extrapolated(times, values, first, behind, span, false, false)
end

function M.irate(times, values, first, behind)
  local last = behind - 1
  if first >= last or times[last] == times[last - 1] then
    return nil
  end
  local grown = values[last] < values[last - 1] and values[last] or values[last] - values[last - 1]
  return grown / ((times[last] - times[last - 1]) / 1000)
end

function M.idelta(times, values, first, behind)
  local last = behind - 1
  if first >= last or times[last] == times[last - 1] then
    return nil
  end
  return values[last] - values[last - 1]
end

function M.changes(_, values, first, behind)
  local count = 0
  for i = first + 1, behind - 1 do
    local before, now = values[i - 1], values[i]
    if now ~= before and not (now ~= now and before ~= before) then
      count = count + 1
    end
  end
  return count
end

function M.resets(_, values, first, behind)
  local count = 0
  for i = first + 1, behind - 1 do
    if values[i] < values[i - 1] then
      count = count + 1
    end
  end
  return count
end

-- Sums --------------------------------------------------------------------------------------------

--- Adds, and keeps what rounding has lost (Neumaier).
local function add(total, lost, value)
  local more = total + value
  if more - more ~= 0 then
    return more, 0
  elseif math.abs(total) >= math.abs(value) then
    return more, lost + ((total - more) + value)
  end
  return more, lost + ((value - more) + total)
end

local function sum(values, first, behind)
  local total, lost = 0, 0
  for i = first, behind - 1 do
    total, lost = add(total, lost, values[i])
  end
  return total + lost
end

function M.sum_over_time(_, values, first, behind)
  return sum(values, first, behind)
end

function M.avg_over_time(_, values, first, behind)
  return sum(values, first, behind) / (behind - first)
end

function M.count_over_time(_, _, first, behind)
  return behind - first
end

function M.present_over_time()
  return 1
end

function M.last_over_time(_, values, _, behind)
  return values[behind - 1]
end

function M.min_over_time(_, values, first, behind)
  local least = values[first]
  for i = first + 1, behind - 1 do
    if values[i] < least or least ~= least then
      least = values[i]
    end
  end
  return least
end

function M.max_over_time(_, values, first, behind)
  local most = values[first]
  for i = first + 1, behind - 1 do
    if values[i] > most or most ~= most then
      most = values[i]
    end
  end
  return most
end

local function variance(_, values, first, behind)
  local mean, squares = 0, 0
  for i = first, behind - 1 do
    local off = values[i] - mean
    mean = mean + off / (i - first + 1)
    squares = squares + off * (values[i] - mean)
  end
  return squares / (behind - first)
end

M.stdvar_over_time = variance

function M.stddev_over_time(times, values, first, behind)
  return sqrt(variance(times, values, first, behind))
end

-- Quantiles ---------------------------------------------------------------------------------------

--- What is not a number comes first.
local function less(a, b)
  return a < b or a ~= a and b == b
end

--- The quantile of a list, which is sorted.
---@param q number
---@param list number[]
---@param major integer of the server's version: from 3 on, infinity is between infinities
---@return number
function M.quantile(q, list, major)
  if #list == 0 or q ~= q then
    return NAN
  elseif q < 0 then
    return -huge
  elseif q > 1 then
    return huge
  end
  table.sort(list, less)
  local rank = q * (#list - 1)
  local low = floor(rank)
  local weight, below, above = rank - low, list[low + 1], list[min(#list, low + 2)]
  if major >= 3 and below == above then
    return below
  end
  return below * (1 - weight) + above * weight
end

function M.quantile_over_time(_, values, first, behind, span, q)
  local list = {}
  for i = first, behind - 1 do
    list[#list + 1] = values[i]
  end
  return M.quantile(q, list, span.major)
end

-- Lines -------------------------------------------------------------------------------------------

--- The line through the samples by least squares: its slope per second, and its value at `origin`.
local function line(times, values, first, behind, origin)
  local n, is_flat = behind - first, true
  local x_sum, y_sum, xy_sum, xx_sum = 0, 0, 0, 0
  local x_lost, y_lost, xy_lost, xx_lost = 0, 0, 0, 0
  for i = first, behind - 1 do
    local x, y = (times[i] - origin) / 1000, values[i]
    is_flat = is_flat and y == values[first]
    x_sum, x_lost = add(x_sum, x_lost, x)
    y_sum, y_lost = add(y_sum, y_lost, y)
    xy_sum, xy_lost = add(xy_sum, xy_lost, x * y)
    xx_sum, xx_lost = add(xx_sum, xx_lost, x * x)
  end
  x_sum, y_sum, xy_sum, xx_sum = x_sum + x_lost, y_sum + y_lost, xy_sum + xy_lost, xx_sum + xx_lost
  if is_flat then
    local value = values[first]
    return value - value == 0 and 0 or NAN, value - value == 0 and value or NAN
  end
  local slope = (xy_sum - x_sum * y_sum / n) / (xx_sum - x_sum * x_sum / n)
  return slope, y_sum / n - slope * x_sum / n
end

function M.deriv(times, values, first, behind)
  if behind - first < 2 then
    return nil
  end
  return (line(times, values, first, behind, times[first]))
end

function M.predict_linear(times, values, first, behind, span, seconds)
  if behind - first < 2 then
    return nil
  end
  local slope, value = line(times, values, first, behind, span.time)
  return slope * seconds + value
end

return M
