--- What may be given to a word. Each of these raises at the strategy's line, and says the word, the argument, what came
--- and what was wanted.
local duration = require 'stdlib.duration'
local gates = require 'stdlib.gates'
local misuse = require 'stdlib.misuse'

local M = {}

local function wrong(word, problem)
  misuse.raise('rollout:' .. word .. ': ' .. problem)
end

--- A reader (see words.lua) for a word with one argument.
---@param word string
---@param read fun(word: string, value: any): any
function M.reader(word, read)
  return function(_, _, value)
    return read(word, value)
  end
end

--- Of a word that is given the round that passed last.
---@param word string
function M.reader_of_round(word)
  return function(rollout, usage, round)
    if not usage.shown then
      wrong(word, 'no round has passed yet')
    elseif not rawequal(round, usage.shown) then
      wrong(word, 'round: the one that rounds() gave last is wanted')
    end
    return rollout.round
  end
end

--- Of a word that is given nothing.
---@param word string
function M.needs_round(word)
  return function(_, usage)
    if not usage.shown then
      wrong(word, 'no round has passed yet')
    end
  end
end

---@return integer
function M.weight(word, weight)
  if type(weight) ~= 'number' or weight % 1 ~= 0 or weight < 0 or weight > 100 then
    wrong(word, 'weight: a whole number from 0 to 100 is wanted, got ' .. tostring(weight))
  end
  return weight
end

local WAIT_MAX_MS = 30 * 24 * 3600000

--- Milliseconds of a duration.
---@param name string? of the argument; nil: the only one
---@return integer
function M.duration(word, value, name)
  local ms, problem = duration.parse(value)
  local what = name and name .. ': ' or ''
  if not ms then
    wrong(word, what .. problem)
  elseif ms < 1 or ms > WAIT_MAX_MS then
    wrong(word, what .. 'from 1ms to 720h are wanted, got ' .. value)
  end
  return ms
end

local ANALYSE = { rounds = true, lasting = true }

---@return integer? rounds
---@return integer? lasting_ms
function M.analyse(word, options)
  if type(options) ~= 'table' then
    wrong(word, '{ rounds = n } or { lasting = duration } is wanted, got ' .. type(options))
  end
  for name in pairs(options) do
    if not ANALYSE[name] then
      wrong(word, 'there is no option "' .. tostring(name) .. '", known are lasting and rounds')
    end
  end
  local rounds = options.rounds
  if rounds ~= nil and (type(rounds) ~= 'number' or rounds % 1 ~= 0 or rounds < 1 or rounds > 1e6) then
    wrong(word, 'rounds: a whole number from 1 on is wanted, got ' .. tostring(rounds))
  elseif rounds == nil and options.lasting == nil then
    wrong(word, 'rounds or lasting is wanted')
  end
  return rounds, options.lasting ~= nil and M.duration(word, options.lasting, 'lasting') or nil
end

local EVENT_MAX = 1000

---@return string
function M.text(word, text)
  if type(text) ~= 'string' or text == '' or #text > EVENT_MAX then
    wrong(word, 'a text of 1 to ' .. EVENT_MAX .. ' bytes is wanted, got '
      .. (type(text) == 'string' and #text .. ' bytes' or type(text)))
  end
  return text
end

---@return string
function M.gate(word, gate)
  if not gates.is_known(gate) or gate == 'confirm-rollout' then -- begin() asks that one
    wrong(word, 'gate "' .. tostring(gate) .. '" does not exist, known are confirm-traffic-increase and '
      .. 'confirm-promotion')
  end
  return gate
end

return M
