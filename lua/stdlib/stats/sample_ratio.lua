--- Whether requests are shared out as they should be (a sample ratio mismatch), at all times at once.
---
--- Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022: the Bayes factor of
--- Dirichlet's distribution against the shares that are wished is a martingale where these are true.
local given = require 'stdlib.stats.given'
local special = require 'stdlib.stats.special'

local M = {}

local SIDES_MAX = 100

--- What the logarithm of the likelihood of an ordered series of so many of each is: by Dirichlet, and by the shares.
---@param counts integer[]
---@param shares number[] whose sum is 1
---@param prior number[]
---@return number of_dirichlet
---@return number of_shares
local function log_likelihoods(counts, shares, prior)
  local all, sum, of_dirichlet, of_shares = 0, 0, 0, 0
  for i, count in ipairs(counts) do
    all, sum = all + count, sum + prior[i]
    of_dirichlet = of_dirichlet + special.log_gamma(prior[i] + count) - special.log_gamma(prior[i])
    of_shares = of_shares + count * math.log(shares[i])
  end
  return of_dirichlet + special.log_gamma(sum) - special.log_gamma(sum + all), of_shares
end

--- The p-value of counts that should have these shares.
---@param counts integer[]
---@param shares number[]
---@param prior number[]? Dirichlet's, of as many; 1 each
---@return { p_value: number, log_dirichlet: number, log_shares: number }
function M.sample_ratio(counts, shares, prior)
  local word = 'stats.sample_ratio'
  given.list(word, 'counts', counts, SIDES_MAX, function(_, field, value)
    return given.whole(word, field, value, 0)
  end)
  given.list(word, 'shares', shares, SIDES_MAX, function(_, field, value)
    return given.between(word, field, value, 0)
  end)
  if #shares ~= #counts then
    given.wrong(word, 'shares', ('as many as counts (%d) are'):format(#counts), #shares)
  end
  local sum, parts, weights = 0, {}, {}
  for _, share in ipairs(shares) do
    sum = sum + share
  end
  if prior ~= nil and (type(prior) ~= 'table' or #prior ~= #counts) then
    given.wrong(word, 'prior',
      ('a list of as many as counts (%d) is'):format(#counts), type(prior) == 'table' and #prior or prior)
  end
  for i, share in ipairs(shares) do
    parts[i] = share / sum
    weights[i] = prior and given.between(word, ('prior[%d]'):format(i), prior[i], 0) or 1
  end
  local of_dirichlet, of_shares = log_likelihoods(counts, parts, weights)
  return { p_value = math.min(1, math.exp(of_shares - of_dirichlet)), log_dirichlet = of_dirichlet,
    log_shares = of_shares }
end

return M
