--- The arithmetic of growing shares (docs/flagger.md, "Canary steps"). Shares are whole percent.
local M = {}

local TOTAL = 100

local function list_of(analysis)
  return type(analysis.stepWeights) == 'table' and analysis.stepWeights or {}
end

--- The share from which on the canary is promoted.
---@param analysis table spec.analysis
---@return integer
function M.max_weight(analysis)
  local steps = list_of(analysis)
  if #steps > 0 then
    return math.min(TOTAL, steps[#steps])
  end
  local max = analysis.maxWeight or 0
  return max > 0 and max or TOTAL
end

local function listed_step(steps, weight)
  local room = TOTAL - weight
  if room == 0 then
    return 1
  elseif weight == 0 then
    return math.min(room, steps[1])
  end
  for i = 1, #steps - 1 do
    if steps[i] == weight then
      return math.min(room, steps[i + 1] - weight)
    end
  end
  -- The list does not have this share, for example after an edit: the next one above it follows (in
  -- Flagger: 100).
  for _, step in ipairs(steps) do
    if step > weight then
      return math.min(room, step - weight)
    end
  end
  return room
end

--- By how much the share grows next. 0 or less: it is stuck, because the steps do not rise.
---@param analysis table spec.analysis
---@param weight integer the canary's share now
---@return integer
function M.step(analysis, weight)
  local single, steps = analysis.stepWeight or 0, list_of(analysis)
  if single > 0 or #steps == 0 then
    return single
  end
  return listed_step(steps, weight)
end

--- Why the share stays as it is although it is not at its end; nil when it does not stay.
---@param analysis table spec.analysis
---@param weight integer the canary's share now
---@return string?
function M.stuck(analysis, weight)
  local max = M.max_weight(analysis)
  if M.step(analysis, weight) <= 0 then
    return weight < max and string.format('the steps of its weight end at %d, below %d', weight, max)
      or string.format('the steps of its weight do not rise from %d', weight)
  elseif weight >= TOTAL and weight < max then
    return string.format('its weight is %d, and the maxWeight %d is above that', weight, max)
  end
end

--- The next share, or nil when there is nothing left to grow.
---@param analysis table spec.analysis
---@param weight integer the canary's share now
---@return integer?
function M.next_weight(analysis, weight)
  if weight >= M.max_weight(analysis) then
    return nil
  end
  return math.min(TOTAL, weight + M.step(analysis, weight))
end

return M
