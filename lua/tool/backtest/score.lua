--- What many releases of the past come to, for one set of rules.
local M = {}

---@class PlayedRelease what is kept of each of many
---@field at number ms, when it began
---@field lasted number ms
---@field outcome 'promoted'|'taken back'|'held blind'|'undecided'
---@field why string?
---@field weight integer the canary's highest share

---@class Score
---@field promoted integer
---@field taken_back integer
---@field held_blind integer
---@field undecided integer
---@field good integer releases outside of the bad spans
---@field false_alarms integer of these, taken back
---@field bad { from: number, to: number, tried: integer, seen: boolean, after: number? }[]

--- Held blind: taken back for nothing but blindness, or given up while a check that had nothing to judge by held it.
---@param release Release
---@return 'promoted'|'taken back'|'held blind'|'undecided'
function M.outcome(release)
  local last = release.checks[#release.checks]
  if release.decision == 'undecided' then
    local is_held = release.waits == 'CheckBlind' or last and last.verdict == 'blind'
    return is_held and 'held blind' or 'undecided'
  elseif release.decision == 'promoted' then
    return 'promoted'
  end
  for _, check in ipairs(release.checks) do
    if check.verdict == 'fail' then
      return 'taken back'
    end
  end
  return #release.checks > 0 and 'held blind' or 'taken back'
end

local function overlaps(one, span)
  return one.at < span.to and one.at + one.lasted > span.from
end

--- How long after both had begun, the release and what was bad, it was taken back; nil: it was not.
local function seen_after(one, span)
  local ended = one.at + one.lasted
  if one.outcome ~= 'taken back' or not overlaps(one, span) or ended < span.from then
    return nil
  end
  return ended - math.max(one.at, span.from)
end

local function score_span(list, span)
  local score = { from = span.from, to = span.to, tried = 0, seen = false }
  for _, one in ipairs(list) do
    if overlaps(one, span) then
      score.tried = score.tried + 1
      local after = seen_after(one, span)
      if after then
        score.seen, score.after = true, math.min(score.after or math.huge, after)
      end
    end
  end
  return score
end

---@param list PlayedRelease[]
---@param bad { from: number, to: number }[]
---@return Score
function M.of(list, bad)
  local score = { promoted = 0, taken_back = 0, held_blind = 0, undecided = 0, good = 0, false_alarms = 0, bad = {} }
  for _, one in ipairs(list) do
    local field = one.outcome:gsub(' ', '_')
    score[field] = score[field] + 1
    local is_good = true
    for _, span in ipairs(bad) do
      is_good = is_good and not overlaps(one, span)
    end
    if is_good then
      score.good = score.good + 1
      score.false_alarms = score.false_alarms + (one.outcome == 'taken back' and 1 or 0)
    end
  end
  for i, span in ipairs(bad) do
    score.bad[i] = score_span(list, span)
  end
  return score
end

--- How many bad spans were seen, in how many a release was under way, and the median of the times that it took.
---@param score Score
---@return integer seen
---@return integer tried
---@return number? after
function M.seen(score)
  local seen, tried, times = 0, 0, {}
  for _, span in ipairs(score.bad) do
    seen, tried = seen + (span.seen and 1 or 0), tried + (span.tried > 0 and 1 or 0)
    times[#times + 1] = span.after
  end
  table.sort(times)
  return seen, tried, times[math.ceil(#times / 2)]
end

return M
