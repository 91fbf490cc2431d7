--- What a script waits for, as it writes it, read into data that goes on record:
---
---     '10m'                                                      so much time since the word began   { ms }
---     { weekdays = 'Mon-Fri', from = '08:00' }                   hours (stdlib/calendar.lua)         { hours }
---     { canary = 'backend', phase = 'Succeeded' }                another Canary of the namespace     { canary }
---     { gate = 'approval' }                                      a webhook agrees                    { gate }
---     { check = 'latency', params = { max = 5 }, verdict = … }   a check says so                     { check, … }
---     { any = { morning = { from = '08:00' }, … } }              one of them                         { any = items }
---     { all = { … } }                                            all of them at the same moment      { all = items }
---
--- Items are in the order in which they are looked at: those of a list, then those with names, by their names.
local arguments = require 'stdlib.arguments'
local calendar = require 'stdlib.calendar'
local duration = require 'stdlib.duration'
local shown = require 'stdlib.shown'

local M = {}

---@class Condition
---@field ms integer?
---@field hours table? what the operation `calendar` takes
---@field canary { name: string, phase: string }?
---@field gate string?
---@field check string?
---@field params table? of the check
---@field verdict 'pass'|'fail'|'blind'|nil of the check
---@field any { key: string|integer, condition: Condition }[]?
---@field all { key: string|integer, condition: Condition }[]?

local ITEMS_MAX, DEPTH_MAX, KEY_MAX = 20, 4, 100
local PHASES = { 'Initialized', 'Waiting', 'Progressing', 'WaitingPromotion', 'Promoting', 'Finalising', 'Succeeded',
  'Failed' }
local VERDICTS = { 'pass', 'fail', 'blind' }
local WANTED = "a condition like '10m', { gate = 'approval' } or { from = '08:00' } is wanted"

local wrong = arguments.wrong

--- 'any: morning', for what is wrong with the item of this key.
local function at(place, key)
  return place .. ': ' .. (type(key) == 'number' and '[' .. key .. ']' or key)
end

--- The keys of the items, in order.
local function keys_of(place, list)
  local names, count = {}, #list
  for key in pairs(list) do
    local is_place = type(key) == 'number' and key % 1 == 0 and key >= 1 and key <= count
    if type(key) == 'string' and #key <= KEY_MAX then
      names[#names + 1] = key
    elseif not is_place then
      wrong(place, ('names of at most %d bytes, or a list without holes, are wanted, got the key %s'):format(KEY_MAX,
        tostring(key):sub(1, KEY_MAX)))
    end
  end
  table.sort(names)
  local keys = {}
  for i = 1, count do
    keys[i] = i
  end
  for _, name in ipairs(names) do
    keys[#keys + 1] = name
  end
  return keys
end

local read

local function read_items(place, list, depth)
  if type(list) ~= 'table' then
    wrong(place, 'a list of conditions is wanted, got ' .. shown.value(list))
  elseif depth > DEPTH_MAX then
    wrong(place, ('conditions go %d deep at most'):format(DEPTH_MAX))
  end
  local keys = keys_of(place, list)
  if #keys == 0 or #keys > ITEMS_MAX then
    wrong(place, ('a list of 1 to %d conditions is wanted, got %d'):format(ITEMS_MAX, #keys))
  end
  local items = {}
  for i, key in ipairs(keys) do
    items[i] = { key = key, condition = read(at(place, key), list[key], depth + 1) }
  end
  return items
end

local KINDS = { 'canary', 'phase', 'gate', 'check', 'any', 'all' }
local FIELDS = { canary = { 'canary', 'phase' }, phase = { 'canary', 'phase' }, gate = { 'gate' },
  check = { 'check', 'params', 'verdict' }, any = { 'any' }, all = { 'all' } }
local readers = {}

function readers.canary(place, given)
  local name = arguments.check_name(place, 'canary: the name of a Canary of this namespace', given.canary)
  return { canary = { name = name, phase = arguments.check_one_of(place, 'phase', given.phase, PHASES) } }
end

readers.phase = readers.canary

function readers.gate(place, given)
  return { gate = (arguments.gate_or_webhook(place, given.gate)) }
end

function readers.check(place, given)
  local name, params = arguments.check(place, given.check, given.params)
  local verdict = given.verdict == nil and 'pass' or arguments.check_one_of(place, 'verdict', given.verdict, VERDICTS)
  return { check = name, params = params, verdict = verdict }
end

function readers.any(place, given, depth)
  return { any = read_items(at(place, 'any'), given.any, depth) }
end

function readers.all(place, given, depth)
  return { all = read_items(at(place, 'all'), given.all, depth) }
end

local function read_hours(place, given)
  if given[1] ~= nil then
    wrong(place, 'one condition is wanted, got a list: { any = … } and { all = … } join several')
  end
  arguments.check_options(place, given, '', calendar.FIELDS)
  local hours, problem = calendar.read(given)
  return { hours = hours or wrong(place, problem) }
end

---@param place string the word, and where in its arguments
---@param given any
---@param depth integer
---@return Condition
function read(place, given, depth)
  if type(given) == 'string' then
    local ms, problem = duration.wait(given)
    return { ms = ms or wrong(place, problem) }
  elseif type(given) ~= 'table' then
    wrong(place, WANTED .. ', got ' .. shown.value(given))
  end
  for _, kind in ipairs(KINDS) do
    if given[kind] ~= nil then
      arguments.check_options(place, given, '', FIELDS[kind])
      return readers[kind](place, given, depth)
    end
  end
  return read_hours(place, given)
end

--- Of a word that joins conditions.
---@param word 'any'|'all'
---@param list any
---@return Condition
function M.items(word, list)
  return { [word] = read_items(word, list, 1) }
end

---@param word string
---@param timeout any a duration
---@param given any
---@return integer timeout_ms
---@return Condition
function M.within(word, timeout, given)
  return arguments.wait(word, timeout), read(word, given, 1)
end

--- Another Canary is not waited for longer.
M.LONGEST_MS = 30 * 24 * 3600000

--- The timeout may stand in the condition, or behind it.
---@param word string
---@param given any
---@param options any
---@param read_timeout (fun(text: any): integer?, string?)? duration.wait unless told
---@return Condition
---@return integer? timeout_ms
function M.wait_until(word, given, options, read_timeout)
  options = options == nil and {} or arguments.check_options(word, options, '{ timeout = duration }', { 'timeout' })
  local timeout, bare = options.timeout, given
  if type(given) == 'table' then
    bare = {}
    for name, value in pairs(given) do
      bare[name] = value
    end
    timeout, bare.timeout = given.timeout == nil and timeout or given.timeout, nil
  end
  local timeout_ms, problem
  if timeout ~= nil then
    timeout_ms, problem = (read_timeout or duration.wait)(timeout)
    timeout_ms = timeout_ms or wrong(word, 'timeout: ' .. problem)
  end
  return read(word, bare, 1), timeout_ms
end

return M
