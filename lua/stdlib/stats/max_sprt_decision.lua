--- What a MaxSPRT says of counts, and what it still needs.
local given = require 'stdlib.stats.given'
local max_sprt = require 'stdlib.stats.max_sprt'
local special = require 'stdlib.stats.special'

local M = {}

local SIDES = { 'canary', 'primary' }

---@param test MaxSprt
---@param errors { canary: integer, primary: integer }
---@param rate_ratio number?
---@return table decision see stats.max_sprt_decide
function M.decide(test, errors, rate_ratio)
  local word = 'stats.max_sprt_decide'
  given.options(word, errors, SIDES)
  local canary = given.whole(word, 'errors.canary', errors.canary, 0)
  local all = canary + given.whole(word, 'errors.primary', errors.primary, 0)
  local fewest = max_sprt.fewest(test, errors.primary)
  local statistic = max_sprt.statistic(test.p0, canary, all)
  local decision = {
    signal = all <= test.horizon and canary >= test.minimum and statistic > test.critical_value,
    statistic = statistic,
    most = fewest and fewest - 1,
    over = all >= test.horizon,
  }
  if rate_ratio ~= nil then
    given.between(word, 'rate_ratio', rate_ratio, 0)
    if decision.signal then
      decision.power, decision.errors_needed = 1, 0
    elseif decision.over then
      decision.power = 0
    else
      local performance = max_sprt.performance(test, rate_ratio, { canary = canary, all = all })
      decision.power, decision.errors_needed = performance.power, performance.errors_to_signal
    end
  end
  return decision
end

local RATES = { 'bad', 'fine', 'power' }
local REQUESTS_MAX = 2 ^ 40

--- The probability that a canary of the rate `bad` signals after so many requests. The primary has had then as many
--- errors as its rate lets expect, so more requests need not always be better: there is one more error beside.
local function power_after(signal, rates, requests)
  local primary = math.floor(rates.fine * requests * signal.ratio + 0.5)
  local fewest = primary <= signal.primary_max and signal.fewest(primary)
  return fewest and special.binomial_at_least(fewest, requests, rates.bad) or nil
end

--- The most requests with which the primary has no more errors than it may; math.huge: any.
local function last_of(signal, rates)
  local requests = rates.fine > 0 and (signal.primary_max + 0.5) / (rates.fine * signal.ratio) or math.huge
  return math.ceil(requests) - 1
end

---@class Signal when errors of the canary are a signal
---@field ratio number requests of the primary for each of the canary
---@field primary_max integer the most errors of the primary beside which any are
---@field fewest fun(primary: integer): integer of the canary, beside so many of the primary

--- How many requests the canary needs so that a rate `bad` is seen with the probability `power`; nil: too many.
---@param signal Signal
---@param rates { bad: number, fine: number, power: number }
---@return integer?
function M.requests_until(signal, rates)
  local low, high, last = 0, 1, math.min(last_of(signal, rates), REQUESTS_MAX)
  while high < last and (power_after(signal, rates, high) or 0) < rates.power do
    low, high = high, high * 2
  end
  high = math.min(high, last)
  if high < 1 or (power_after(signal, rates, high) or 0) < rates.power then
    return nil
  end
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if (power_after(signal, rates, middle) or 0) >= rates.power then
      high = middle
    else
      low = middle
    end
  end
  return high
end

--- The most errors of the primary beside which there are errors of the canary that signal; -1: beside none.
local function find_primary_max(test)
  local low, high = -1, test.horizon
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if max_sprt.fewest(test, middle) then
      low = middle
    else
      high = middle
    end
  end
  return low
end

---@param test MaxSprt
---@param rates { bad: number, fine: number, power: number? }
---@return integer?
function M.requests(test, rates)
  local word = 'stats.max_sprt_requests'
  given.options(word, rates, RATES)
  given.between(word, 'bad', rates.bad, 0, 1)
  given.number(word, 'fine', rates.fine, 0, 1)
  local power = given.between(word, 'power', rates.power == nil and 0.8 or rates.power, 0, 1)
  local signal = { ratio = test.ratio, primary_max = find_primary_max(test), fewest = function(primary)
    return max_sprt.fewest(test, primary)
  end }
  return M.requests_until(signal, { bad = rates.bad, fine = rates.fine, power = power })
end

local AIMS = { 'ratio', 'rate_ratio', 'alpha', 'power', 'minimum' }

---@param aims table see stats.max_sprt_horizon
---@return integer?
function M.horizon(aims)
  local word = 'stats.max_sprt_horizon'
  given.options(word, aims, AIMS)
  local ratio = given.between(word, 'ratio', aims.ratio, 0)
  local rate_ratio = given.between(word, 'rate_ratio', aims.rate_ratio, 1)
  local wanted = given.between(word, 'power', aims.power == nil and 0.8 or aims.power, 0, 1)
  local minimum = given.whole(word, 'minimum', aims.minimum or 1, 1, max_sprt.HORIZON_MAX)
  local function power(horizon)
    local test = max_sprt.test { horizon = horizon, ratio = ratio, alpha = aims.alpha, minimum = minimum }
    return test and max_sprt.performance(test, rate_ratio).power or 0
  end
  local horizon = minimum
  while horizon <= max_sprt.HORIZON_MAX do
    local lacks = wanted - power(horizon)
    if lacks <= 0 then
      return horizon
    end
    -- Power rises and falls a little from one horizon to the next, so only far from the aim some can be left out.
    horizon = horizon + (lacks > 0.1 and math.max(math.floor(horizon / 16), 1) or 1)
  end
end

return M
