--- Special functions, in logarithms, so that what is tiny stays exact: gamma, beta, their incomplete forms, the normal
--- distribution. Absolute errors are below 1e-12 for arguments up to 1e6. Arguments are the caller's to check.
---
--- Sources: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 6.1.41 (Stirling's series), 6.5.29 and
--- 6.5.31 (incomplete gamma function); Lentz, Applied Optics 15 (1976), for continued fractions; Numerical Recipes, 3rd
--- edition (2007), 6.4 (the continued fraction of the incomplete beta function).
local M = {}

local log, exp, abs, floor = math.log, math.exp, math.abs, math.floor

local HALF_LOG_2PI = 0.91893853320467274178
-- Bernoulli's numbers over 2n(2n-1): the terms of Stirling's series.
local STIRLING = { 1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156, -3617 / 122400 }
local STIRLING_FROM = 10

--- ln Γ(x).
---@param x number above 0
---@return number
function M.log_gamma(x)
  local product = 1
  while x < STIRLING_FROM do
    product, x = product * x, x + 1
  end
  local square, sum = x * x, 0
  for i = #STIRLING, 1, -1 do
    sum = sum / square + STIRLING[i]
  end
  return (x - 0.5) * log(x) - x + HALF_LOG_2PI + sum / x - log(product)
end

local log_gamma = M.log_gamma

--- ln B(a, b).
---@param a number above 0
---@param b number above 0
---@return number
function M.log_beta(a, b)
  return log_gamma(a) + log_gamma(b) - log_gamma(a + b)
end

--- ln(1 - e^x), also where e^x is next to 0 or to 1.
---@param x number at most 0
---@return number
function M.log_one_minus_exp(x)
  if x > -1e-5 then
    return log(-x) + x / 2 -- the first terms of its series
  end
  local y = exp(x)
  if y < 1e-5 then
    return -y - y * y / 2 - y * y * y / 3
  end
  return log(1 - y)
end

-- Continued fractions: b0 + a1/(b1 + a2/(b2 + …)), by Lentz' method ------------------------------------

local TINY, EPSILON, TERMS_MAX = 1e-300, 1e-15, 20000

local function fraction(first, term)
  local value = first == 0 and TINY or first
  local c, d = value, 0
  for i = 1, TERMS_MAX do
    local a, b = term(i)
    d = b + a * d
    c = b + a / c
    d = 1 / (d == 0 and TINY or d)
    c = c == 0 and TINY or c
    value = value * c * d
    if abs(c * d - 1) < EPSILON then
      break
    end
  end
  return value
end

-- The incomplete gamma function ------------------------------------------------------------------------

--- ln P(a, x) by its series: it converges fast where x is below a.
local function log_lower(a, x)
  local term, sum = 1 / a, 1 / a
  for i = 1, TERMS_MAX do
    term = term * x / (a + i)
    sum = sum + term
    if term < sum * EPSILON then
      break
    end
  end
  return a * log(x) - x - log_gamma(a) + log(sum)
end

--- ln Q(a, x) by its continued fraction: for x above a.
local function log_upper(a, x)
  local value = fraction(x + 1 - a, function(i)
    return i * (a - i), x + 2 * i + 1 - a
  end)
  return a * log(x) - x - log_gamma(a) - log(value)
end

--- ln P(a, x), the regularised lower incomplete gamma function: what a sum of a unit exponentials is at most x.
---@param a number above 0
---@param x number at least 0
---@return number
function M.log_gamma_p(a, x)
  if x <= 0 then
    return -math.huge
  end
  return x < a + 1 and log_lower(a, x) or M.log_one_minus_exp(log_upper(a, x))
end

--- ln Q(a, x) = ln(1 - P(a, x)).
---@param a number above 0
---@param x number at least 0
---@return number
function M.log_gamma_q(a, x)
  if x <= 0 then
    return 0
  end
  return x < a + 1 and M.log_one_minus_exp(log_lower(a, x)) or log_upper(a, x)
end

-- The incomplete beta function -------------------------------------------------------------------------

local function log_beta_fraction(a, b, x)
  local value = fraction(1, function(i)
    local m = floor(i / 2)
    if i % 2 == 1 then
      return -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1)), 1
    end
    return m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m)), 1
  end)
  return a * log(x) + b * log(1 - x) - log(a) - log(value)
end

--- ln of the integral of t^(a-1) (1-t)^(b-1) from 0 to x, not regularised.
---@param a number above 0
---@param b number above 0
---@param x number from 0 to 1
---@return number
function M.log_incomplete_beta(a, b, x)
  if x <= 0 then
    return -math.huge
  elseif x >= 1 then
    return M.log_beta(a, b)
  elseif x < (a + 1) / (a + b + 2) then
    return log_beta_fraction(a, b, x)
  end
  local whole = M.log_beta(a, b)
  return whole + M.log_one_minus_exp(math.min(log_beta_fraction(b, a, 1 - x) - whole, 0))
end

--- P(X >= successes) of a binomial distribution.
---@param successes integer
---@param trials integer
---@param p number between 0 and 1
---@return number
function M.binomial_at_least(successes, trials, p)
  if successes <= 0 then
    return 1
  elseif successes > trials then
    return 0
  end
  local a, b = successes, trials - successes + 1
  return math.min(exp(M.log_incomplete_beta(a, b, p) - M.log_beta(a, b)), 1)
end

-- The normal distribution ------------------------------------------------------------------------------

--- ln Φ(x).
---@param x number
---@return number
function M.log_normal_cdf(x)
  local log_half = log(0.5)
  if x <= 0 then
    return log_half + M.log_gamma_q(0.5, x * x / 2)
  end
  return M.log_one_minus_exp(log_half + M.log_gamma_q(0.5, x * x / 2))
end

--- Φ(x): what a standard normal variable is at most x.
---@param x number
---@return number
function M.normal_cdf(x)
  return exp(M.log_normal_cdf(x))
end

return M
