--- What a check has found, as data; and whether a script may say it so.
local go_format = require 'stdlib.go_format'
local keys = require 'stdlib.keys'
local shown = require 'stdlib.shown'
local thresholds = require 'stdlib.thresholds'
local utf8 = require 'stdlib.utf8'

local M = {}

---@class Outcome
---@field verdict 'pass'|'fail'|'blind' blind: there is nothing to judge by
---@field value number? may be infinite
---@field unit string?
---@field bounds Bounds?
---@field broken { relation: '<'|'>', bound: number }? of fail
---@field margin number? how far inside of its bounds the value is; below 0 outside
---@field samples integer? so many requests, or what else was counted, it goes by
---@field needed integer? so many it wants
---@field cause Cause? of blind
---@field problem string? of blind: why, for people
---@field text string for people: what was found, or why nothing was

--- Why there is nothing to judge by. 'failed': the server refused the query, or gave something else than a number;
--- 'said': the script says so, and no query of it is the cause.
---@alias Cause 'no data'|'unreachable'|'several values'|'too few samples'|'stale'|'failed'|'said'

--- Those that a script may name.
M.CAUSES = { 'no data', 'unreachable', 'several values', 'too few samples', 'stale' }

local TEXT_MAX = 1000
local UNIT_MAX = 40
local COUNT_MAX = 2 ^ 53

-- What a script gives --------------------------------------------------------------------------

--- The type of each option of the words.
M.OF_JUDGE = { min = 'number', max = 'number', unit = 'unit', samples = 'count', needed = 'count' }
M.OF_BLIND = { cause = 'cause', samples = 'count', needed = 'count' }

local function is_cause(value)
  for _, cause in ipairs(M.CAUSES) do
    if value == cause then
      return true
    end
  end
  return false
end

---@type table<string, fun(value: any): string?> what is wrong with a value
local WRONG = {
  unit = function(value)
    if type(value) ~= 'string' then
      return 'a string is wanted'
    elseif #value > UNIT_MAX or not utf8.is_valid(value) then
      return ('at most %d bytes of UTF-8 are wanted'):format(UNIT_MAX)
    end
  end,
  number = function(value)
    return type(value) ~= 'number' and 'a number is wanted' or value - value ~= 0 and 'a finite number is wanted' or nil
  end,
  count = function(value)
    local fits = type(value) == 'number' and value >= 0 and value <= COUNT_MAX
    return not fits and 'a count, 0 or more, is wanted' or nil
  end,
  cause = function(value)
    return not is_cause(value) and "'" .. table.concat(M.CAUSES, "', '") .. "' is wanted" or nil
  end,
}

local function names_of(options)
  local names = keys.sorted(options)
  return table.concat(names, ', ', 1, #names - 1) .. ' and ' .. names[#names]
end

--- What is wrong with the options of a word; nil: nothing.
---@param options any
---@param known table<string, string> OF_JUDGE or OF_BLIND
---@return string?
function M.problem_of_options(options, known)
  if type(options) ~= 'table' then
    return ('options: a table of %s is wanted, got %s'):format(names_of(known), shown.value(options))
  end
  for name, value in pairs(options) do
    if not known[name] then
      return ('there is no option "%s", known are %s'):format(tostring(name), names_of(known))
    end
    local wanted = WRONG[known[name]](value)
    if wanted then
      return ('%s: %s, got %s'):format(name, wanted, shown.value(value))
    end
  end
end

--- What is wrong with a text for people; nil: nothing.
---@param text any
---@return string?
function M.problem_of_text(text)
  if type(text) ~= 'string' or text == '' or #text > TEXT_MAX then
    return ('text: 1 to %d bytes are wanted, got %s'):format(TEXT_MAX,
      type(text) == 'string' and #text .. ' bytes' or shown.value(text))
  elseif not utf8.is_valid(text) then
    return 'text: UTF-8 is wanted, got bytes that are none'
  end
end

--- The same for one with a place for the value at most, such as 'revenue fell by %.1f %%'.
---@param text any
---@return string?
function M.problem_of_format(text)
  local problem = M.problem_of_text(text)
  if problem then
    return problem
  end
  local places = 0
  for kind in text:gsub('%%%%', ''):gmatch '%%[-+ #0]*%d?%d?%.?%d?%d?(.?)' do
    places = places + 1
    if not ('dfgei'):find(kind, 1, true) or kind == '' or places > 1 then
      return 'text: one place for the value is wanted, such as %.2f or %d; a percent sign is %%'
    end
  end
end

local function whole(count)
  return count and math.floor(count + 0.5)
end

-- Judging --------------------------------------------------------------------------------------

--- How far inside of its bounds a value is; nil without a bound, or without an end.
---@param value number
---@param bounds Bounds
---@return number?
function M.margin(value, bounds)
  local above, below = bounds.min and value - bounds.min, bounds.max and bounds.max - value
  local margin = math.min(above or math.huge, below or math.huge)
  return margin - margin == 0 and margin or nil
end

--- A ratio is shown as a percentage.
local function scaled(value, unit)
  if unit == 'ratio' then
    return value * 100
  end
  return value
end

local function write_bound(value, unit)
  local what = unit == 'ratio' and ' %' or unit and unit ~= '' and ' ' .. unit or ''
  return go_format.number(scaled(value, unit)) .. what
end

--- What a value comes to.
---@param value number
---@param bounds Bounds
---@param options { unit: string?, samples: integer?, needed: integer? }?
---@param text string? a format
---@return Outcome
function M.judge(value, bounds, options, text)
  options = options or {}
  local outcome = {
    verdict = 'pass',
    value = value,
    unit = options.unit,
    bounds = bounds,
    margin = M.margin(value, bounds),
    samples = whole(options.samples),
    needed = whole(options.needed),
  }
  text = text and text:format(scaled(value, options.unit)) or write_bound(value, options.unit)
  local relation, bound = thresholds.broken(value, bounds)
  if relation then
    outcome.verdict, outcome.broken = 'fail', { relation = relation, bound = bound }
    text = ('%s, at %s %s wanted'):format(text, relation == '<' and 'least' or 'most',
      write_bound(bound, options.unit))
  end
  outcome.text = text
  return outcome
end

--- That there is nothing to judge by.
---@param text string why, for people
---@param options { cause: Cause|'template'|nil, samples: integer?, needed: integer? }?
---@return Outcome
function M.blind(text, options)
  options = options or {}
  return {
    verdict = 'blind',
    cause = options.cause or 'said',
    problem = text,
    samples = whole(options.samples),
    needed = whole(options.needed),
    text = text,
  }
end

return M
