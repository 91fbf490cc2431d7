--- What is beneath the words of a strategy: the journal's protocol, and the rounds of a release. A word waits by not
--- returning, and is on record when it returns, so that after a crash the script goes on after the last finished word
--- (see _meta/host.lua).
---
--- Two classes of words stand on it: stdlib/rollout.lua for the bundled strategies, stdlib/script_words.lua for a
--- Strategy of a team's own. What differs between them in a round is a method of the class (see Policy).
local effects = require 'stdlib.effects'
local host = require 'host'
local rounds = require 'stdlib.round'

---@class Protocol: Policy
---@field package pending Effect[] events that ride with the next orders
---@field package since integer when the last round began, ms
---@field package round Round? the last one that passed
---@field package opened string[] the gates that were open in this round
---@field package began integer when the word in progress began, ms
---@field package spec_read table? Canary.spec, once the word in progress has read it
---@field package committed boolean? by the last round (see Round)
---@field package waits { reason: string, message: string, told: boolean, gates: string[]? }? what the word in
---               progress found closed or stuck
---@field package closed string? the gate that was told to be closed, and still is
---@field package started boolean? the analysis was announced, and its pre-rollout hooks passed
---@field package ordered { canary: integer, mirrored: boolean }? what the last step asked of the
---               routing, until a round has seen it
---@field package lost integer? rounds in a row that found less
---@field package unjudged_promotion boolean?
---@field package held { since: integer, cause: string }? since when which check is blind
---@field package advanced { canary: integer, mirrored: boolean }? the step that was told last
---@field package waited boolean? the word in progress had to wait before it could do anything
---@field package only string[]? the metrics that rounds judge now; nil: all
---@field package rules BlindRules? of the strategy; nil: those of the Canary
---@field package finishing boolean? the primary was promoted before this release began
local Protocol = {}
Protocol.__index = Protocol

---@class Policy what a class of words decides in a round
---@field is_first fun(self, facts: table, analysis: table): boolean this round begins the analysis
---@field lacks_share fun(self, route: table): boolean? the canary has less than it was given
---@field next_share fun(self, analysis: table, weight: integer): integer? by the steps; nil: nothing left to grow
---@field end_round fun(self, round: Round, facts: table, analysis: table) the last look at one that would pass
---@field step_to fun(self, weight: integer): Step what a shift asks of the routing

---@class Step
---@field canary integer
---@field mirrored boolean
---@field analysis table? what counts in place of the Canary's analysis (see effects.route)

--- A class over another one.
---@generic T
---@param over T
---@return T
function Protocol.class(over)
  local class = setmetatable({}, over)
  class.__index = class
  return class
end

--- The words of one release.
---@generic T
---@param class T
---@return T
function Protocol.new(class)
  return setmetatable({ pending = {}, since = 0, opened = {} }, class)
end

--- Runs `body` as a word. A word on record gives the recorded result, and its body does not run.
--- Events that were not told yet are part of the result, because the next word sends them.
---@param name string
---@param args table
---@param body fun(words: Protocol): table|boolean a boolean is short for { done = … }
---@return table result
---@return integer started_ms
function Protocol:word(name, args, body)
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
function Protocol:spec()
  if not self.spec_read then
    self.spec_read = host.call('spec')
    self.spec_read.rules = self.rules or self.spec_read.rules
  end
  return self.spec_read
end

--- Runs a word that begins a round; the next round is due an interval later. A word that had to
--- wait begins anew.
---@param name string
---@param body fun(words: Protocol): table|boolean
---@return table result
function Protocol:round_word(name, body)
  local result
  repeat
    result, self.since = self:word(name, {}, body)
  until not result.waited
  return result
end

--- Keeps an event until the next orders are given.
---@param event Effect
function Protocol:later(event)
  self.pending[#self.pending + 1] = event
end

--- Returns the kept events, followed by `more`, and keeps none any more.
---@param more Effect[]?
---@return Effect[]
function Protocol:take_pending(more)
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
function Protocol:act(orders)
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

--- Tells the kept events, before a wait.
function Protocol:tell_kept()
  if #self.pending > 0 then
    self:word('tell', {}, function(rollout)
      return rollout:act {}
    end)
  end
end

--- Waits until the interval since the last round began has passed; kept events are told first.
function Protocol:tick()
  self:tell_kept()
  host.call('tick', { since = self.since })
end

--- Waits until a round is due, and runs it: both sides are ready, no rollback hook asks for a rollback, checks and
--- hooks are fine. A failed check is counted, and too many of them take the release back.
---@return Round
function Protocol:try_round()
  self:tick()
  local round = self:round_word('round', rounds.run)
  self.round, self.committed, self.lost, self.held = round, round.committed, round.lost, round.held
  self.started = self.started or round.started
  self.ordered = nil
  if round.promotes then
    self:promote_unjudged(round)
  end
  return round
end

--- It has held for as long as its manifest lets it, and that says so. Comes back when it cannot be promoted now.
---@param round Round
function Protocol:promote_unjudged(round)
  if self.unjudged_promotion then
    round.passed = true -- a copy has failed, and is tried again
  elseif self:open 'confirm-promotion' then
    self.unjudged_promotion = true
    self:promote()
  end
end

--- Runs rounds until one passes.
---@return Round
function Protocol:next_round()
  repeat
    local round = self:try_round()
  until round.passed
  self.opened = {}
  return self.round
end

--- True when all of these gates are open.
---@param gates_wanted string[]
---@return boolean
function Protocol:open_all(gates_wanted)
  for _, gate in ipairs(gates_wanted) do
    if not self:open(gate) then
      return false
    end
  end
  return true
end

return Protocol
