--- The words of the bundled strategies, as methods (words.lua shows them to a script). They follow the steps, the
--- iterations and the mirroring of the analysis.
local Shared = require 'stdlib.shared_words'
local arguments = require 'stdlib.arguments'
local effects = require 'stdlib.effects'
local host = require 'host'
local steps = require 'stdlib.steps'

---@class Rollout: SharedWords
local Rollout = Shared:class()

-- What is decided in a round (see Policy) ---------------------------------------------------------

function Rollout:is_first(facts, analysis) -- luacheck: ignore 212/self
  local mirroring = analysis.mirror and facts.route.mirrored
  return facts.route.canary == 0 and facts.iterations == 0 and not mirroring
end

--- The next step goes by the live route.
function Rollout:lacks_share() -- luacheck: ignore 212/self
  return nil
end

function Rollout:next_share(analysis, weight) -- luacheck: ignore 212/self
  return steps.next_weight(analysis, weight)
end

--- One that cannot grow is analysed for ever, as in Flagger.
function Rollout:end_round(round, facts, analysis)
  local stuck = round.total <= 0 and steps.stuck(analysis, facts.route.canary)
  if stuck then
    round.passed = false
    self.waits = {
      reason = 'StepsDoNotRise',
      message = string.format('Halt %s.%s advancement %s', facts.name, facts.namespace, stuck),
      told = false,
    }
  end
end

--- If the analysis mirrors, a canary without a share gets a copy of the requests first.
function Rollout:step_to(weight)
  local round = self.round
  local mirror_first = round ~= nil and round.mirrors and round.weight == 0 and not round.mirrored
  return { canary = mirror_first and 0 or weight, mirrored = mirror_first }
end

-- The words ---------------------------------------------------------------------------------------

--- Gives the canary this share.
---@param weight integer percent, 0 to 100
function Rollout:shift(weight)
  self:order_share(weight)
end

local function count_iteration(rollout, facts, round, before)
  local orders = before
  orders[#orders + 1] = effects.status { iterations = round.iterations + 1 }
  orders[#orders + 1] = effects.normal(string.format('Advance %s.%s canary iteration %d/%d',
    facts.name, facts.namespace, round.iterations + 1, round.total))
  return rollout:act(orders)
end

--- Counts one more iteration with all matched requests at the canary.
---@param round Round
function Rollout:iterate_matched(round)
  local result = self:word('iterate_matched', {}, function(rollout)
    return count_iteration(rollout, host.call('facts'), round, { effects.route(100) })
  end)
  self.ordered = result.done and { canary = 100, mirrored = false } or nil
end

--- Counts one more iteration with all requests at the primary, mirrored if the analysis asks for
--- that.
---@param round Round
function Rollout:iterate(round)
  self:word('iterate', {}, function(rollout)
    local facts = host.call('facts')
    if round.mirrors and not round.mirrored then
      rollout:act { effects.route(0, true) } -- without the mirror the test goes on
    end
    return count_iteration(rollout, facts, round, {})
  end)
end

--- Sends all requests to the canary for one last round.
---@param round Round
function Rollout:switch(round)
  local result = self:word('switch', {}, function(rollout)
    local message = round.mirrors and 'Stop traffic mirroring and route all traffic to canary'
      or 'Routing all traffic to canary'
    return rollout:act {
      effects.normal(message),
      effects.route(100),
      effects.status { iterations = round.iterations + 1 },
    }
  end)
  self.ordered = result.done and { canary = 100, mirrored = false } or nil
end

-- What a script may say (see words.lua) ------------------------------------------------------------

Rollout.words = {
  open = arguments.reader(arguments.gate),
  shift = arguments.reader(arguments.weight),
  next_weight = arguments.round,
  iterate_matched = arguments.round,
  iterate = arguments.round,
  switch = arguments.round,
  promote = arguments.needs_round,
}

Rollout.refused = {}

return Rollout
