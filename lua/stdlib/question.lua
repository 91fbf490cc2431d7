--- One question to the metrics server: the template filled in, in one line, and asked.
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
---@field fault string? what is wrong with a MetricTemplate, or with what it names

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

--- Asks a text that is filled in.
---@param text string
---@param more { template: string, interval: string, problem: string? }? of a MetricTemplate: its provider is asked
---@return Measured
function M.send(text, more)
  more = more or {}
  local answer = host.call('query',
    { query = text, template = more.template, interval = more.interval, problem = more.problem })
  if answer.infinite then
    answer.value = answer.infinite * math.huge
  end
  return answer
end

--- As Flagger asks a query of a Canary: what makes no sense asks nothing, and that is answered.
---@param query string a template
---@param model Model
---@return Measured
---@return string query as it was asked
function M.ask(query, model)
  local text, problem, unsupported = M.fill(query, model)
  if unsupported then
    return { error = problem }, M.in_one_line(query)
  end
  return M.send(text or ''), text or ''
end

return M
