--- Aggregations of a vector, as Prometheus reckons them.
local failure = require 'tool.promql.failure'
local labels_of = require 'tool.promql.labels'
local order_of = require 'tool.promql.order'
local windows = require 'tool.promql.windows'

local M = {}

local NAN = 0 / 0

-- Of all values of a group ------------------------------------------------------------------------

---@type table<string, fun(values: number[], param: number, major: integer): number>
local FOLDS = {}

function FOLDS.sum(values)
  local total = 0
  for i = 1, #values do
    total = total + values[i]
  end
  return total
end

function FOLDS.avg(values)
  return FOLDS.sum(values) / #values
end

function FOLDS.count(values)
  return #values
end

function FOLDS.group()
  return 1
end

function FOLDS.min(values)
  local least = values[1]
  for i = 2, #values do
    if values[i] < least or least ~= least then
      least = values[i]
    end
  end
  return least
end

function FOLDS.max(values)
  local most = values[1]
  for i = 2, #values do
    if values[i] > most or most ~= most then
      most = values[i]
    end
  end
  return most
end

--- Servers before version 3 say 0 of one value, even of one that is not finite.
function FOLDS.stdvar(values, _, major)
  local mean, squares = values[1], 0
  if major >= 3 and mean - mean ~= 0 then
    return NAN
  end
  for i = 2, #values do
    local off = values[i] - mean
    mean = mean + off / i
    squares = squares + off * (values[i] - mean)
  end
  return squares / #values
end

function FOLDS.stddev(values, _, major)
  return math.sqrt(FOLDS.stdvar(values, nil, major))
end

function FOLDS.quantile(values, q, major)
  return windows.quantile(q, values, major)
end

-- Groups ------------------------------------------------------------------------------------------

---@class Group
---@field labels Labels
---@field members Labels[]
---@field values number[]

---@return Group[]
local function groups_of(vector, picker)
  local groups, order = {}, {}
  for i = 1, #vector.values do
    local labels = picker(vector.labels[i])
    local group = groups[labels]
    if not group then
      group = { labels = labels, members = {}, values = {} }
      groups[labels], order[#order + 1] = group, group
    end
    local count = #group.values + 1
    group.values[count], group.members[count] = vector.values[i], vector.labels[i]
  end
  return order
end

local function fold(groups, op, param, major)
  local labels, values = {}, {}
  for i, group in ipairs(groups) do
    labels[i], values[i] = group.labels, FOLDS[op](group.values, param, major)
  end
  return { labels = labels, values = values }
end

--- The k elements of each group that come first in an order; what is not a number comes last.
local function pick(groups, k, is_before)
  if k < 1 then
    return { labels = {}, values = {} }
  end
  local labels, values = {}, {}
  for _, group in ipairs(groups) do
    local places = order_of.places(group.values, is_before)
    for i = 1, math.min(math.floor(k), #places) do
      labels[#labels + 1], values[#values + 1] = group.members[places[i]], group.values[places[i]]
    end
  end
  return { labels = labels, values = values }
end

--- As Go writes it with as few digits as tell it from others.
local function shortest(value)
  if value ~= value then
    return 'NaN'
  elseif value - value ~= 0 then
    return value > 0 and '+Inf' or '-Inf'
  end
  for digits = 1, 17 do
    local text = ('%.' .. digits .. 'g'):format(value)
    if tonumber(text) == value then
      return text:find 'e' and (('%.0f'):format(value)) or text
    end
  end
end

local function count_values(groups, label)
  local labels, values = {}, {}
  for _, group in ipairs(groups) do
    local counts, order = {}, {}
    for _, value in ipairs(group.values) do
      local text = shortest(value)
      if not counts[text] then
        counts[text], order[#order + 1] = 0, text
      end
      counts[text] = counts[text] + 1
    end
    for _, text in ipairs(order) do
      local all = labels_of.copy(group.labels)
      all[label] = text
      labels[#labels + 1], values[#values + 1] = labels_of.intern(all), counts[text]
    end
  end
  return { labels = labels, values = values }
end

---@param node PromqlNode
---@param vector PromqlVector
---@param param number|string|nil
---@param major integer of the server's version
---@return PromqlVector
function M.of(node, vector, param, major)
  node.picker = node.picker or labels_of.picker(node.names, node.without)
  local groups = groups_of(vector, node.picker)
  if node.op == 'topk' or node.op == 'bottomk' then
    if param ~= param then
      failure.execution 'Scalar value NaN overflows int64'
    end
    local is_top = node.op == 'topk'
    return pick(groups, param, function(a, b)
      if is_top then
        return a > b
      end
      return a < b
    end)
  elseif node.op == 'count_values' then
    if not param:find '^[%a_][%w_]*$' then
      failure.execution('invalid label name %q', param)
    end
    return count_values(groups, param)
  end
  return fold(groups, node.op, param or NAN, major)
end

return M
