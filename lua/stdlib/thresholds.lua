--- Is a measured value good enough? Bounds are inclusive (docs/flagger.md, "Metric checks").
local M = {}

---@class Bounds
---@field min number?
---@field max number?

--- `thresholdRange` wins over the older `threshold`, whose direction depends on the metric; with
--- neither, `threshold` is 0.
---@param metric table an entry of spec.analysis.metrics
---@param direction 'min'|'max' what `threshold` means for this metric
---@return Bounds
function M.bounds(metric, direction)
  local range = metric.thresholdRange
  if type(range) == 'table' then
    return {
      min = type(range.min) == 'number' and range.min or nil,
      max = type(range.max) == 'number' and range.max or nil,
    }
  end
  return { [direction] = type(metric.threshold) == 'number' and metric.threshold or 0 }
end

--- The bound that `value` breaks: '<' and the minimum, '>' and the maximum; nothing when it breaks
--- none.
---@param value number
---@param bounds Bounds
---@return string? relation
---@return number? bound
function M.broken(value, bounds)
  if bounds.min and value < bounds.min then
    return '<', bounds.min
  elseif bounds.max and value > bounds.max then
    return '>', bounds.max
  end
end

return M
