--- Several metrics at once: each of them may raise a false alarm, so that each must be held to less.
---
--- Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6 (1979): at
--- most alpha for one false alarm or more, whatever depends on what. Benjamini and Hochberg, "Controlling the false
--- discovery rate", Journal of the Royal Statistical Society B 57 (1995): of the alarms at most a share alpha is false,
--- for metrics that are independent or rise together.
local given = require 'stdlib.stats.given'

local M = {}

local VALUES_MAX = 1000

local function read(word, values)
  return given.list(word, nil, values, VALUES_MAX, function(_, field, value)
    return given.number(word, field, value, 0, 1)
  end)
end

--- The places of p-values, the least one's first.
local function order_of(values)
  local order = {}
  for i = 1, #values do
    order[i] = i
  end
  table.sort(order, function(a, b)
    return values[a] < values[b] or values[a] == values[b] and a < b
  end)
  return order
end

--- p-values that are held against the whole alpha; the order stays.
---@param values number[]
---@return number[]
function M.holm(values)
  read('stats.holm', values)
  local adjusted, greatest = {}, 0
  for rank, at in ipairs(order_of(values)) do
    greatest = math.max(greatest, math.min(1, (#values - rank + 1) * values[at]))
    adjusted[at] = greatest
  end
  return adjusted
end

---@param values number[]
---@return number[]
function M.benjamini_hochberg(values)
  read('stats.benjamini_hochberg', values)
  local adjusted, least, order = {}, 1, order_of(values)
  for rank = #values, 1, -1 do
    local at = order[rank]
    least = math.min(least, #values / rank * values[at])
    adjusted[at] = least
  end
  return adjusted
end

--- alpha in parts, as for tests that look at different times (Bonferroni): in equal ones, or by weights.
---@param alpha number
---@param parts integer|number[]
---@return number[]
function M.split_alpha(alpha, parts)
  local word = 'stats.split_alpha'
  given.alpha(word, alpha)
  local weights = parts
  if type(parts) == 'number' then
    weights = {}
    for i = 1, given.whole(word, 'parts', parts, 1, VALUES_MAX) do
      weights[i] = 1
    end
  end
  local sum, list = 0, {}
  for _, weight in ipairs(given.list(word, 'parts', weights, VALUES_MAX, function(_, field, value)
    return given.between(word, field, value, 0)
  end)) do
    sum = sum + weight
  end
  for i, weight in ipairs(weights) do
    list[i] = alpha * weight / sum
  end
  return list
end

return M
