--- The words that a strategy gets. The record and the operations beneath them are out of its reach,
--- so a script can do no more than these words do.
local duration = require 'stdlib.duration'
local gates = require 'stdlib.gates'
local host = require 'host'

local M = {}

local SEALED = 'rollout: its words cannot be changed'

--- A copy of a round for the strategy, which may keep, change and compare it. The words decide by
--- the original.
local function copy_of(round)
  local copy = {}
  for name, value in pairs(round) do
    copy[name] = value
  end
  return copy
end

local function misuse(word, problem, level)
  error('rollout:' .. word .. ': ' .. problem, level or 4) -- the strategy's line: misuse, check, word, strategy
end

---@class Usage how far the strategy has come
---@field begun boolean? begin() has come back
---@field running string? the word in progress; one that raised never ends
---@field shown Round? the round that rounds() gave last

local function check(usage, word, is_handle)
  if not is_handle then
    misuse(word, 'a colon is wanted: rollout:' .. word .. '(…)')
  elseif usage.running then
    misuse(word, 'the word ' .. usage.running .. ' has not come to an end')
  elseif not usage.begun and word ~= 'begin' then
    misuse(word, 'begin() comes first')
  end
end

local function check_round(usage, word, round)
  if not usage.shown then
    misuse(word, 'no round has passed yet')
  elseif not rawequal(round, usage.shown) then
    misuse(word, 'round: the one that rounds() gave last is wanted')
  end
end

local function check_weight(word, weight)
  if type(weight) ~= 'number' or weight % 1 ~= 0 or weight < 0 or weight > 100 then
    misuse(word, 'weight: a whole number from 0 to 100 is wanted, got ' .. tostring(weight))
  end
end

local WAIT_MAX_MS = 30 * 24 * 3600000

--- Milliseconds of a duration.
local function check_duration(word, name, value)
  local ms, problem = duration.parse(value)
  if not ms then
    misuse(word, name .. problem)
  elseif ms < 1 or ms > WAIT_MAX_MS then
    misuse(word, name .. 'from 1ms to 720h are wanted, got ' .. value)
  end
  return ms
end

local ANALYSE = { rounds = true, lasting = true }

local function check_analyse(options)
  if type(options) ~= 'table' then
    misuse('analyse', '{ rounds = n } or { lasting = duration } is wanted, got ' .. type(options))
  end
  for name in pairs(options) do
    if not ANALYSE[name] then
      misuse('analyse', 'there is no option "' .. tostring(name) .. '", known are lasting and rounds')
    end
  end
  local rounds = options.rounds
  if rounds ~= nil and (type(rounds) ~= 'number' or rounds % 1 ~= 0 or rounds < 1 or rounds > 1e6) then
    misuse('analyse', 'rounds: a whole number from 1 on is wanted, got ' .. tostring(rounds))
  elseif rounds == nil and options.lasting == nil then
    misuse('analyse', 'rounds or lasting is wanted')
  end
  return rounds, options.lasting
end

local EVENT_MAX = 1000

local function check_text(word, text)
  if type(text) ~= 'string' or text == '' or #text > EVENT_MAX then
    misuse(word, 'a text of 1 to ' .. EVENT_MAX .. ' bytes is wanted, got '
      .. (type(text) == 'string' and #text .. ' bytes' or type(text)))
  end
end

local function check_gate(word, gate)
  if not gates.is_known(gate) or gate == 'confirm-rollout' then -- begin() asks that one
    misuse(word, 'gate "' .. tostring(gate) .. '" does not exist, known are confirm-traffic-increase and '
      .. 'confirm-promotion')
  end
end

---@param rollout Rollout
---@param params table<string, any> the values of the strategy's parameters
---@return table words of this release, read-only, and `params`
function M.of(rollout, params)
  local words, handle, usage = { params = params }, {}, {}

  local function run(word, ...)
    usage.running = word
    local result = rollout[word](rollout, ...)
    usage.running = nil
    return result
  end

  function words.begin(self)
    check(usage, 'begin', rawequal(self, handle))
    if usage.begun then
      misuse('begin', 'it has come back already', 3)
    end
    run 'begin'
    usage.begun = true
  end

  local function next_round()
    check(usage, 'rounds', true)
    run 'next_round'
    usage.shown = copy_of(rollout.round)
    return usage.shown
  end

  function words.rounds(self)
    check(usage, 'rounds', rawequal(self, handle))
    return next_round
  end

  function words.open(self, gate)
    check(usage, 'open', rawequal(self, handle))
    check_gate('open', gate)
    return run(rollout.scripted and 'open_in_round' or 'open', gate)
  end

  function words.shift(self, weight)
    check(usage, 'shift', rawequal(self, handle))
    check_weight('shift', weight)
    run(rollout.scripted and 'shift_for_sure' or 'shift', weight)
    usage.shown = usage.shown or rollout.round and copy_of(rollout.round)
  end

  function words.analyse(self, options)
    check(usage, 'analyse', rawequal(self, handle))
    local rounds, lasting = check_analyse(options)
    local lasting_ms = lasting and check_duration('analyse', 'lasting: ', lasting)
    run('analyse', rounds, lasting_ms or nil)
    usage.shown = copy_of(rollout.round)
    return usage.shown
  end

  function words.wait(self, text)
    check(usage, 'wait', rawequal(self, handle))
    run('wait', check_duration('wait', '', text))
  end

  function words.event(self, text)
    check(usage, 'event', rawequal(self, handle))
    check_text('event', text)
    run('event', text)
  end

  function words.log(self, text)
    check(usage, 'log', rawequal(self, handle))
    check_text('log', text)
    host.log(text)
  end

  for _, word in ipairs { 'next_weight', 'iterate_matched', 'iterate', 'switch' } do
    words[word] = function(self, round)
      check(usage, word, rawequal(self, handle))
      if rollout.scripted and word ~= 'next_weight' then
        misuse(word, 'it follows the steps of a bundled strategy; shift is for a Strategy', 3)
      end
      check_round(usage, word, round)
      return run(word, rollout.round)
    end
  end

  function words.promote(self)
    check(usage, 'promote', rawequal(self, handle))
    check_round(usage, 'promote', usage.shown)
    run(rollout.scripted and 'promote_judged' or 'promote')
  end

  setmetatable(handle, {
    __index = words,
    __newindex = function()
      error(SEALED, 2)
    end,
    __metatable = false,
  })
  return host.seal(handle, SEALED)
end

return M
