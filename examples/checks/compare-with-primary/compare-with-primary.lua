--- The canary may have no more errors than the primary has at the same time, but for a little: what troubles both,
--- such as a slow database, is not the new version's fault.
local check, param = require 'stdlib.check', require 'stdlib.param'

local ERRORS = [[
  100 * (sum(rate(istio_requests_total{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="%s",
    response_code=~"5.*"
  }[{{ interval }}])) or vector(0))
  / sum(rate(istio_requests_total{
    reporter="destination", destination_workload_namespace="{{ namespace }}", destination_workload="%s"
  }[{{ interval }}]))]]

--- Percent of the requests to a workload; nil without requests.
local function errors(c, workload)
  return (c:query(ERRORS:format(workload, workload)))
end

return check {
  name = 'compare-with-primary',
  params = { max_more = param.percent { default = 1, doc = 'of the requests, beyond the errors of the primary' } },
  run = function(c)
    local canary, primary = errors(c, '{{ target }}'), errors(c, '{{ target }}-primary')
    if not canary or not primary then
      return c:blind 'one of the two has no requests'
    end
    local more = canary - primary
    return c:judge(more, { max = c.params.max_more, unit = '%' }, '%.1f %% more errors than the primary')
  end,
}
