--- The binomial MaxSPRT: of the errors of both sides, too many are the canary's.
---
--- Kulldorff, Davis, Kolczak, Lewis, Lieu, Platt, "A maximized sequential probability ratio test for drug and vaccine
--- safety surveillance", Sequential Analysis 30 (2011). Of n errors c are the canary's. As long as the canary is no
--- worse, each is the canary's with the probability p0 = 1 / (1 + z), where z is the primary's share of the requests
--- over the canary's. The statistic is the logarithm of the likelihood ratio, maximised over all rates that are worse:
---
---     c ln(c / n / p0) + (n - c) ln((1 - c / n) / (1 - p0))    where c / n > p0, else 0
---
--- The test signals as soon as the statistic is above the critical value, at most after `horizon` errors. Critical
--- value, errors of both kinds and times come from the exact distribution of c, error by error.
local given = require 'stdlib.stats.given'

local M = {}

local log = math.log
local HORIZON_MAX = 500 -- what a step of a script can afford
local NEGLIGIBLE = 1e-30 -- a probability that no published digit knows of

---@class MaxSprt
---@field horizon integer errors of both sides after which the test ends
---@field ratio number z
---@field alpha number as wished
---@field minimum integer errors of the canary below which it does not signal
---@field p0 number
---@field looks boolean[] by the number of errors: whether the test looks then
---@field critical_value number the greatest value of the statistic that does not signal
---@field false_alarms number the probability of one, at most alpha

-- x ln x, by x, as far as a horizon goes: nearly all that the statistic is made of.
local X_LOG_X = { [0] = 0 }
for x = 1, HORIZON_MAX do
  X_LOG_X[x] = x * log(x)
end

local function x_log_x(x)
  return X_LOG_X[x] or x * log(x)
end

--- The statistic; see above.
---@param p0 number
---@param canary integer errors of the canary
---@param all integer errors of both
---@return number
function M.statistic(p0, canary, all)
  if canary <= all * p0 then
    return 0
  end
  return x_log_x(canary) + x_log_x(all - canary) - x_log_x(all) - canary * log(p0) - (all - canary) * log(1 - p0)
end

local statistic = M.statistic

--- The fewest errors of the canary whose statistic is above a value, by the number of all; where there are none, more
--- than all. The fewest never become fewer when there are more of both.
local function bounds_of(test, value)
  local bounds, fewest = {}, test.minimum
  for all = 1, test.horizon do
    while fewest <= all and statistic(test.p0, fewest, all) <= value do
      fewest = fewest + 1
    end
    bounds[all] = fewest
  end
  return bounds
end

--- Plays all courses that errors can take at once, from `canary` of `all` errors on; calls `signalled(n, probability)`
--- at each look at which some of them signal.
---@return number rest the probability that it never signals
local function walk(test, bounds, p, from, signalled)
  local q = 1 - p
  local at, low, high = { [from.canary] = 1 }, from.canary, from.canary
  for all = from.all + 1, test.horizon do
    local before = 0
    for canary = low, high + 1 do
      local here = at[canary] or 0
      at[canary] = here * q + before * p
      before = here
    end
    high = high + 1
    while low < high and at[low] < NEGLIGIBLE do
      at[low], low = nil, low + 1
    end
    if test.looks[all] and high >= bounds[all] then
      local probability = 0
      while high >= low and high >= bounds[all] do
        probability = probability + at[high]
        at[high], high = nil, high - 1
      end
      signalled(all, probability)
      if high < low then
        return 0
      end
    end
  end
  local rest = 0
  for canary = low, high do
    rest = rest + at[canary]
  end
  return rest
end

local START = { canary = 0, all = 0 }

local function false_alarms(test, value)
  local sum = 0
  walk(test, bounds_of(test, value), test.p0, START, function(_, probability)
    sum = sum + probability
  end)
  return sum
end

--- The greatest value that the statistic can have at a look and that is at most `value`.
local function value_up_to(test, value)
  local greatest = 0
  for all, fewest in ipairs(bounds_of(test, value)) do
    if test.looks[all] and fewest > test.minimum then
      greatest = math.max(greatest, statistic(test.p0, fewest - 1, all))
    end
  end
  return greatest
end

local APART = 1e-12 -- values nearer to each other are one

--- The least value of the statistic with which false alarms are within alpha. Between two values that it can have
--- nothing changes, so the search is over when none is left between.
local function find_critical_value(test)
  local low, high = 0, value_up_to(test, math.huge)
  if false_alarms(test, low) <= test.alpha then
    return low
  end
  while true do
    local middle = value_up_to(test, (low + high) / 2)
    middle = middle > low and middle or value_up_to(test, high - APART)
    if middle <= low then
      return high
    elseif false_alarms(test, middle) > test.alpha then
      low = middle
    else
      high = middle
    end
  end
end

local OPTIONS = { 'horizon', 'ratio', 'alpha', 'minimum', 'groups', 'critical_value' }

--- At which numbers of errors it looks: after each, after so many, or after those of a list.
local function read_looks(word, horizon, groups)
  local looks, at = {}, 0
  if groups == nil or type(groups) == 'number' then
    local size = given.whole(word, 'groups', groups or 1, 1, horizon)
    for all = 1, horizon do
      looks[all] = all % size == 0 or all == horizon
    end
    return looks
  end
  given.list(word, 'groups', groups, horizon, function(_, field, value)
    at = at + given.whole(word, field, value, 1, horizon)
    looks[at] = true
  end)
  if at ~= horizon then
    given.wrong(word, 'groups', ('a list whose sum is the horizon (%d) is'):format(horizon), at)
  end
  return looks
end

local function read(word, options)
  given.options(word, options, OPTIONS)
  local horizon = given.whole(word, 'horizon', options.horizon, 1, HORIZON_MAX)
  local ratio = given.between(word, 'ratio', options.ratio, 0)
  return {
    horizon = horizon,
    ratio = ratio,
    alpha = given.alpha(word, options.alpha),
    minimum = given.whole(word, 'minimum', options.minimum or 1, 1, horizon),
    p0 = 1 / (1 + ratio),
    looks = read_looks(word, horizon, options.groups),
  }
end

--- The test with its critical value; nil where nothing that can happen would signal.
---@param options table see stats.max_sprt
---@return MaxSprt?
function M.test(options)
  local word = 'stats.max_sprt'
  local test = read(word, options)
  if options.critical_value ~= nil then
    test.critical_value = given.number(word, 'critical_value', options.critical_value, 0)
  else
    test.critical_value = find_critical_value(test)
  end
  test.false_alarms = false_alarms(test, test.critical_value)
  return test.false_alarms > 0 and test or nil
end

local function worse(test, rate_ratio)
  return rate_ratio / (rate_ratio + test.ratio)
end

--- What comes of it when the canary's rate of errors is so many times the primary's.
---@param test MaxSprt
---@param rate_ratio number
---@param from { canary: integer, all: integer }? errors so far
---@return { power: number, errors_to_signal: number?, errors: number }
function M.performance(test, rate_ratio, from)
  from = from or START
  local power, time = 0, 0
  local rest = walk(test, bounds_of(test, test.critical_value), worse(test, rate_ratio), from,
    function(all, probability)
      power, time = power + probability, time + probability * (all - from.all)
    end)
  return {
    power = power,
    errors_to_signal = power > 0 and time / power or nil,
    errors = time + rest * (test.horizon - from.all),
  }
end

--- The fewest errors of the canary that signal while the primary has so many; nil: beyond the horizon.
---@param test MaxSprt
---@param primary integer
---@return integer?
function M.fewest(test, primary)
  for canary = test.minimum, test.horizon - primary do
    if statistic(test.p0, canary, canary + primary) > test.critical_value then
      return canary
    end
  end
end

M.HORIZON_MAX = HORIZON_MAX

return M
