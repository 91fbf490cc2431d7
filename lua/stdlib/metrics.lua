--- The checks of spec.analysis.metrics: what is asked of Prometheus, and the verdict on its answer (docs/flagger.md,
--- "Metric checks").
local checking = require 'stdlib.checking'
local effects = require 'stdlib.effects'
local evidence = require 'stdlib.evidence'
local host = require 'host'
local metric_template = require 'stdlib.metric_template'
local outcomes = require 'stdlib.outcome'
local question = require 'stdlib.question'
local thresholds = require 'stdlib.thresholds'
local verdicts = require 'stdlib.verdict'

local M = {}

--- Runs the script of a metric that Flagger knows by name.
---@return Verdict
local function run_builtin(facts, spec, metric, measure)
  local bounds = verdicts.bounds_of(metric, measure)
  local round = { facts = facts, model = question.model(facts, spec, metric), params = {}, bounds = bounds }
  return verdicts.of_outcome(metric, measure, bounds, checking.run(checking.load('checks.' .. measure.kind), round))
end

--- The metrics that Flagger knows by name: scripts in lua/checks, judged and told by Flagger's rules.
---@type table<string, Measure>
local BUILTIN = {
  ['request-success-rate'] = { kind = 'request-success-rate', direction = 'min', unit = 1, run = run_builtin },
  ['request-duration'] = {
    kind = 'request-duration',
    direction = 'max',
    whole = true, -- milliseconds
    unit = 1000, -- shown in seconds
    run = run_builtin,
  },
}

--- Runs a team's own check.
---@return Verdict
local function run_own(facts, spec, metric)
  local check = metric.check
  if check.lacking then
    return verdicts.of_own(metric, outcomes.blind(check.lacking), {})
  end
  return verdicts.of_own(metric, checking.run(checking.load(check.module), {
    facts = facts,
    model = question.model(facts, spec, metric),
    params = check.params,
    module = check.module,
    bounds = metric.thresholdRange and thresholds.bounds(metric, 'max') or nil,
  }))
end

--- Asks the query of a metric.
---@return Verdict
local function run_inline(facts, spec, metric, measure)
  local measured, query = question.ask(measure.query, question.model(facts, spec, metric))
  return verdicts.of(metric, measure, measured, query)
end

--- Asks the provider of a MetricTemplate.
---@return Verdict
local function run_template(facts, spec, metric, measure)
  local measured, query, key = metric_template.ask(facts, spec, metric)
  local verdict = verdicts.of(metric, measure, measured, query)
  verdict.template = key
  return verdict
end

--- Runs one check, and keeps its evidence and its gauge.
---@return Verdict
local function check(facts, spec, metric, measure)
  local verdict = measure.run(facts, spec, metric, measure)
  evidence.keep(verdict, facts, spec)
  local value = verdicts.finite_value(verdict)
  if value then
    host.call('act', { effects.gauge(metric.name, value / measure.unit) })
  end
  return verdict
end

--- What is asked for a metric; nothing is for one without a query.
---@return Measure[]
local function measures_of(metric)
  if metric.check then
    return { { kind = 'own', unit = 1, run = run_own } }
  end
  local measures = { BUILTIN[metric.name] }
  if (metric.query or '') ~= '' then
    measures[#measures + 1] = { kind = 'inline', query = metric.query, direction = 'max', unit = 1, run = run_inline }
  end
  return measures
end

---@type Measure
local TEMPLATE = { kind = 'template', direction = 'max', unit = 1, run = run_template }

--- The metric of a Canary by its own name, or by that of its Check.
---@param spec table Canary.spec
---@param name string
---@return table? metric
function M.find(spec, name)
  local list = spec.analysis.metrics or {}
  for _, metric in ipairs(list) do
    if metric.name == name then
      return metric
    end
  end
  for _, metric in ipairs(list) do
    if metric.checkRef and metric.checkRef.name == name then
      return metric
    end
  end
end

--- What names there are for M.find.
---@return string[]
function M.names(spec)
  local names = {}
  for i, metric in ipairs(spec.analysis.metrics or {}) do
    names[i] = metric.name
  end
  return names
end

--- All names by which M.find finds something.
---@return string[]
function M.known(spec)
  local names = host.array(M.names(spec))
  for _, metric in ipairs(spec.analysis.metrics or {}) do
    names[#names + 1] = metric.checkRef and metric.checkRef.name
  end
  return names
end

--- What is said of a metric with which the release began, and which an edit of the Canary has taken away.
---@param name string
---@return string
function M.gone(name)
  return ('the Canary has no metric "%s" any more, with which the release began'):format(name)
end

--- How Flagger judges a metric of a name that it knows.
---@param name string
---@return Measure?
function M.builtin(name)
  return BUILTIN[name]
end

--- Those that are judged now.
---@param only string[]? nil: all
local function judged_of(spec, only)
  if not only then
    return spec.analysis.metrics or {}
  end
  local list = {}
  for i, name in ipairs(only) do
    list[i] = M.find(spec, name) or { name = name, check = { lacking = M.gone(name) } }
  end
  return list
end

--- Checks every entry in order until the first that is not good enough: the templates after all others. A team's own
--- check that is blind only holds, so the others are asked all the same.
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec
---@param only string[]? names of the metrics to check; nil: all
---@return Verdict? verdict why not to go on; nil: all is well
function M.check(facts, spec, only)
  local metrics = judged_of(spec, only)
  local held
  for _, metric in ipairs(metrics) do
    for _, measure in ipairs(measures_of(metric)) do
      local verdict = check(facts, spec, metric, measure)
      if verdicts.holds(verdict) then
        held = held or verdict
      elseif verdict.verdict ~= 'pass' then
        return verdict
      end
    end
  end
  for _, metric in ipairs(metrics) do
    local verdict
    if metric.templateRef then
      verdict = check(facts, spec, metric, TEMPLATE)
    elseif #measures_of(metric) == 0 then
      verdict = verdicts.without_query(metric)
      evidence.keep(verdict, facts, spec)
    end
    if verdict and verdict.verdict ~= 'pass' then
      return verdict
    end
  end
  return held
end

return M
