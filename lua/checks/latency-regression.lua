--- Whether more requests are slow at the canary than at the primary, for few requests. Slow is what takes longer than
--- the bucket of the primary's quantile, so that a share of about 1 - quantile of the primary's requests is; both
--- sides' are counted since the release began, and judged for all rounds together (docs/statistics.md).
local check, param = require 'stdlib.check', require 'stdlib.param'
local sequential = require 'stdlib.sequential'

local QUANTILE = [[
  histogram_quantile(%s, sum(increase(istio_request_duration_milliseconds_bucket{
    reporter="destination", destination_workload_namespace="{{ namespace }}",
    destination_workload="{{ target }}-primary"
  }[%s])) by (le))]]
local ALL = [[
  sum(increase(istio_request_duration_milliseconds_count{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="WORKLOAD"
  }[WINDOW])) or vector(0)]]
-- Prometheus 3 writes the bound of a bucket as "250.0", others as "250".
local FAST = [[
  sum(increase(istio_request_duration_milliseconds_bucket{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="WORKLOAD",
    le=~"%s([.]0)?"
  }[WINDOW])) or vector(0)]]

local function check_growing(bounds)
  for i = 2, #bounds do
    if bounds[i] <= bounds[i - 1] then
      error(('latency-regression: growing bounds are wanted, got %g behind %g'):format(bounds[i], bounds[i - 1]), 0)
    end
  end
end

--- The bound of the bucket that a duration is in; nil: it is above all of them.
local function bound_of(bounds, ms)
  for _, bound in ipairs(bounds) do
    if ms <= bound then
      return bound
    end
  end
end

return check {
  name = 'latency-regression',
  params = sequential.params {
    quantile = param.number { default = 0.99, min = 0.5, max = 0.9999, doc = 'that is compared' },
    bounds = param.list(param.number) {
      default = { 0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000, 600000, 1800000,
        3600000 },
      min = 1,
      doc = "of the histogram's buckets, in ms, growing; Istio's unless told",
    },
  },
  run = function(c)
    check_growing(c.params.bounds)
    local ms, cause = c:query(QUANTILE:format(c.params.quantile, sequential.window(c)))
    if not ms then
      return c:blind(cause)
    end
    local bound = bound_of(c.params.bounds, ms)
    if not bound then
      return c:blind(("the primary's quantile, %.0f ms, is beyond the last of the bounds"):format(ms))
    end
    local text = ('%.15g'):format(bound):gsub('%.', '[.]')
    local counts
    counts, cause = sequential.count(c, { all = ALL, bad = '(' .. ALL .. ') - (' .. FAST:format(text) .. ')' })
    if not counts then
      return c:blind(cause)
    end
    if 2 * counts.primary.bad > counts.primary.all + 1 then -- the quantile is in a bucket below, so most are fast
      return c:blind(('the histogram has no bucket of the bound %g ms'):format(bound), { cause = 'no data' })
    end
    return sequential.judge(c, counts, {
      did = ('took more than %g ms'):format(bound),
      at_least = math.min((1 - c.params.quantile) * c.params.factor, 0.99),
    })
  end,
}
