--- Quantiles of classic histograms, as Prometheus reckons them from buckets.
local labels_of = require 'tool.promql.labels'

local M = {}

local NAN, huge = 0 / 0, math.huge

--- How much less than the one before it a bucket may have, in parts, so that it is rounding.
local SMALL = 1e-12

--- Buckets of the same bound as one.
local function coalesce(buckets)
  local list = {}
  for _, bucket in ipairs(buckets) do
    local last = list[#list]
    if last and last.bound == bucket.bound then
      last.count = last.count + bucket.count
    else
      list[#list + 1] = { bound = bucket.bound, count = bucket.count }
    end
  end
  return list
end

--- A bucket has no fewer than the one below it.
local function make_monotonic(buckets, ignores_rounding)
  local before = buckets[1].count
  for i = 2, #buckets do
    local count = buckets[i].count
    local is_rounding = ignores_rounding and math.abs(count - before) < SMALL * (math.abs(count) + math.abs(before))
    if count < before or is_rounding then
      buckets[i].count = before
    else
      before = count
    end
  end
end

---@param q number
---@param buckets { bound: number, count: number }[]
---@param major integer of the server's version
---@return number
function M.quantile(q, buckets, major)
  if q ~= q then
    return NAN
  elseif q < 0 then
    return -huge
  elseif q > 1 then
    return huge
  end
  table.sort(buckets, function(a, b) return a.bound < b.bound end)
  buckets = coalesce(buckets)
  if buckets[#buckets].bound ~= huge or #buckets < 2 then
    return NAN
  end
  make_monotonic(buckets, major >= 3)
  local observations = buckets[#buckets].count
  if observations == 0 or observations ~= observations then
    return NAN
  end
  local rank, at = q * observations, 1
  while at < #buckets and buckets[at].count < rank do
    at = at + 1
  end
  if at == #buckets then
    return buckets[#buckets - 1].bound
  elseif at == 1 and buckets[1].bound <= 0 then
    return buckets[1].bound
  end
  local start, below = 0, 0
  if at > 1 then
    start, below = buckets[at - 1].bound, buckets[at - 1].count
  end
  return start + (buckets[at].bound - start) * ((rank - below) / (buckets[at].count - below))
end

local without_bound = labels_of.map(function(labels)
  local rest = labels_of.copy(labels)
  rest.le, rest[labels_of.NAME] = nil, nil
  return rest
end)

local BOUNDS = { ['+inf'] = huge, inf = huge, ['-inf'] = -huge }

local bounds = setmetatable({}, { __index = function(known, text)
  local bound = BOUNDS[text:lower()] or tonumber(text) or false
  known[text] = bound
  return bound
end })

--- One element for each set of labels without `le`.
---@param q number
---@param vector PromqlVector
---@param major integer
---@return PromqlVector
function M.of(q, vector, major)
  local groups, order = {}, {}
  for i, labels in ipairs(vector.labels) do
    local bound = bounds[labels.le or '']
    if bound then
      local group = without_bound(labels)
      if not groups[group] then
        groups[group], order[#order + 1] = {}, group
      end
      local list = groups[group]
      list[#list + 1] = { bound = bound, count = vector.values[i] }
    end
  end
  local values = {}
  for i, group in ipairs(order) do
    values[i] = M.quantile(q, groups[group], major)
  end
  return { labels = order, values = values }
end

return M
