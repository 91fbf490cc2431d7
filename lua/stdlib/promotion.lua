--- From the last approved round to the end: copy the target to the primary, move the traffic back,
--- scale the target down (Flagger's phases Promoting and Finalising). Each step keeps the interval
--- and is tried again until it works.
local effects = require 'stdlib.effects'
local host = require 'host'
local rounds = require 'stdlib.round'

local M = {}

local function copy(rollout)
  local facts = host.call('facts')
  return rollout:act {
    effects.normal(string.format('Copying %s.%s template spec to %s-primary.%s', facts.target,
      facts.namespace, facts.target, facts.namespace)),
    effects.promote(),
    effects.phase('Promoting'),
  }
end

--- Where the traffic goes in one round of phase Promoting; nil when it cannot move (a canary
--- without a share, as in Flagger).
local function traffic_back(facts, spec)
  local step = spec.analysis.stepWeightPromotion or 0
  if step <= 0 then
    return {
      effects.normal('Routing all traffic to primary'),
      effects.route(0),
      effects.phase('Finalising'),
    }
  end
  if facts.route.canary <= 0 then
    return nil
  end
  local canary = math.max(0, facts.route.canary - step)
  return {
    effects.route(canary),
    effects.normal(string.format('Advance %s.%s primary weight %d', facts.name, facts.namespace,
      100 - canary)),
    canary == 0 and effects.phase('Finalising') or effects.status { weight = canary },
  }
end

--- True once all traffic is back at the primary.
local function move_traffic(rollout)
  local facts, spec = rounds.look(rollout, true)
  if not facts then
    return false
  end
  local orders = traffic_back(facts, spec)
  if spec.autoscalerRef and not rollout:act { effects.autoscaler() } then
    return false
  end
  if not orders or not rollout:act(orders) then
    return false
  end
  return orders[#orders].kind == 'phase'
end

--- Does not return once the target is scaled down.
local function finalise(rollout)
  local facts = rounds.look(rollout, true)
  if facts and rollout:act { effects.scale('zero'), effects.phase('Succeeded') } then
    rounds.finish(rollout, string.format('Promotion completed! Scaling down %s.%s', facts.target,
      facts.namespace), false)
  end
  return false
end

--- The rest of a release whose strategy is content; does not return. When the copy fails, the next
--- one needs another good round, and the gates that led here are asked again.
---@param rollout Rollout
function M.run(rollout)
  local gates, approved = rollout.opened, true
  while not (approved and rollout:word('copy', {}, copy).done) do
    rollout:next_round()
    approved = rollout:open_all(gates)
  end
  repeat
    rollout:tick()
  until rollout:round_word('move_traffic', move_traffic).done
  repeat
    rollout:tick()
  until rollout:round_word('finalise', finalise).done
end

return M
