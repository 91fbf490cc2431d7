--- Functions over instant vectors and scalars, as Prometheus reckons them. Each is given what is asked
--- (tool.promql.evaluate), and its arguments.
local failure = require 'tool.promql.failure'
local histogram = require 'tool.promql.histogram'
local labels_of = require 'tool.promql.labels'
local order_of = require 'tool.promql.order'
local regex = require 'tool.promql.regex'

local M = {}

local NAN = 0 / 0

---@class PromqlVector the i-th element has the i-th of both
---@field labels Labels[]
---@field values number[]

--- A function that changes each value, and takes the metric's name away.
local function each(change)
  return function(_, vector, ...)
    local labels, values = {}, {}
    for i, value in ipairs(vector.values) do
      labels[i], values[i] = labels_of.bare(vector.labels[i]), change(value, ...)
    end
    return { labels = labels, values = values }
  end
end

-- Numbers -----------------------------------------------------------------------------------------

local function larger(a, b)
  return (a ~= a or b ~= b) and NAN or math.max(a, b)
end

local function smaller(a, b)
  return (a ~= a or b ~= b) and NAN or math.min(a, b)
end

for name, change in pairs {
  abs = math.abs, ceil = math.ceil, floor = math.floor, exp = math.exp, sqrt = math.sqrt,
  deg = math.deg, rad = math.rad, acos = math.acos, asin = math.asin, atan = math.atan, cos = math.cos,
  cosh = math.cosh, sin = math.sin, sinh = math.sinh, tan = math.tan, tanh = math.tanh,
  ln = math.log, log10 = math.log10,
  log2 = function(x) return math.log(x) / math.log(2) end,
  acosh = function(x) return math.log(x + math.sqrt(x * x - 1)) end,
  asinh = function(x) return x < 0 and -math.log(-x + math.sqrt(x * x + 1)) or math.log(x + math.sqrt(x * x + 1)) end,
  atanh = function(x) return math.log((1 + x) / (1 - x)) / 2 end,
  sgn = function(x) return x < 0 and -1 or x > 0 and 1 or x end,
  clamp_min = larger, clamp_max = smaller,
  round = function(x, to)
    local inverse = 1 / (to or 1)
    return math.floor(x * inverse + 0.5) / inverse
  end,
} do
  M[name] = each(change)
end

local clamp = each(function(value, low, high)
  return larger(low, smaller(high, value))
end)

function M.clamp(asked, vector, low, high)
  if high < low then
    return { labels = {}, values = {} }
  end
  return clamp(asked, vector, low, high)
end

function M.pi()
  return math.pi
end

function M.vector(_, value)
  return { labels = { labels_of.NONE }, values = { value } }
end

function M.scalar(_, vector)
  return #vector.values == 1 and vector.values[1] or NAN
end

-- Times -------------------------------------------------------------------------------------------

function M.time(asked)
  return asked.time / 1000
end

local function days_in_month(date)
  return os.date('!*t', os.time { year = date.year, month = date.month + 1, day = 0, hour = 12 }).day
end

for name, of in pairs {
  minute = function(date) return date.min end,
  hour = function(date) return date.hour end,
  day_of_week = function(date) return date.wday - 1 end,
  day_of_month = function(date) return date.day end,
  day_of_year = function(date) return date.yday end,
  days_in_month = days_in_month,
  month = function(date) return date.month end,
  year = function(date) return date.year end,
} do
  local change = each(function(value)
    return value - value == 0 and of(os.date('!*t', math.floor(value))) or NAN
  end)
  M[name] = function(asked, vector)
    return change(asked, vector or M.vector(asked, asked.time / 1000))
  end
end

-- Order -------------------------------------------------------------------------------------------

local function sorted(vector, is_before)
  local labels, values = {}, {}
  for i, at in ipairs(order_of.places(vector.values, is_before)) do
    labels[i], values[i] = vector.labels[at], vector.values[at]
  end
  return { labels = labels, values = values }
end

function M.sort(_, vector)
  return sorted(vector, function(a, b) return a < b end)
end

function M.sort_desc(_, vector)
  return sorted(vector, function(a, b) return a > b end)
end

-- Labels ------------------------------------------------------------------------------------------

local function relabelled(vector, change)
  local labels = {}
  for i, own in ipairs(vector.labels) do
    labels[i] = change(own)
  end
  return { labels = labels, values = vector.values }
end

local function with(labels, name, value)
  local all = labels_of.copy(labels)
  all[name] = value
  return labels_of.intern(all)
end

local function check_name(name, where)
  if not name:find '^[%a_][%w_]*$' then
    failure.execution('invalid %s label name in %s(): %s', where[1], where[2], name)
  end
end

--- $1, ${1} and $name in a replacement; $$ is a dollar sign.
local function expand(text, groups)
  text = text:gsub('%$%$', '\0')
  text = text:gsub('%${([%w_]+)}', function(name) return groups[tonumber(name) or name] or '' end)
  text = text:gsub('%$([%w_]+)', function(name) return groups[tonumber(name) or name] or '' end)
  return (text:gsub('%z', '$'))
end

function M.label_replace(_, vector, to, replacement, from, pattern)
  check_name(to, { 'destination', 'label_replace' })
  local compiled = regex.compile(pattern)
  return relabelled(vector, function(labels)
    local groups = compiled:groups(labels[from] or '')
    return groups and with(labels, to, expand(replacement, groups)) or labels
  end)
end

function M.label_join(_, vector, to, separator, ...)
  check_name(to, { 'destination', 'label_join' })
  local sources = { ... }
  return relabelled(vector, function(labels)
    local parts = {}
    for i, name in ipairs(sources) do
      parts[i] = labels[name] or ''
    end
    return with(labels, to, table.concat(parts, separator))
  end)
end

--- The labels of a series that is not there, as far as the selector says what they would be.
---@param node PromqlNode
---@return Labels
function M.labels_of_absent(node)
  local labels, seen = {}, {}
  for _, matcher in ipairs(node.kind == 'selector' and node.matchers or {}) do
    if matcher.label ~= labels_of.NAME then
      local is_first = matcher.op == '=' and not seen[matcher.label]
      labels[matcher.label] = is_first and matcher.value or nil
      seen[matcher.label] = seen[matcher.label] or is_first
    end
  end
  return labels_of.intern(labels)
end

function M.histogram_quantile(asked, q, vector)
  return histogram.of(q, vector, asked.major)
end

return M
