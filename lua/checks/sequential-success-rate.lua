--- Whether more requests fail at the canary than at the primary, for few requests: by all of them since the release
--- began, and for all rounds together (MaxSPRT; docs/statistics.md).
local check, param = require 'stdlib.check', require 'stdlib.param'
local sequential = require 'stdlib.sequential'

local ALL = [[
  sum(increase(istio_requests_total{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="WORKLOAD"
  }[WINDOW])) or vector(0)]]
local FAILED = [[
  sum(increase(istio_requests_total{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="WORKLOAD",
    response_code=~"5.*"
  }[WINDOW])) or vector(0)]]

return check {
  name = 'sequential-success-rate',
  params = sequential.params {
    at_least = param.percent { default = 5, min = 0.01, max = 99,
      doc = 'of the requests: a share of errors below this need not be seen' },
  },
  run = function(c)
    local counts, cause = sequential.count(c, { all = ALL, bad = FAILED })
    if not counts then
      return c:blind(cause)
    end
    return sequential.judge(c, counts, { did = 'failed', at_least = c.params.at_least / 100 })
  end,
}
