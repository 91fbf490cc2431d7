--- The words of a strategy as methods, and the journal's protocol beneath them (words.lua shows the
--- words alone). A word waits by not returning, and is on record when it returns, so that after a
--- crash the script goes on after the last finished word (see _meta/host.lua).
local effects = require 'stdlib.effects'
local gates = require 'stdlib.gates'
local host = require 'host'
local promotion = require 'stdlib.promotion'
local rounds = require 'stdlib.round'

---@class Rollout
---@field package pending Effect[] events that ride with the next orders
---@field package since integer when the last round began, ms
---@field package round Round? the last one that passed
---@field package opened string[] the gates that were open in this round
---@field package began integer when the word in progress began, ms
---@field package spec_read table? Canary.spec, once the word in progress has read it
---@field package committed boolean? by the last round (see Round)
---@field package waits { reason: string, message: string, told: boolean }? what the word in progress
---               found closed or stuck
---@field package closed string? the gate that was told to be closed, and still is
---@field package started boolean? the analysis was announced, and its pre-rollout hooks passed
---@field package ordered { canary: integer, mirrored: boolean }? what the last step asked of the
---               routing, until a round has seen it
---@field package lost integer? rounds in a row that found less
---@field package advanced { canary: integer, mirrored: boolean }? the step that was told last
---@field package waited boolean? the word in progress had to wait before it could do anything
---@field package scripted boolean? a Strategy decides, not a bundled strategy
---@field package share integer? what a Strategy gave the canary last
---@field package unjudged boolean? no round has passed since the share was set
---@field package asked table<string, boolean>? the gates that were asked since the last round
---@field package finishing boolean? the primary was promoted before this release began
local Rollout = {}
Rollout.__index = Rollout

---@return Rollout
function Rollout.new()
  return setmetatable({ pending = {}, since = 0, opened = {} }, Rollout)
end

-- Beneath the words ---------------------------------------------------------------------------

--- Runs `body` as a word. A word on record gives the recorded result, and its body does not run.
--- Events that were not told yet are part of the result, because the next word sends them.
---@param name string
---@param args table
---@param body fun(rollout: Rollout): table|boolean a boolean is short for { done = … }
---@return table result
---@return integer started_ms
function Rollout:word(name, args, body)
  local recorded, result, started_ms = host.enter(name, args)
  if not recorded then
    self.began, self.waited, self.waits, self.spec_read = started_ms, nil, nil, nil
    result = body(self)
    if type(result) ~= 'table' then
      result = { done = result }
    end
    result.pending = #self.pending > 0 and self.pending or nil
    result.waited = self.waited
    result.waiting = self.waits
    host.leave(result)
  end
  self.pending = result.pending or {}
  return result, started_ms
end

--- Canary.spec. One word goes by one reading of it: a replay must find that reading on record, even
--- after somebody has changed the Canary.
---@return table spec see _meta/operations.lua
function Rollout:spec()
  self.spec_read = self.spec_read or host.call('spec')
  return self.spec_read
end

--- Runs a word that begins a round; the next round is due an interval later. A word that had to
--- wait begins anew.
---@param name string
---@param body fun(rollout: Rollout): table|boolean
---@return table result
function Rollout:round_word(name, body)
  local result
  repeat
    result, self.since = self:word(name, {}, body)
  until not result.waited
  return result
end

--- Keeps an event until the next orders are given.
---@param event Effect
function Rollout:later(event)
  self.pending[#self.pending + 1] = event
end

--- Returns the kept events, followed by `more`, and keeps none any more.
---@param more Effect[]?
---@return Effect[]
function Rollout:take_pending(more)
  local list = self.pending
  for _, effect in ipairs(more or {}) do
    list[#list + 1] = effect
  end
  self.pending = {}
  return list
end

--- Gives orders, after the kept events. A failure is told in an event; the orders after the failed
--- one are not carried out.
---@param orders Effect[]
---@return boolean ok
---@return integer? failed which of the orders; 0 or less: a kept event
---@return boolean? begun a part of that one happened, and cannot be taken back
function Rollout:act(orders)
  local kept = #self.pending
  local list = self:take_pending(orders)
  if #list == 0 then
    return true
  end
  local answer = host.call('act', list)
  if not answer.ok then
    host.call('act', { effects.warning(answer.error) })
  end
  return answer.ok, answer.failed and answer.failed - kept, answer.begun
end

--- Waits until the interval since the last round began has passed; kept events are told first.
function Rollout:tick()
  if #self.pending > 0 then
    self:word('tell', {}, function(rollout)
      return rollout:act {}
    end)
  end
  host.call('tick', { since = self.since })
end

--- Runs rounds until one passes: both sides are ready, no rollback hook asks for a rollback, checks
--- and hooks are fine. A failed check is counted, and too many of them take the release back.
---@return Round
function Rollout:next_round()
  repeat
    self:tick()
    self.round = self:round_word('round', rounds.run)
    self.committed, self.lost = self.round.committed, self.round.lost
    self.started = self.started or self.round.started
    self.ordered = nil
    if self.round.share_lost then
      self:shift(self.share)
    end
  until self.round.passed
  self.opened, self.unjudged, self.asked = {}, nil, nil
  return self.round
end

--- True when all of these gates are open.
---@param gates_wanted string[]
---@return boolean
function Rollout:open_all(gates_wanted)
  for _, gate in ipairs(gates_wanted) do
    if not self:open(gate) then
      return false
    end
  end
  return true
end

-- The words ------------------------------------------------------------------------------------

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
  return rollout:act(orders)
end

local function note_start()
  local facts = host.call('facts')
  return {
    done = true,
    restarted = facts.restarted,
    finishing = facts.finishing and facts.phase or nil,
    scripted = facts.scripted or nil,
  }
end

--- Opens the release: waits for the gate confirm-rollout, fixes the revision, scales the target up.
--- A release that replaces another one in mid-run skips all that. One whose primary is promoted already
--- does not return from here.
function Rollout:begin()
  local start = self:round_word('start', note_start)
  self.scripted = start.scripted
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
function Rollout:open(gate)
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
function Rollout:next_weight(round) -- luacheck: ignore 212/self (a word like the others)
  return round.next_weight
end

local function advance(facts, weight)
  return effects.normal(string.format('Advance %s.%s canary weight %d', facts.name, facts.namespace,
    weight))
end

--- Gives the canary this share. If the analysis mirrors, a canary without a share gets a copy of
--- the requests first.
---@param weight integer percent, 0 to 100
---@return boolean done
function Rollout:shift(weight)
  local result = self:word('shift', { weight = weight }, function(rollout)
    local facts, round = host.call('facts'), rollout.round
    local mirror_first = not rollout.scripted and round and round.mirrors and round.weight == 0 and not round.mirrored
    local step = { canary = mirror_first and 0 or weight, mirrored = mirror_first or false }
    local told = rollout.advanced or {}
    local orders = { effects.route(step.canary, mirror_first), effects.status { weight = step.canary } }
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

-- What a Strategy gets in place of some words: it need not know what may go wrong between two rounds.

--- Does not return before the canary has this share. The first share waits for a round: both sides are ready, and the
--- pre-rollout hooks have passed.
---@param weight integer percent, 0 to 100
function Rollout:shift_for_sure(weight)
  if not self.round then
    self:next_round()
  end
  while not self:shift(weight) do
    self:next_round()
  end
  self.share, self.unjudged = weight, true
end

--- A gate that is asked again is asked in the next round.
---@param gate 'confirm-traffic-increase'|'confirm-promotion'
---@return boolean
function Rollout:open_in_round(gate)
  self.asked = self.asked or {}
  if self.asked[gate] then
    self:next_round()
    self.asked = {}
  end
  self.asked[gate] = true
  return self:open(gate)
end

--- What is promoted was judged with the share that it has.
function Rollout:promote_judged()
  if self.unjudged then
    self:next_round()
  end
  promotion.run(self)
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

--- Lets some time pass, in which nothing is judged.
---@param ms integer
function Rollout:wait(ms)
  self:word('wait', { ms = ms }, function()
    host.call('sleep', { ms = ms })
    return true
  end)
end

--- Runs rounds at the weights as they are.
---@param count integer? so many; nil: as many as `lasting_ms` takes
---@param lasting_ms integer? until so much time has passed since the analysis began
---@return Round the last one
function Rollout:analyse(count, lasting_ms)
  local _, began = self:word('analyse', { rounds = count, lasting = lasting_ms }, function()
    return true
  end)
  local passed = 0
  repeat
    self:next_round()
    passed = passed + 1
  until passed >= (count or 1) and self.since - began >= (lasting_ms or 0)
  return self.round
end

--- Tells something in an event of the Canary.
---@param text string
function Rollout:event(text)
  self:word('event', { text = text }, function(rollout)
    return rollout:act { effects.normal(text) }
  end)
end

--- Makes the canary the primary. Does not return: the release ends here.
function Rollout:promote()
  promotion.run(self)
end

return Rollout
