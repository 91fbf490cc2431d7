--- The words of a Strategy in version 1 (core/release/release.h), for releases that began with it: waits are one word
--- and one operation each.
local Script = require 'stdlib.words_2'
local arguments = require 'stdlib.arguments'
local conditions = require 'stdlib.conditions'
local duration = require 'stdlib.duration'
local host = require 'host'
local misuse = require 'stdlib.misuse'
local rounds = require 'stdlib.round'

---@class FormerWords: ScriptWords
local Former = Script:class()

--- Lets time pass; a rollback hook that asks for it ends the release meanwhile.
---@param ms integer at most
---@param canary { name: string, phase: string }? until that one has come to this phase
---@return boolean came
local function sleep(rollout, ms, canary)
  local answer = host.call('sleep', { ms = ms, canary = canary })
  if answer.rollback then
    rounds.roll_back_by_hook(rollout, host.call('facts'), answer.rollback)
  end
  return answer.came
end

---@param ms integer
function Former:wait(ms)
  self:word('wait', { ms = ms }, function(rollout)
    sleep(rollout, ms)
    return true
  end)
end

--- Sleeps until these hours begin; the clock is asked again, because it may have been set meanwhile.
local function sleep_until(rollout, hours, timeout_ms)
  local rest = timeout_ms
  while true do
    local answer = host.call('calendar', hours)
    if answer.error then
      misuse.raise('rollout:wait_until: ' .. answer.error)
    elseif answer.ms == 0 or rest and rest <= 0 then
      return answer.ms == 0
    end
    local ms = math.min(answer.ms, rest or answer.ms)
    sleep(rollout, ms)
    rest = rest and rest - ms
  end
end

---@param condition Condition of hours, or another Canary
---@param timeout_ms integer?
---@return boolean came false: the time was over before
function Former:wait_until(condition, timeout_ms)
  local args = { hours = condition.hours, canary = condition.canary, timeout = timeout_ms }
  return self:word('wait_until', args, function(rollout)
    if condition.canary then
      return sleep(rollout, timeout_ms or conditions.LONGEST_MS, condition.canary)
    end
    return sleep_until(rollout, condition.hours, timeout_ms)
  end).done
end

local function read_wait_until(word, given, options)
  local condition, timeout_ms = conditions.wait_until(word, given, options, duration.span)
  if not condition.hours and not condition.canary then
    arguments.wrong(word, 'hours, or another Canary, are wanted: this release began with an engine that knew no others')
  end
  return condition, timeout_ms
end

Former.words = {}
for word, read in pairs(Script.words) do
  Former.words[word] = read
end
Former.words.wait = arguments.reader(arguments.duration) -- they may be shorter
Former.words.wait_until = arguments.reader(read_wait_until)

return Former
