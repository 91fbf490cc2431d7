--- Checks and queries, asked of a world between the words of a release. They are asked in a copy of the process, so
--- that nothing of the world moves; what they say is what the words of a strategy would have got at this moment.
local console = require 'tool.console'
local sluice = require 'sluice'

local M = {}

--- Metrics that Flagger knows by name: they go by the requests that Istio counts.
local COUNTED = { ['request-success-rate'] = true, ['request-duration'] = true }

local CAUSE_TEMPLATE = 'a MetricTemplate is asked by a release alone: s shows its answer'

-- What the words go by --------------------------------------------------------------------------

local function canary_of(session)
  local first = session:focus()
  return first and session.world:canary(first.namespace .. '/' .. first.name)
end

local function share_of(session, canary)
  return session.world:weight(canary.metadata.namespace .. '/' .. canary.metadata.name)
end

--- The facts as operation `facts` has them, as far as queries and checks go by them.
function M.facts(session)
  local canary = canary_of(session) or error('there is no Canary in this world', 0)
  local status, target = canary.status or {}, canary.spec.targetRef.name
  local share = share_of(session, canary)
  local facts = {}
  for name, value in pairs(session.told.facts or {}) do
    facts[name] = value
  end
  facts.name, facts.namespace = canary.metadata.name, canary.metadata.namespace
  facts.target, facts.target_kind = target, canary.spec.targetRef.kind
  facts.service = canary.spec.service and canary.spec.service.name or target
  facts.phase, facts.iterations = status.phase or '', status.iterations or 0
  facts.failed_checks, facts.weight = status.failedChecks or 0, status.canaryWeight or 0
  facts.now = session.world:wall()
  facts.route = { primary = 100 - share, canary = share, mirrored = false }
  return facts
end

--- Canary.spec as operation `spec` has it; the checks of a team's own are known once a release has asked.
local function spec_of(session)
  local canary = canary_of(session) or error('there is no Canary in this world', 0)
  local spec, known = canary.spec, {}
  for _, metric in ipairs(session.told.spec and session.told.spec.analysis.metrics or {}) do
    known[metric.name] = metric.check
  end
  spec.analysis = spec.analysis or {}
  for _, metric in ipairs(spec.analysis.metrics or {}) do
    metric.check = metric.checkRef and known[metric.name]
      or metric.checkRef and { lacking = 'no release has asked this Check yet' } or nil
  end
  return spec
end

-- The host of the words, in the copy ------------------------------------------------------------

local function answer_of(session)
  local answers = {}

  function answers.facts()
    return M.facts(session)
  end

  function answers.query(args)
    if args.template then
      return { error = CAUSE_TEMPLATE }
    end
    return session.world:query(args.query)
  end

  function answers.query_range(args)
    return session.world:query(args.query, args.span, args.step)
  end

  return function(operation, args)
    return answers[operation] and answers[operation](args or {}) or {}
  end
end

--- The scripts of a team's own checks, by the names that require has for them.
local function preload_checks(session)
  for _, script in ipairs(session.world:scripts()) do
    local name = script.place:match '^checks/(.+)%.lua$'
    if name then
      package.preload['checks.' .. name:gsub('/', '.')] = loadstring(script.text, '@' .. script.file)
    end
  end
end

--- Calls `ask` in a copy of the process, with the host that the words have there; gives what it gives.
local function in_copy(session, ask)
  local text = sluice.fork(function()
    local host = require 'host'
    host.call = answer_of(session)
    preload_checks(session)
    return console.encode { ask() }
  end)
  return unpack(console.decode(text or '[]'))
end

-- The words -------------------------------------------------------------------------------------

--- Asks a metric of the Canary, or a check that the engine brings, as `rollout:check` does.
---@param name string
---@param params table?
---@return Outcome
function M.check(session, name, params)
  local facts, spec = M.facts(session), spec_of(session)
  local words = { -- what a check asks of the words of a strategy
    spec = function()
      return spec
    end,
    began_with = function()
      return false
    end,
  }
  return (in_copy(session, function()
    local outcome = require 'stdlib.probe'.run('check', words, facts, name, params or {})
    outcome.broken = nil
    outcome.value = require 'stdlib.verdict'.finite_value(outcome)
    return outcome
  end))
end

--- How many requests the canary had in the interval of a metric; nil: it goes by none that Sluice counts, or nobody
--- knows.
---@param name string of a metric of the Canary
---@return integer?
function M.requests(session, name)
  local facts, spec = M.facts(session), spec_of(session)
  for _, metric in ipairs(spec.analysis.metrics or {}) do
    if metric.name == name and COUNTED[name] and not metric.checkRef and not metric.templateRef then
      return (in_copy(session, function()
        local model = require 'stdlib.question'.model(facts, spec, metric)
        return require 'stdlib.blind_rules'.count(model, {}).value
      end))
    end
  end
end

local function fill(session, text)
  local question = require 'stdlib.question'
  local filled, problem = question.fill(text, question.model(M.facts(session), spec_of(session)))
  return filled or error('query: ' .. problem, 0)
end

--- Asks the world's Prometheus, as `rollout:query` does.
---@param text string
---@return number? value
---@return string? cause
function M.query(session, text)
  text = fill(session, text)
  local answer = in_copy(session, function()
    return session.world:query(text)
  end)
  return answer.value, answer.error
end

--- The same over a span of time that ends now.
---@return { time: number, value: number }[]? points
---@return string? cause
function M.query_range(session, text, span, step)
  local read, problem = require 'stdlib.question'.read_span(span, step)
  if not read then
    error('query_range: ' .. problem, 0)
  end
  text = fill(session, text)
  local answer = in_copy(session, function()
    return session.world:query(text, read.span, read.step)
  end)
  return answer.points, answer.error
end

return M
