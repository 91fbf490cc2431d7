--- From the last approved round to the end: copy the target to the primary, move the traffic back,
--- scale the target down (Flagger's phases Promoting and Finalising). Each step keeps the interval
--- and is repeated until it works.
local effects = require 'stdlib.effects'
local host = require 'host'
local rounds = require 'stdlib.round'

local M = {}

--- Copies the target to the primary. A failure after that, of the phase alone, does not count as a
--- failed copy.
---@return table result { done, promoted: the primary is the canary, begun: it is neither that nor
---               what it was, as the configs that it reads are the new ones }
local function copy(rollout)
  local orders = { effects.copying(host.call('facts')), effects.promote() }
  local done, failed, begun = rollout:act { orders[1], orders[2], effects.phase('Promoting') }
  return { done = done, promoted = done or failed > #orders, begun = begun }
end

--- Repeats the copy until the primary is the canary. After a failed copy another round must pass,
--- and the gates that led here are asked again. A copy that has begun is repeated without a round,
--- because there is no way back.
---@return boolean noted its phase is written, too
local function copy_until_promoted(rollout)
  local gates, copied = rollout.opened, rollout:word('copy', {}, copy)
  local begun = copied.begun
  while not copied.promoted do
    if begun then
      rollout:tick()
      copied = rollout:round_word('copy', copy)
    else
      rollout:next_round()
      if rollout:open_all(gates) then
        copied = rollout:word('copy', {}, copy)
        begun = copied.begun
      end
    end
  end
  return copied.done
end

local function note_copy(rollout)
  return rollout:act { effects.phase('Promoting') }
end

--- The orders that move traffic in one round of phase Promoting. A canary without a share may have lost it to an edit
--- of the Canary, or to this promotion in an earlier round: nothing is left to move.
local function traffic_back(facts, spec)
  local step = spec.analysis.stepWeightPromotion or 0
  if step <= 0 then
    return {
      effects.normal('Routing all traffic to primary'),
      effects.route(0),
      effects.phase('Finalising'),
    }
  end
  local canary = math.max(0, facts.route.canary - step)
  return {
    effects.route(canary),
    effects.normal(string.format('Advance %s.%s primary weight %d', facts.name, facts.namespace,
      100 - canary)),
    canary == 0 and effects.phase('Finalising') or effects.status { weight = canary },
  }
end

--- One round of phase Promoting.
---@return boolean done all traffic is back at the primary
local function move_traffic(rollout)
  local facts, spec = rounds.look(rollout, true)
  if not facts or spec.autoscalerRef and not rollout:act { effects.autoscaler() } then
    return false
  end
  local orders = traffic_back(facts, spec)
  return rollout:act(orders) and orders[#orders].kind == 'phase'
end

--- What is scaled to zero gets no requests any more: somebody may have changed the weights since they
--- went back.
local function orders_to_finalise(facts)
  local orders = { effects.scale('zero'), effects.phase('Succeeded') }
  if facts.route.canary > 0 or facts.route.mirrored then
    table.insert(orders, 1, effects.route(0))
  end
  return orders
end

--- Does not return once the target is scaled down.
local function finalise(rollout)
  local facts = rounds.look(rollout, true)
  if facts and rollout:act(orders_to_finalise(facts)) then
    rounds.finish(rollout, facts, string.format('Promotion completed! Scaling down %s.%s', facts.target,
      facts.namespace), false)
  end
  return false
end

--- Moves all traffic back to the promoted primary; returns when the phase is Finalising.
local function bring_traffic_back(rollout)
  repeat
    rollout:tick()
  until rollout:round_word('move_traffic', move_traffic).done
end

local function finalise_until_done(rollout)
  repeat
    rollout:tick()
  until rollout:round_word('finalise', finalise).done
end

--- The rest of a release after its strategy has decided to promote; does not return. Once the copy
--- is made and only its phase is not written, failing checks must not take back the promoted
--- revision.
---@param rollout Rollout
function M.run(rollout)
  local noted = copy_until_promoted(rollout)
  while not noted do
    rollout:tick()
    noted = rollout:round_word('note_copy', note_copy).done
  end
  bring_traffic_back(rollout)
  finalise_until_done(rollout)
end

--- The rest of a promotion whose copy was made before this release began; does not return.
---@param rollout Rollout
---@param phase string of the Canary when the release began
function M.finish(rollout, phase)
  if phase ~= 'Finalising' then
    bring_traffic_back(rollout)
  end
  finalise_until_done(rollout)
end

return M
