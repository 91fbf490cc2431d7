--- Whether a share is above what it should be, without a horizon: the one-sided beta-binomial mixture of mixtures.lua.
local given = require 'stdlib.stats.given'
local mixtures = require 'stdlib.stats.mixtures'

local M = {}

local OPTIONS = { 'alpha', 'optimal' }

---@param successes integer
---@param trials integer
---@param p0 number
---@param options { alpha: number?, optimal: number? }?
---@return { signal: boolean, p_value: number, most: integer }
function M.test(successes, trials, p0, options)
  local word = 'stats.share_above'
  given.whole(word, 'trials', trials, 0)
  given.whole(word, 'successes', successes, 0, trials)
  given.between(word, 'p0', p0, 0, 1)
  options = given.options(word, options == nil and {} or options, OPTIONS)
  local alpha = given.between(word, 'alpha', options.alpha == nil and 0.05 or options.alpha, 0, 0.5)
  local optimal = given.number(word, 'optimal', options.optimal or 100, 1)
  local mixture = mixtures.beta_binomial(p0 * (1 - p0) * optimal, alpha, p0, 1 - p0, 1)
  local failures, threshold = trials - successes, math.log(1 / alpha)
  local function log_value(count)
    local all = count + failures
    return count > all * p0 and mixture.log_value(count - all * p0, p0 * (1 - p0) * all) or 0
  end
  local low, high = 0, 1
  while log_value(high) < threshold do
    low, high = high, high * 2
  end
  while high - low > 1 do
    local middle = math.floor((low + high) / 2)
    if log_value(middle) < threshold then
      low = middle
    else
      high = middle
    end
  end
  return { signal = successes > low, p_value = math.min(1, math.exp(-log_value(successes))), most = low }
end

return M
