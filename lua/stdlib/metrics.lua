--- The checks of spec.analysis.metrics: what is asked of Prometheus, and the verdict on its answer (docs/flagger.md,
--- "Metric checks").
local effects = require 'stdlib.effects'
local host = require 'host'
local sentences = require 'stdlib.sentences'
local template = require 'stdlib.template'
local verdicts = require 'stdlib.verdict'

local M = {}

-- The blanks are Flagger's, because events quote the text of a failed query.
local SUCCESS_RATE = [[
  sum(
    rate(
      istio_requests_total{
        reporter="destination",
        destination_workload_namespace="{{ namespace }}",
        destination_workload=~"{{ target }}",
        response_code!~"5.*"
      }[{{ interval }}]
    )
  )
  /
  sum(
    rate(
      istio_requests_total{
        reporter="destination",
        destination_workload_namespace="{{ namespace }}",
        destination_workload=~"{{ target }}"
      }[{{ interval }}]
    )
  )
  * 100]]

local DURATION = [[
  histogram_quantile(
    0.99,
    sum(
      rate(
        istio_request_duration_milliseconds_bucket{
          reporter="destination",
          destination_workload_namespace="{{ namespace }}",
          destination_workload=~"{{ target }}"
        }[{{ interval }}]
      )
    ) by (le)
  )]]

local function is_set(text)
  return (text or '') ~= ''
end

local function model_of(facts, spec, metric)
  local ingress, route = spec.ingressRef or {}, spec.routeRef or {}
  return {
    name = facts.name,
    namespace = facts.namespace,
    target = facts.target,
    service = facts.service,
    ingress = ingress.name or facts.target,
    route = route.name or facts.target,
    interval = is_set(metric.interval) and metric.interval or '1m',
    variables = metric.templateVariables,
  }
end

local function in_one_line(text)
  return (text:gsub('%s+', ' '))
end

---@return Measured
---@return string query
local function ask(query, model)
  local text, problem, unsupported = template.render(query, model)
  if unsupported then
    return { error = problem }, in_one_line(query)
  end
  text = in_one_line(text or '') -- what makes no sense asks nothing, and that is answered: Flagger's way
  local answer = host.call('query', { query = text })
  if answer.infinite then
    answer.value = answer.infinite * math.huge
  end
  return answer, text
end

--- Keeps a verdict with the release.
local function remember(verdict, facts)
  host.evidence {
    metric = verdict.metric,
    query = verdict.query:match('^ ?(.-) ?$'),
    value = verdicts.finite_value(verdict),
    min = verdict.bounds.min,
    max = verdict.bounds.max,
    verdict = verdict.verdict,
    cause = verdict.cause,
    reason = sentences.of(verdict, facts),
  }
end

---@type table<string, Measure>
local BUILTIN = {
  ['request-success-rate'] = {
    kind = 'request-success-rate',
    query = SUCCESS_RATE,
    direction = 'min',
    unit = 1,
  },
  ['request-duration'] = {
    kind = 'request-duration',
    query = DURATION,
    direction = 'max',
    whole = true, -- milliseconds
    unit = 1000, -- shown in seconds
  },
}

--- Makes one query, and keeps its evidence and its gauge.
---@return Verdict
local function check(facts, spec, metric, measure)
  local measured, query = ask(measure.query, model_of(facts, spec, metric))
  local verdict = verdicts.of(metric, measure, measured, query)
  remember(verdict, facts)
  local value = verdicts.finite_value(verdict)
  if value then
    host.call('act', { effects.gauge(metric.name, value / measure.unit) })
  end
  return verdict
end

--- What is asked for a metric; nothing is for one without a query.
---@return Measure[]
local function measures_of(metric)
  local measures = { BUILTIN[metric.name] }
  if is_set(metric.query) then
    measures[#measures + 1] = { kind = 'inline', query = metric.query, direction = 'max', unit = 1 }
  end
  return measures
end

--- Checks every entry in order until the first that is not good enough.
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec
---@return Verdict? verdict why not to go on; nil: all is well
function M.check(facts, spec)
  local metrics = spec.analysis.metrics or {}
  for _, metric in ipairs(metrics) do
    for _, measure in ipairs(measures_of(metric)) do
      local verdict = check(facts, spec, metric, measure)
      if verdict.verdict ~= 'pass' then
        return verdict
      end
    end
  end
  for _, metric in ipairs(metrics) do
    if #measures_of(metric) == 0 then
      return verdicts.without_query(metric)
    end
  end
end

return M
