--- Verdicts as data: what a check found, and what was made of it. The sentence that a person reads is made of a verdict
--- (sentences.lua), and so is the evidence on record.
local thresholds = require 'stdlib.thresholds'

local M = {}

---@class Verdict
---@field verdict 'pass'|'fail'|'blind' blind: there is no value to judge by
---@field metric string its name
---@field kind string how it is judged and told: 'request-success-rate', 'request-duration', 'inline', 'template'
---@field query string? what was asked, in one line
---@field value number? in the metric's own unit; may be infinite
---@field bounds Bounds?
---@field broken { relation: '<'|'>', bound: number }? of fail: which bound the value breaks
---@field cause 'no values'|'failed'|'said'|'no query'|'template'|nil of blind; said: by its script
---@field problem string? what was said about that cause
---@field text string? of a team's own check: for people
---@field own boolean? by a team's own check: blind holds, and does not count
--- Where it was asked (file and line of the strategy), when, and at which weight is added by C as it goes on record.

---@class Measure how a kind of metric is judged
---@field kind string
---@field query string? of an inline one
---@field direction 'min'|'max' what the older `threshold` means
---@field whole boolean? values and bounds are cut off to whole numbers, so that there must be one
---@field unit number what is shown is the value divided by this
---@field run fun(facts: table, spec: table, metric: table, measure: Measure): Verdict

local QUERIES_SHOWN_MAX = 2000

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
    verdict.cause = measured.fault and 'template' or measured.none and 'no values' or 'failed'
    verdict.problem = measured.error
    return verdict
  end
  verdict.value = measured.value
  local relation, bound = thresholds.broken(verdict.value, bounds)
  if relation then
    verdict.verdict, verdict.broken = 'fail', { relation = relation, bound = bound }
  end
  return verdict
end

--- Of what a script has found.
---@param metric table
---@param measure Measure
---@param bounds Bounds
---@param outcome Outcome
---@param asked Asked[]
---@return Verdict
function M.of_outcome(metric, measure, bounds, outcome, asked)
  local last = asked[#asked] or { query = '', measured = {} }
  local verdict = {
    verdict = outcome.verdict,
    metric = metric.name,
    kind = measure.kind,
    query = last.query,
    bounds = bounds,
    value = outcome.value,
    broken = outcome.broken,
  }
  if outcome.verdict == 'blind' then
    local measured = last.measured
    verdict.problem = outcome.cause
    verdict.cause = outcome.cause ~= measured.error and 'said' or measured.none and 'no values' or 'failed'
  end
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
  return {
    own = true,
    verdict = outcome.verdict,
    metric = metric.name,
    kind = 'own',
    query = table.concat(queries, '; '):sub(1, QUERIES_SHOWN_MAX),
    bounds = outcome.bounds,
    value = outcome.value,
    broken = outcome.broken,
    cause = outcome.cause and 'said',
    problem = outcome.cause,
    text = outcome.text,
  }
end

--- True when a round neither passes nor fails: a team's own check has nothing to judge by.
---@param verdict Verdict
---@return boolean
function M.holds(verdict)
  return verdict.own and verdict.verdict == 'blind' or false
end

--- Of a metric that nothing can be asked for.
---@param metric table
---@return Verdict
function M.without_query(metric)
  return { verdict = 'blind', metric = metric.name, kind = 'inline', cause = 'no query' }
end

--- The value, when there is one that JSON has.
---@param verdict Verdict
---@return number?
function M.finite_value(verdict)
  local value = verdict.value
  return value and value - value == 0 and value or nil
end

return M
