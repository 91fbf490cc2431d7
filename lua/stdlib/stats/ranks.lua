--- The Mann-Whitney U test: whether one sample tends to be greater than another.
---
--- Mann and Whitney, "On a test of whether one of two random variables is stochastically larger than the other", Annals
--- of Mathematical Statistics 18 (1947); ties share the mean of their ranks. For small samples all ways to share the
--- values out are counted, also with ties (Lehmann, "Nonparametrics", 1975, on ties): values that are equal come in one
--- step, so that the ways are counted by their number in the first sample. Beyond, the normal approximation with the
--- variance that ties leave, and a continuity correction of one half.
local given = require 'stdlib.stats.given'
local special = require 'stdlib.stats.special'

local M = {}

local EXACT_MAX, VALUES_MAX = 26, 10000

--- Groups of equal values, in order: how many, how many of them are in the first sample, twice their rank.
local function groups_of(first, second)
  local all = {}
  for _, value in ipairs(first) do
    all[#all + 1] = { value = value, own = 1 }
  end
  for _, value in ipairs(second) do
    all[#all + 1] = { value = value, own = 0 }
  end
  table.sort(all, function(a, b)
    return a.value < b.value
  end)
  local groups = {}
  for i, one in ipairs(all) do
    local group = groups[#groups]
    if not group or group.value ~= one.value then
      group = { value = one.value, from = i, size = 0, own = 0 }
      groups[#groups + 1] = group
    end
    group.size, group.own = group.size + 1, group.own + one.own
    group.rank = 2 * group.from + group.size - 1
  end
  return groups
end

local function choose(n, k)
  local ways = 1
  for i = 1, k do
    ways = ways * (n - k + i) / i
  end
  return ways
end

--- How many ways there are for a first sample of this size, by twice the sum of its ranks.
local function count_ways(groups, size)
  local ways = { [0] = { [0] = 1 } } -- by the number of values taken, by twice the sum of their ranks
  for _, group in ipairs(groups) do
    for taken = size, 1, -1 do
      for more = 1, math.min(group.size, taken) do
        local factor = choose(group.size, more)
        local into = ways[taken] or {}
        ways[taken] = into
        for sum, count in pairs(ways[taken - more] or {}) do
          local at = sum + more * group.rank
          into[at] = (into[at] or 0) + count * factor
        end
      end
    end
  end
  return ways[size]
end

--- The share of the ways that are as extreme as what was seen, or more.
local function exact(groups, size, rank_sum, middle, is_extreme)
  local all, extreme = 0, 0
  for sum, count in pairs(count_ways(groups, size)) do
    all = all + count
    extreme = extreme + (is_extreme(sum - middle, rank_sum - middle) and count or 0)
  end
  return extreme / all
end

local function approximate(groups, m, n, distance, alternative)
  local all, ties = m + n, 0
  for _, group in ipairs(groups) do
    ties = ties + group.size ^ 3 - group.size
  end
  local variance = m * n / 12 * (all + 1 - ties / (all * (all - 1)))
  if variance <= 0 then
    return 1
  end
  local sign = alternative == 'less' and -1 or 1
  distance = alternative == 'two-sided' and math.abs(distance) or sign * distance
  local tail = special.normal_cdf(-(distance - 0.5) / math.sqrt(variance))
  return math.min(1, alternative == 'two-sided' and 2 * tail or tail)
end

--- Twice the distance to the middle, of another way and of what was seen.
local EXTREME = {
  ['two-sided'] = function(other, seen)
    return math.abs(other) >= math.abs(seen)
  end,
  ['greater'] = function(other, seen)
    return other >= seen
  end,
  ['less'] = function(other, seen)
    return other <= seen
  end,
}

--- Takes what the first sample has of the ranks.
---@param first number[]
---@param second number[]
---@param alternative 'two-sided'|'greater'|'less'|nil greater: the first tends to be greater
---@return { u: number, p_value: number, method: 'exact'|'normal' }
function M.mann_whitney(first, second, alternative)
  local word = 'stats.mann_whitney'
  given.list(word, 'first', first, VALUES_MAX, given.number)
  given.list(word, 'second', second, VALUES_MAX, given.number)
  alternative = alternative == nil and 'two-sided' or alternative
  if not EXTREME[alternative] then
    given.wrong(word, 'alternative', "one of 'two-sided', 'greater', 'less' is", alternative)
  end
  local groups, m, n, rank_sum = groups_of(first, second), #first, #second, 0
  for _, group in ipairs(groups) do
    rank_sum = rank_sum + group.own * group.rank
  end
  local u = rank_sum / 2 - m * (m + 1) / 2
  if m + n <= EXACT_MAX then
    local p = exact(groups, m, rank_sum, m * (m + n + 1), EXTREME[alternative])
    return { u = u, p_value = p, method = 'exact' }
  end
  return { u = u, p_value = approximate(groups, m, n, u - m * n / 2, alternative), method = 'normal' }
end

return M
