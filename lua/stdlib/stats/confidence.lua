--- Confidence sequences: intervals that hold at all times at once, so that one may look as often as one likes.
---
--- Of a proportion: Howard and others (mixtures.lua), a beta-binomial mixture for each p that it is held against. Of a
--- mean with known spread: their normal mixture. Of a mean whose spread is measured: Waudby-Smith, Arbour, Sinha,
--- Kennedy, Ramdas, "Time-uniform central limit theory and asymptotic confidence sequences", Annals of Statistics 52
--- (2024); it holds asymptotically, that is, from some dozens of requests on.
local given = require 'stdlib.stats.given'
local mixtures = require 'stdlib.stats.mixtures'
local solve = require 'stdlib.stats.solve'

local M = {}

local log, sqrt = math.log, math.sqrt

---@class Interval
---@field lower number
---@field upper number

local OPTIONS = { 'alpha', 'alpha_opt', 'optimal', 'sides' }

local function read_options(word, options, optimal)
  options = given.options(word, options == nil and {} or options, OPTIONS)
  local alpha = given.alpha(word, options.alpha)
  local sides = given.whole(word, 'sides', options.sides or 2, 1, 2)
  local alpha_opt = given.alpha(word, options.alpha_opt == nil and 0.05 or options.alpha_opt)
  if sides == 1 and alpha_opt >= 0.5 then
    given.wrong(word, 'alpha_opt', 'for one side a number below 0.5 is', alpha_opt)
  end
  return alpha, sides, given.number(word, 'optimal', options.optimal or optimal, 1), alpha_opt
end

--- How far from a bound p still is, as a root has it: below 0 while p may be believed.
local function new_excess(successes, trials, o)
  return function(p, is_upper)
    local g, h = p, 1 - p
    local s = successes - p * trials
    if is_upper and o.sides == 1 then
      g, h, s = h, g, -s
    end
    local v = p * (1 - p)
    local mixture = mixtures.beta_binomial(v * o.optimal, o.alpha_opt, g, h, o.sides)
    return mixture.log_value(s, v * trials) - log(1 / o.alpha)
  end
end

local NEAR = 1e-12 -- to the ends of 0 to 1, at which there is no mixture

--- The share of successes, from so many trials.
---@param successes integer
---@param trials integer
---@param options table? see stats.proportion
---@return Interval
function M.proportion(successes, trials, options)
  local word = 'stats.proportion'
  given.whole(word, 'trials', trials, 0)
  given.whole(word, 'successes', successes, 0, trials)
  local alpha, sides, optimal, alpha_opt = read_options(word, options, 100)
  if trials == 0 then
    return { lower = 0, upper = 1 }
  end
  local excess = new_excess(successes, trials,
    { alpha = alpha, sides = sides, optimal = optimal, alpha_opt = alpha_opt })
  local share, interval = successes / trials, { lower = 0, upper = 1 }
  local function above(p)
    return excess(p, true)
  end
  if share > 0 and excess(NEAR) > 0 then
    interval.lower = solve.root(excess, NEAR, math.min(share, 1 - NEAR))
  end
  if share < 1 and above(1 - NEAR) > 0 then
    interval.upper = solve.root(above, math.max(share, NEAR), 1 - NEAR)
  end
  return interval
end

-- Means ------------------------------------------------------------------------------------------------

local SAMPLE = { 'count', 'mean', 'variance' }

local function read_sample(word, name, sample)
  if type(sample) ~= 'table' then
    given.wrong(word, name, 'a table { count =, mean =, variance = } is', sample)
  end
  given.options(word, sample, SAMPLE)
  given.whole(word, name .. '.count', sample.count, 1)
  given.number(word, name .. '.mean', sample.mean)
  given.number(word, name .. '.variance', sample.variance, 0)
  return sample
end

--- rho of the asymptotic sequence that is narrowest after so many; of means, so it is 1 / root of the other's.
local function asymptotic_rho(optimal, alpha)
  return sqrt((-2 * log(alpha) + log(-2 * log(alpha) + 1)) / optimal)
end

--- Half the width for `n` observations of the standard deviation `s`.
local function half_width(n, s, rho, alpha)
  local grown = n * rho * rho + 1
  return s * sqrt(2 * grown * log(sqrt(grown) / alpha)) / (n * rho)
end

--- The alpha at which the interval would just leave 0 out.
local function p_value(n, s, rho, difference)
  if s == 0 then
    return difference == 0 and 1 or 0
  end
  local grown = n * rho * rho + 1
  return math.min(1, sqrt(grown) * math.exp(-(difference * n * rho / s) ^ 2 / (2 * grown)))
end

--- A mean. With `sigma` its increments are taken to be sub-Gaussian of that spread, and it holds for any number of
--- them; otherwise by the variance that was measured, asymptotically.
---@param sample { count: integer, mean: number, variance: number }
---@param options table? see stats.mean
---@return Interval
function M.mean(sample, options)
  local word = 'stats.mean'
  read_sample(word, 'sample', sample)
  local sigma = type(options) == 'table' and options.sigma
  local rest = {}
  for name, value in pairs(type(options) == 'table' and options or {}) do
    rest[name] = name ~= 'sigma' and value or nil
  end
  local alpha, _, optimal = read_options(word, (options == nil or type(options) == 'table') and rest or options, 5000)
  local half
  if sigma then
    local square = given.between(word, 'sigma', sigma, 0) ^ 2
    half = mixtures.bound('normal', { v = sample.count * square, v_opt = optimal * square, alpha = alpha, sides = 2 })
      / sample.count
  else
    half = half_width(sample.count, sqrt(sample.variance), asymptotic_rho(optimal, alpha), alpha)
  end
  return { lower = sample.mean - half, upper = sample.mean + half }
end

--- How much greater the canary's mean is; relative: as a share of the primary's, with the delta method's spread. Both
--- samples together are the clock.
---@param canary { count: integer, mean: number, variance: number }
---@param primary { count: integer, mean: number, variance: number }
---@param options table? see stats.mean_difference
---@return { difference: number, deviation: number, lower: number, upper: number, p_value: number }
function M.mean_difference(canary, primary, options)
  local word = 'stats.mean_difference'
  read_sample(word, 'canary', canary)
  read_sample(word, 'primary', primary)
  local relative = type(options) == 'table' and options.relative
  local rest = {}
  for name, value in pairs(type(options) == 'table' and options or {}) do
    rest[name] = name ~= 'relative' and value or nil
  end
  local alpha, _, optimal = read_options(word, (options == nil or type(options) == 'table') and rest or options, 5000)
  local difference = canary.mean - primary.mean
  local square = canary.variance / canary.count + primary.variance / primary.count
  if relative then
    if primary.mean == 0 then
      given.wrong(word, 'primary.mean', 'for a relative difference a mean other than 0 is', primary.mean)
    end
    square = canary.variance / canary.count / primary.mean ^ 2
      + primary.variance / primary.count * canary.mean ^ 2 / primary.mean ^ 4
    difference = difference / primary.mean
  end
  local n, rho = canary.count + primary.count, asymptotic_rho(optimal, alpha)
  local s = sqrt(square * n)
  local half = half_width(n, s, rho, alpha)
  return {
    difference = difference,
    deviation = sqrt(square),
    lower = difference - half,
    upper = difference + half,
    p_value = p_value(n, s, rho, difference),
  }
end

return M
