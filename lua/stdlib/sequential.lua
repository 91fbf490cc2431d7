--- The canary against the primary by counts since the release began: for checks that must judge by few requests. It
--- fails when too many of the bad requests are the canary's, and is blind until the canary has had so many requests
--- that a bad one would have been seen.
---
---     local sequential = require 'stdlib.sequential'
---
---     params = sequential.params(),
---     run = function(c)
---       local counts, cause = sequential.count(c, { all = ALL, bad = BAD })
---       if not counts then
---         return c:blind(cause)
---       end
---       return sequential.judge(c, counts, { did = 'failed', at_least = 0.05 })
---     end,
---
--- A check keeps nothing from round to round, so each round counts anew from the beginning. How it decides stands in
--- docs/statistics.md.
local decision = require 'stdlib.stats.max_sprt_decision'
local duration = require 'stdlib.duration'
local max_sprt = require 'stdlib.stats.max_sprt'
local param = require 'stdlib.param'

local M = {}

local WORST = 0.99
local WITHIN_HORIZON = 0.8 -- of alpha; what is left is for releases that go on beyond the horizon

--- The parameters that `sequential.judge` goes by, and others.
---@param more table<string, Param>?
---@return table<string, Param>
function M.params(more)
  local params = {
    alpha = param.percent { default = 5, min = 0.1, max = 50,
      doc = 'of the releases that are no worse than the primary: how many may be taken back' },
    horizon = param.integer { default = 200, min = 20, max = 500,
      doc = 'bad requests of both sides for which the test is at its best' },
    minimum = param.integer { default = 3, min = 1, max = 20,
      doc = 'bad requests of the canary without which it is not taken back: one client may send two' },
    factor = param.number { default = 3, min = 1.1, max = 1000,
      doc = "how many times the primary's share of bad requests, or what is tolerated of it, must be seen" },
    power = param.percent { default = 80, min = 50, max = 99, doc = 'with which probability' },
    tolerated = param.number { default = 1, min = 1, max = 1000,
      doc = "how many times the primary's share is still fine" },
  }
  for name, declared in pairs(more or {}) do
    params[name] = declared
  end
  return params
end

local POINTS_MAX, SHARE_LEAST = 290, 1e-6
local STEP_MIN = 60 -- seconds: some scrapes

--- A time since 1970 in ms, as the window of a query that reaches back to it.
local function window_since(c, ms)
  return ('%ds'):format(math.max(math.ceil((c.now - ms) / 1000), 1))
end

--- How long the release lasts already, as Prometheus wants it: '930s'.
---@param c sluice.Check
---@return string
function M.window(c)
  return window_since(c, c.started)
end

local function fill(query, workload, window)
  return '(' .. query:gsub('WORKLOAD', workload):gsub('WINDOW', window) .. ')'
end

local SIDES = {
  { name = 'canary', workload = '{{ target }}' },
  { name = 'primary', workload = '{{ target }}-primary' },
}

--- A query of both sides over the release, a value for each step of it.
local function over_time(c, form, query, step)
  local text = form:gsub('%u+', {
    CANARY = fill(query, SIDES[1].workload, step .. 's'),
    PRIMARY = fill(query, SIDES[2].workload, step .. 's'),
  })
  local span = math.max(math.ceil((c.now - c.started) / 1000), step)
  return c:query_range(text, span .. 's', step .. 's')
end

--- The canary's share of the requests at the times at which requests were bad. Where both sides' rate changes while the
--- weight does, the share of all requests would blame the one with more of them later. Each bad request has a chance of
--- its own then; the mean one, in place of all, is on the safe side (Hoeffding, Annals of Mathematical Statistics 27,
--- 1956).
---@return number? share nil: there were no bad requests; or there is no answer, and
---@return string? cause
---@return number? since ms: when the canary began to have requests
local function weigh_share(c, queries)
  local lasts = math.ceil((c.now - c.started) / 1000)
  local step = math.max(math.ceil((duration.parse(c.interval) or 0) / 1000), math.ceil(lasts / POINTS_MAX), STEP_MIN)
  local shares, cause = over_time(c, 'CANARY / (CANARY + PRIMARY)', queries.all, step)
  local bad
  if shares then
    bad, cause = over_time(c, 'CANARY + PRIMARY', queries.bad, step)
  end
  if not bad then
    return nil, cause
  end
  local share_at, since, all, weighed = {}, nil, 0, 0
  for _, point in ipairs(shares) do
    share_at[point.time] = point.value
    since = since or point.value > 0 and (point.time - step) * 1000
  end
  for _, point in ipairs(bad) do
    local share = share_at[point.time]
    if share and share > 0 then
      all, weighed = all + point.value, weighed + point.value * share
    end
  end
  return all > 0 and weighed / all or nil, nil, since or c.started
end

---@class Counts
---@field canary { all: integer, bad: integer }
---@field primary { all: integer, bad: integer }
---@field share number? of the bad requests: how many would be the canary's if it were no worse; that of all requests
---       unless told

--- Counts the requests of both sides since the canary began to have some.
---@param c sluice.Check
---@param queries { all: string, bad: string } how many there were: `WORKLOAD` in them stands for the side's workload,
---       `WINDOW` for a window such as 930s
---@return Counts? counts
---@return string? cause of nil
function M.count(c, queries)
  local share, cause, since = weigh_share(c, queries)
  if cause then
    return nil, cause
  end
  local counts, window = { share = share }, window_since(c, since)
  for _, side in ipairs(SIDES) do
    local count = {}
    for _, kind in ipairs { 'all', 'bad' } do
      local value
      value, cause = c:query(fill(queries[kind], side.workload, window))
      if not value or value - value ~= 0 then
        return nil, cause or ('the number of requests to the %s is not finite'):format(side.name)
      end
      count[kind] = math.max(math.floor(value + 0.5), 0) -- Prometheus' increase is none of whole numbers
    end
    count.all = math.max(count.all, count.bad)
    counts[side.name] = count
  end
  return counts
end

--- The fewest bad requests of the canary that are a signal, beside so many of the primary: by a MaxSPRT within the
--- horizon, and beyond it by a test without one. Who is beyond the horizon has come through it, so what would have been
--- a signal there is one.
---@return table signal see requests_until
local function signal_of(params, ratio)
  local alpha, minimum, z = params.alpha / 100, params.minimum, ratio / params.tolerated
  local test = max_sprt.test { horizon = params.horizon, ratio = z, alpha = alpha * WITHIN_HORIZON, minimum = minimum }
  local function fewest_beyond(primary)
    -- Loaded by those alone that come so far.
    local beyond = require 'stdlib.stats.share_above'.test(0, primary, 1 / (1 + z),
      { alpha = alpha * (1 - WITHIN_HORIZON), optimal = params.horizon })
    return math.max(beyond.most, params.horizon - primary, minimum - 1) + 1
  end
  return { ratio = ratio, primary_max = math.huge, fewest = function(primary)
    return test and max_sprt.fewest(test, primary) or fewest_beyond(primary)
  end }
end

--- How many bad requests of the canary are no signal beside those of the primary, and how many requests it needs so
--- that a bad canary would have been seen.
---@return integer most
---@return integer? needed nil: more than anybody can count
local function bounds_of(c, counts, fine, bad)
  local share = counts.share or counts.canary.all / (counts.canary.all + counts.primary.all)
  share = math.min(math.max(share, SHARE_LEAST), 1 - SHARE_LEAST)
  local signal = signal_of(c.params, 1 / share - 1)
  return signal.fewest(counts.primary.bad) - 1,
    decision.requests_until(signal, { bad = bad, fine = fine, power = c.params.power / 100 })
end

--- Judges by counts.
---@param c sluice.Check
---@param counts Counts
---@param words { did: string, at_least: number } did: what bad requests did, 'failed'; at_least: the share of bad
---       requests, from 0 to 1, below which they need not be seen
---@return sluice.Verdict
function M.judge(c, counts, words)
  local canary, primary = counts.canary, counts.primary
  if canary.all == 0 or primary.all == 0 then
    local side = canary.all == 0 and 'canary' or 'primary'
    return c:blind(('the %s has had no requests since the release began'):format(side),
      { cause = 'too few samples', samples = canary.all })
  end
  local fine = primary.bad / primary.all
  local worse = math.min(math.max(fine * c.params.tolerated * c.params.factor, words.at_least), WORST)
  local most, needed = bounds_of(c, counts, fine, worse)
  local text = ('%d of %d requests to the canary %s, %d of %d to the primary')
    :format(canary.bad, canary.all, words.did, primary.bad, primary.all)
  if canary.bad <= most and not needed then
    return c:blind(('%s; no number of requests is enough to see %.3g %%'):format(text, 100 * worse),
      { cause = 'too few samples', samples = canary.all })
  elseif canary.bad <= most and canary.all < needed then
    local more = needed - canary.all
    local are = more == 1 and 'is' or 'are'
    return c:blind(('%s; %d more %s needed to see %.3g %%'):format(text, more, are, 100 * worse),
      { cause = 'too few samples', samples = canary.all, needed = needed })
  end
  local format = text:gsub('^%d+', '%%d', 1)
  return c:judge(canary.bad, { max = most, samples = canary.all, needed = needed }, format)
end

return M
