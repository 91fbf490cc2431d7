--- Answers instant queries from recorded series, as the server would that they were recorded from.
---
---     local answer = evaluate.query(store, 'sum(rate(errors_total[1m]))', { time = 1780000000000, major = 2 })
---
--- What differs between servers is chosen by their major version: from 3 on a window does not have its left end.
local aggregate = require 'tool.promql.aggregate'
local binary = require 'tool.promql.binary'
local failure = require 'tool.promql.failure'
local functions = require 'tool.promql.functions'
local labels_of = require 'tool.promql.labels'
local parser = require 'tool.promql.parser'
local series_of = require 'tool.promql.series'
local windows = require 'tool.promql.windows'

local M = {}

local LOOKBACK_MS, STEP_MS = 300000, 60000
M.LOOKBACK_MS, M.STEP_MS = LOOKBACK_MS, STEP_MS

---@class PromqlAsked
---@field store SeriesStore
---@field time number ms
---@field major integer
---@field lookback number ms
---@field start number ms, of the whole query

---@class PromqlAnswer
---@field type PromqlType
---@field value number|string|PromqlVector|nil of a scalar, a string, a vector
---@field series { labels: Labels, times: number[], values: number[] }[]? of a matrix

local evaluators = {}

local function evaluate(node, asked)
  return evaluators[node.kind](node, asked)
end

local function unwrapped(node)
  while node.kind == 'paren' do
    node = node.expr
  end
  return node
end

--- The moment that a selector or a subquery looks at.
local function moment_of(node, asked)
  local time = node.at_time
  if time == 'start' or time == 'end' then
    time = asked.start
  end
  return (time or asked.time) - node.offset
end

local function check_unique(vector)
  local seen = {}
  for _, labels in ipairs(vector.labels) do
    if seen[labels] then
      failure.execution 'vector cannot contain metrics with the same labelset'
    end
    seen[labels] = true
  end
  return vector
end

-- Selectors ---------------------------------------------------------------------------------------

--- The samples that an instant selector sees; `take` gets each.
local function each_last(node, asked, take)
  local time = moment_of(node, asked)
  for _, series in ipairs(asked.store:select(node)) do
    local index = series_of.last(series, time, asked.lookback, asked.major >= 3)
    if index then
      take(series, index)
    end
  end
end

function evaluators.selector(node, asked)
  local labels, values = {}, {}
  each_last(node, asked, function(series, index)
    labels[#labels + 1], values[#values + 1] = series.labels, series.values[index]
  end)
  return { labels = labels, values = values }
end

--- What the expression of a subquery is at each of its moments, as series.
local function series_of_subquery(node, asked, to)
  local step = node.step or STEP_MS
  local from = to - node.range
  local first = math.floor(from / step) * step
  if first < from or first == from and asked.major >= 3 then
    first = first + step
  end
  local list, take = series_of.gather()
  for time = first, to, step do
    local inner = setmetatable({ time = time }, { __index = asked })
    local value = evaluate(node.expr, inner)
    local vector = type(value) == 'number' and functions.vector(asked, value) or value
    take(vector, time)
  end
  return list
end

--- Calls `take` with each series of a range vector, and its samples in the window.
local function each_window(node, asked, take)
  node = unwrapped(node)
  local to = moment_of(node, asked)
  local span = { from = to - node.range, to = to, time = asked.time, major = asked.major }
  if node.kind == 'subquery' then
    for _, one in ipairs(series_of_subquery(node, asked, to)) do
      take(one, series_of.numbers(one.times), series_of.numbers(one.values), 0, #one.times, span)
    end
    return
  end
  local list, left_open = asked.store:select(node), asked.major >= 3
  for i = 1, #list do
    local series = list[i]
    local first, behind = series_of.window(series, span.from, to, left_open)
    if behind > first then
      take(series, series.times, series.values, first, behind, span)
    end
  end
end

--- A range vector as the whole answer.
local function matrix_of(node, asked)
  local list = {}
  each_window(node, asked, function(series, times, values, first, behind)
    local one = { labels = series.labels, times = {}, values = {} }
    for i = first, behind - 1 do
      one.times[#one.times + 1], one.values[#one.values + 1] = times[i], values[i]
    end
    list[#list + 1] = one
  end)
  return list
end

-- Calls -------------------------------------------------------------------------------------------

local function over_windows(node, asked)
  local call, keeps_name = windows[node.name], node.name == 'last_over_time'
  local range, argument
  for _, each in ipairs(node.args) do
    if each.type == 'matrix' then
      range = each
    else
      argument = evaluate(each, asked)
    end
  end
  local labels, values = {}, {}
  each_window(range, asked, function(series, times, samples, first, behind, span)
    local value = call(times, samples, first, behind, span, argument)
    if value then
      local own = series.labels
      labels[#labels + 1] = keeps_name and own or series.bare or labels_of.bare(own)
      values[#values + 1] = value
    end
  end)
  local vector = { labels = labels, values = values }
  return asked.store.may_repeat and vector or check_unique(vector)
end

local special = {}

function special.absent(node, asked)
  local vector = evaluate(node.args[1], asked)
  if #vector.values > 0 then
    return { labels = {}, values = {} }
  end
  return { labels = { functions.labels_of_absent(unwrapped(node.args[1])) }, values = { 1 } }
end

function special.absent_over_time(node, asked)
  local is_there = false
  each_window(node.args[1], asked, function()
    is_there = true
  end)
  if is_there then
    return { labels = {}, values = {} }
  end
  return { labels = { functions.labels_of_absent(unwrapped(node.args[1])) }, values = { 1 } }
end

function special.timestamp(node, asked)
  local inner = unwrapped(node.args[1])
  local labels, values = {}, {}
  if inner.kind == 'selector' then
    each_last(inner, asked, function(series, index)
      labels[#labels + 1], values[#values + 1] = series.bare, series.times[index] / 1000
    end)
  else
    for i, own in ipairs(evaluate(inner, asked).labels) do
      labels[i], values[i] = labels_of.bare(own), asked.time / 1000
    end
  end
  return { labels = labels, values = values }
end

function evaluators.call(node, asked)
  if special[node.name] then
    return special[node.name](node, asked)
  elseif windows[node.name] then
    return over_windows(node, asked)
  end
  local args = { asked }
  for i, argument in ipairs(node.args) do
    args[i + 1] = evaluate(argument, asked)
  end
  local result = functions[node.name](unpack(args))
  return node.type == 'vector' and not asked.store.may_repeat and check_unique(result) or result
end

-- The rest ----------------------------------------------------------------------------------------

function evaluators.number(node)
  return node.value
end

evaluators.string = evaluators.number

function evaluators.paren(node, asked)
  return evaluate(node.expr, asked)
end

function evaluators.negative(node, asked)
  local value = evaluate(node.expr, asked)
  if node.type == 'scalar' then
    return -value
  end
  local labels, values = {}, {}
  for i, each in ipairs(value.values) do
    labels[i], values[i] = labels_of.bare(value.labels[i]), -each
  end
  return { labels = labels, values = values }
end

function evaluators.aggregate(node, asked)
  local param = node.param and evaluate(node.param, asked)
  return aggregate.of(node, evaluate(node.expr, asked), param, asked.major)
end

function evaluators.binary(node, asked)
  local left, right = evaluate(node.left, asked), evaluate(node.right, asked)
  if node.type == 'scalar' then
    return binary.scalars(node, left, right)
  elseif node.left.type == 'scalar' then
    return binary.with_scalar(node, right, left, true)
  elseif node.right.type == 'scalar' then
    return binary.with_scalar(node, left, right, false)
  end
  return binary.vectors(node, left, right)
end

-- Questions ---------------------------------------------------------------------------------------

local parsed = { [2] = {}, [3] = {} }

--- The tree of a query; each is read once.
---@param text string
---@param major integer
---@return PromqlNode
function M.parse(text, major)
  local known = parsed[major >= 3 and 3 or 2]
  known[text] = known[text] or parser.parse(text, major)
  return known[text]
end

local function answer(store, text, options)
  local node = M.parse(text, options.major)
  local asked = { store = store, time = options.time, start = options.time, major = options.major,
    lookback = options.lookback or LOOKBACK_MS }
  if node.type == 'matrix' then
    return { type = 'matrix', series = matrix_of(node, asked) }
  end
  return { type = node.type, value = evaluate(node, asked) }
end

---@param store SeriesStore
---@param text string
---@param options { time: number, major: integer, lookback: number? } time in ms
---@return PromqlAnswer? answer
---@return PromqlFailure? problem
function M.query(store, text, options)
  local ok, result = pcall(answer, store, text, options)
  if ok then
    return result
  end
  return nil, failure.of(result)
end

return M
