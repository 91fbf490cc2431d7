--- What an engine does in a round of a release, as data: what Flagger has done is read off two statuses of a Canary,
--- one after the other (docs/flagger.md, "Status writes"); what Sluice would have done, off the effects that its
--- strategy has ordered.
local M = {}

---@class Move
---@field does 'begin'|'restart'|'advance'|'iterate'|'fail'|'wait'|'promote'|'back'|'finalise'|'succeed'|'take back'|
---  'hold' wait: at the gate confirm-promotion; back: a share goes back to the primary; hold: nothing
---@field number integer? advance, back: the canary's share; iterate: the iterations; fail: the failed checks
---@field reason string? why, for people
---@field unseen boolean? one round cannot have done all of it: others were not seen, as while the watch was cut

---@class Status what Flagger has written
---@field phase string
---@field weight integer
---@field failed integer
---@field iterations integer
---@field applied string? lastAppliedSpec
---@field written string? lastTransitionTime: when anything of it was written last

---@param canary table
---@return Status
function M.status(canary)
  local status = canary.status or {}
  return { phase = status.phase or '', weight = status.canaryWeight or 0, failed = status.failedChecks or 0,
    iterations = status.iterations or 0, applied = status.lastAppliedSpec, written = status.lastTransitionTime }
end

local ANALYSED = { Progressing = true, WaitingPromotion = true }

--- In these phases a release is under way.
M.UNDER_WAY = { Progressing = true, WaitingPromotion = true, Promoting = true, Finalising = true }

-- What Flagger has done -------------------------------------------------------------------------

---@type table<string, Move['does']>
local BY_PHASE = { WaitingPromotion = 'wait', Promoting = 'promote', Finalising = 'finalise', Succeeded = 'succeed',
  Failed = 'take back' }

--- From which phases one round comes to another; an analysis that is skipped succeeds at once.
---@type table<string, table<string, boolean>>
local CAME_FROM = { WaitingPromotion = ANALYSED, Promoting = ANALYSED, Finalising = { Promoting = true },
  Succeeded = { Finalising = true, Progressing = true }, Failed = M.UNDER_WAY }

local function of_phase(before, after)
  if after.phase == 'Progressing' then
    return { does = ANALYSED[before.phase] and 'restart' or 'begin' }
  elseif M.UNDER_WAY[before.phase] and BY_PHASE[after.phase] then
    local grew = after.phase == 'Promoting' and before.phase == 'Progressing' and after.weight ~= before.weight
    return { does = BY_PHASE[after.phase], unseen = grew or not CAME_FROM[after.phase][before.phase] or nil }
  end
end

--- Within a phase of the analysis.
local function of_analysis(before, after)
  if after.failed > before.failed then
    local more = after.failed > before.failed + 1 or after.weight ~= before.weight
      or after.iterations ~= before.iterations
    return { does = 'fail', number = after.failed, unseen = more or nil }
  elseif after.applied ~= before.applied then
    return { does = 'restart' }
  elseif after.iterations > before.iterations then
    return { does = 'iterate', number = after.iterations, unseen = after.iterations > before.iterations + 1 or nil }
  elseif after.iterations < before.iterations then
    return { does = 'wait' } -- the gate is closed still: one iteration is taken back
  elseif after.phase == 'Progressing' then
    return { does = 'advance', number = after.weight } -- also to where it is: a step that mirrors has the share 0
  end
end

--- Nil: nothing that a release does.
---@param before Status
---@param after Status
---@return Move?
function M.of_flagger(before, after)
  if after.phase ~= before.phase then
    return of_phase(before, after)
  elseif after.written == before.written and after.weight == before.weight and after.failed == before.failed
    and after.iterations == before.iterations and after.applied == before.applied then
    return nil
  elseif ANALYSED[after.phase] then
    return of_analysis(before, after)
  elseif after.phase == 'Promoting' and after.weight < before.weight then
    return { does = 'back', number = after.weight }
  end
end

-- What Sluice would have done -------------------------------------------------------------------

local function of_effect(effect, before)
  if effect.kind == 'phase' then
    return BY_PHASE[effect.phase] and { does = BY_PHASE[effect.phase] }
  elseif effect.kind ~= 'status' then
    return nil
  elseif effect.failed_checks then
    return { does = 'fail', number = effect.failed_checks }
  elseif effect.iterations then
    return effect.iterations < before.iterations and { does = 'wait' }
      or { does = 'iterate', number = effect.iterations }
  elseif effect.weight then
    return { does = before.phase == 'Promoting' and 'back' or 'advance', number = effect.weight }
  end
end

--- The last warning among them is why.
---@param effects Effect[] in order
---@param before Status
---@return Move
function M.of_effects(effects, before)
  local move, reason
  for _, effect in ipairs(effects) do
    if effect.kind == 'event' and effect.type == 'Warning' then
      reason = effect.message
    end
    move = of_effect(effect, before) or move
  end
  move = move or { does = 'hold' }
  move.reason = reason
  return move
end

---@param a Move
---@param b Move
---@return boolean
function M.same(a, b)
  return a.does == b.does and a.number == b.number
end

-- For people ------------------------------------------------------------------------------------

--- In the past, and as what would have been.
---@type table<string, { [1]: string, [2]: string }>
local WORDS = {
  begin = { 'began', 'have begun' },
  restart = { 'began the analysis again', 'have begun the analysis again' },
  advance = { 'advanced to %d', 'have advanced to %d' },
  iterate = { 'counted iteration %d', 'have counted iteration %d' },
  fail = { 'counted failed check %d', 'have counted failed check %d' },
  wait = { 'waited at the gate confirm-promotion', 'have waited at the gate confirm-promotion' },
  promote = { 'promoted', 'have promoted' },
  back = { 'left the canary a share of %d', 'have left the canary a share of %d' },
  finalise = { 'led all requests to the primary', 'have led all requests to the primary' },
  succeed = { 'ended the release', 'have ended the release' },
  ['take back'] = { 'took the release back', 'have taken the release back' },
  hold = { 'held', 'have held' },
}

local function told(move, way)
  local text = WORDS[move.does][way]:format(move.number)
  return move.reason and ('%s: %s'):format(text, move.reason) or text
end

--- 'Flagger counted failed check 1: Halt podinfo.shop advancement success rate 98.20% < 99%'
---@param move Move
---@return string
function M.of_flagger_in_words(move)
  return 'Flagger ' .. told(move, 1)
end

--- 'Sluice would have held: request-success-rate: no values found'
---@param move Move
---@return string
function M.of_sluice_in_words(move)
  return 'Sluice would ' .. told(move, 2)
end

---@type table<string, string>
local ENDS = { promote = 'promoted', finalise = 'all requests at the primary', succeed = 'succeeded',
  ['take back'] = 'taken back', wait = 'waits for confirm-promotion', begin = 'a release begins',
  restart = 'the analysis begins again' }

--- The same in a few words, as it was seen: '10 → 20', 'failed checks 0 → 1'.
---@param move Move Flagger's
---@param before Status
---@param share integer of the canary, before it
---@return string
function M.step(move, before, share)
  if move.does == 'advance' or move.does == 'back' then
    return ('%d → %d'):format(share, move.number)
  elseif move.does == 'iterate' then
    return ('iteration %d → %d'):format(before.iterations, move.number)
  elseif move.does == 'fail' then
    return ('failed checks %d → %d'):format(before.failed, move.number)
  end
  return ENDS[move.does]
end

return M
