--- One run of a check: what it may say, and what comes of it. A check measures and judges, and never acts: beside
--- questions to the metrics server, nothing that it can say leaves the VM.
local go_format = require 'stdlib.go_format'
local host = require 'host'
local question = require 'stdlib.question'
local thresholds = require 'stdlib.thresholds'

local M = {}

---@class Outcome
---@field verdict 'pass'|'fail'|'blind' blind: there is nothing to judge by
---@field value number? may be infinite
---@field bounds Bounds?
---@field broken { relation: '<'|'>', bound: number }? of fail
---@field margin number? how far inside of its bounds the value is; below 0 outside
---@field cause string? of blind
---@field text string for people: what was found, or why nothing was

---@class Asked
---@field query string in one line, as it was asked
---@field measured Measured

---@class CheckRound what a check is told of the round
---@field facts table see _meta/operations.lua
---@field model Model what its queries may name
---@field params table<string, any>
---@field bounds Bounds? of the metric: what c:judge goes by when it is given none

local SEALED = 'c: what a check has cannot be changed'
local QUERIES_MAX, TEXT_MAX = 50, 1000

local function raise_here(level)
  error('', level)
end

--- The line of the script that looks a word up, 'checks/…:7: '. In `return c:judge(…)`, a tail call, the word
--- itself has no frame of the script's above it any more.
local function place_of_script()
  local _, place = pcall(raise_here, 5) -- raise_here, pcall, place_of_script, __index, the script
  return place
end

local function misuse(run, word, problem)
  error(run.place .. 'c:' .. word .. ': ' .. problem, 0)
end

--- What a check may say, and what it may read.
M.WORDS = { 'query', 'query_range', 'judge', 'blind' }
M.VALUES = { 'params', 'bounds', 'target', 'name', 'namespace', 'service', 'interval', 'weight', 'iterations',
  'failed_checks', 'now' }

--- The words of strategies are loaded when a check has misused one, and not before.
function M.is_word_of_strategies(key)
  local class = require 'stdlib.script_words'
  for _, word in ipairs(require 'stdlib.words'.known(class)) do
    if word == key then
      return true
    end
  end
  return class.refused[key] ~= nil
end

--- 'query, judge and blind'
local function listed(names)
  return table.concat(names, ', ', 1, #names - 1) .. ' and ' .. names[#names]
end

local function unknown(key)
  local may = ('a check may say %s, and read %s'):format(listed(M.WORDS), listed(M.VALUES))
  if M.is_word_of_strategies(key) then
    return ('c:%s: a check never acts, this is a word of strategies; %s'):format(key, may)
  end
  return ('c.%s: there is no such word; %s'):format(tostring(key), may)
end

local function check_use(run, word, is_handle)
  if not is_handle then
    misuse(run, word, 'a colon is wanted: c:' .. word .. '(…)')
  elseif run.ended then
    misuse(run, word, 'the check has come to its end')
  end
end

local function check_query(run, word, text)
  if type(text) ~= 'string' or text == '' then
    misuse(run, word, 'a text is wanted, got ' .. (text == '' and 'an empty one' or type(text)))
  elseif #run.asked >= QUERIES_MAX then
    misuse(run, word, ('more than %d queries in one run of a check'):format(QUERIES_MAX))
  end
  local filled, problem = question.fill(text, run.round.model)
  if not filled then
    misuse(run, word, problem)
  end
  return filled
end

-- Judging --------------------------------------------------------------------------------------

local OPTIONS = { min = 'number', max = 'number', unit = 'string' }

local function check_options(run, options)
  if type(options) ~= 'table' then
    misuse(run, 'judge', 'options: a table { min = …, max = …, unit = … } is wanted, got ' .. type(options))
  end
  for name, value in pairs(options) do
    local wanted = OPTIONS[name]
    if not wanted then
      misuse(run, 'judge', ('there is no option "%s", known are max, min and unit'):format(tostring(name)))
    elseif type(value) ~= wanted then
      misuse(run, 'judge', ('%s: a %s is wanted, got %s'):format(name, wanted, tostring(value)))
    elseif wanted == 'number' and value - value ~= 0 then
      misuse(run, 'judge', ('%s: a finite number is wanted, got %s'):format(name, tostring(value)))
    end
  end
end

local function check_bytes(run, word, text)
  if type(text) ~= 'string' or text == '' or #text > TEXT_MAX then
    misuse(run, word, ('text: 1 to %d bytes are wanted, got %s'):format(TEXT_MAX,
      type(text) == 'string' and #text .. ' bytes' or type(text)))
  end
end

--- A text with one place for the value at most, such as 'revenue fell by %.1f %%'.
local function check_text(run, text)
  check_bytes(run, 'judge', text)
  local places = 0
  for kind in text:gsub('%%%%', ''):gmatch '%%[-+ #0]*%d?%d?%.?%d?%d?(.?)' do
    places = places + 1
    if not ('dfgei'):find(kind, 1, true) or kind == '' or places > 1 then
      misuse(run, 'judge', 'text: one place for the value is wanted, such as %.2f or %d; a percent sign is %%')
    end
  end
end

local function margin_of(value, bounds)
  local above, below = bounds.min and value - bounds.min, bounds.max and bounds.max - value
  local margin = math.min(above or math.huge, below or math.huge)
  return margin - margin == 0 and margin or nil
end

--- A ratio is shown as a percentage.
local function shown(value, unit)
  if unit == 'ratio' then
    return value * 100
  end
  return value
end

local function write_bound(value, unit)
  return go_format.number(shown(value, unit)) .. (unit == 'ratio' and ' %' or unit and unit ~= '' and ' ' .. unit or '')
end

--- What a value comes to.
---@return Outcome
local function judged(value, bounds, unit, text)
  local outcome = { verdict = 'pass', value = value, bounds = bounds, margin = margin_of(value, bounds) }
  text = text and text:format(shown(value, unit)) or write_bound(value, unit)
  local relation, bound = thresholds.broken(value, bounds)
  if relation then
    outcome.verdict, outcome.broken = 'fail', { relation = relation, bound = bound }
    text = ('%s, at %s %s wanted'):format(text, relation == '<' and 'least' or 'most', write_bound(bound, unit))
  end
  outcome.text = text
  return outcome
end

local function blind(text)
  return { verdict = 'blind', cause = text, text = text }
end

M.judge, M.blind = judged, blind

-- The words ------------------------------------------------------------------------------------

---@class Checking: table what a check is given, read-only
---@field params table<string, any>
---@field bounds Bounds thresholdRange of the metric
---@field target string
---@field name string of the Canary
---@field namespace string
---@field service string
---@field interval string of the metric, such as '1m'
---@field weight integer the canary's share, percent
---@field iterations integer
---@field failed_checks integer
---@field now integer ms, wall clock

local function facts_of(round)
  local facts, bounds = round.facts, round.bounds or {}
  return {
    params = round.params,
    bounds = { min = bounds.min, max = bounds.max },
    target = facts.target,
    name = facts.name,
    namespace = facts.namespace,
    service = facts.service,
    interval = round.model.interval,
    weight = facts.route and facts.route.canary or facts.weight,
    iterations = facts.iterations,
    failed_checks = facts.failed_checks,
    now = facts.now,
  }
end

--- What the script gets of an outcome; it may keep, change and show it. What counts is kept in `run.given`.
local function give(run, outcome)
  local copy = {}
  for name, value in pairs(outcome) do
    copy[name] = value
  end
  run.given[copy] = outcome
  return copy
end

local function new_words(run, handle)
  local words = facts_of(run.round)

  --- Asks the metrics server.
  ---@param text string a query, a template like those of spec.analysis.metrics
  ---@return number? value nil: there is none
  ---@return string? cause of nil
  function words.query(self, text)
    check_use(run, 'query', rawequal(self, handle))
    text = check_query(run, 'query', text)
    local measured = question.send(text)
    run.asked[#run.asked + 1] = { query = text, measured = measured }
    return measured.value, measured.error
  end

  --- Asks the metrics server over a span of time that ends now.
  ---@param text string a query, a template like those of spec.analysis.metrics
  ---@param span string a duration
  ---@param step string a duration: one value for each
  ---@return { time: number, value: number }[]? points nil: there are none
  ---@return string? cause of nil
  function words.query_range(self, text, span, step)
    check_use(run, 'query_range', rawequal(self, handle))
    text = check_query(run, 'query_range', text)
    local read, problem = question.read_span(span, step)
    if not read then
      misuse(run, 'query_range', problem)
    end
    local answer = question.send_over(text, read)
    run.asked[#run.asked + 1] = { query = text, measured = { error = answer.error, none = answer.none } }
    return question.points_of(answer)
  end

  --- Says whether a value is good enough.
  ---@param value number
  ---@param options { min: number?, max: number?, unit: string? }? without bounds those of the metric; unit: shown
  ---               behind the value, 'ratio' is shown as a percentage
  ---@param text string? for people, with one place for the value: 'revenue fell by %.1f %%'
  ---@return Outcome
  function words.judge(self, value, options, text)
    check_use(run, 'judge', rawequal(self, handle))
    if type(value) ~= 'number' then
      misuse(run, 'judge', 'value: a number is wanted, got ' .. type(value))
    end
    options = options == nil and {} or options
    check_options(run, options)
    if text ~= nil then
      check_text(run, text)
    end
    if value ~= value then
      return give(run, blind 'the value is not a number')
    end
    if not (options.min or options.max or run.round.bounds) then
      misuse(run, 'judge', 'options: min or max is wanted, or a thresholdRange of the metric: there is no bound')
    end
    local own = (options.min or options.max) and { min = options.min, max = options.max }
    return give(run, judged(value, own or words.bounds, options.unit, text))
  end

  --- Says that there is nothing to judge by.
  ---@param text string why
  ---@return Outcome
  function words.blind(self, text)
    check_use(run, 'blind', rawequal(self, handle))
    check_bytes(run, 'blind', text)
    return give(run, blind(text))
  end

  return words
end

--- The check that a module gives.
---@param module string 'checks.request-duration'
---@return Check
function M.load(module)
  return require(module)
end

--- Runs a check.
---@param definition Check
---@param round CheckRound
---@return Outcome
---@return Asked[] asked in order
function M.run(definition, round)
  local run = { round = round, asked = {}, given = {} }
  local handle = {}
  local words = new_words(run, handle)
  setmetatable(handle, {
    __index = function(_, key)
      local word = words[key]
      if word == nil then
        error(unknown(key), 2)
      elseif type(word) == 'function' then
        run.place = place_of_script()
      end
      return word
    end,
    __newindex = function()
      error(SEALED, 2)
    end,
    __metatable = false,
  })
  local result = definition.run(host.seal(handle, SEALED))
  run.ended = true
  local outcome = type(result) == 'table' and run.given[result]
  if not outcome then
    error(('%s: run gives a %s, wanted what c:judge or c:blind gives')
      :format(host.place(definition.run), type(result)), 0)
  end
  return outcome, run.asked
end

return M
