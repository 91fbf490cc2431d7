--- What of a Canary is taken by the engine and most likely not meant: queries, thresholds, steps.
local list_of = require 'sluice'.list

local M = {}

---@class Remark
---@field field string as in spec.analysis.metrics[0].query
---@field severity 'error'|'warning'
---@field text string

local function remark(remarks, field, text, ...)
  remarks[#remarks + 1] = { field = field, severity = 'warning', text = field .. ': ' .. text:format(...) }
end

--- Whether a query can only mean the canary: the target is the canary's workload, and NAME-canary its Service.
local function check_sides(remarks, field, metric)
  local query = metric.query
  if query:find '{{%-?%s*target%s*%-?}}[.][*+]' then
    remark(remarks, field .. '.query', 'the pattern {{ target }}.%s takes the Pods of the primary, too: '
      .. '{{ target }}-[0-9a-zA-Z]+(-[0-9a-zA-Z]+) is the canary alone', query:match '{{%-?%s*target%s*%-?}}[.]([*+])')
  elseif not query:find 'target' and not query:find '%-canary' and not query:find 'variables' then
    remark(remarks, field .. '.query', 'no label of the query tells the canary from the primary; '
      .. 'both sides are judged together')
  end
end

local function bound_of(metric, which)
  local range = metric.thresholdRange
  local bound = type(range) == 'table' and range[which]
  return type(bound) == 'number' and bound or nil
end

local function is_ratio(query)
  return query:find '/' and not query:find '%*%s*100%f[%D]' and not query:find '%f[%d]100%s*%*'
    and not query:find 'histogram_quantile'
end

local function check_bound(remarks, metric, field, which)
  local bound = bound_of(metric, which)
  local at = field .. '.thresholdRange.' .. which
  local query = type(metric.query) == 'string' and metric.query or nil
  if not bound or bound == 0 then
    return
  elseif metric.name == 'request-success-rate' and not query and bound <= 1 then
    remark(remarks, at, '%s looks like a ratio; the success rate is a percentage, as in 99', bound)
  elseif metric.name == 'request-duration' and not query and bound < 1 then
    remark(remarks, at, '%s looks like seconds; the duration is in milliseconds, as in 500', bound)
  elseif query and is_ratio(query) and bound > 1 and bound <= 100 then
    remark(remarks, at, '%s looks like a percentage; the query gives a ratio from 0 to 1 (no * 100 is in it)', bound)
  elseif query and query:find '%*%s*100%f[%D]' and bound < 1 then
    remark(remarks, at, '%s looks like a ratio; the query gives a percentage (* 100)', bound)
  end
end

local function check_metric(remarks, metric, index)
  local field = ('spec.analysis.metrics[%d]'):format(index)
  if type(metric.query) == 'string' then
    check_sides(remarks, field, metric)
  end
  check_bound(remarks, metric, field, 'min')
  check_bound(remarks, metric, field, 'max')
end

local function check_steps(remarks, steps)
  local before = 0
  for i, step in ipairs(steps) do
    if type(step) == 'number' and step <= before then
      remark(remarks, ('spec.analysis.stepWeights[%d]'):format(i - 1), '%d does not rise above %d', step, before)
    end
    before = type(step) == 'number' and step or before
  end
end

local function list(value)
  return type(value) == 'table' and value or {}
end

---@param spec table of a Canary
---@return Remark[]
function M.look(spec)
  local remarks = list_of {}
  local analysis = list(spec.analysis or spec.canaryAnalysis)
  for i, metric in ipairs(list(analysis.metrics)) do
    if type(metric) == 'table' then
      check_metric(remarks, metric, i - 1)
    end
  end
  check_steps(remarks, list(analysis.stepWeights))
  return remarks
end

return M
