--- One round by Sluice's own strategy and checks, over a state that somebody else has brought about: each operation of
--- the host (stdlib/_meta/operations.lua) is answered from that state, what is ordered is kept and not carried out, and
--- the round ends where the next one would begin. Questions to metric servers are handed out; the round waits for their
--- answers as a coroutine.
local host = require 'host'
local moves = require 'tool.shadow.move'
local unmeasured = require 'tool.shadow.unmeasured'
local verdicts = require 'tool.record.verdict'
local words = require 'stdlib.words'

local M = {}

---@class Situation what a round is decided by
---@field strategy string 'canary', 'blue_green' or 'ab_test'
---@field facts table as operation `facts` has them
---@field spec table as operation `spec` has it
---@field before Status
---@field held { since: integer, cause: string }? since when Sluice would have held, and why
---@field hooks fun(type: string): table[] the answers of the Canary's webhooks of that type
---@field server string the address of its Prometheus, as texts may show it
---@field ready { primary: boolean?, canary: boolean? } false: that side never will be

---@class Decision
---@field situation Situation
---@field thread thread
---@field ask table? the question that is to be answered; nil: it has come to its end
---@field move Move? what Sluice would have done
---@field unknown string? why that cannot be told
---@field measured boolean? a question was answered
---@field unmeasured string? why the first one that was not brought no measure
---@field held { since: integer, cause: string }?
local Decision = {}
Decision.__index = Decision

---@type Decision the one that runs
local current

local END = {} -- what is raised where the next round would begin

-- The host --------------------------------------------------------------------------------------

local function copy_of(table_given)
  local copy = {}
  for name, value in pairs(table_given) do
    copy[name] = value
  end
  return copy
end

local operations = {}

function operations.facts(self)
  return copy_of(self.situation.facts)
end

function operations.spec(self)
  return copy_of(self.situation.spec)
end

function operations.tick(self)
  self.ticks = self.ticks + 1
  if self.ticks > 1 then
    error(END, 0)
  end
  return { now = self.situation.facts.now }
end

function operations.ready(self, args)
  local is_ready = self.situation.ready[args.side] ~= false
  return { ready = is_ready, error = not is_ready and 'never ready' or nil }
end

function operations.hooks(self, args)
  return self.situation.hooks(args.type)
end

local function hand_out(self, kind, args)
  local ask = copy_of(args)
  ask.kind = kind
  local answer = coroutine.yield(ask)
  if answer.unsent then
    self.unknown = answer.unsent
    error(END, 0)
  end
  local lacking = unmeasured.of(args, answer, self.situation.server)
  self.measured = self.measured or not lacking
  self.unmeasured = self.unmeasured or lacking
  return answer
end

function operations.query(self, args)
  return hand_out(self, 'query', args)
end

function operations.query_range(self, args)
  return hand_out(self, 'query_range', args)
end

function operations.act(self, args)
  for _, effect in ipairs(args) do
    self.effects[#self.effects + 1] = effect
  end
  return { ok = true }
end

--- These three end the script.
function operations.rollback(self, args)
  operations.act(self, args.events)
  self.ends = { does = 'take back', reason = args.name and ('%s %s'):format(args.by, args.name) }
  error(END, 0)
end

function operations.fail_promotion(self, args)
  self.ends = { does = 'take back', reason = args.error }
  error(END, 0)
end

function operations.finish()
  error(END, 0)
end

--- The primitives of the host while a round is decided (stdlib/_meta/host.lua).
local primitives = {}

function primitives.call(operation, args)
  local known = operations[operation]
  return known and known(current, args or {}) or {}
end

--- The release has begun already: its first word is on record.
function primitives.enter(word)
  local facts = current.situation.facts
  if word == 'start' then
    return true, { done = true, restarted = true, finishing = facts.finishing and facts.phase or nil }, facts.now
  end
  return false, nil, facts.now
end

function primitives.leave(result)
  current.held = result.held or current.held
  current.waiting = result.waiting and result.waiting.message or current.waiting
end

--- Of several that are not good enough the one that counts: it ends the round; else the first that holds.
function primitives.evidence(evidence)
  local known = current.evidence
  if evidence.failed or evidence.way and (not known or known.way == 'ignore' and evidence.way == 'hold') then
    current.evidence = evidence
  end
end

--- Lends them to what `act` calls.
local function with_host(self, act, ...)
  local others = {}
  for name, primitive in pairs(primitives) do
    others[name], host[name] = host[name], primitive
  end
  current = self
  local ok, result = act(...)
  for name, other in pairs(others) do
    host[name] = other
  end
  return ok, result
end

-- A decision ------------------------------------------------------------------------------------

--- A verdict says more than the event that Flagger has for it, but a webhook's.
local function reason_of(self, move)
  if self.evidence and not self.evidence.hook and (move.does == 'fail' or move.does == 'hold') then
    return verdicts.measured(self.evidence)
  end
  return move.reason or move.does == 'hold' and self.waiting or nil
end

local function finish(self)
  if self.unknown then
    return
  end
  local move = moves.of_effects(self.effects, self.situation.before)
  if self.ends then
    move = { does = self.ends.does, reason = move.reason or self.ends.reason }
  end
  move.reason = reason_of(self, move)
  self.move = move
end

--- Goes on until it asks a metric server, or has come to its end.
---@param answer table? to what it has asked
function Decision:go_on(answer)
  self.ask = nil
  local ok, asked = with_host(self, coroutine.resume, self.thread, answer)
  if ok and coroutine.status(self.thread) == 'suspended' then
    self.ask = asked
    return
  elseif not ok and asked ~= END then
    self.unknown = 'its strategy failed: ' .. tostring(asked)
  end
  finish(self)
end

---@param situation Situation
---@return Decision
function M.new(situation)
  local self = setmetatable({ situation = situation, effects = {}, ticks = 0 }, Decision)
  self.thread = coroutine.create(function()
    local rollout = require 'stdlib.rollout':new()
    rollout.held = situation.held
    require('strategies.' .. situation.strategy).run(words.of(rollout, {}))
  end)
  self:go_on()
  return self
end

return M
