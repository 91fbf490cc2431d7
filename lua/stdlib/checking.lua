--- One run of a check: what it may say, and what comes of it. A check measures and judges, and never acts: beside
--- questions to metrics servers, nothing that it can say leaves the VM.
local host = require 'host'
local outcomes = require 'stdlib.outcome'
local question = require 'stdlib.question'
local shown = require 'stdlib.shown'

local M = {}

---@class Asked
---@field query string in one line, as it was asked
---@field measured Measured

---@class CheckRound what a check is told of the round
---@field facts table see _meta/operations.lua
---@field model Model what its queries may name
---@field params table<string, any>
---@field bounds Bounds? of the metric: what c:judge goes by when it is given none
---@field module string? of a team's own check: whose adapters c:ask has

local SEALED = 'c: what a check has cannot be changed'
local QUERIES_MAX = 50

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
M.WORDS = { 'query', 'query_range', 'ask', 'judge', 'blind' }
M.VALUES = { 'params', 'bounds', 'target', 'name', 'namespace', 'service', 'interval', 'weight', 'iterations',
  'failed_checks', 'now', 'started' }

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
  elseif coroutine.running() ~= run.home then
    misuse(run, word, 'no word can run inside a coroutine of the script')
  elseif run.ended then
    misuse(run, word, 'the check has come to its end')
  end
end

local function check_query(run, word, text)
  if type(text) ~= 'string' or text == '' then
    misuse(run, word, 'a text is wanted, got ' .. shown.value(text))
  elseif #run.asked >= QUERIES_MAX then
    misuse(run, word, ('more than %d queries in one run of a check'):format(QUERIES_MAX))
  end
  local filled, problem = question.fill(text, run.round.model)
  if not filled then
    misuse(run, word, problem)
  end
  return filled
end

--- Raises what is wrong with what a word was given; nil: nothing.
local function check_given(run, word, problem)
  if problem then
    misuse(run, word, problem)
  end
end

--- Why a script is blind that names no cause: the query whose error it repeats, or else the last one that gave nothing.
---@return Cause
local function cause_of(run, text)
  local found
  for _, one in ipairs(run.asked) do
    local measured = one.measured
    if measured.error == text then
      return measured.cause
    end
    found = measured.error and measured.cause or found
  end
  return found or 'said'
end

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
---@field started integer when the release began, ms

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
    started = facts.started,
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
    run.asked[#run.asked + 1] = { query = text, measured = { error = answer.error, cause = answer.cause } }
    return question.points_of(answer)
  end

  --- Asks an adapter that the Check brings.
  ---@param adapter string its name in spec.adapters
  ---@param text string for the adapter, a template like those of c:query
  ---@return number? value nil: there is none
  ---@return string? cause of nil
  function words.ask(self, adapter, text)
    check_use(run, 'ask', rawequal(self, handle))
    if type(adapter) ~= 'string' or adapter == '' then
      misuse(run, 'ask', 'adapter: a name in spec.adapters is wanted, got ' .. shown.value(adapter))
    end
    text = check_query(run, 'ask', text)
    local measured = question.send(text,
      { check = run.round.module, adapter = adapter, interval = run.round.model.interval })
    if measured.lacking then
      misuse(run, 'ask', 'adapter: ' .. measured.lacking)
    end
    run.asked[#run.asked + 1] = { query = adapter .. ': ' .. text, measured = measured }
    return measured.value, measured.error
  end

  --- Says whether a value is good enough.
  ---@param value number
  ---@param options { min: number?, max: number?, unit: string?, samples: integer?, needed: integer? }? without bounds
  ---               those of the metric; unit: shown behind the value, 'ratio' is shown as a percentage; samples: so
  ---               many requests it goes by, of `needed` ones
  ---@param text string? for people, with one place for the value: 'revenue fell by %.1f %%'
  ---@return Outcome
  function words.judge(self, value, options, text)
    check_use(run, 'judge', rawequal(self, handle))
    if type(value) ~= 'number' then
      misuse(run, 'judge', 'value: a number is wanted, got ' .. shown.value(value))
    end
    options = options == nil and {} or options
    check_given(run, 'judge', outcomes.problem_of_options(options, outcomes.OF_JUDGE))
    check_given(run, 'judge', text ~= nil and outcomes.problem_of_format(text) or nil)
    if value ~= value then
      return give(run, outcomes.blind('the value is not a number', { cause = 'no data' }))
    end
    if not (options.min or options.max or run.round.bounds) then
      misuse(run, 'judge', 'options: min or max is wanted, or a thresholdRange of the metric: there is no bound')
    end
    local own = (options.min or options.max) and { min = options.min, max = options.max }
    return give(run, outcomes.judge(value, own or words.bounds, options, text))
  end

  --- Says that there is nothing to judge by.
  ---@param text string why
  ---@param options { cause: Cause?, samples: integer?, needed: integer? }? without a cause that of the query whose
  ---               error the text repeats, or of the last query that gave nothing; samples: as of judge
  ---@return Outcome
  function words.blind(self, text, options)
    check_use(run, 'blind', rawequal(self, handle))
    check_given(run, 'blind', outcomes.problem_of_text(text))
    options = options == nil and {} or options
    check_given(run, 'blind', outcomes.problem_of_options(options, outcomes.OF_BLIND))
    return give(run, outcomes.blind(text, {
      cause = options.cause or cause_of(run, text),
      samples = options.samples,
      needed = options.needed,
    }))
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
  local run = { round = round, asked = {}, given = {}, home = coroutine.running() }
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
