--- Recorded series, and what of them a selector sees at a moment.
local ffi = require 'ffi'
local labels_of = require 'tool.promql.labels'
local regex = require 'tool.promql.regex'

local M = {}

---@class Series
---@field labels Labels with the metric's name
---@field bare Labels without it
---@field count integer
---@field times ffi.cdata* ms, from 0 on
---@field values ffi.cdata*
---@field stale number[] when it was marked as ended
---@field cursor integer where was looked last

--- Numbers that no collector walks over.
---@param list number[]
---@return ffi.cdata*
function M.numbers(list)
  local numbers = ffi.new('double[?]', math.max(1, #list))
  for i = 1, #list do
    numbers[i - 1] = list[i]
  end
  return numbers
end

---@param labels table<string, string>
---@param times ffi.cdata*
---@param values ffi.cdata*
---@param count integer
---@param stale number[]?
---@return Series
function M.new(labels, times, values, count, stale)
  labels = labels_of.intern(labels)
  return { labels = labels, bare = labels_of.bare(labels), times = times, values = values, count = count,
    stale = stale or {}, cursor = 0 }
end

--- How many samples are not later than `time`.
local function count_until(series, time)
  local times, low, high = series.times, 0, series.count
  local near = series.cursor
  if near < high and times[near] <= time then -- most questions are a little later than the one before
    low = near
    local ends = near + 64
    if ends < high and times[ends] > time then
      high = ends
    end
  end
  while low < high do
    local middle = math.floor((low + high) / 2)
    if times[middle] <= time then
      low = middle + 1
    else
      high = middle
    end
  end
  series.cursor = math.max(0, low - 1)
  return low
end

--- The samples in a window: the first one's index, and the one behind the last.
---@param series Series
---@param from number ms
---@param to number ms, included
---@param left_open boolean `from` itself is outside
function M.window(series, from, to, left_open)
  local behind = count_until(series, to)
  local first, times = behind, series.times
  while first > 0 and (times[first - 1] > from or not left_open and times[first - 1] == from) do
    first = first - 1
  end
  return first, behind
end

--- The last sample that an instant selector sees.
---@param series Series
---@param time number ms
---@param lookback number ms
---@param left_open boolean
---@return integer? index
function M.last(series, time, lookback, left_open)
  local index = count_until(series, time) - 1
  local since = time - lookback
  if index < 0 or series.times[index] < since or left_open and series.times[index] == since then
    return nil
  end
  for _, ended in ipairs(series.stale) do
    if ended > series.times[index] and ended <= time then
      return nil
    end
  end
  return index
end

local tests = {}

tests['='] = function(matcher)
  return function(value)
    return value == matcher.value
  end
end

tests['=~'] = function(matcher)
  local compiled = regex.compile(matcher.value)
  return function(value)
    return compiled:match(value)
  end
end

for negative, positive in pairs { ['!='] = '=', ['!~'] = '=~' } do
  tests[negative] = function(matcher)
    local test = tests[positive](matcher)
    return function(value)
      return not test(value)
    end
  end
end

--- A function that says whether labels match.
---@param matchers PromqlMatcher[]
---@return fun(labels: Labels): boolean
function M.matcher(matchers)
  local list = {}
  for i, matcher in ipairs(matchers) do
    list[i] = { label = matcher.label, test = tests[matcher.op](matcher) }
  end
  return function(labels)
    for i = 1, #list do
      if not list[i].test(labels[list[i].label] or '') then
        return false
      end
    end
    return true
  end
end

--- Gathers vectors into the samples of series, in the order in which these come.
---@return Series[] list to be read at the end
---@return fun(vector: PromqlVector, time: number) take the vector of a moment, later than those before
function M.gather()
  local list, by_labels = {}, {}
  return list, function(vector, time)
    for i, labels in ipairs(vector.labels) do
      local one = by_labels[labels]
      if not one then
        one = { labels = labels, times = {}, values = {} }
        by_labels[labels], list[#list + 1] = one, one
      end
      one.times[#one.times + 1], one.values[#one.values + 1] = time, vector.values[i]
    end
  end
end

---@class SeriesStore
---@field series Series[]
---@field found table<PromqlNode, Series[]> by the selector that asked
local store = {}
store.__index = store

--- All that a selector selects.
---@param selector PromqlNode
---@return Series[]
function store:select(selector)
  local found = self.found[selector]
  if not found then
    found = {}
    local matches = M.matcher(selector.matchers)
    for _, series in ipairs(self.series) do
      if matches(series.labels) then
        found[#found + 1] = series
      end
    end
    self.found[selector] = found
  end
  return found
end

--- They are answered in the order of their labels, which decides between equal values.
---@param list Series[]
---@return SeriesStore
function M.store(list)
  table.sort(list, function(a, b) return labels_of.key(a.labels) < labels_of.key(b.labels) end)
  return setmetatable({ series = list, found = setmetatable({}, { __mode = 'k' }) }, store)
end

return M
