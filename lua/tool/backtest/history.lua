--- What a release of the past would have seen, of recorded series.
---
--- There was no canary then, or one of another release. So each series of the target or of its primary is given to a
--- side, under the name that the queries of that side ask for: all of them to both (the traffic is judged whole), or by
--- a label a share of the Pods to the canary, and the others to the primary.
local evaluate = require 'tool.promql.evaluate'
local labels_of = require 'tool.promql.labels'
local series_of = require 'tool.promql.series'

local M = {}

---@class History
---@field recording Recording
---@field target string
---@field share number? of the Pods, from 0 to 1; nil: judged whole
---@field by string? the label that tells Pods apart
---@field mine Series[] of the target or of its primary
---@field others Series[]
---@field whole SeriesStore?
local history = {}
history.__index = history

local function pattern(text)
  return (text:gsub('%p', '%%%0'))
end

--- The value with the name of a side's workload in it: 'web-primary-5b-x' as 'web-5b-x', or the other way round.
local function as_side(value, target, is_primary)
  local head, behind = value:match('^(.-)' .. pattern(target) .. '()')
  if not head or head:find '[%w]$' then
    return value
  end
  local tail = value:sub(behind):gsub('^%-primary%f[^%w]', '')
  if tail:find '^%w' then
    return value -- another name that begins like this
  end
  return head .. target .. (is_primary and '-primary' or '') .. tail
end

local function labels_as(labels, target, is_primary)
  local all = {}
  for name, value in pairs(labels) do
    all[name] = name == labels_of.NAME and value or as_side(value, target, is_primary)
  end
  return all
end

local function of_side(self, series, is_primary)
  return series_of.new(labels_as(series.labels, self.target, is_primary), series.times, series.values, series.count,
    series.stale)
end

--- Takes a list of series, and adds those that have no side.
local function store_with_others(self, list)
  for _, series in ipairs(self.others) do
    list[#list + 1] = series
  end
  local store = series_of.store(list)
  store.may_repeat = true -- where two have the same labels now, they are of one side that was two
  return store
end

local function whole(self)
  local list = {}
  for _, series in ipairs(self.mine) do
    list[#list + 1] = of_side(self, series, false)
    list[#list + 1] = of_side(self, series, true)
  end
  return store_with_others(self, list)
end

--- A number for a text that has no order to do with its letters.
local function hash(text)
  local number = 5381
  for i = 1, #text do
    number = (number * 33 + text:byte(i)) % 2147483647
  end
  return (number * 48271) % 2147483647
end

--- The Pods that have samples at a moment, in an order of chance that is the same each time.
local function pods_at(self, time)
  local pods, seen = {}, {}
  for _, series in ipairs(self.mine) do
    local pod = series.labels[self.by]
    if pod and not seen[pod] and series_of.last(series, time, self.recording.lookback, true) then
      seen[pod] = true
      pods[#pods + 1] = pod
    end
  end
  table.sort(pods, function(a, b)
    return hash(a) < hash(b) or hash(a) == hash(b) and a < b
  end)
  return pods
end

local function shared(self, time)
  local pods, chosen = pods_at(self, time), {}
  for i = 1, math.max(1, math.floor(self.share * #pods + 0.5)) do
    chosen[pods[i] or ''] = true
  end
  local list = {}
  for _, series in ipairs(self.mine) do
    local pod = series.labels[self.by]
    if not pod or chosen[pod] then
      list[#list + 1] = of_side(self, series, false)
    end
    if not pod or not chosen[pod] then
      list[#list + 1] = of_side(self, series, true)
    end
  end
  return store_with_others(self, list)
end

--- What answers the queries of a release that begins then.
---@param time number ms
---@return fun(query: string, time: number): PromqlAnswer?, PromqlFailure?
function history:asker(time)
  local store, memo
  if self.share then
    store, memo = shared(self, time), {}
  else
    self.whole = self.whole or whole(self)
    store, memo = self.whole, self.memo
  end
  local options = { major = self.recording.major, lookback = self.recording.lookback }
  return function(query, at)
    local key = ('%s@%.0f'):format(query, at)
    local known = memo[key]
    self.answers = self.answers + 1
    if not known then
      options.time = at
      local answer, problem = evaluate.query(store, query, options)
      if problem and problem.kind == 'unsupported' and self.server then
        answer, problem = self.server(query, at)
      end
      known = { answer = answer, problem = problem }
      memo[key], self.evaluated = known, self.evaluated + 1
    end
    return known.answer, known.problem
  end
end

--- Forgets what was asked.
function history:forget()
  self.memo = {}
end

local function mentions(labels, target)
  for name, value in pairs(labels) do
    if name ~= labels_of.NAME
      and (as_side(value, target, true) ~= value or as_side(value, target, false) ~= value) then
      return true
    end
  end
  return false
end

--- Which of the series that queries need are not there at all.
---@param needs Need[]
---@return string[] selectors
function history:lacks(needs)
  local lacking = {}
  for _, need in ipairs(needs) do
    local matches, is_there = series_of.matcher(need.matchers), false
    for _, series in ipairs(self.recording.series) do
      is_there = is_there or matches(series.labels)
    end
    lacking[#lacking + 1] = not is_there and need.text or nil
  end
  return lacking
end

--- How many series of the target have the label that tells Pods apart.
function history:labelled()
  local count = 0
  for _, series in ipairs(self.mine) do
    count = count + (series.labels[self.by] and 1 or 0)
  end
  return count
end

---@param recording Recording
---@param target string
---@param options { share: number?, by: string?, server: function? } server: asked what is not evaluated here
---@return History
function M.new(recording, target, options)
  local self = setmetatable({ recording = recording, target = target, share = options.share,
    by = options.by or 'pod', server = options.server, mine = {}, others = {}, memo = {}, answers = 0, evaluated = 0 },
    history)
  for _, series in ipairs(recording.series) do
    local list = mentions(series.labels, target) and self.mine or self.others
    list[#list + 1] = series
  end
  return self
end

return M
