--- The words that a bundled strategy and a Strategy both have.
local Protocol = require 'stdlib.protocol'
local alerts = require 'stdlib.alerts'
local effects = require 'stdlib.effects'
local gates = require 'stdlib.gates'
local host = require 'host'
local promotion = require 'stdlib.promotion'
local rounds = require 'stdlib.round'

---@class SharedWords: Protocol
local Shared = Protocol.class(Protocol)

local function ask_to_begin(rollout)
  local facts = rounds.look_before_start(rollout)
  if not facts then
    return false
  end
  local open, orders, closed = gates.ask('confirm-rollout', facts, facts.phase)
  if not open then
    rollout.waits = closed
    rollout:act(orders)
    return false
  end
  host.call('pin')
  orders[#orders + 1] = effects.normal(string.format('New revision detected! Scaling up %s.%s',
    facts.target, facts.namespace), 'Progressing')
  -- A failed promotion, or one that nobody remembers, has left a share that this revision was not
  -- judged for. (Without an analysis it is taken with the promotion.)
  if (facts.route.canary > 0 or facts.route.mirrored) and not rollout:spec().skipAnalysis then
    orders[#orders + 1] = effects.route(0)
  end
  orders[#orders + 1] = effects.scale('up')
  orders[#orders + 1] = effects.sync('Progressing')
  alerts.add(orders, facts, 'info', 'New revision detected, progressing canary analysis.', true)
  return rollout:act(orders)
end

local function note_start(rollout)
  local facts = host.call('facts')
  return {
    done = true,
    restarted = facts.restarted,
    finishing = facts.finishing and facts.phase or nil,
    metrics = rollout:metrics_to_keep(),
  }
end

--- The names of metrics that a script may ask for later on; nil: it asks for none by their names.
---@return string[]?
function Shared:metrics_to_keep() end -- luacheck: ignore 212/self

--- Opens the release: waits for the gate confirm-rollout, fixes the revision, scales the target up.
--- A release that replaces another one in mid-run skips all that. One whose primary is promoted already
--- does not return from here.
function Shared:begin()
  local start = self:round_word('start', note_start)
  self.metrics_at_start = start.metrics
  if start.finishing then
    self.finishing = true
    promotion.finish(self, start.finishing)
  elseif start.restarted then
    return
  end
  while not self:round_word('begin', ask_to_begin).done do
    self:tick()
  end
end

local function ask(rollout, gate)
  local facts = host.call('facts')
  local waiting = facts.phase == 'WaitingPromotion'
  if gate == 'confirm-traffic-increase' and waiting then
    return true -- the weights have reached their end already
  end
  local open, orders, closed = gates.ask(gate, facts, 'Progressing', rollout.closed == gate)
  if open then
    for _, event in ipairs(orders) do
      rollout:later(event)
    end
    return true
  end
  rollout.waits = closed
  -- As in Flagger one iteration is taken back, so that the round after next asks again.
  local iterations = (rollout.round and rollout.round.total or 0) - 1
  if gate == 'confirm-promotion' and waiting and facts.iterations ~= iterations then
    orders[#orders + 1] = effects.status { iterations = iterations }
  end
  rollout:act(orders)
  return false
end

--- True when this gate is open. A closed gate is told in an event and asked again in the next
--- round.
---@param gate 'confirm-traffic-increase'|'confirm-promotion'
---@return boolean
function Shared:open(gate)
  local result = self:word('open', { gate = gate }, function(rollout)
    return ask(rollout, gate)
  end)
  if result.done then
    self.opened[#self.opened + 1] = gate
    self.closed = nil
  else
    self.closed = gate
  end
  return result.done
end

--- The canary's next share by the analysis' steps.
---@param round Round
---@return integer? weight percent; nil when there is nothing left to grow
function Shared:next_weight(round) -- luacheck: ignore 212/self (a word like the others)
  return round.next_weight
end

local function advance(facts, weight)
  return effects.normal(string.format('Advance %s.%s canary weight %d', facts.name, facts.namespace,
    weight))
end

--- Orders a share, once.
---@param weight integer percent, 0 to 100
---@return boolean done
function Shared:order_share(weight)
  local result = self:word('shift', { weight = weight }, function(rollout)
    local facts, step, told = host.call('facts'), rollout:step_to(weight), rollout.advanced or {}
    local orders = { effects.route(step.canary, step.mirrored, step.analysis), effects.status { weight = step.canary } }
    if told.canary ~= step.canary or told.mirrored ~= step.mirrored then
      orders[#orders + 1] = advance(facts, step.canary)
    end
    return { done = rollout:act(orders), step = step }
  end)
  if result.done then
    self.ordered, self.advanced = result.step, result.step
  end
  return result.done
end

--- Makes the canary the primary. Does not return: the release ends here.
function Shared:promote()
  promotion.run(self)
end

return Shared
