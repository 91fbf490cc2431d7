--- The checks of spec.analysis.metrics: what is asked of Prometheus, and what a person reads when
--- the answer is not good enough (docs/flagger.md, "Metric checks").
local effects = require 'stdlib.effects'
local go_format = require 'stdlib.go_format'
local host = require 'host'
local template = require 'stdlib.template'
local thresholds = require 'stdlib.thresholds'

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

---@class Measured what one query gave
---@field value number? in the metric's own unit
---@field infinite integer? its sign: the value is no finite number
---@field none boolean? answered, but with nothing
---@field error string?

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
local function measure(query, model)
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

local function remember(metric, query, measured, bounds, reason)
  host.evidence {
    metric = metric.name,
    query = query:match('^ ?(.-) ?$'),
    value = not measured.infinite and measured.value or nil,
    min = bounds.min,
    max = bounds.max,
    verdict = not reason and 'pass' or measured.value and 'fail' or 'blind',
    reason = reason,
  }
end

local function halted(facts, format, ...)
  return string.format('Halt %s.%s advancement ' .. format, facts.name, facts.namespace, ...)
end

local function no_values(facts, metric)
  return string.format(
    'Halt advancement no values found for %s metric %s probably %s.%s is not receiving traffic',
    facts.provider, metric.name, facts.target, facts.namespace)
end

local function success_rate(facts, metric, measured)
  local bounds = thresholds.bounds(metric, 'min')
  if measured.none then
    return bounds, no_values(facts, metric) .. ': running query failed: ' .. measured.error
  elseif measured.error then
    return bounds, 'Prometheus query failed: running query failed: ' .. measured.error
  end
  local relation, bound = thresholds.broken(measured.value, bounds)
  return bounds, relation and halted(facts, 'success rate %s%% %s %s%%',
    go_format.two_decimals(measured.value), relation, go_format.number(bound))
end

--- Values and bounds are truncated to whole milliseconds.
local function truncate(value)
  return value and (value < 0 and math.ceil(value) or math.floor(value))
end

local function duration(facts, metric, measured)
  local bounds = thresholds.bounds(metric, 'max')
  bounds.min, bounds.max = truncate(bounds.min), truncate(bounds.max)
  if measured.none then
    return bounds, no_values(facts, metric)
  elseif measured.error then
    return bounds, 'Prometheus query failed: running query failed: ' .. measured.error
  elseif measured.infinite then
    return bounds, 'Prometheus query failed: the duration is not a finite number'
  end
  measured.value = truncate(measured.value)
  local relation, bound = thresholds.broken(measured.value, bounds)
  return bounds, relation and halted(facts, 'request duration %s %s %s',
    go_format.duration(measured.value), relation, go_format.duration(bound))
end

local function inline(facts, metric, measured)
  local bounds = thresholds.bounds(metric, 'max')
  if measured.none then
    return bounds, 'Halt advancement no values found for metric: ' .. metric.name
  elseif measured.error then
    return bounds, 'Prometheus query failed for ' .. metric.name .. ': ' .. measured.error
  end
  local relation, bound = thresholds.broken(measured.value, bounds)
  return bounds, relation and halted(facts, '%s %s %s %s', metric.name,
    go_format.two_decimals(measured.value), relation, go_format.number(bound))
end

local BUILTIN = {
  ['request-success-rate'] = { query = SUCCESS_RATE, judge = success_rate, unit = 1 },
  ['request-duration'] = { query = DURATION, judge = duration, unit = 1000 }, -- shown in seconds
}

--- Makes one query, and keeps its evidence and its gauge. Returns the problem; nil when there is
--- none.
local function check(facts, spec, metric, kind)
  local measured, query = measure(kind.query, model_of(facts, spec, metric))
  local bounds, reason = kind.judge(facts, metric, measured)
  remember(metric, query, measured, bounds, reason or nil)
  if measured.value and not measured.infinite then
    host.call('act', { effects.gauge(metric.name, measured.value / kind.unit) })
  end
  return reason or nil
end

--- Checks every entry in order until the first that is not good enough.
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec
---@return string? reason why not to go on; nil: all is well
function M.check(facts, spec)
  local metrics = spec.analysis.metrics or {}
  for _, metric in ipairs(metrics) do
    local builtin = BUILTIN[metric.name]
    local reason = builtin and check(facts, spec, metric, builtin)
    if not reason and is_set(metric.query) then
      reason = check(facts, spec, metric, { query = metric.query, judge = inline, unit = 1 })
    end
    if reason then
      return reason
    end
  end
  for _, metric in ipairs(metrics) do
    if not BUILTIN[metric.name] and not is_set(metric.query) then
      return 'Metric query failed for no usable metrics template and query were configured'
    end
  end
end

return M
