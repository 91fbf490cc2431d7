--- The functions and aggregations that are evaluated: what each takes and gives.
local M = {}

---@alias PromqlType 'scalar'|'vector'|'matrix'|'string'

---@class PromqlSignature
---@field takes PromqlType[]
---@field optional integer so many of the last arguments may be left out
---@field endless boolean the last argument may come more than once
---@field gives PromqlType

M.functions = {} ---@type table<string, PromqlSignature>

local function add(names, takes, gives, optional, endless)
  local types = {}
  for one in takes:gmatch '%a+' do
    types[#types + 1] = one
  end
  for name in names:gmatch '[%w_]+' do
    M.functions[name] = { takes = types, gives = gives, optional = optional or 0, endless = endless or false }
  end
end

add('abs absent ceil exp floor ln log2 log10 sgn sqrt sort sort_desc timestamp', 'vector', 'vector')
add('acos acosh asin asinh atan atanh cos cosh sin sinh tan tanh deg rad', 'vector', 'vector')
add('clamp', 'vector scalar scalar', 'vector')
add('clamp_min clamp_max', 'vector scalar', 'vector')
add('day_of_month day_of_week day_of_year days_in_month hour minute month year', 'vector', 'vector', 1)
add('histogram_quantile', 'scalar vector', 'vector')
add('label_join', 'vector string string string', 'vector', 1, true)
add('label_replace', 'vector string string string string', 'vector')
add('round', 'vector scalar', 'vector', 1)
add('scalar', 'vector', 'scalar')
add('time pi', '', 'scalar')
add('vector', 'scalar', 'vector')
add('rate increase irate delta idelta changes resets deriv', 'matrix', 'vector')
add('avg_over_time min_over_time max_over_time sum_over_time count_over_time last_over_time present_over_time',
  'matrix', 'vector')
add('stddev_over_time stdvar_over_time absent_over_time', 'matrix', 'vector')
add('quantile_over_time', 'scalar matrix', 'vector')
add('predict_linear', 'matrix scalar', 'vector')

--- What a server has besides.
M.unknown_functions = {}
for name in ([[histogram_count histogram_sum histogram_avg histogram_fraction histogram_stddev histogram_stdvar
  histogram_quantiles holt_winters double_exponential_smoothing mad_over_time sort_by_label sort_by_label_desc info
  ts_of_max_over_time ts_of_min_over_time ts_of_last_over_time ts_of_first_over_time first_over_time
  start end range step]]):gmatch '[%w_]+' do
  M.unknown_functions[name] = true
end

--- Aggregations, and the type of the parameter before the expression, if there is one.
M.aggregations = { sum = false, avg = false, min = false, max = false, count = false, group = false, stddev = false,
  stdvar = false, topk = 'scalar', bottomk = 'scalar', quantile = 'scalar', count_values = 'string' }
M.unknown_aggregations = { limitk = true, limit_ratio = true }

return M
