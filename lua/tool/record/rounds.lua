--- Rounds of a record, judged again by fewer metrics: what an analysis of other `checks` would have made of the same
--- answers. A round ends at its first metric that fails, so what comes behind that one was not asked.
local moments = require 'tool.record.moment'

local M = {}

--- The evidence of each round that began at this time or later, in order.
local function rounds_from(release, at_ms)
  local list, of = {}, {}
  for _, evidence in ipairs(release.evidence) do
    local at = moments.parse(evidence.at)
    if evidence.round and not evidence.word and at and at >= math.floor(at_ms / 1000) * 1000 then
      local round = of[evidence.round]
      if not round then
        round = { at_ms = at }
        of[evidence.round], list[#list + 1] = round, round
      end
      round[#round + 1] = evidence
    end
  end
  return list
end

--- 'fail', 'held' or 'pass', and the verdict that decides; as stdlib.metrics has it.
local function decide(verdicts)
  local held, passed
  for _, evidence in ipairs(verdicts) do
    if evidence.failed then
      return 'fail', evidence
    elseif evidence.way then
      held = evidence.way == 'hold' and (not held or held.way ~= 'hold') and evidence or held or evidence
    else
      passed = evidence
    end
  end
  if held and (held.way == 'hold' or not passed) then
    return 'held', held
  end
  return 'pass', passed
end

--- Those of the metrics that are judged; nil: one of them was not asked, and none of the others fails.
local function only(round, checks)
  local chosen, known = {}, {}
  for _, evidence in ipairs(round) do
    known[evidence.metric or ''] = evidence
  end
  local is_whole = true
  for _, name in ipairs(checks) do
    chosen[#chosen + 1], is_whole = known[name], is_whole and known[name] ~= nil
  end
  return (is_whole or decide(chosen) == 'fail') and chosen or nil
end

---@class OtherRound
---@field at_ms number
---@field recorded 'fail'|'held'|'pass'
---@field again 'fail'|'held'|'pass'|'not known'
---@field evidence Evidence of the verdict that decided on record

--- The first round that comes to something else; nil: none does.
---@param release ReadRelease
---@param at_ms number when the analysis began
---@param checks string[] the metrics that are judged
---@return OtherRound?
function M.first_other(release, at_ms, checks)
  for _, round in ipairs(rounds_from(release, at_ms)) do
    local recorded, evidence = decide(round)
    local chosen = not evidence.hook and only(round, checks)
    local again = evidence.hook and recorded or chosen and decide(chosen) or 'not known'
    if again ~= recorded then
      return { at_ms = round.at_ms, recorded = recorded, again = again, evidence = evidence }
    end
  end
end

return M
