--- The question that a metric's templateRef stands for: the MetricTemplate's query, filled in, to its provider.
local question = require 'stdlib.question'
local template = require 'stdlib.template'

local M = {}

--- 'namespace/name' of the MetricTemplate that a metric names.
local function key_of(metric, facts)
  local ref = metric.templateRef
  return ((ref.namespace or '') ~= '' and ref.namespace or facts.namespace) .. '/' .. (ref.name or '')
end

--- The interval is passed on as it is written: Flagger has a default for it in its other queries alone.
local function model_of(facts, spec, metric)
  local model = question.model(facts, spec, metric)
  model.interval = metric.interval or ''
  return model
end

--- Asks it. What is wrong with the template, or with what it names, comes as `fault`; `error` is what Flagger tells.
---@param facts table see _meta/operations.lua
---@param spec table Canary.spec, with `templates`
---@param metric table an entry of spec.analysis.metrics
---@return Measured
---@return string query in one line
---@return string key of the template, 'namespace/name'
function M.ask(facts, spec, metric)
  local key, model = key_of(metric, facts), model_of(facts, spec, metric)
  local known = (spec.templates or {})[key] or { query = '' } -- one that is missing is named by the answer
  local text, problem = template.render(known.query, model)
  local answer = question.send(text or '', { template = key, interval = model.interval, problem = problem })
  if answer.fault then
    local namespace, name = key:match '^(.-)/(.*)$'
    answer.error = ('Metric template %s.%s %s'):format(name, namespace, answer.fault)
  end
  return answer, question.in_one_line(text or known.query), key
end

return M
