--- The Poisson MaxSPRT: more errors of the canary than a known rate lets expect.
---
--- Kulldorff and others, Sequential Analysis 30 (2011), as in max_sprt.lua. After so many requests that mu errors are
--- expected, c have come, and the statistic is mu - c + c ln(c / mu) where c > mu, else 0. It is looked at without a
--- pause, until mu has reached `expected`. It signals at the c-th error when that comes before the time t(c) at which c
--- errors are no longer too many; so the test is known by what is between two such times: a number of errors that has
--- Poisson's distribution.
local given = require 'stdlib.stats.given'
local solve = require 'stdlib.stats.solve'

local M = {}

local log, exp = math.log, math.exp
local EXPECTED_MAX = 60 -- what a step of a script can afford

---@class MaxSprtPoisson
---@field expected number
---@field alpha number
---@field minimum integer
---@field critical_value number
---@field false_alarms number

local function statistic(errors, mu)
  return errors > mu and mu - errors + errors * log(errors / mu) or 0
end

--- t(c): where the statistic of c errors has fallen to the value.
local function time_of(errors, value)
  return solve.root(function(mu)
    return value - statistic(errors, mu)
  end, errors * exp(-1 - value / errors), errors)
end

local NEGLIGIBLE = 1e-20 -- a probability that no published digit knows of

--- The probabilities of 0, 1, … errors in a while in which `mean` are expected, as far as they count.
---@return table<integer, number> chances
---@return integer most
local function poisson(mean)
  local list, most = { [0] = exp(-mean) }, 0
  while most < mean or list[most] > NEGLIGIBLE do
    most = most + 1
    list[most] = list[most - 1] * mean / most
  end
  return list, most
end

--- How long it takes, in the mean, until more than `spare` errors have come or the while is over, at so many per unit.
local function mean_time(chances, most, spare, rate)
  local sum, below = 0, 0
  for errors = 0, math.min(spare, most) do
    below = below + chances[errors]
    sum = sum + 1 - below
  end
  return sum / rate
end

--- From the time of the last look to the next: at most `errors` - 1 may have come by then. `states` has the probability
--- of each number of errors from `states.low` to `states.high`.
local function step(states, chances, most, errors)
  local after = { low = states.low, high = math.min(states.high + most, errors - 1) }
  for count = after.low, after.high do
    local sum = 0
    for before = math.max(states.low, count - most), math.min(states.high, count) do
      sum = sum + states[before] * chances[count - before]
    end
    after[count] = sum
  end
  while after.low < after.high and after[after.low] < NEGLIGIBLE do
    after.low = after.low + 1
  end
  return after
end

--- Plays the test where `rate` times as many errors come as expected.
---@return number power that it signals
---@return number time until it signals or ends, in expected errors
local function play(test, rate, value)
  local states, time, now, errors = { low = 0, high = 0, [0] = 1 }, 0, 0, test.minimum
  while now < test.expected do
    local till = math.min(time_of(errors, value), test.expected)
    local chances, most = poisson((till - now) * rate)
    for before = states.low, states.high do
      time = time + states[before] * mean_time(chances, most, errors - 1 - before, rate)
    end
    states = step(states, chances, most, errors)
    now, errors = till, errors + 1
  end
  local rest = 0
  for count = states.low, states.high do
    rest = rest + states[count]
  end
  return 1 - rest, time
end

local OPTIONS = { 'expected', 'alpha', 'minimum', 'critical_value' }

---@param options table see stats.max_sprt_poisson
---@return MaxSprtPoisson
function M.test(options)
  local word = 'stats.max_sprt_poisson'
  given.options(word, options, OPTIONS)
  local test = {
    expected = given.number(word, 'expected', options.expected, 0.01, EXPECTED_MAX),
    alpha = given.alpha(word, options.alpha),
    minimum = given.whole(word, 'minimum', options.minimum or 1, 1, EXPECTED_MAX),
  }
  test.critical_value = options.critical_value
  if test.critical_value == nil then
    local function excess(value)
      return (play(test, 1, value)) - test.alpha
    end
    if excess(1e-9) < 0 then
      given.wrong(word, 'minimum', 'so many are too seldom for alpha: fewer are', test.minimum)
    end
    test.critical_value = solve.root(excess, 1e-9, 50)
  end
  given.between(word, 'critical_value', test.critical_value, 0)
  test.false_alarms = (play(test, 1, test.critical_value))
  return test
end

---@param test MaxSprtPoisson
---@param rate_ratio number
---@return { power: number, time_to_signal: number?, time: number }
function M.performance(test, rate_ratio)
  local power, time = play(test, rate_ratio, test.critical_value)
  local signalled = time - (1 - power) * test.expected
  return { power = power, time_to_signal = power > 0 and signalled / power or nil, time = time }
end

return M
