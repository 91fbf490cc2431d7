--- A round of Flagger's, and what Sluice would have done in its place: from the same state, with the same metrics at
--- the same moment. Why Flagger did it is told by an event, which may come after the status; where it matters, the
--- round waits for it a little.
local decision = require 'tool.shadow.decision'
local hooks = require 'tool.shadow.hooks'
local moves = require 'tool.shadow.move'
local unmeasured = require 'tool.shadow.unmeasured'

local M = {}

M.SETTLED_MS = 2000 -- an event comes that much later at most
local LATE = 1.8 -- intervals, after which another round may have come between
local SAME_TICK_MS = 2000 -- and is that much older at most: the times of both are whole seconds

---@class ShadowRound
---@field watched Watched
---@field sight Sight of the round
---@field release table
---@field at number ms
---@field before Status
---@field move Move what Flagger has done
---@field share integer of the canary, before it
---@field facts table
---@field spec table
---@field warnings { at: number, text: string }[] of Flagger's, in this round
---@field obstacle string? why nothing can be compared
---@field decision Decision? nil: not yet
---@field settled boolean no event is waited for
---@field outcome 'agrees'|'differs'|'unknown'|nil nil: not yet
---@field why string? of one that is unknown
local Round = {}
Round.__index = Round

local function webhooks_of(self)
  local analysis = self.sight.canary.spec.analysis or {}
  return analysis.webhooks
end

local function threshold_reached(self)
  return self.before.failed >= self.sight.threshold
end

--- Its event says why.
local function needs_event(self)
  return self.move.does == 'fail' or self.move.does == 'take back' and not threshold_reached(self)
end

--- Neither the threshold nor a hook: a side was never ready.
local function ready_of(self, known)
  if self.move.does ~= 'take back' or threshold_reached(self) or known.asked_back then
    return {}
  end
  local promotes = self.before.phase == 'Promoting' or self.before.phase == 'Finalising'
  return promotes and { primary = false } or { canary = false }
end

local function texts_of(self)
  local texts = {}
  for i, warning in ipairs(self.warnings) do
    texts[i] = warning.text
  end
  return texts
end

local function decide(self)
  local known = hooks.known(texts_of(self), self.move.does)
  self.decision = decision.new { strategy = self.sight.strategy, facts = self.facts, spec = self.spec,
    before = self.before, held = self.held, hooks = hooks.answers(webhooks_of(self), known, self.taken),
    server = self.sight.server_shown, ready = ready_of(self, known) }
end

--- Warnings of other ticks are not this round's.
local function keep_own(self)
  local written, own = self.written, {}
  for _, warning in ipairs(self.warnings) do
    if warning.at >= written - SAME_TICK_MS then
      own[#own + 1] = warning
    end
  end
  self.warnings = own
end

---@param watched Watched before the move is followed
---@param move Move
---@param before Status
---@param options { held: table?, taken: table<string, boolean>, written: number, since_ms: number } since_ms: the
---  status was written before
---@return ShadowRound
function M.new(watched, move, before, options)
  local sight = watched.sight
  local self = setmetatable({ watched = watched, sight = sight, at = sight.now, move = move, before = before,
    share = watched.route.canary, facts = watched:facts(before), spec = watched:spec(), held = options.held,
    taken = options.taken, written = options.written, since_ms = options.since_ms, warnings = watched.warnings,
    obstacle = watched:obstacle() }, Round)
  watched.warnings = {}
  keep_own(self)
  self.settled = not needs_event(self) or #self.warnings > 0
  if sight.refused or self.obstacle then
    return self
  end
  if self.settled or move.does == 'fail' then
    decide(self)
  end
  return self
end

--- A warning that came while it is not settled.
function Round:hear(warning)
  self.warnings[#self.warnings + 1] = warning
  keep_own(self)
  if #self.warnings > 0 then
    self:settle()
  end
end

--- No event is waited for any more. A webhook decides before any metric is asked.
function Round:settle()
  if self.settled then
    return
  end
  self.settled = true
  local known = hooks.known(texts_of(self), self.move.does)
  if not self.sight.refused and not self.obstacle and (not self.decision or known.failed) then
    decide(self)
  end
end

local function reason_of(self)
  local last = self.warnings[#self.warnings]
  if self.move.does == 'take back' and threshold_reached(self) then
    return ('%d failed checks'):format(self.before.failed)
  elseif needs_event(self) and last then
    return last.text
  end
end

--- What one round of an analysis cannot have come to: its end without the steps that are left.
local function skips_rounds(self)
  if self.move.does == 'succeed' then
    return self.before.phase == 'Progressing' and not self.spec.skipAnalysis
  elseif self.move.does == 'take back' and not threshold_reached(self) then
    for _, text in ipairs(texts_of(self)) do
      if text:find 'failed checks threshold reached %d+$' then
        return true
      end
    end
  end
  return self.move.unseen == true
end

--- More steps than one may have been taken since the last sight.
local function is_late(self)
  return self.move.does == 'advance' and self.since_ms >= LATE * self.sight.interval_ms
end

--- Why nothing was measured by which to compare; nil: it was, or Flagger could not measure either.
---@return string?
function Round:unmeasured()
  local why = self.decision and self.decision.unmeasured
  return not (self.move.does == 'fail' and unmeasured.is_flaggers(texts_of(self))) and why or nil
end

local function compare(self)
  local ours = self.decision and self.decision.move
  if self.sight.refused then
    return 'differs', 'Sluice would refuse this Canary: ' .. self.sight.refused
  elseif self.obstacle or self.decision.unknown then
    return 'unknown', self.obstacle or self.decision.unknown
  elseif self:unmeasured() then
    return 'unknown', self:unmeasured()
  elseif moves.same(self.move, ours) and not skips_rounds(self) then
    return 'agrees'
  elseif skips_rounds(self) or is_late(self) then
    return 'unknown', 'rounds before it were not seen'
  elseif self.move.does == 'fail' and #self.warnings == 0 and hooks.may_fail(webhooks_of(self)) then
    return 'unknown', 'Flagger counted a failed check, and no event says whether that was a webhook\'s'
  end
  return 'differs'
end

--- It is not waited for any more.
function Round:abandon()
  self.outcome, self.why = 'unknown', 'sluice shadow ended before it was decided'
end

--- True once it is known what Sluice would have done, or that this cannot be known.
---@return boolean
function Round:conclude()
  if self.outcome or not self.settled or self.decision and self.decision.ask then
    return self.outcome ~= nil
  end
  self.move.reason = reason_of(self)
  self.outcome, self.why = compare(self)
  return true
end

return M
