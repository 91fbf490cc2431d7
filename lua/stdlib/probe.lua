--- One metric or check, asked outside of a round: nothing of it is counted.
local checking = require 'stdlib.checking'
local metric_template = require 'stdlib.metric_template'
local metrics = require 'stdlib.metrics'
local misuse = require 'stdlib.misuse'
local outcomes = require 'stdlib.outcome'
local question = require 'stdlib.question'
local shown = require 'stdlib.shown'
local thresholds = require 'stdlib.thresholds'
local verdicts = require 'stdlib.verdict'

local M = {}

local function wrong(word, problem)
  misuse.raise(('rollout:%s: %s'):format(word, problem))
end

local TYPES = { duration = 'string', string = 'string', choice = 'string', boolean = 'boolean', list = 'table' }

-- Checks that the engine brings and that are no metric of Flagger's.
local BROUGHT = { 'burn-rate', 'latency-regression', 'sequential-success-rate' }

--- The declared parameters with what is given in their place; `min` and `max`, where they are none, are bounds.
---@return table params
---@return Bounds? bounds
local function read_params(word, definition, values, given)
  local params, bounds = {}, nil
  local declared = definition and definition.params or {}
  for name, one in pairs(declared) do
    params[name] = one.default
  end
  for name, value in pairs(values or {}) do
    params[name] = value
  end
  for name, value in pairs(given) do
    local wanted = declared[name] and (TYPES[declared[name].type] or 'number')
      or (name == 'min' or name == 'max') and 'number'
    if not wanted then
      local known = { 'min', 'max' }
      for one in pairs(declared) do
        known[#known + 1] = one
      end
      wrong(word, misuse.unknown('parameter', name, known))
    elseif type(value) ~= wanted then
      wrong(word, ('params.%s: a %s is wanted, got %s'):format(name, wanted, shown.value(value)))
    elseif declared[name] then
      params[name] = value
    else
      bounds = bounds or {}
      bounds[name] = value
    end
  end
  return params, bounds
end

local function lacks_bounds(word, name)
  wrong(word, ('params: min or max is wanted: the Canary has no metric "%s" with bounds'):format(name))
end

--- What a query gave, as a check would say it.
local function judge_measured(word, metric, measured, bounds)
  if not measured.value then
    return outcomes.blind(measured.error, { cause = measured.cause })
  elseif not bounds then
    lacks_bounds(word, metric.name)
  end
  return outcomes.judge(measured.value, bounds)
end

local function run_script(word, module, facts, spec, metric, given, values, own_bounds)
  local definition = checking.load(module)
  local params, bounds = read_params(word, definition, values, given)
  return checking.run(definition, {
    facts = facts,
    model = question.model(facts, spec, metric),
    params = params,
    module = module,
    bounds = bounds or own_bounds,
  })
end

local function has_bounds(metric)
  return metric.thresholdRange or metric.threshold
end

--- The metric of a name, or what stands for it: a check that the engine brings.
local function find(word, rollout, spec, name)
  local metric = metrics.find(spec, name)
  if not metric and rollout:began_with(name) then
    return { name = name, check = { lacking = metrics.gone(name) } }
  end
  metric = metric or metrics.builtin(name) and { name = name }
  local known = metrics.names(spec)
  known[#known + 1], known[#known + 2] = 'request-success-rate', 'request-duration'
  for _, brought in ipairs(BROUGHT) do
    metric = metric or name == brought and { name = name, check = { module = 'checks.' .. name } }
    known[#known + 1] = brought
  end
  return metric or wrong(word, misuse.unknown('metric or check', name, known))
end

local function ask_server(word, facts, spec, metric, given)
  local _, bounds = read_params(word, nil, nil, given)
  local measured, query, template
  if metric.templateRef then
    measured, query, template = metric_template.ask(facts, spec, metric)
  else
    measured, query = question.ask(metric.query or '', question.model(facts, spec, metric))
  end
  bounds = bounds or has_bounds(metric) and thresholds.bounds(metric, 'max') or nil
  return judge_measured(word, metric, measured, bounds), { { query = query, measured = measured } }, template
end

---@return Outcome
---@return Asked[]
---@return string? template
local function ask(word, facts, spec, metric, given)
  local check = metric.check
  if check and check.lacking then
    return outcomes.blind(check.lacking), {}
  elseif check then
    local own = metric.thresholdRange and thresholds.bounds(metric, 'max') or nil
    return run_script(word, check.module, facts, spec, metric, given, check.params, own)
  end
  local builtin = not metric.templateRef and metrics.builtin(metric.name)
  if builtin then
    local own = has_bounds(metric) and verdicts.bounds_of(metric, builtin) or nil
    if not own and rawget(given, 'min') == nil and rawget(given, 'max') == nil then
      lacks_bounds(word, metric.name)
    end
    return run_script(word, 'checks.' .. builtin.kind, facts, spec, metric, given, nil, own)
  end
  return ask_server(word, facts, spec, metric, given)
end

---@param word string that asks
---@param rollout ScriptWords
---@param facts table see _meta/operations.lua
---@param name string a metric of the Canary, or a check that the engine brings
---@param given table parameters, or min and max
---@return Outcome
---@return Verdict of the same, for the evidence
function M.run(word, rollout, facts, name, given)
  local spec = rollout:spec()
  local metric = find(word, rollout, spec, name)
  local outcome, asked, template = ask(word, facts, spec, metric, given)
  local verdict = verdicts.of_own(metric, outcome, asked)
  verdict.own, verdict.template = metric.check and true or nil, template
  return outcome, verdict
end

return M
