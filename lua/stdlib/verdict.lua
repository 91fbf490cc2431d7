--- Verdicts as data: what a check found, and what was made of it. The sentence that a person reads is made of a verdict
--- (sentences.lua), and so is the evidence on record.
local outcomes = require 'stdlib.outcome'
local thresholds = require 'stdlib.thresholds'

local M = {}

---@class Verdict
---@field verdict 'pass'|'fail'|'blind' blind: there is no value to judge by
---@field metric string its name
---@field kind string how it is judged and told: 'request-success-rate', 'request-duration', 'inline', 'template'
---@field query string? what was asked, in one line
---@field value number? in the metric's own unit; may be infinite
---@field unit string? of value and bounds
---@field bounds Bounds?
---@field margin number? how far inside of its bounds the value is; below 0 outside
---@field samples integer? so many requests it goes by
---@field needed integer? so many it wants
---@field broken { relation: '<'|'>', bound: number }? of fail: which bound the value breaks
---@field cause Cause|'no query'|'template'|nil of blind
---@field problem string? what was said about that cause
---@field template string? the MetricTemplate that was asked, 'namespace/name'
---@field text string? of a team's own check: for people
---@field own boolean? by a team's own check: blind holds, and does not count
--- Where it was asked (file and line of the strategy), when, and at which weight is added by C as it goes on record.

---@class Measure how a kind of metric is judged
---@field kind string
---@field query string? of an inline one
---@field direction 'min'|'max' what the older `threshold` means
---@field whole boolean? values and bounds are cut off to whole numbers, so that there must be one
---@field unit number what is shown is the value divided by this
---@field run fun(facts: table, spec: table, metric: table, measure: Measure, counts: table): Verdict

local function cut_off(value)
  return value and (value < 0 and math.ceil(value) or math.floor(value))
end

--- The bounds of a metric as Flagger has them.
---@param metric table an entry of spec.analysis.metrics
---@param measure Measure
---@return Bounds
function M.bounds_of(metric, measure)
  local bounds = thresholds.bounds(metric, measure.direction)
  if measure.whole then
    bounds.min, bounds.max = cut_off(bounds.min), cut_off(bounds.max)
  end
  return bounds
end

--- Judges what was measured.
---@param metric table an entry of spec.analysis.metrics
---@param measure Measure
---@param measured Measured
---@param query string? as it was asked
---@return Verdict
function M.of(metric, measure, measured, query)
  local bounds = M.bounds_of(metric, measure)
  local verdict = { verdict = 'pass', metric = metric.name, kind = measure.kind, query = query, bounds = bounds }
  if measured.error then
    verdict.verdict = 'blind'
    verdict.cause = measured.cause
    verdict.problem = measured.error
    return verdict
  end
  verdict.value, verdict.margin = measured.value, outcomes.margin(measured.value, bounds)
  local relation, bound = thresholds.broken(verdict.value, bounds)
  if relation then
    verdict.verdict, verdict.broken = 'fail', { relation = relation, bound = bound }
  end
  return verdict
end

--- What a verdict has of an outcome.
local function taken_over(metric, kind, outcome)
  return {
    verdict = outcome.verdict,
    metric = metric.name,
    kind = kind,
    value = outcome.value,
    unit = outcome.unit,
    bounds = outcome.bounds,
    margin = outcome.margin,
    samples = outcome.samples,
    needed = outcome.needed,
    broken = outcome.broken,
    cause = outcome.cause,
    problem = outcome.problem,
  }
end

--- Of what a script has found.
---@param metric table
---@param measure Measure
---@param bounds Bounds
---@param outcome Outcome
---@param asked Asked[]
---@return Verdict
function M.of_outcome(metric, measure, bounds, outcome, asked)
  local last = asked[#asked] or { query = '' }
  local verdict = taken_over(metric, measure.kind, outcome)
  verdict.query, verdict.bounds = last.query, bounds
  return verdict
end

--- Of what a team's own check has found.
---@param metric table
---@param outcome Outcome
---@param asked Asked[]
---@return Verdict
function M.of_own(metric, outcome, asked)
  local queries = {}
  for i, one in ipairs(asked) do
    queries[i] = one.query
  end
  local verdict = taken_over(metric, 'own', outcome)
  verdict.own, verdict.text, verdict.query = true, outcome.text, table.concat(queries, '; ')
  return verdict
end

--- Of a metric for which there were too few requests, or nobody knows how many.
---@param metric table
---@param measure Measure
---@param counted { value: integer?, cause: Cause?, error: string?, query: string }
---@param needed integer
---@return Verdict
function M.of_count(metric, measure, counted, needed)
  local few = counted.value ~= nil
  return {
    verdict = 'blind',
    metric = metric.name,
    kind = measure.kind,
    query = counted.query,
    cause = few and 'too few samples' or counted.cause,
    problem = few and ('%d of %d requests'):format(counted.value, needed) or counted.error,
    samples = counted.value,
    needed = needed,
  }
end

--- Of a metric that nothing can be asked for.
---@param metric table
---@return Verdict
function M.without_query(metric)
  return { verdict = 'blind', metric = metric.name, kind = 'inline', cause = 'no query',
    problem = 'neither a query nor a template' }
end

--- The value, when there is one that JSON has.
---@param verdict Verdict
---@return number?
function M.finite_value(verdict)
  local value = verdict.value
  return value and value - value == 0 and value or nil
end

return M
