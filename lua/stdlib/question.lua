--- One question to the metrics server: the template filled in, in one line, and asked.
local duration = require 'stdlib.duration'
local host = require 'host'
local template = require 'stdlib.template'

local M = {}

---@class Model the values of templates, by name
---@field interval string
---@field variables table<string, string>?

--- What a template of this metric may name.
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec
---@param metric table? an entry of spec.analysis.metrics
---@return Model
function M.model(facts, spec, metric)
  local ingress, route = spec.ingressRef or {}, spec.routeRef or {}
  metric = metric or {}
  return {
    name = facts.name,
    namespace = facts.namespace,
    target = facts.target,
    service = facts.service,
    ingress = ingress.name or facts.target,
    route = route.name or facts.target,
    interval = (metric.interval or '') ~= '' and metric.interval or '1m',
    variables = metric.templateVariables,
  }
end

--- A query as it is asked and shown.
---@param text string
---@return string
function M.in_one_line(text)
  return (text:gsub('%s+', ' '))
end

---@class Measured what one query gave
---@field value number? in the metric's own unit; may be infinite
---@field infinite integer? its sign: the value is no finite number
---@field none boolean? answered, but with nothing
---@field error string?
---@field cause Cause|'template'|nil of an error
---@field fault string? what is wrong with a MetricTemplate, or with what it names
---@field lacking string? the Check has no such adapter

--- Fills a template in.
---@param query string
---@param model Model
---@return string? text in one line; nil on failure
---@return string? problem
---@return boolean? unsupported Go could fill it in
function M.fill(query, model)
  local text, problem, unsupported = template.render(query, model)
  return text and M.in_one_line(text), problem, unsupported
end

--- Why an answer gives no number. An engine that wrote no cause on record has known two of them.
local function cause_of(answer)
  return answer.error and (answer.fault and 'template' or answer.cause or answer.none and 'no data' or 'failed')
end

--- Asks a text that is filled in.
---@param text string
---@param more { template: string?, interval: string, problem: string?, check: string?, adapter: string? }? the provider
---  of a MetricTemplate is asked, or an adapter of a Check
---@return Measured
function M.send(text, more)
  more = more or {}
  local answer = host.call('query', { query = text, template = more.template, interval = more.interval,
    problem = more.problem, check = more.check, adapter = more.adapter })
  if answer.infinite then
    answer.value = answer.infinite * math.huge
  end
  answer.cause = cause_of(answer)
  return answer
end

local STEP_MIN_MS, POINTS_MAX = 1000, 300 -- as the operation query_range has them

---@class Span a span of time that ends now, in steps
---@field span integer ms
---@field step integer ms

--- Reads what a word query_range is given besides its query.
---@param span any a duration
---@param step any a duration
---@return Span? span nil: there is a problem
---@return string? problem
function M.read_span(span, step)
  local span_ms, problem = duration.span(span)
  if not span_ms then
    return nil, 'span: ' .. problem
  end
  local step_ms
  step_ms, problem = duration.span(step)
  if not step_ms then
    return nil, 'step: ' .. problem
  elseif step_ms < STEP_MIN_MS or span_ms < step_ms then
    return nil, ('step: from 1s to the span (%s) is wanted, got %s'):format(span, step)
  end
  local count = math.floor(span_ms / step_ms) + 1
  if count > POINTS_MAX then
    return nil, ('step: at most %d values are wanted, %s in steps of %s are %d'):format(POINTS_MAX, span, step, count)
  end
  return { span = span_ms, step = step_ms }
end

--- Asks a text that is filled in, over a span of time.
---@param text string
---@param span Span
---@return { points: table[]?, error: string?, cause: Cause? } answer as it can be on record
function M.send_over(text, span)
  local answer = host.call('query_range', { query = text, span = span.span, step = span.step })
  answer.cause = cause_of(answer)
  return answer
end

--- What a script gets of such an answer.
---@param answer { points: table[]?, error: string? }
---@return { time: number, value: number }[]? points nil: there are none
---@return string? cause of nil
function M.points_of(answer)
  if not answer.points then
    return nil, answer.error
  end
  local points = {}
  for i, point in ipairs(answer.points) do
    points[i] = { time = point.time, value = point.infinite and point.infinite * math.huge or point.value }
  end
  return points
end

--- As Flagger asks a query of a Canary: what makes no sense asks nothing, and that is answered.
---@param query string a template
---@param model Model
---@return Measured
---@return string query as it was asked
function M.ask(query, model)
  local text, problem, unsupported = M.fill(query, model)
  if unsupported then
    return { error = problem, cause = 'failed' }, M.in_one_line(query)
  end
  return M.send(text or ''), text or ''
end

return M
