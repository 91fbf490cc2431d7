--- How rounds are counted, of a release and in all.
local M = {}

---@class Counts
---@field rounds integer
---@field agrees integer
---@field differs integer
---@field unknown integer
---@field measured integer metrics were asked for, and had
---@field unmeasured integer could not be had, or asked for, and the round is unknown

---@return Counts
function M.new()
  return { rounds = 0, agrees = 0, differs = 0, unknown = 0, measured = 0, unmeasured = 0 }
end

---@param counts Counts
---@param round ShadowRound one that is concluded
function M.add(counts, round)
  counts.rounds, counts[round.outcome] = counts.rounds + 1, counts[round.outcome] + 1
  local decided = round.decision or {}
  if round:unmeasured() or decided.unknown then
    counts.unmeasured = counts.unmeasured + 1
  elseif decided.measured then
    counts.measured = counts.measured + 1
  end
end

--- The exit status: 0 all that was compared agrees, 1 something differs, 3 nothing was compared. Where not one of the
--- rounds that need a metric had it, the others, which agree by themselves, say nothing.
---@param counts Counts
---@return 0|1|3
function M.status(counts)
  local is_deaf = counts.unmeasured > 0 and counts.measured == 0
  return counts.differs > 0 and 1 or counts.agrees > 0 and not is_deaf and 0 or 3
end

return M
