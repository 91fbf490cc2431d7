--- Wald's sequential probability ratio test of a rate: p0 that is fine, against p1 that is not.
---
--- Wald, "Sequential Tests of Statistical Hypotheses", Annals of Mathematical Statistics 16 (1945), and "Sequential
--- Analysis" (1947). The statistic is the logarithm of the likelihood ratio; the test fails the rate at ln((1 - beta) /
--- alpha) and passes it at ln(beta / (1 - alpha)). With these bounds errors are about alpha and beta, and at most alpha
--- / (1 - beta) and beta / (1 - alpha).
local given = require 'stdlib.stats.given'
local solve = require 'stdlib.stats.solve'

local M = {}

local log, exp = math.log, math.exp
local TRIALS_MAX, REST = 20000, 1e-12 -- of the exact computation

---@class Sprt
---@field fine number p0
---@field bad number p1
---@field alpha number
---@field beta number
---@field upper number at or above it the rate is bad
---@field lower number at or below it the rate is fine
---@field of_error number what an error adds to the statistic
---@field of_success number what a request without one adds

local OPTIONS = { 'fine', 'bad', 'alpha', 'beta' }

---@param options table see stats.sprt
---@return Sprt
function M.test(options)
  local word = 'stats.sprt'
  given.options(word, options, OPTIONS)
  local fine = given.between(word, 'fine', options.fine, 0, 1)
  local bad = given.between(word, 'bad', options.bad, 0, 1)
  if bad <= fine then
    given.wrong(word, 'bad', ('a rate above fine (%g) is'):format(fine), bad)
  end
  local alpha = given.alpha(word, options.alpha)
  local beta = given.between(word, 'beta', options.beta == nil and 0.2 or options.beta, 0, 1)
  if alpha + beta >= 1 then
    given.wrong(word, 'beta', ('a number below 1 - alpha (%g) is'):format(1 - alpha), beta)
  end
  return {
    fine = fine, bad = bad, alpha = alpha, beta = beta,
    upper = log((1 - beta) / alpha),
    lower = log(beta / (1 - alpha)),
    of_error = log(bad / fine),
    of_success = log((1 - bad) / (1 - fine)),
  }
end

--- What so many requests say.
---@param test Sprt
---@param errors integer
---@param requests integer
---@return { verdict: 'fine'|'bad'|nil, statistic: number, successes_needed: integer, errors_needed: integer }
function M.decide(test, errors, requests)
  local word = 'stats.sprt_decide'
  given.whole(word, 'requests', requests, 0)
  given.whole(word, 'errors', errors, 0, requests)
  local statistic = errors * test.of_error + (requests - errors) * test.of_success
  local verdict
  if statistic >= test.upper then
    verdict = 'bad'
  elseif statistic <= test.lower then
    verdict = 'fine'
  end
  return {
    verdict = verdict,
    statistic = statistic,
    successes_needed = verdict and 0 or math.ceil((test.lower - statistic) / test.of_success),
    errors_needed = verdict and 0 or math.ceil((test.upper - statistic) / test.of_error),
  }
end

--- The h other than 0 with E[e^(h X)] = 1, of the increment X; 0 where X has no drift.
local function find_h(test, p, drift)
  if math.abs(drift) < 1e-12 then
    return 0
  end
  local function excess(h)
    return p * exp(h * test.of_error) + (1 - p) * exp(h * test.of_success) - 1
  end
  local far = drift > 0 and -1 or 1
  while excess(far) <= 1e-9 do
    far = far * 2
  end
  local near = far / 2
  while excess(near) >= 0 do
    near = near / 2
  end
  return solve.root(excess, math.min(near, far), math.max(near, far))
end

--- By Wald's approximations: what comes of a rate p, and after how many requests in the mean.
---@param test Sprt
---@param p number
---@return { bad: number, requests: number }
function M.performance(test, p)
  local drift = p * test.of_error + (1 - p) * test.of_success
  local h = find_h(test, p, drift)
  if h == 0 then
    local square = p * test.of_error ^ 2 + (1 - p) * test.of_success ^ 2
    return { bad = -test.lower / (test.upper - test.lower), requests = -test.upper * test.lower / square }
  end
  local bad = (1 - exp(h * test.lower)) / (exp(h * test.upper) - exp(h * test.lower))
  return { bad = bad, requests = (bad * test.upper + (1 - bad) * test.lower) / drift }
end

--- Exactly: the distribution of the errors, request by request, until nothing is left that has not ended.
---@param test Sprt
---@param p number
---@return { bad: number, requests: number, rest: number }
function M.exact(test, p)
  local at, low, high = { [0] = 1 }, 0, 0
  local bad, mean, rest, requests = 0, 0, 1, 0
  while rest > REST and requests < TRIALS_MAX do
    mean, requests = mean + rest, requests + 1
    local before = 0
    for errors = low, high + 1 do
      local here = at[errors] or 0
      at[errors], before = here * (1 - p) + before * p, here
    end
    high = high + 1
    local function statistic(errors)
      return errors * test.of_error + (requests - errors) * test.of_success
    end
    while high >= low and statistic(high) >= test.upper do
      bad, rest, at[high], high = bad + at[high], rest - at[high], nil, high - 1
    end
    while low <= high and statistic(low) <= test.lower do
      rest, at[low], low = rest - at[low], nil, low + 1
    end
  end
  return { bad = bad, requests = mean, rest = math.max(rest, 0) }
end

return M
