--- What may be given to a word. Each of these raises at the strategy's line, and says the word, the argument, what came
--- and what was wanted.
local duration = require 'stdlib.duration'
local gates = require 'stdlib.gates'
local misuse = require 'stdlib.misuse'
local question = require 'stdlib.question'
local requests = require 'stdlib.requests'
local shown = require 'stdlib.shown'

local M = {}

--- Raises at the strategy's line; does not return.
---@param word string
---@param problem string
local function wrong(word, problem)
  misuse.raise('rollout:' .. word .. ': ' .. problem)
end

M.wrong = wrong

-- Of words that go by how far the strategy has come: these are readers as words.lua wants them ----

--- Of a word that is given nothing, but wants a round before it.
---@param word string
---@param usage Usage
function M.needs_round(word, _, usage)
  if not usage.shown then
    wrong(word, 'no round has passed yet')
  end
end

--- Of a word that is given the round that passed last.
---@param word string
---@param rollout SharedWords
---@param usage Usage
function M.round(word, rollout, usage, round)
  M.needs_round(word, rollout, usage)
  if not rawequal(round, usage.shown) then
    wrong(word, 'round: the one that rounds() gave last is wanted, got ' .. (type(round) == 'table' and 'another one'
      or shown.value(round)))
  end
  return rollout.round
end

-- Of all other words ------------------------------------------------------------------------------

--- Makes a reader of one that needs the arguments alone.
---@param read fun(word: string, ...: any): any
function M.reader(read)
  return function(word, _, _, ...)
    return read(word, ...)
  end
end

--- Of a word that is given nothing, and needs nothing.
function M.nothing() end

---@param name string of the argument
---@return integer
local function check_whole(word, name, value, min, max)
  if type(value) ~= 'number' or value % 1 ~= 0 or value < min or value > max then
    wrong(word, ('%sa whole number from %d to %d is wanted, got %s'):format(name, min, max, shown.value(value)))
  end
  return value
end

---@param what string 'a text'
---@return string
local function check_text(word, what, text, max)
  if type(text) ~= 'string' or text == '' or #text > max then
    wrong(word, ('%s of 1 to %d bytes is wanted, got %s'):format(what, max,
      type(text) == 'string' and #text .. ' bytes' or shown.value(text)))
  end
  return text
end

local NAME_MAX = 253

---@param word string
---@param what string 'the name of a metric'
---@return string
local function check_name(word, what, name)
  if type(name) ~= 'string' or name == '' or #name > NAME_MAX then
    wrong(word, ('%s is wanted, got %s'):format(what, shown.value(name)))
  end
  return name
end

M.check_name = check_name

---@return integer
function M.weight(word, weight)
  return check_whole(word, 'weight: ', weight, 0, 100)
end

---@param name string of the argument; '': the only one
---@return integer ms
local function read_duration(word, name, value)
  local ms, problem = duration.span(value)
  return ms or wrong(word, name .. problem)
end

--- Milliseconds of a duration.
---@return integer
function M.duration(word, value)
  return read_duration(word, '', value)
end

--- Milliseconds of a wait.
---@return integer
function M.wait(word, value)
  local ms, problem = duration.wait(value)
  return ms or wrong(word, problem)
end

--- Options of a word: a table with no other names than these.
---@param wanted string
---@param known string[]
---@return table
local function check_options(word, options, wanted, known)
  if type(options) ~= 'table' then
    wrong(word, wanted .. ' is wanted, got ' .. shown.value(options))
  end
  local names = {}
  for _, name in ipairs(known) do
    names[name] = true
  end
  for name in pairs(options) do
    if not names[name] then
      wrong(word, misuse.unknown('option', name, known))
    end
  end
  return options
end

M.check_options = check_options

local CHECKS_MAX = 50

local function read_checks(word, list)
  if list == nil then
    return nil
  elseif type(list) ~= 'table' or #list == 0 or #list > CHECKS_MAX then
    wrong(word, 'checks: a list of 1 to ' .. CHECKS_MAX .. ' names of metrics is wanted, got '
      .. (type(list) == 'table' and #list .. ' of them' or shown.value(list)))
  end
  local names = {}
  for i, name in ipairs(list) do
    if type(name) ~= 'string' or name == '' then
      wrong(word, ('checks[%d]: the name of a metric is wanted, got %s'):format(i, shown.value(name)))
    end
    names[i] = name
  end
  return names
end

---@return integer? rounds
---@return integer? lasting_ms
---@return string[]? checks
function M.analyse(word, options)
  check_options(word, options, '{ rounds = n } or { lasting = duration }', { 'lasting', 'rounds', 'checks' })
  local rounds = options.rounds
  if rounds ~= nil and (type(rounds) ~= 'number' or rounds % 1 ~= 0 or rounds < 1 or rounds > 1e6) then
    wrong(word, 'rounds: a whole number from 1 on is wanted, got ' .. shown.value(rounds))
  elseif rounds == nil and options.lasting == nil then
    wrong(word, 'rounds or lasting is wanted')
  end
  local lasting_ms = options.lasting ~= nil and read_duration(word, 'lasting: ', options.lasting) or nil
  return rounds, lasting_ms, read_checks(word, options.checks)
end

local function check_one_of(word, name, value, known)
  for _, one in ipairs(known) do
    if value == one then
      return value
    end
  end
  wrong(word, name .. ': one of ' .. table.concat(known, ', ') .. ' is wanted, got ' .. shown.value(value))
end

M.check_one_of = check_one_of

--- A value of a parameter: JSON has it, and a list goes one level deep.
local function is_value(value, is_element)
  local kind = type(value)
  if kind ~= 'table' then
    return kind == 'string' or kind == 'boolean' or kind == 'number' and value == value
  end
  for i, element in pairs(value) do
    if is_element or type(i) ~= 'number' or not is_value(element, true) then
      return false
    end
  end
  return true
end

---@return string name
---@return table? params
function M.check(word, name, params)
  check_name(word, 'the name of a metric or a check', name)
  if params ~= nil and type(params) ~= 'table' then
    wrong(word, 'params: a table is wanted, got ' .. shown.value(params))
  end
  for key, value in pairs(params or {}) do
    if type(key) ~= 'string' or not is_value(value) then
      wrong(word, ('params.%s: a number, a text, a boolean or a list of them is wanted'):format(tostring(key)))
    end
  end
  return name, params
end

local QUERY_MAX = 16384

---@return string
function M.query(word, text)
  return check_text(word, 'a query', text, QUERY_MAX)
end

---@return string
---@return Span
function M.query_range(word, text, span, step)
  check_text(word, 'a query', text, QUERY_MAX)
  local read, problem = question.read_span(span, step)
  return text, read or wrong(word, problem)
end

local EVENT_MAX = 1000

---@return string
function M.text(word, text)
  return check_text(word, 'a text', text, EVENT_MAX)
end

local SEVERITIES = { info = true, warn = true, error = true }

function M.alert(word, severity, text)
  if not SEVERITIES[severity] then
    wrong(word, misuse.unknown('severity', severity, { 'info', 'warn', 'error' }))
  end
  return severity, M.text(word, text)
end

---@return string
function M.gate(word, gate)
  if not gates.is_known(gate) or gate == 'confirm-rollout' then -- begin() asks that one
    wrong(word, misuse.unknown('gate', gate, { 'confirm-traffic-increase', 'confirm-promotion' }))
  end
  return gate
end

---@return string
function M.side(word, side)
  return check_one_of(word, 'side', side, { 'primary', 'canary' })
end

local COUNT_MAX = 10

---@return integer
function M.count(word, count)
  return check_whole(word, 'count: ', count, 1, COUNT_MAX)
end

local WEBHOOK = 'the name of a webhook of the Canary'

---@return string name
---@return table? data
function M.webhook(word, name, data)
  check_name(word, WEBHOOK, name)
  if data ~= nil and type(data) ~= 'table' then
    wrong(word, 'data: a table is wanted, got ' .. shown.value(data))
  end
  return name, data
end

---@return string name
---@return integer? timeout_ms
---@return 'rollback'|'go on' otherwise
function M.gate_or_webhook(word, name, options)
  check_name(word, WEBHOOK, name)
  if name == 'confirm-rollout' then -- begin() asks that one
    M.gate(word, name)
  end
  options = options == nil and {} or check_options(word, options, '{ timeout = duration }', { 'timeout', 'otherwise' })
  local otherwise = options.otherwise ~= nil
    and check_one_of(word, 'otherwise', options.otherwise, { 'rollback', 'go on' }) or 'go on'
  if options.otherwise ~= nil and options.timeout == nil then
    wrong(word, 'timeout is wanted with otherwise')
  end
  return name, options.timeout ~= nil and read_duration(word, 'timeout: ', options.timeout) or nil, otherwise
end

---@return table[]
function M.rules(word, given)
  local rules, problem = requests.read(given)
  return rules or wrong(word, problem)
end

---@return integer
function M.share(word, share)
  return check_whole(word, 'share: ', share, 1, 100)
end

return M
