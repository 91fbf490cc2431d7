--- Binary operators between scalars and vectors, as Prometheus reckons them.
local failure = require 'tool.promql.failure'
local labels_of = require 'tool.promql.labels'
local parser = require 'tool.promql.parser'

local M = {}

---@type table<string, fun(a: number, b: number): number>
local ARITHMETIC = {
  ['+'] = function(a, b) return a + b end,
  ['-'] = function(a, b) return a - b end,
  ['*'] = function(a, b) return a * b end,
  ['/'] = function(a, b) return a / b end,
  ['%'] = function(a, b) return math.fmod(a, b) end,
  ['^'] = function(a, b) return a ^ b end,
  atan2 = math.atan2,
}

---@type table<string, fun(a: number, b: number): boolean>
local COMPARISON = {
  ['=='] = function(a, b) return a == b end,
  ['!='] = function(a, b) return a ~= b end,
  ['<'] = function(a, b) return a < b end,
  ['>'] = function(a, b) return a > b end,
  ['<='] = function(a, b) return a <= b end,
  ['>='] = function(a, b) return a >= b end,
}

--- What comes of two numbers; nil: the element is filtered out. What is left of a comparison is `kept`.
local function reckon(node, a, b, kept)
  local compare = COMPARISON[node.op]
  if not compare then
    return ARITHMETIC[node.op](a, b)
  elseif node.bool then
    return compare(a, b) and 1 or 0
  end
  return compare(a, b) and kept or nil
end

--- The name of the metric goes with what changes its meaning.
local function drops_name(node)
  return not COMPARISON[node.op] or node.bool
end

---@param node PromqlNode
---@param a number
---@param b number
---@return number
function M.scalars(node, a, b)
  return reckon(node, a, b, a)
end

--- A vector on one side, a scalar on the other.
---@param is_swapped boolean the scalar is on the left
---@return PromqlVector
function M.with_scalar(node, vector, scalar, is_swapped)
  local labels, values, drops = {}, {}, drops_name(node)
  for i, value in ipairs(vector.values) do
    local result
    if is_swapped then
      result = reckon(node, scalar, value, value)
    else
      result = reckon(node, value, scalar, value)
    end
    if result then
      local own = vector.labels[i]
      labels[#labels + 1], values[#values + 1] = drops and labels_of.bare(own) or own, result
    end
  end
  return { labels = labels, values = values }
end

-- Two vectors -------------------------------------------------------------------------------------

--- What must be equal for two elements to be partners.
local function signature_of(node)
  node.signature = node.signature or labels_of.picker(node.matching.names, not node.matching.on)
  return node.signature
end

local function index(vector, signature)
  local found = {}
  for i, labels in ipairs(vector.labels) do
    found[signature(labels)] = i
  end
  return found
end

---@return PromqlVector
local function sets(node, left, right)
  local signature = signature_of(node)
  local labels, values = {}, {}
  local function take(vector, others, wanted)
    for i, own in ipairs(vector.labels) do
      if wanted == nil or (others[signature(own)] ~= nil) == wanted then
        labels[#labels + 1], values[#values + 1] = own, vector.values[i]
      end
    end
  end
  if node.op == 'or' then
    take(left)
    take(right, index(left, signature), false)
  else
    take(left, index(right, signature), node.op == 'and')
  end
  return { labels = labels, values = values }
end

--- The elements of the side that has one of each.
local function index_unique(vector, signature, side)
  local found = {}
  for i, labels in ipairs(vector.labels) do
    local sign = signature(labels)
    if found[sign] then
      failure.execution('found duplicate series for the match group %s on the %s hand-side of the operation: '
        .. '[%s, %s];many-to-many matching not allowed: matching labels must be unique on one side',
        labels_of.text(sign), side, labels_of.text(labels), labels_of.text(vector.labels[found[sign]]))
    end
    found[sign] = i
  end
  return found
end

local function result_labels(node, many, one)
  local matching = node.matching
  local result = labels_of.copy(many)
  if drops_name(node) then
    result[labels_of.NAME] = nil
  end
  if not matching.group then
    if matching.on then
      local kept = {}
      for _, name in ipairs(matching.names) do
        kept[name] = result[name]
      end
      result = kept
    end
    for _, name in ipairs(matching.on and {} or matching.names) do
      result[name] = nil
    end
  end
  for _, name in ipairs(matching.include) do
    result[name] = one[name]
  end
  return labels_of.intern(result)
end

local function check_partner(node, taken, sign, result)
  if not node.matching.group then
    if taken[sign] then
      failure.execution 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
    end
    taken[sign] = true
  else
    taken[sign] = taken[sign] or {}
    if taken[sign][result] then
      failure.execution 'multiple matches for labels: grouping labels must ensure unique matches'
    end
    taken[sign][result] = true
  end
end

--- Two vectors.
---@param node PromqlNode
---@param left PromqlVector
---@param right PromqlVector
---@return PromqlVector
function M.vectors(node, left, right)
  if parser.SETS[node.op] then
    return sets(node, left, right)
  end
  local is_right = node.matching.group == 'right'
  local many, one = left, right
  if is_right then
    many, one = right, left
  end
  local signature, taken = signature_of(node), {}
  local partners = index_unique(one, signature, is_right and 'left' or 'right')
  local labels, values = {}, {}
  for i, own in ipairs(many.labels) do
    local sign = signature(own)
    local partner = partners[sign]
    if partner then
      local a, b = many.values[i], one.values[partner]
      if is_right then
        a, b = b, a
      end
      local value = reckon(node, a, b, a)
      if value then
        local result = result_labels(node, own, one.labels[partner])
        check_partner(node, taken, sign, result)
        labels[#labels + 1], values[#values + 1] = result, value
      end
    end
  end
  return { labels = labels, values = values }
end

return M
