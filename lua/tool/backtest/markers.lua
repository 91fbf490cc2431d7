--- Finds where series were marked as ended. No answer of Prometheus has the markers themselves, but a series that is
--- marked is not seen any more, and one that only lacks a sample is seen for five minutes.
local labels_of = require 'tool.promql.labels'

local M = {}

local LOOKBACK_MS, GAP = 300000, 1.5 -- a gap is so many times as long as usual

--- The usual time between two samples.
local function usual_of(times)
  local steps = {}
  for i = 2, math.min(#times, 200) do
    steps[#steps + 1] = times[i] - times[i - 1]
  end
  table.sort(steps)
  return steps[math.ceil(#steps / 2)]
end

--- Calls `take` with each sample that is followed by a gap, and when that ends.
local function each_gap(times, to, take)
  local usual = usual_of(times) or 60000
  for i = 1, #times do
    local next_at = times[i + 1] or to
    if next_at - times[i] > usual * GAP then
      take(times[i], math.min(next_at, times[i] + LOOKBACK_MS) - 1, usual)
    end
  end
end

--- Adds the moments of the markers to `stale` of each series.
---@param server Server
---@param selector string
---@param list FetchedSeries[]
---@param from number ms
---@param to number ms
function M.find(server, selector, list, from, to)
  local seen_at = {} -- which series are seen at a moment
  local function is_seen(series, time)
    if not seen_at[time] then
      local data = server:query(selector, time) or { result = {} }
      seen_at[time] = {}
      for _, one in ipairs(data.result or {}) do
        seen_at[time][labels_of.intern(one.metric)] = true
      end
    end
    return seen_at[time][series.labels] or false
  end
  for _, series in ipairs(list) do
    each_gap(series.times, to, function(last, ends, usual)
      if ends <= last or last < from or is_seen(series, ends) then
        return
      end
      local seen, gone = last, ends
      local guess = last + usual -- where a scrape that fails leaves its marker
      if guess < ends then
        if is_seen(series, guess) then
          seen = guess
        else
          gone = guess
          seen = is_seen(series, guess - 1) and guess - 1 or seen
        end
      end
      while gone - seen > 1 do
        local middle = math.floor((seen + gone) / 2)
        if is_seen(series, middle) then
          seen = middle
        else
          gone = middle
        end
      end
      series.stale[#series.stale + 1] = gone
    end)
  end
end

return M
