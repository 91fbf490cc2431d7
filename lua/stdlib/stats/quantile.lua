--- Quantiles from the buckets of a histogram, and whether two histograms may have the same one.
---
--- The test: Howard and Ramdas, "Sequential estimation of quantiles with applications to A/B testing and best-arm
--- identification", Bernoulli 28 (2022), on A/B tests. Of each side the share of requests that took no longer than its
--- true quantile is a binomial count of the rate q, so its beta-binomial mixture is a supermartingale. Were both
--- quantiles one x, the product of the two at that x would be one; the least product over all x can be believed to be
--- below 1 / alpha. Within a bucket nobody knows where the requests lie, so there each side takes the share that speaks
--- for it most.
local given = require 'stdlib.stats.given'
local mixtures = require 'stdlib.stats.mixtures'
local solve = require 'stdlib.stats.solve'

local M = {}

local BUCKETS_MAX = 2000

---@class Bucket
---@field le number the upper bound; the last one's may be infinite
---@field count number how many took at most so long, cumulative

--- The cumulative counts must not fall, nor the bounds.
local function read_buckets(word, name, buckets)
  local count = type(buckets) == 'table' and #buckets or 0
  if count < 1 or count > BUCKETS_MAX then
    given.wrong(word, name, ('a list of 1 to %d buckets is'):format(BUCKETS_MAX), buckets,
      type(buckets) == 'table' and 'a list of ' .. count or nil)
  end
  local before = { le = -math.huge, count = 0 }
  for i, bucket in ipairs(buckets) do
    local place = ('%s[%d]'):format(name, i)
    if type(bucket) ~= 'table' then
      given.wrong(word, place, 'a table { le =, count = } is', bucket)
    elseif type(bucket.le) ~= 'number' or bucket.le ~= bucket.le or bucket.le <= before.le then
      given.wrong(word, place .. '.le', ('a bound above the one before (%g) is'):format(before.le), bucket.le)
    end
    given.number(word, place .. '.count', bucket.count, before.count)
    before = bucket
  end
  return buckets, before.count
end

--- The least bound that at least a share q of the requests keep to; nil without requests.
---@param buckets Bucket[]
---@param q number
---@return number? le
---@return number? above how many are above it
function M.bound(buckets, q)
  local word = 'stats.quantile_bound'
  local _, all = read_buckets(word, 'buckets', buckets)
  given.between(word, 'quantile', q, 0, 1)
  for _, bucket in ipairs(buckets) do
    if all > 0 and bucket.count >= q * all then
      return bucket.le, all - bucket.count
    end
  end
end

local function same_bounds(word, canary, primary)
  if #canary ~= #primary then
    given.wrong(word, 'canary', 'the bounds of primary are', canary, #canary .. ' buckets beside ' .. #primary)
  end
  for i = 1, #canary do
    if canary[i].le ~= primary[i].le then
      given.wrong(word, ('canary[%d].le'):format(i), ('the bound of primary (%g) is'):format(primary[i].le),
        canary[i].le)
    end
  end
end

--- One side: what the mixture says of a share that lies in a bucket.
local function new_side(mixture, q, all, buckets)
  local function log_value(share)
    return mixture.log_value((share - q) * all, q * (1 - q) * all)
  end
  local best = solve.minimum(log_value, 0, 1)
  return function(i)
    local low, high = i > 1 and buckets[i - 1].count / all or 0, buckets[i].count / all
    return log_value(math.max(low, math.min(best, high)))
  end
end

local OPTIONS = { 'canary', 'primary', 'quantile', 'optimal', 'alpha_opt' }

--- The p-value, at all times at once, of both sides having the same quantile.
---@param options table see stats.quantile_test
---@return { p_value: number, canary: number?, primary: number? }
function M.test(options)
  local word = 'stats.quantile_test'
  given.options(word, options, OPTIONS)
  local q = given.between(word, 'quantile', options.quantile, 0, 1)
  local optimal = given.number(word, 'optimal', options.optimal or 100, 1)
  local canary, canary_all = read_buckets(word, 'canary', options.canary)
  local primary, primary_all = read_buckets(word, 'primary', options.primary)
  same_bounds(word, canary, primary)
  if canary_all == 0 or primary_all == 0 then
    return { p_value = 1 }
  end
  local alpha_opt = given.alpha(word, options.alpha_opt)
  local mixture = mixtures.beta_binomial(optimal * q * (1 - q), alpha_opt, q, 1 - q, 2)
  local of_canary = new_side(mixture, q, canary_all, canary)
  local of_primary = new_side(mixture, q, primary_all, primary)
  local least = math.huge
  for i = 1, #canary do
    least = math.min(least, of_canary(i) + of_primary(i))
  end
  return {
    p_value = math.min(1, math.exp(-least)),
    canary = M.bound(canary, q),
    primary = M.bound(primary, q),
  }
end

return M
