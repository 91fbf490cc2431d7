--- Templates of queries before a release fills them in: whether they can be read, and what becomes of them for one
--- metric of a Canary.
local functions = require 'stdlib.template_functions'
local parser = require 'stdlib.template_parser'
local question = require 'stdlib.question'
local renderer = require 'stdlib.template'

local M = {}

--- Values of the names that every template has.
M.MODEL = { name = 'x', namespace = 'x', target = 'x', service = 'x', ingress = 'x', route = 'x', interval = '1m',
  variables = {} }

local NAMES = 'name, namespace, target, service, ingress, route, interval, variables and the functions of Go'

local KNOWN = setmetatable({}, { __index = function(_, name)
  return M.MODEL[name] or functions.functions[name]
end })

--- What keeps a template from being read; nil: nothing does.
---@param text string
---@return string? problem
---@return integer? line of the text
function M.problem(text)
  local nodes, problem, at, unsupported = parser.parse(text, KNOWN)
  if nodes then
    return nil
  end
  local _, lines = text:sub(1, (at or 1) - 1):gsub('\n', '')
  if problem:find '^function .* not defined' then
    problem = ('%s, known are %s'):format(problem, NAMES)
  elseif not unsupported then
    problem = 'the template cannot be read: ' .. problem
  end
  return problem, lines + 1
end

local function table_or(value)
  return type(value) == 'table' and value or {}
end

local function text_or(value, otherwise)
  return type(value) == 'string' and value ~= '' and value or otherwise
end

--- What the templates of a metric may name.
---@param canary table the object
---@param metric table? an entry of spec.analysis.metrics
---@return Model
function M.model(canary, metric)
  local metadata, spec = table_or(canary.metadata), table_or(canary.spec)
  local target = text_or(table_or(spec.targetRef).name, '')
  local facts = { name = text_or(metadata.name, ''), namespace = text_or(metadata.namespace, 'default'),
    target = target, service = text_or(table_or(spec.service).name, target) }
  metric = table_or(metric)
  local clean = { interval = text_or(metric.interval, ''), templateVariables = {} }
  for name, value in pairs(table_or(metric.templateVariables)) do
    clean.templateVariables[name] = tostring(value)
  end
  return question.model(facts, { ingressRef = table_or(spec.ingressRef), routeRef = table_or(spec.routeRef) }, clean)
end

--- A query as it might be asked; nil: it has variables, which are those of a metric.
---@param text string
---@return string? query
function M.sample(text)
  return not text:find('variables', 1, true) and renderer.render(text, M.MODEL) or nil
end

--- A query as it would be asked; nil and why it cannot be filled in.
---@param text string
---@param canary table
---@param metric table?
---@return string? query
---@return string? problem
function M.fill(text, canary, metric)
  return renderer.render(text, M.model(canary, metric))
end

return M
