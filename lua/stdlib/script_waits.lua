--- Words of a Strategy that wait: each looks whether a condition holds (stdlib/conditions.lua), lets time pass until
--- that can have changed, and looks again.
---
---     any {…}   look   await   look   await   look …
---
--- The word is on record before it waits, and so is each look with what it found; equal ones are kept once. The wait
--- between them is not on record: after a crash another engine looks at once.
local arguments = require 'stdlib.arguments'
local conditions = require 'stdlib.conditions'
local evidence = require 'stdlib.evidence'
local hooks = require 'stdlib.hooks'
local host = require 'host'
local misuse = require 'stdlib.misuse'
local moment = require 'stdlib.moment'
local probe = require 'stdlib.probe'
local rounds = require 'stdlib.round'
local script_asking = require 'stdlib.script_asking'

local methods = {}

-- One look ----------------------------------------------------------------------------------------

---@class Look
---@field rollout ScriptWords
---@field word string
---@field facts table see _meta/operations.lua
---@field began integer ms, when the word began

---@class Wake what can make a condition hold that does not
---@field due integer? ms: the time
---@field often boolean? only asking again tells
---@field canaries { name: string, phase: string }[]? one of these
---@field clauses string[]? for people
---@field gates string[]? the opening of one of these

--- What ends the wait for one of both.
---@param wake Wake
---@param other Wake
---@return Wake
local function either(wake, other)
  local joined = { due = wake.due or other.due, often = wake.often or other.often, canaries = {}, clauses = {},
    gates = {} }
  if wake.due and other.due then
    joined.due = math.min(wake.due, other.due)
  end
  for _, one in ipairs { wake, other } do
    for name, list in pairs { canaries = one.canaries or {}, clauses = one.clauses or {}, gates = one.gates or {} } do
      for _, item in ipairs(list) do
        table.insert(joined[name], item)
      end
    end
  end
  return joined
end

local kinds = {}

--- Does the condition hold?
---@param look Look
---@param condition Condition
---@return any value of one that holds: the key of what came first, or true; nil: it does not hold
---@return Wake? wake of one that does not hold
local function look_at(look, condition)
  for kind, look_at_kind in pairs(kinds) do
    if condition[kind] then
      return look_at_kind(look, condition)
    end
  end
end

function kinds.ms(look, condition)
  local due = look.began + condition.ms
  if look.facts.now >= due then
    return true
  end
  return nil, { due = due }
end

--- The clock is asked at each look, because it may have been set meanwhile.
function kinds.hours(look, condition)
  local answer = host.call('calendar', condition.hours)
  if answer.error then
    misuse.raise(('rollout:%s: %s'):format(look.word, answer.error))
  elseif answer.ms == 0 then
    return true
  end
  return nil, { due = answer.at }
end

function kinds.canary(look, condition)
  local canary = condition.canary
  if host.call('phase', canary).came then
    return true
  end
  local clause = ('canary %s.%s is %s'):format(canary.name, look.facts.namespace, canary.phase)
  return nil, { canaries = { canary }, clauses = { clause } }
end

function kinds.gate(look, condition)
  if script_asking.agrees(look.word, condition.gate) then
    return true
  end
  return nil, { often = true, clauses = { ('gate %s is open'):format(condition.gate) }, gates = { condition.gate } }
end

function kinds.check(look, condition)
  local outcome, verdict = probe.run(look.word, look.rollout, look.facts, condition.check, condition.params or {})
  if outcome.verdict == condition.verdict then
    evidence.keep_of_word(look.word, verdict) -- of all others there may be thousands
    return true
  end
  return nil, { often = true, clauses = { ('check %s says %s'):format(condition.check, condition.verdict) } }
end

function kinds.any(look, condition)
  local wake = {}
  for _, item in ipairs(condition.any) do
    local value, of_item = look_at(look, item.condition)
    if value ~= nil then
      return item.key
    end
    wake = either(wake, of_item)
  end
  return nil, wake
end

--- The first that does not hold is waited for; then all are looked at again.
function kinds.all(look, condition)
  for _, item in ipairs(condition.all) do
    local value, wake = look_at(look, item.condition)
    if value == nil then
      return nil, wake
    end
  end
  return true
end

--- A rollback hook that asks for it ends the release. They are asked once per interval, as in rounds, also by a clock
--- that was set back.
local function ask_rollback_hooks(look, since)
  local function intervals_until(ms)
    return math.floor((ms - look.began) / look.facts.interval_ms)
  end
  if intervals_until(look.facts.now) ~= intervals_until(since) then
    local _, asks = hooks.call('rollback', look.facts.phase)
    if asks then
      rounds.roll_back_by_hook(look.rollout, look.facts, asks.name)
    end
  end
end

--- 'podinfo.test waits until gate approval is open, at the longest until 2026-03-11T08:15:07Z, as its strategy says'
local function text_of(look, wake)
  local until_text = wake.due and select(2, moment.written(math.floor(wake.due / 1000)))
  local clauses = table.concat(wake.clauses or {}, ' or ')
  if clauses ~= '' and until_text then
    until_text = clauses .. ', at the longest until ' .. until_text
  end
  return ('%s.%s waits until %s, as its strategy says'):format(look.facts.name, look.facts.namespace,
    until_text or clauses)
end

-- The wait ----------------------------------------------------------------------------------------

--- Does not return before the condition holds, or the time is over.
---@param rollout ScriptWords
---@param word string
---@param args table of the word
---@param condition Condition
---@param timeout_ms integer?
---@return any value of the condition; nil: the time was over before
local function wait_for(rollout, word, args, condition, timeout_ms)
  local _, began = rollout:word(word, args, function()
    return true
  end)
  local since, wake, is_saved = began, nil, false
  rollout:tell_kept()
  while true do
    if wake then
      host.call('await', { began = began, since = since, ['until'] = wake.due, often = wake.often or false,
        canaries = host.array(wake.canaries) })
    end
    local result, looked = rollout:word('look', {}, function()
      local look = { rollout = rollout, word = word, facts = host.call('facts'), began = began }
      local value
      value, wake = look_at(look, condition)
      if value ~= nil then
        return { done = true, value = value }
      elseif timeout_ms and look.facts.now >= began + timeout_ms then
        return { done = true }
      end
      wake = timeout_ms and either(wake, { due = began + timeout_ms }) or wake
      ask_rollback_hooks(look, since)
      if rollout:spec().skipAnalysis then
        return { done = false, skips = true }
      end
      rollout.waited = true
      rollout.waits = { reason = 'StrategyWaits', message = text_of(look, wake), told = true,
        gates = wake.gates and wake.gates[1] and wake.gates or nil }
      if not is_saved then
        host.call('save') -- when it began; behind all else, as another engine saves in a later look
        is_saved = true
      end
      return { done = false }
    end)
    since = looked
    if result.done then
      return result.value
    elseif result.skips then
      rollout:next_round() -- it promotes without an analysis, and comes back when that was not to be after all
    end
  end
end

-- The words ---------------------------------------------------------------------------------------

--- Lets some time pass, in which nothing is judged.
---@param ms integer
---@return true
function methods:wait(ms)
  return wait_for(self, 'wait', { ms = ms }, { ms = ms })
end

--- Waits until a condition holds.
---@param condition Condition
---@param timeout_ms integer?
---@return boolean came false: the time was over before
function methods:wait_until(condition, timeout_ms)
  local longest_ms = condition.canary and conditions.LONGEST_MS or nil
  return wait_for(self, 'wait_until', { condition = condition, timeout = timeout_ms }, condition,
    timeout_ms or longest_ms) ~= nil
end

--- Waits until one of several conditions holds.
---@param condition Condition
---@return string|integer key of the first one
function methods:any(condition)
  return wait_for(self, 'any', condition, condition)
end

--- Waits until several conditions hold at the same moment.
---@param condition Condition
---@return boolean
function methods:all(condition)
  return wait_for(self, 'all', condition, condition)
end

--- Waits until a condition holds, or the time is over.
---@param timeout_ms integer
---@param condition Condition
---@return any value the key of what came first in `any`, or true; nil: the time was over before
function methods:within(timeout_ms, condition)
  return wait_for(self, 'within', { condition = condition, timeout = timeout_ms }, condition, timeout_ms)
end

-- What a script may say (see words.lua) ------------------------------------------------------------

local words = {
  wait = arguments.reader(arguments.wait),
  wait_until = arguments.reader(conditions.wait_until),
  any = arguments.reader(conditions.items),
  all = arguments.reader(conditions.items),
  within = arguments.reader(conditions.within),
}

return { methods = methods, words = words }
