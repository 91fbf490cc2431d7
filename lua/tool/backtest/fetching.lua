--- Fetches raw samples from a Prometheus, in pieces of time as large as the server gives.
local door = require 'tool.backtest.door'
local labels_of = require 'tool.promql.labels'
local markers = require 'tool.backtest.markers'
local moments = require 'tool.record.moment'
local refuse = require 'tool.backtest.refusal'.refuse
local selectors = require 'tool.backtest.selectors'

local M = {}

local FIRST_MS, LEAST_MS, MOST_MS = 3600000, 10000, 86400000
local SAMPLES_WANTED = 100000 -- in one answer
local SLOW_MAX = 4 -- a server that does not answer at all is not asked for less and less
local CELL_MS, HOLE_CELLS = 300000, 3

---@class FetchedSeries
---@field labels Labels
---@field times number[]
---@field values number[]
---@field stale number[]

---@class Fetching
---@field server Server
---@field samples integer
---@field slow integer how many answers in a row did not come in time
---@field list FetchedSeries[]
---@field by_labels table<Labels, FetchedSeries>
---@field outside integer samples that the server gave beside the spans that it was asked for
---@field cells table<integer, boolean> five minutes in which there was a sample
local fetching = {}
fetching.__index = fetching

--- Takes the samples of a span that are later than those that are there. Returns how many there were to choose from.
local function take(self, one, from, to, seen)
  if one.histograms then
    self.has_histograms = true
  end
  local labels = labels_of.intern(one.metric)
  local series = self.by_labels[labels]
  if not series then
    series = { labels = labels, times = {}, values = {}, stale = {} }
    self.by_labels[labels], self.list[#self.list + 1] = series, series
  end
  seen[series] = true
  local times, values, before = series.times, series.values, #series.times
  local count = before
  local last = times[count] or -1
  for _, sample in ipairs(one.values or {}) do
    local at = math.floor(sample[1] * 1000 + 0.5)
    if at < from or at > to then
      self.outside = self.outside + 1
    elseif at > last then
      count = count + 1
      times[count], values[count] = at, door.number(sample[2])
      self.cells[math.floor(at / CELL_MS)] = true
      last = at
    end
  end
  self.samples = self.samples + count - before
  return #(one.values or {})
end

--- One piece; nil: the server says that it is too much.
local function fetch_piece(self, need, from, to, seen)
  local data, problem = self.server:query(('%s[%dms]'):format(need.text, to - from), to)
  if not data then
    self.slow = problem.slow and self.slow + 1 or 0
    if problem.kind == 'too much' and to - from > LEAST_MS and self.slow < SLOW_MAX then
      return nil
    end
    refuse('--prometheus %s: %s (asked for %s at %s)', self.server.shown, problem.text, need.text,
      moments.text(to))
  end
  self.slow = 0
  local count = 0
  for _, one in ipairs(data.result or {}) do
    count = count + take(self, one, from, to, seen)
  end
  return count
end

--- Fetches what a selector selects in a span. Returns how many series that is.
---@param need Need
---@param from number ms
---@param to number ms
---@return integer
function fetching:fetch(need, from, to)
  local piece, at, seen = FIRST_MS, from, {}
  while at < to do
    local ends = math.min(at + piece, to)
    local count = fetch_piece(self, need, at, ends, seen)
    if not count then
      piece = math.max(LEAST_MS, math.floor((ends - at) / 2))
    else
      self.progress.at(need.text, (ends - from) / (to - from), self.samples)
      at = ends
      if count > SAMPLES_WANTED then
        piece = math.max(LEAST_MS, math.floor(piece / 2))
      elseif count < SAMPLES_WANTED / 4 then
        piece = math.min(MOST_MS, piece * 2)
      end
    end
  end
  local list = {}
  for _, series in ipairs(self.list) do
    list[#list + 1] = seen[series] and series or nil
  end
  if need.instant then
    markers.find(self.server, need.text, list, from, to)
  end
  return #list
end

---@return FetchedSeries[]
function fetching:series()
  local list = {}
  for _, series in ipairs(self.list) do
    list[#list + 1] = series.times[1] and series or nil
  end
  table.sort(list, function(a, b) return labels_of.key(a.labels) < labels_of.key(b.labels) end)
  return list
end

local function days(ms)
  return ms >= 2 * 86400000 and ('%.1f days'):format(ms / 86400000) or ms >= 2 * 3600000
    and ('%.1f hours'):format(ms / 3600000) or ('%d minutes'):format(math.floor(ms / 60000))
end

--- Spans without any sample, between the first and the last one.
local function holes_of(self, first, last)
  local holes, began = {}, nil
  for cell = first, last do
    if not self.cells[cell] then
      began = began or cell
    elseif began then
      if cell - began >= HOLE_CELLS then
        holes[#holes + 1] = { from = began * CELL_MS, to = cell * CELL_MS }
      end
      began = nil
    end
  end
  return holes
end

--- What the server did not have.
---@param span { from: number, to: number }
---@param found RecordedSelector[]
---@return string[]
function fetching:notes(span, found)
  local notes, first, last = {}, math.huge, -math.huge
  for cell in pairs(self.cells) do
    first, last = math.min(first, cell), math.max(last, cell)
  end
  for _, one in ipairs(found) do
    if one.series == 0 then
      notes[#notes + 1] = 'no series was like this: ' .. one.selector
    end
  end
  if self.outside > 0 then
    notes[#notes + 1] = ('the server gave %d samples of other times than it was asked for, they were left out'):format(
      self.outside)
  end
  if first > last then
    return notes
  end
  if first * CELL_MS - span.from > 2 * CELL_MS then
    notes[#notes + 1] = ('the server has nothing before %s: %s instead of the %s that were asked for'):format(
      moments.text(first * CELL_MS), days(span.to - first * CELL_MS), days(span.to - span.from))
  end
  if span.to - (last + 1) * CELL_MS > 2 * CELL_MS then
    notes[#notes + 1] = ('the server has nothing after %s'):format(moments.text((last + 1) * CELL_MS))
  end
  for _, hole in ipairs(holes_of(self, first, last)) do
    notes[#notes + 1] = ('there is nothing from %s to %s (%s)'):format(moments.text(hole.from),
      moments.text(hole.to), days(hole.to - hole.from))
  end
  if self.has_histograms then
    notes[#notes + 1] = 'native histograms are not recorded'
  end
  return notes
end

---@class FetchProgress
---@field selector fun(number: integer, count: integer, text: string)
---@field at fun(text: string, share: number, samples: integer)

--- Tells how far it is: on a terminal in one line, else a line for each selector.
---@param say fun(format: string, ...)
---@param is_terminal boolean
---@return FetchProgress
function M.progress(say, is_terminal)
  local where = ''
  return {
    selector = function(number, count, text)
      where = ('%d of %d'):format(number, count)
      if not is_terminal then
        say('%s: %s', where, text)
      end
    end,
    at = function(_, share, samples)
      if is_terminal then
        io.stderr:write(('\r%s: %3.0f %%, %d samples%s'):format(where, share * 100, samples,
          share >= 1 and '\n' or '\27[K'))
      end
    end,
  }
end

---@param server Server
---@param progress FetchProgress
---@return Fetching
function M.new(server, progress)
  return setmetatable({ server = server, progress = progress, samples = 0, slow = 0, outside = 0, list = {},
    by_labels = {}, cells = {} }, fetching)
end

M.text = selectors.text

return M
