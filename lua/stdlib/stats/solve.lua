--- Where a function of one variable is 0, and where it is least.
local M = {}

local HALVINGS = 200

--- A root by bisection, to the last digit. `f` must differ in sign at the two ends.
---@param f fun(x: number): number
---@param low number
---@param high number
---@return number
function M.root(f, low, high)
  local is_rising = f(high) > 0
  for _ = 1, HALVINGS do
    local middle = (low + high) / 2
    if middle <= low or middle >= high then
      break
    elseif (f(middle) > 0) == is_rising then
      high = middle
    else
      low = middle
    end
  end
  return (low + high) / 2
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
