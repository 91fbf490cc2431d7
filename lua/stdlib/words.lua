--- The words that a strategy gets. The record and the operations beneath them are out of its reach, so a script can do
--- no more than these words do.
---
--- A class of words (stdlib/rollout.lua, stdlib/script_words.lua) says which ones it has in its table `words`: for each
--- the function that reads what the script gave, and raises what is wrong with it (stdlib/arguments.lua); or a subject,
--- that is a module with this function in a table `words` of its own. What is read goes to the method of that name, of
--- the class or in the table `methods` of the subject. `refused` says why a word is not there.
local host = require 'host'
local misuse = require 'stdlib.misuse'

local M = {}

local SEALED = 'rollout: its words cannot be changed'

--- A copy of a round for the strategy, which may keep, change and compare it. The words decide by the original. Tables
--- in it are the words' own: among them are the events that ride with the next orders, and a script gives no orders.
local function copy_of(round)
  local copy = {}
  for name, value in pairs(round) do
    copy[name] = type(value) ~= 'table' and value or nil
  end
  return copy
end

local function wrong(word, problem)
  misuse.raise('rollout:' .. word .. ': ' .. problem)
end

---@class Usage how far the strategy has come
---@field begun boolean? begin() has come back
---@field running string? the word in progress; one that raised never ends
---@field shown Round? the round that a word gave last
---@field home thread? the coroutine of the words; nil: the engine's own

local function check(usage, word, is_handle)
  if not is_handle then
    wrong(word, 'a colon is wanted: rollout:' .. word .. '(…)')
  elseif coroutine.running() ~= usage.home then
    wrong(word, 'no word can run inside a coroutine of the script')
  elseif usage.running then
    wrong(word, 'the word ' .. usage.running .. ' has not come to an end')
  elseif not usage.begun and word ~= 'begin' then
    wrong(word, 'begin() comes first')
  end
end

--- What a class lets a script say, in no order: its words, and the two that every class has.
---@param class { words: table<string, function|table> }
---@return string[]
function M.known(class)
  local known = { 'begin', 'rounds' }
  for word in pairs(class.words) do
    known[#known + 1] = word
  end
  return known
end

---@param rollout SharedWords
---@param params table<string, any> the values of the strategy's parameters
---@return table words of this release, read-only, and `params`
function M.of(rollout, params)
  local words, handle, usage = { params = params }, {}, { home = coroutine.running() }

  --- Runs a word. A round that it gives, or the first one that passed in it, is the one that is known from then on.
  local function run(word, ...)
    local method = rollout[word] or rollout.words[word].methods[word]
    host.say(word == 'next_round' and 'rounds' or word)
    usage.running = word
    local result, cause = method(rollout, ...)
    usage.running = nil
    if rollout.round and (not usage.shown or rawequal(result, rollout.round)) then
      usage.shown = copy_of(rollout.round)
    end
    if result ~= nil and rawequal(result, rollout.round) then
      return usage.shown
    end
    return result, cause
  end

  function words.begin(self)
    check(usage, 'begin', rawequal(self, handle))
    if usage.begun then
      wrong('begin', 'it has come back already')
    end
    run 'begin'
    usage.begun = true
  end

  local function next_round()
    check(usage, 'rounds', true)
    return run 'next_round'
  end

  function words.rounds(self)
    check(usage, 'rounds', rawequal(self, handle))
    return next_round
  end

  --- A word as a script has it, which is made when it is said first.
  ---@return function? nil: there is none of this name
  local function new_word(word)
    local row, reason = rollout.words[word], rollout.refused[word]
    local read = type(row) == 'table' and row.words[word] or row
    if read then
      return function(self, ...)
        check(usage, word, rawequal(self, handle))
        return run(word, read(word, rollout, usage, ...))
      end
    elseif reason then
      return function(self)
        check(usage, word, rawequal(self, handle))
        wrong(word, reason)
      end
    end
  end

  setmetatable(handle, {
    __index = function(_, word)
      if words[word] == nil then
        words[word] = new_word(word)
          or misuse.raise('rollout: ' .. misuse.unknown('word', word, M.known(rollout)))
      end
      return words[word]
    end,
    __newindex = function()
      error(SEALED, 2)
    end,
    __metatable = false,
  })
  return host.seal(handle, SEALED)
end

return M
