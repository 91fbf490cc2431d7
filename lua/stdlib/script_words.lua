--- The words of a Strategy of a team's own, as methods (words.lua shows them to a script). A script need not know what
--- may go wrong between two rounds: each word comes back when what it says is so.
local Shared = require 'stdlib.shared_words'
local alerts = require 'stdlib.alerts'
local arguments = require 'stdlib.arguments'
local effects = require 'stdlib.effects'
local host = require 'host'
local metrics = require 'stdlib.metrics'
local rounds = require 'stdlib.round'
local script_asking = require 'stdlib.script_asking'
local script_checks = require 'stdlib.script_checks'
local script_facts = require 'stdlib.script_facts'
local script_routing = require 'stdlib.script_routing'
local script_waits = require 'stdlib.script_waits'
local steps = require 'stdlib.steps'

---@class ScriptWords: SharedWords
---@field package share integer? what the canary was given last
---@field package matches table[]? whose requests the share is of, if a word has said so
---@field package unjudged boolean? no round has passed since the share was set
---@field package asked table<string, boolean>? the gates that were asked since the last round
local Script = Shared:class()

-- What is decided in a round (see Policy) ---------------------------------------------------------

function Script:is_first()
  return not self.started
end

function Script:lacks_share(route)
  return self.share and route.canary < self.share or nil
end

function Script:next_share(analysis, weight) -- luacheck: ignore 212/self
  return not steps.stuck(analysis, weight) and steps.next_weight(analysis, weight) or nil
end

--- A script may count rounds in which nothing happens.
function Script:end_round() -- luacheck: ignore 212/self
  host.call('save')
end

--- A share of all requests ends one of those that match, if a word has said so.
function Script:step_to(weight)
  return { canary = weight, mirrored = false, analysis = self.matches and { match = host.array() } or nil }
end

--- A share that was lost is given again.
---@return Round
function Script:try_round()
  local round = Shared.try_round(self)
  if round.share_lost and self.matches then
    script_routing.order_requests(self, self.matches)
  elseif round.share_lost then
    self:order_share(self.share)
  end
  return round
end

---@return Round
function Script:next_round()
  local round = Shared.next_round(self)
  self.unjudged, self.asked = nil, nil
  return round
end

--- A metric that an edit of the Canary takes away is not one that there never was: the release goes on without it.
function Script:metrics_to_keep()
  return metrics.known(self:spec())
end

--- Did the release begin with a metric of this name?
---@param name string
---@return boolean
function Script:began_with(name)
  for _, one in ipairs(self.metrics_at_start or {}) do
    if one == name then
      return true
    end
  end
  return false
end

-- The words ---------------------------------------------------------------------------------------

--- Does not return before the canary has this share. The first share waits for a round: both sides are ready, and the
--- pre-rollout hooks have passed.
---@param weight integer percent, 0 to 100
function Script:shift(weight)
  if not self.round then
    self:next_round()
  end
  while not self:order_share(weight) do
    self:next_round()
  end
  self.share, self.unjudged, self.matches = weight, true, nil
end

--- A gate that is asked again is asked in the next round.
---@param gate 'confirm-traffic-increase'|'confirm-promotion'
---@return boolean
function Script:open(gate)
  self.asked = self.asked or {}
  if self.asked[gate] then
    self:next_round()
    self.asked = {}
  end
  self.asked[gate] = true
  return Shared.open(self, gate)
end

--- As the other words have it: those of a script run rounds until one passes, and this is in the middle of one.
function Script:promote_unjudged(round)
  if self.unjudged_promotion then
    round.passed = true -- a copy has failed, and is tried again
  elseif Shared.open(self, 'confirm-promotion') then
    self.unjudged_promotion = true
    Shared.promote(self)
  end
end

--- What is promoted was judged with the share that it has.
function Script:promote()
  if self.unjudged then
    self:next_round()
  end
  Shared.promote(self)
end

--- Puts on record that something begins now.
---@param word string
---@param args table
---@return integer ms
function Script:note_begin(word, args)
  local _, began = self:word(word, args, function()
    host.call('save')
    return true
  end)
  return began
end

--- Has the last round begun at this time or later? Equal rounds are kept once, with the time of the last one, so the
--- answer is a word of its own, on record with each of them.
---@param word string
---@param at integer ms
---@return boolean
function Script:is_over(word, at)
  local since = self.since
  return self:word(word, {}, function()
    return since >= at
  end).done
end

--- Runs rounds at the weights as they are.
---@param count integer? so many; nil: as many as `lasting_ms` takes
---@param lasting_ms integer? until so much time has passed since the analysis began
---@param checks string[]? the only metrics that are judged meanwhile
---@return Round the last one
function Script:analyse(count, lasting_ms, checks)
  if checks then
    script_checks.know_metrics(self, checks)
  end
  local began = self:note_begin('analyse', { rounds = count, lasting = lasting_ms, checks = checks })
  local passed = 0
  self.only = checks
  repeat
    self:next_round()
    passed = passed + 1
    local over = not lasting_ms or self:is_over('analysed', began + lasting_ms)
  until over and passed >= (count or 1)
  self.only = nil
  return self.round
end

--- Tells something in an event of the Canary.
---@param text string
function Script:event(text)
  self:word('event', { text = text }, function(rollout)
    return rollout:act { effects.normal(text) }
  end)
end

--- Tells something in the chats that the Canary's alerts go to, or the engine's own. Each is told once, or not at all.
---@param severity 'info'|'warn'|'error' which of them it is for
---@param text string
function Script:alert(severity, text)
  self:word('alert', { severity = severity, text = text }, function(rollout)
    local orders = {}
    alerts.add(orders, host.call('facts'), severity, text)
    return rollout:act(orders)
  end)
end

--- Writes a line to the engine's log.
---@param text string
function Script:log(text) -- luacheck: ignore 212/self
  host.log(text)
end

--- Takes the release back; does not return.
---@param reason string
---@param gate string? that did not open in time
function Script:rollback(reason, gate)
  self:word('rollback', { reason = reason }, function(rollout)
    local now = host.call('facts')
    rounds.roll_back(rollout, {
      by = gate and 'gate' or 'strategy',
      name = gate,
      events = { effects.warning(string.format('Rolling back %s.%s %s', now.name, now.namespace, reason)) },
      alert = { severity = 'error', message = 'Rolling back ' .. reason },
    })
  end)
end

-- What a script may say (see words.lua) ------------------------------------------------------------

Script.words = {
  open = arguments.reader(arguments.gate),
  shift = arguments.reader(arguments.weight),
  next_weight = arguments.round,
  analyse = arguments.reader(arguments.analyse),
  event = arguments.reader(arguments.text),
  alert = arguments.reader(arguments.alert),
  log = arguments.reader(arguments.text),
  promote = arguments.needs_round,
  rollback = arguments.reader(arguments.text),
}

--- The words of one subject are a file of their own: their methods, and what may be given to them. It is loaded with
--- the first of them that a script says.
for words, subject in pairs {
  ['fetch gate hook'] = script_asking,
  ['check query query_range'] = script_checks,
  ['elapsed history now random replicas revision weights'] = script_facts,
  ['match mirror'] = script_routing,
  ['all any wait wait_until within'] = script_waits,
} do
  for word in words:gmatch '%S+' do
    Script.words[word] = subject
  end
end

local BUNDLED = 'it follows the steps of a bundled strategy; shift is for a Strategy'
Script.refused = { iterate_matched = BUNDLED, iterate = BUNDLED, switch = BUNDLED }

return Script
