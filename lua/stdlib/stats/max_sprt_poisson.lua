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
local EXPECTED_MAX = 200

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

--- The probabilities of 0, 1, … `most` errors in a while in which `mean` are expected.
local function poisson(mean, most)
  local list = { [0] = exp(-mean) }
  for i = 1, most do
    list[i] = list[i - 1] * mean / i
  end
  return list
end

--- How long it takes, in the mean, until more than `spare` errors have come or `span` is over, at so many per unit.
local function mean_time(chances, spare, rate)
  local sum, below = 0, 0
  for errors = 0, spare do
    below = below + chances[errors]
    sum = sum + 1 - below
  end
  return sum / rate
end

--- From the time of the last look to the next: at most `errors` - 1 may have come by then.
local function step(states, chances, errors)
  local after, rest = {}, 0
  for count = 0, errors - 1 do
    local sum = 0
    for before, probability in pairs(states) do
      if before <= count then
        sum = sum + probability * chances[count - before]
      end
    end
    after[count], rest = sum, rest + sum
  end
  return after, rest
end

--- Plays the test where `rate` times as many errors come as expected.
---@return number power that it signals
---@return number time until it signals or ends, in expected errors
local function play(test, rate, value)
  local states, rest, time, now, errors = { [0] = 1 }, 1, 0, 0, test.minimum
  while now < test.expected do
    local till = math.min(time_of(errors, value), test.expected)
    local chances = poisson((till - now) * rate, errors)
    for before, probability in pairs(states) do
      time = time + probability * mean_time(chances, errors - 1 - before, rate)
    end
    states, rest = step(states, chances, errors)
    now, errors = till, errors + 1
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
