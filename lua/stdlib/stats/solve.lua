--- Where a function of one variable is 0, and where it is least.
local M = {}

local STEPS_MAX, PRECISION = 200, 1e-15

--- Where a line between two points of a function is 0; the middle where that says nothing.
local function crossing(low, at_low, high, at_high)
  local x = (low * at_high - high * at_low) / (at_high - at_low)
  return x > low and x < high and x or (low + high) / 2
end

--- A root, to the last digits. `f` must differ in sign at the two ends. By false position with halved weights (the
--- Illinois rule: Dowell and Jarratt, BIT 11, 1971), and by the middle in every third step, where that is slow.
---@param f fun(x: number): number
---@param low number
---@param high number
---@return number
function M.root(f, low, high)
  local at_low, at_high, x = f(low), f(high), nil
  local is_rising, last = at_high > 0, nil
  for i = 1, STEPS_MAX do
    local before = x
    x = i % 3 == 0 and (low + high) / 2 or crossing(low, at_low, high, at_high)
    if x <= low or x >= high or before and math.abs(x - before) <= PRECISION * math.abs(x) then
      break
    end
    local at = f(x)
    if at == 0 then
      break
    elseif (at > 0) == is_rising then
      at_low = last == 'high' and at_low / 2 or at_low
      high, at_high, last = x, at, 'high'
    else
      at_high = last == 'low' and at_high / 2 or at_high
      low, at_low, last = x, at, 'low'
    end
  end
  return x
end

local GOLDEN = (math.sqrt(5) - 1) / 2

--- The least point of a function that falls and then rises, by golden sections. A minimum cannot be placed better than
--- to the root of the precision of a number.
---@param f fun(x: number): number
---@param low number
---@param high number
---@return number x
function M.minimum(f, low, high)
  local left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
  local at_left, at_right = f(left), f(right)
  while high - low > 1e-9 * (1 + math.abs(low) + math.abs(high)) do
    if at_left < at_right then
      high, right, at_right = right, left, at_left
      left = high - GOLDEN * (high - low)
      at_left = f(left)
    else
      low, left, at_left = left, right, at_right
      right = low + GOLDEN * (high - low)
      at_right = f(right)
    end
  end
  return (low + high) / 2
end

return M
