--- The checks of spec.analysis.metrics: what is asked of Prometheus, and the verdict on its answer (docs/flagger.md,
--- "Metric checks").
local blind_rules = require 'stdlib.blind_rules'
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
local function run_builtin(facts, spec, metric, measure, counts)
  local bounds, model = verdicts.bounds_of(metric, measure), question.model(facts, spec, metric)
  local needed = blind_rules.of(spec).min_requests
  local counted = needed and blind_rules.count(model, counts)
  if counted and (counted.value or 0) < needed then
    return verdicts.of_count(metric, measure, counted, needed)
  end
  local round = { facts = facts, model = model, params = {}, bounds = bounds }
  local verdict = verdicts.of_outcome(metric, measure, bounds,
    checking.run(checking.load('checks.' .. measure.kind), round))
  if counted then
    verdict.samples, verdict.needed = counted.value, needed
  end
  return verdict
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

---@class Judging one look at the metrics
---@field facts table see _meta/operations.lua
---@field spec table Canary.spec
---@field rules BlindRules
---@field counts table see blind_rules.count
---@field passed boolean? one has passed
---@field held Verdict? the first that holds
---@field ignored Verdict? the first that is left to the others

--- Keeps the evidence of a verdict. True: it is not good enough, and no other one is asked for.
local function take(judging, verdict)
  local way = blind_rules.way(verdict, judging.rules)
  evidence.keep(verdict, judging.facts, judging.spec, way)
  judging.passed = judging.passed or way == 'pass'
  judging.held = judging.held or way == 'hold' and verdict or nil
  judging.ignored = judging.ignored or way == 'ignore' and verdict or nil
  return way == 'fail'
end

--- Runs one check, and keeps its evidence and its gauge.
---@return Verdict? verdict that is not good enough
local function check(judging, metric, measure)
  local verdict = measure.run(judging.facts, judging.spec, metric, measure, judging.counts)
  local fails = take(judging, verdict)
  local value = verdicts.finite_value(verdict)
  if value then
    host.call('act', { effects.gauge(metric.name, value / measure.unit) })
  end
  return fails and verdict or nil
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

--- Those that are no templates.
local function check_queries(judging, metrics)
  for _, metric in ipairs(metrics) do
    for _, measure in ipairs(measures_of(metric)) do
      local failed = check(judging, metric, measure)
      if failed then
        return failed
      end
    end
  end
end

local function check_templates(judging, metrics)
  for _, metric in ipairs(metrics) do
    local failed
    if metric.templateRef then
      failed = check(judging, metric, TEMPLATE)
    elseif #measures_of(metric) == 0 then
      local verdict = verdicts.without_query(metric)
      failed = take(judging, verdict) and verdict
    end
    if failed then
      return failed
    end
  end
end

--- Checks every entry in order until the first that is not good enough: the templates after all others. One that is
--- blind and only holds, or is ignored, does not end the round: the others are asked all the same. Where none of them
--- passes, there is no evidence to go on by, and the one that is ignored holds.
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec
---@param only string[]? names of the metrics to check; nil: all
---@param rules BlindRules? nil: those of the spec
---@return Verdict? verdict why not to go on; nil: all is well
---@return boolean? holds it counts nothing
function M.check(facts, spec, only, rules)
  local metrics = judged_of(spec, only)
  local judging = { facts = facts, spec = spec, rules = rules or blind_rules.of(spec), counts = {} }
  local failed = check_queries(judging, metrics) or check_templates(judging, metrics)
  if failed then
    return failed, false
  end
  local held = judging.held or not judging.passed and judging.ignored or nil
  return held, held and true
end

return M
