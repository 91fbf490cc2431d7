--- Words of a Strategy that ask the metrics server: a query, a metric or a check.
local arguments = require 'stdlib.arguments'
local evidence = require 'stdlib.evidence'
local host = require 'host'
local metrics = require 'stdlib.metrics'
local misuse = require 'stdlib.misuse'
local probe = require 'stdlib.probe'
local question = require 'stdlib.question'
local verdicts = require 'stdlib.verdict'

local methods = {}

--- What a script gets of a check's outcome; the record has the same.
local FIELDS = { 'verdict', 'value', 'unit', 'margin', 'samples', 'needed', 'cause', 'problem', 'text' }

local function shown(outcome, value)
  local copy = { bounds = outcome.bounds and { min = outcome.bounds.min, max = outcome.bounds.max } }
  for _, field in ipairs(FIELDS) do
    copy[field] = outcome[field]
  end
  copy.value = value
  return copy
end

--- Asks a metric of the Canary, or a check that the engine brings; counts nothing.
---@param name string
---@param params table?
---@return Outcome
function methods:check(name, params)
  local result = self:word('check', { name = name, params = params }, function(rollout)
    local outcome, verdict = probe.run('check', rollout, host.call('facts'), name, params or {})
    evidence.keep_of_word('check', verdict)
    return shown(outcome, verdicts.finite_value(outcome))
  end)
  return shown(result, result.value)
end

--- Asks the metrics server.
---@param text string a query, a template like those of spec.analysis.metrics
---@return number? value nil: there is none
---@return string? cause of nil
function methods:query(text)
  local result = self:word('query', { query = text }, function(rollout)
    local filled, problem = question.fill(text, question.model(host.call('facts'), rollout:spec()))
    if not filled then
      misuse.raise('rollout:query: ' .. problem)
    end
    local measured = question.send(filled)
    return { value = not measured.infinite and measured.value or nil, infinite = measured.infinite,
      error = measured.error }
  end)
  return result.infinite and result.infinite * math.huge or result.value, result.error
end

--- Asks the metrics server over a span of time that ends now.
---@param text string a query, a template like those of spec.analysis.metrics
---@param span Span
---@return { time: number, value: number }[]? points nil: there are none
---@return string? cause of nil
function methods:query_range(text, span)
  return question.points_of(self:word('query_range', { query = text, span = span.span, step = span.step },
    function(rollout)
      local filled, problem = question.fill(text, question.model(host.call('facts'), rollout:spec()))
      if not filled then
        misuse.raise('rollout:query_range: ' .. problem)
      end
      local answer = question.send_over(filled, span)
      return { points = answer.points, error = answer.error }
    end))
end

--- Raises when the Canary has no metric of one of these names.
---@param rollout ScriptWords
---@param names string[]
local function know_metrics(rollout, names)
  rollout:word('metrics', { names = names }, function()
    local spec = rollout:spec()
    for _, name in ipairs(names) do
      if not metrics.find(spec, name) and not rollout:began_with(name) then
        misuse.raise('rollout:analyse: checks: ' .. misuse.unknown('metric', name, metrics.names(spec)))
      end
    end
    return true
  end)
end

-- What a script may say (see words.lua) ------------------------------------------------------------

local words = {
  check = arguments.reader(arguments.check),
  query = arguments.reader(arguments.query),
  query_range = arguments.reader(arguments.query_range),
}

return { methods = methods, words = words, know_metrics = know_metrics }
