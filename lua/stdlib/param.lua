--- Declares the parameters of a strategy or a check. A declaration is data: what a Canary gives is checked against it
--- before any traffic moves, and `kubectl describe strategy` shows it.
---
---     params = {
---       soak = param.duration { default = '10m', min = '1m', doc = 'how long the first share stays' },
---       steps = param.list(param.weight) { default = { 5, 20, 50 }, doc = 'shares, growing' },
---     }
---
--- A parameter without a default must be given. The script finds the values in `rollout.params`: percents and numbers
--- as numbers, durations as texts like '1m30s'.

---@class ParamOptions
---@field default any? the value where a Canary gives none; it must fit
---@field min any? inclusive, of the parameter's own type; of a list, the number of its elements
---@field max any? the same
---@field values string[]? of a choice
---@field doc string? one line for people

---@class Param: ParamOptions
---@field type string
---@field of Param? of a list

local host = require 'host'
local misuse = require 'stdlib.misuse'
local shown = require 'stdlib.shown'

local OPTIONS = { 'default', 'doc', 'max', 'min' }
local OPTIONS_OF_CHOICE = { 'default', 'doc', 'max', 'min', 'values' }

local function wrong(kind, problem)
  misuse.raise('param.' .. kind .. ': ' .. problem)
end

local function check_options(kind, options)
  local known = kind == 'choice' and OPTIONS_OF_CHOICE or OPTIONS
  for name in pairs(options) do
    local found = false
    for _, option in ipairs(known) do
      found = found or option == name
    end
    if not found then
      wrong(kind, misuse.unknown('option', name, known))
    end
  end
  if options.doc ~= nil and type(options.doc) ~= 'string' then
    wrong(kind, 'doc: a text is wanted, got ' .. shown.value(options.doc))
  end
end

local function check_values(values)
  if type(values) ~= 'table' or #values == 0 then
    wrong('choice', "values: a list of texts is wanted, such as { 'eu', 'us' }, got "
      .. (type(values) == 'table' and 'a table without any' or type(values)))
  end
  for i, value in ipairs(values) do
    if type(value) ~= 'string' then
      wrong('choice', ('values[%d]: a text is wanted, got %s'):format(i, shown.value(value)))
    end
  end
end

local function declare(kind, options, of, extra)
  if extra ~= nil then
    wrong(kind, 'a dot is wanted: param.' .. kind .. ' { … }')
  end
  options = options or {}
  if type(options) ~= 'table' then
    wrong(kind, 'a table of options is wanted, got ' .. shown.value(options))
  end
  check_options(kind, options)
  if kind == 'choice' then
    check_values(options.values)
  end
  local declared = { type = kind, of = of }
  for name, value in pairs(options) do
    declared[name] = value
  end
  if of and type(declared.default) == 'table' and next(declared.default) == nil then
    declared.default = host.array() -- an empty table alone is an object
  end
  return declared
end

local M = {}

--- Any number.
---@param options ParamOptions?
---@return Param
function M.number(options, extra)
  return declare('number', options, nil, extra)
end

--- A whole number, at most 2^53 from 0.
---@param options ParamOptions?
---@return Param
function M.integer(options, extra)
  return declare('integer', options, nil, extra)
end

--- From 0 to 100; in a manifest also a text like "5%".
---@param options ParamOptions?
---@return Param
function M.percent(options, extra)
  return declare('percent', options, nil, extra)
end

--- A share for rollout:shift: a whole number from 0 to 100; in a manifest also a text like "5%".
---@param options ParamOptions?
---@return Param
function M.weight(options, extra)
  return declare('weight', options, nil, extra)
end

--- A text like '90s' or '1h30m', from 1s to 720h unless `min` and `max` say otherwise: what rollout:wait takes.
---@param options ParamOptions?
---@return Param
function M.duration(options, extra)
  return declare('duration', options, nil, extra)
end

---@param options ParamOptions?
---@return Param
function M.string(options, extra)
  return declare('string', options, nil, extra)
end

---@param options ParamOptions?
---@return Param
function M.boolean(options, extra)
  return declare('boolean', options, nil, extra)
end

--- One of `options.values`.
---@param options ParamOptions
---@return Param
function M.choice(options, extra)
  return declare('choice', options, nil, extra)
end

--- A list of one type: `param.list(param.percent) { … }`, or of a declared element:
--- `param.list(param.integer { min = 1 }) { … }`.
---@param of Param|fun(): Param
---@return fun(options: ParamOptions?): Param
function M.list(of)
  local element = type(of) == 'function' and of() or of
  if type(element) ~= 'table' or type(element.type) ~= 'string' or element.type == 'list' then
    wrong('list', 'the type of its elements is wanted, such as param.list(param.percent) { … }, got ' .. type(of))
  end
  return function(options)
    return declare('list', options, element)
  end
end

return M
