--- How fast errors use an error budget up.
---
--- Beyer and others, "The Site Reliability Workbook" (2018), chapter 5, "Alerting on SLOs", methods 4 to 6: a burn rate
--- of 1 uses the budget of a period up in just that period. An alarm wants a high rate over a long window, so that it
--- matters, and over a short one (a twelfth of it), so that it is still so.
local given = require 'stdlib.stats.given'

local M = {}

local SIDES = { 'errors', 'requests' }

local function read_objective(word, objective)
  return given.between(word, 'objective', objective, 0, 1)
end

local function rate(word, name, counts, objective)
  if type(counts) ~= 'table' then
    given.wrong(word, name, 'a table { errors =, requests = } is', counts)
  end
  given.options(word, counts, SIDES)
  given.number(word, name .. '.requests', counts.requests, 0)
  given.number(word, name .. '.errors', counts.errors, 0, counts.requests)
  return counts.requests > 0 and counts.errors / counts.requests / (1 - objective) or nil
end

--- The burn rate at which a share of the budget of a period goes within a window.
---@param share number of the budget
---@param window number in the unit of the period
---@param period number
---@return number
function M.factor(share, window, period)
  local word = 'stats.burn_factor'
  given.between(word, 'share', share, 0)
  given.between(word, 'window', window, 0)
  return share * given.between(word, 'period', period, 0) / window
end

--- The requests below which a single error alone would be a rate of `factor`.
---@param objective number
---@param factor number
---@return integer
function M.requests_needed(objective, factor)
  return math.floor(1 / ((1 - objective) * factor) + 1e-9) + 1
end

local PAIR = { 'long', 'short', 'factor' }

--- Whether one of several pairs of windows burns too fast.
---@param objective number
---@param pairs_of_windows { long: table, short: table, factor: number }[]
---@return table
function M.burn_rate(objective, pairs_of_windows)
  local word = 'stats.burn_rate'
  read_objective(word, objective)
  local count = type(pairs_of_windows) == 'table' and #pairs_of_windows or 0
  if count < 1 or count > 10 then
    given.wrong(word, 'windows', 'a list of 1 to 10 pairs is', pairs_of_windows)
  end
  local result = { fires = false, pairs = {} }
  for i, pair in ipairs(pairs_of_windows) do
    local place = ('windows[%d]'):format(i)
    if type(pair) ~= 'table' then
      given.wrong(word, place, 'a table { long =, short =, factor = } is', pair)
    end
    given.options(word, pair, PAIR)
    local factor = given.between(word, place .. '.factor', pair.factor, 0)
    local long, short = rate(word, place .. '.long', pair.long, objective),
      rate(word, place .. '.short', pair.short, objective)
    local one = { long = long, short = short, factor = factor, needed = M.requests_needed(objective, factor) }
    one.fires = long ~= nil and short ~= nil and long > factor and short > factor
    result.pairs[i], result.fires = one, result.fires or one.fires
  end
  return result
end

return M
