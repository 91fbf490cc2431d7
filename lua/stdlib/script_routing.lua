--- Words of a Strategy that say whose requests the canary gets, and copies of which.
local arguments = require 'stdlib.arguments'
local effects = require 'stdlib.effects'
local host = require 'host'
local misuse = require 'stdlib.misuse'
local rules_text = require 'stdlib.rules_text'

local methods = {}

--- Raises where the mesh can do no such thing.
local function check_mesh(word, facts)
  if facts.tcp then
    misuse.raise('rollout:' .. word .. ': it is not possible over TCP, as spec.service.appProtocol is tcp')
  end
end

--- Orders that the requests that match go to the canary, once.
---@param rollout ScriptWords
---@param rules table[]
---@return boolean done
local function order_requests(rollout, rules)
  local step = { canary = 100, mirrored = false }
  local result = rollout:word('match', { rules = rules }, function()
    local facts, told = host.call('facts'), rollout.advanced or {}
    check_mesh('match', facts)
    local orders = { effects.route(step.canary, false, { match = rules }), effects.status { weight = step.canary } }
    if told.match ~= rules then
      orders[#orders + 1] = effects.normal(string.format('Requests to %s.%s that match go to the canary', facts.name,
        facts.namespace))
    end
    -- For people: of the arguments the record has a digest alone.
    return { done = (rollout:act(orders)), matches = rules_text.of(rules) }
  end)
  if result.done then
    rollout.ordered, rollout.advanced = step, { match = rules }
  end
  return result.done
end

--- Gives the canary the requests that match, and no others. As a shift it waits for a round first.
---@param rules table[]
function methods:match(rules)
  if not self.round then
    self:next_round()
  end
  while not order_requests(self, rules) do
    self:next_round()
  end
  self.share, self.unjudged, self.matches = 100, true, rules
end

--- Orders copies, once.
---@return boolean done
local function order_mirror(self, share)
  local step = { canary = 0, mirrored = true }
  local result = self:word('mirror', { share = share }, function(rollout)
    local facts = host.call('facts')
    check_mesh('mirror', facts)
    local own = rollout:spec().analysis.match or {}
    if not rollout.matches and #own > 0 then
      misuse.raise('rollout:mirror: it is not possible while only some requests match (spec.analysis.match)')
    end
    return rollout:act {
      effects.route(0, true, { mirrorWeight = share, match = rollout.matches and host.array() or nil }),
      effects.status { weight = 0 },
      effects.normal(string.format('%d%% of the requests to %s.%s are mirrored to the canary', share, facts.name,
        facts.namespace)),
    }
  end)
  if result.done then
    self.ordered, self.advanced = step, step
  end
  return result.done
end

--- Sends copies of this share of the requests to the canary, whose answers nobody gets; all requests go to the primary.
---@param share integer percent, 1 to 100
function methods:mirror(share)
  if not self.round then
    self:next_round()
  end
  while not order_mirror(self, share) do
    self:next_round()
  end
  self.share, self.unjudged, self.matches = 0, true, nil
end

-- What a script may say (see words.lua) ------------------------------------------------------------

local words = {
  match = arguments.reader(arguments.rules),
  mirror = arguments.reader(arguments.share),
}

return { methods = methods, words = words, order_requests = order_requests }
