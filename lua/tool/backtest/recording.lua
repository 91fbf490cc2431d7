--- The file of sluice record: what a Prometheus had of some series over a span of time (docs/backtest.md, "The file").
local refuse = require 'tool.backtest.refusal'.refuse
local samples = require 'tool.backtest.samples'
local series_of = require 'tool.promql.series'

local M = {}

M.KIND, M.VERSION = 'sluice-record', 1

---@class RecordedSelector
---@field selector string
---@field from integer ms
---@field to integer ms
---@field series integer how many it had

---@class Recording
---@field version integer
---@field server string its version
---@field major integer
---@field lookback number ms
---@field from integer ms
---@field to integer ms
---@field selectors RecordedSelector[]
---@field notes string[] what the server could not give
---@field series Series[]

local TIME_MAX_MS = 253402300800000 -- the year 10000

--- Moments and spans that there can be.
local function check_times(data)
  for _, field in ipairs { 'from', 'to', 'lookback' } do
    local ms = data[field]
    if not (ms >= 0 and ms < TIME_MAX_MS) then
      refuse('%s: milliseconds from 0 on are wanted, up to the year 10000, got %s', field, tostring(ms))
    end
  end
  if data.from >= data.to then
    refuse 'from: a time before "to" is wanted'
  end
end

--- A list that may be absent, whose members are all of a type.
local function check_list(list, wanted, where)
  if list ~= nil and type(list) ~= 'table' then
    refuse('%s: a list is wanted, got %s', where, type(list))
  end
  for i, each in ipairs(list or {}) do
    if type(each) ~= wanted then
      refuse('%s[%d]: a %s is wanted, got %s', where, i - 1, wanted, type(each))
    end
  end
end

local function check(data)
  if type(data) ~= 'table' or data.kind ~= M.KIND then
    refuse('it is no file of sluice record: kind is %s, wanted "%s"',
      type(data) == 'table' and ('"%s"'):format(tostring(data.kind)) or 'absent', M.KIND)
  elseif data.version ~= M.VERSION then
    refuse('version: this sluice reads version %d, the file has %s', M.VERSION, tostring(data.version))
  end
  for field, wanted in pairs { server = 'string', from = 'number', to = 'number', lookback = 'number',
    selectors = 'table', series = 'table', times = 'table' } do
    if type(data[field]) ~= wanted then
      refuse('%s: a %s is wanted, got %s', field, wanted, type(data[field]))
    end
  end
  if not data.server:find '^%d+%.' then
    refuse('server: a version such as 2.42.0 is wanted, got "%s"', data.server)
  end
  check_times(data)
  check_list(data.notes, 'string', 'notes')
  check_list(data.selectors, 'table', 'selectors')
end

local function read_list(text, where)
  local numbers, count = samples.read(text)
  if not numbers then
    refuse('%s: the text cannot be read', where)
  end
  return numbers, count
end

local function check_rising(times, count, where)
  for i = 1, count - 1 do
    if times[i] <= times[i - 1] then
      refuse('%s: times rise, but the one at %d does not', where, i + 1)
    end
  end
end

local function read_series(one, at, clocks)
  local where = ('series[%d]'):format(at - 1)
  if type(one) ~= 'table' or type(one.labels) ~= 'table' then
    refuse('%s.labels: an object is wanted', where)
  end
  for name, value in pairs(one.labels) do
    if type(value) ~= 'string' then
      refuse('%s.labels.%s: a text is wanted, got %s', where, name, type(value))
    end
  end
  local clock = type(one.times) == 'number' and clocks[one.times + 1]
    or refuse('%s.times: one of the %d times is wanted, got %s', where, #clocks, tostring(one.times))
  local values, count = read_list(one.values, where .. '.values')
  if count ~= clock.count then
    refuse('%s.values: %d are wanted, as many as there are times; got %d', where, clock.count, count)
  end
  check_list(one.stale, 'number', where .. '.stale')
  return series_of.new(one.labels, clock.numbers, values, count, one.stale)
end

--- Reads what the file holds; raises { refused = … }.
---@param data table
---@return Recording
function M.read(data)
  check(data)
  local recording = { version = data.version, server = data.server, major = tonumber(data.server:match '^%d+'),
    lookback = data.lookback, from = data.from, to = data.to, selectors = data.selectors, notes = data.notes or {},
    series = {} }
  local clocks = {}
  for i, text in ipairs(data.times) do
    local numbers, count = read_list(text, ('times[%d]'):format(i - 1))
    check_rising(numbers, count, ('times[%d]'):format(i - 1))
    clocks[i] = { numbers = numbers, count = count }
  end
  for i, one in ipairs(data.series) do
    recording.series[i] = read_series(one, i, clocks)
  end
  return recording
end

--- What the file will hold, of series with { labels, times, values, stale }.
---@param head table the fields beside the series
---@param list table[]
---@return table
function M.write(head, list)
  local data = { kind = M.KIND, version = M.VERSION, times = head.list {}, series = head.list {} }
  for field, value in pairs(head) do
    if field ~= 'list' then
      data[field] = value
    end
  end
  local clocks = {}
  for i, one in ipairs(list) do
    local text = samples.write(one.times)
    if not clocks[text] then
      data.times[#data.times + 1], clocks[text] = text, #data.times
    end
    data.series[i] = { labels = one.labels, times = clocks[text], values = samples.write(one.values),
      stale = one.stale and one.stale[1] and one.stale or nil }
  end
  return data
end

return M
