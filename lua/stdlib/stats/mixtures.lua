--- Uniform bounds: how far a sum may stray from 0, at all times at once, but with a probability of alpha.
---
--- Howard, Ramdas, McAuliffe, Sekhon, "Time-uniform, nonparametric, nonasymptotic confidence sequences", Annals of
--- Statistics 49 (2021): on conjugate mixtures, on stitching (theorem 1), and on tuning (the best rho). For a sum S of
--- increments without a mean, of the intrinsic time v (the sum of their variances, say), a mixture is a supermartingale
--- that begins at 1 or below; S may be believed as long as it has stayed below 1 / alpha (Ville's inequality).
---
---     normal             sub-Gaussian increments
---     gamma-exponential  sub-exponential ones, of scale c
---     gamma-poisson      sub-Poisson ones, of scale c: bounded from above by c
---     beta-binomial      increments between -g and h
---
--- Each is narrowest, relatively, at the time v_opt.
local given = require 'stdlib.stats.given'
local solve = require 'stdlib.stats.solve'
local special = require 'stdlib.stats.special'

local M = {}

local log = math.log

---@class Mixture
---@field log_value fun(s: number, v: number): number ln of the supermartingale
---@field most fun(v: number): number? the greatest S that there can be

--- The rho of the normal mixture that makes the bound narrowest at v (with the approximation of Lambert's function by
--- its first terms).
---@param v number
---@param alpha number
---@param sides 1|2
---@return number
function M.best_rho(v, alpha, sides)
  local a = sides == 1 and 2 * alpha or alpha
  return v / (2 * log(1 / a) + log(1 + 2 * log(1 / a)))
end

local function normal(rho, sides)
  return {
    log_value = function(s, v)
      local value = log(rho / (v + rho)) / 2 + s * s / (2 * (v + rho))
      return sides == 2 and value or value + log(2) + special.log_normal_cdf(s / math.sqrt(v + rho))
    end,
  }
end

local function gamma_exponential(rho, c)
  local shape = rho / (c * c)
  local constant = shape * log(shape) - special.log_gamma(shape) - special.log_gamma_p(shape, shape)
  return {
    log_value = function(s, v)
      local a, x = (v + rho) / (c * c), (c * s + v + rho) / (c * c)
      return constant + special.log_gamma(a) + special.log_gamma_p(a, x) - a * log(x) + x - shape
    end,
  }
end

local function gamma_poisson(rho, c)
  local shape = rho / (c * c)
  local constant = shape * log(shape) - special.log_gamma(shape) - special.log_gamma_q(shape, shape)
  return {
    log_value = function(s, v)
      local x = (v + rho) / (c * c)
      local a = s / c + x
      return constant + special.log_gamma(a) + special.log_gamma_q(a, x) - a * log(x) + v / (c * c)
    end,
  }
end

local LEAST_SHARE = 1e-3 -- of g h: the rho of a mixture that is to be narrow very early

--- Of increments between -g and h; the two-sided one for proportions.
---@param v_opt number
---@param alpha number
---@param g number
---@param h number
---@param sides 1|2
---@return Mixture
function M.beta_binomial(v_opt, alpha, g, h, sides)
  local width, upto = g + h, sides == 1 and h / (g + h) or 1
  local r = math.max(M.best_rho(v_opt, alpha, sides) - g * h, LEAST_SHARE * g * h)
  local whole = special.log_incomplete_beta(r / (g * width), r / (h * width), upto)
  return {
    log_value = function(s, v)
      local part = special.log_incomplete_beta((r + v - g * s) / (g * width), (r + v + h * s) / (h * width), upto)
      return v / (g * h) * log(width) - (v + h * s) / (h * width) * log(g) - (v - g * s) / (g * width) * log(h)
        + part - whole
    end,
    most = function(v)
      return v / g
    end,
  }
end

local OPTIONS = { 'v', 'v_opt', 'alpha', 'alpha_opt', 'sides', 'c', 'g', 'h' }

--- The scale of the gammas. Of one far below the deviation they are normal, and their digits would not say so.
local function read_scale(word, o)
  return given.between(word, 'c', o.c, 1e-4 * math.sqrt(o.v))
end

--- Kinds of mixtures, by their names: what is made of the options.
local KINDS = {
  ['normal'] = function(_, o)
    return normal(M.best_rho(o.v_opt, o.alpha_opt, o.sides), o.sides)
  end,
  ['gamma-exponential'] = function(word, o)
    return gamma_exponential(M.best_rho(o.v_opt, o.alpha_opt, 1), read_scale(word, o))
  end,
  ['gamma-poisson'] = function(word, o)
    return gamma_poisson(M.best_rho(o.v_opt, o.alpha_opt, 1), read_scale(word, o))
  end,
  ['beta-binomial'] = function(word, o)
    local g, h = given.between(word, 'g', o.g, 0), given.between(word, 'h', o.h, 0)
    return M.beta_binomial(o.v_opt, o.alpha_opt, g, h, o.sides)
  end,
}
M.NAMES = { 'normal', 'gamma-exponential', 'gamma-poisson', 'beta-binomial' }

local function find_bound(mixture, v, threshold)
  local function excess(s)
    return mixture.log_value(s, v) - threshold
  end
  local high = mixture.most and mixture.most(v) * (1 - 1e-15)
  if high and excess(high) < 0 then
    return mixture.most(v)
  end
  high = high or v
  while not mixture.most and excess(high) < 0 do
    high = high * 2
  end
  return solve.root(excess, 0, high)
end

--- How far S may be from 0 at the time v.
---@param kind string one of M.NAMES
---@param options table see stats.uniform_bound
---@return number
function M.bound(kind, options)
  local word = 'stats.uniform_bound'
  if not KINDS[kind] then
    given.wrong(word, 'kind', 'one of ' .. table.concat(M.NAMES, ', ') .. ' is', kind)
  end
  given.options(word, options, OPTIONS)
  local alpha = given.alpha(word, options.alpha)
  local v = given.between(word, 'v', options.v, 0)
  local read = {
    v = v,
    v_opt = given.between(word, 'v_opt', options.v_opt == nil and v or options.v_opt, 0),
    alpha_opt = given.alpha(word, options.alpha_opt == nil and alpha or options.alpha_opt),
    sides = given.whole(word, 'sides', options.sides or 1, 1, 2),
    c = options.c, g = options.g, h = options.h,
  }
  if read.sides == 1 and read.alpha_opt >= 0.5 then
    given.wrong(word, 'alpha', 'for one side a number below 0.5 is', read.alpha_opt)
  end
  return find_bound(KINDS[kind](word, read), v, log(1 / alpha))
end

--- Riemann's zeta function for s above 1: its first terms, and Euler's formula for the others.
local function zeta(s)
  local sum, n = 0, 20
  for k = 1, n - 1 do
    sum = sum + k ^ -s
  end
  local tail = n ^ (1 - s) / (s - 1) + n ^ -s / 2 + s * n ^ (-s - 1) / 12
  return sum + tail - s * (s + 1) * (s + 2) * n ^ (-s - 3) / 720
end

local STITCHING = { 'v', 'v_min', 'alpha', 'c', 's', 'eta' }

--- The polynomial stitched bound (theorem 1).
---@param options table see stats.stitched_bound
---@return number
function M.stitched(options)
  local word = 'stats.stitched_bound'
  given.options(word, options, STITCHING)
  local v_min = given.between(word, 'v_min', options.v_min, 0)
  local v = math.max(given.between(word, 'v', options.v, 0), v_min)
  local c = given.number(word, 'c', options.c or 0)
  local s = given.between(word, 's', options.s or 1.4, 1)
  local eta = given.between(word, 'eta', options.eta or 2, 1)
  local alpha = given.alpha(word, options.alpha)
  local l = s * log(log(eta * v / v_min)) + log(zeta(s) / log(eta) ^ s) + log(1 / alpha)
  local first, second = (eta ^ 0.25 + eta ^ -0.25) / math.sqrt(2), (math.sqrt(eta) + 1) / 2 * c * l
  return math.sqrt(first * first * v * l + second * second) + second
end

return M
