--- Flagger's check of this name: the share of requests that Istio saw answered without an error of the server's.
local check = require 'stdlib.check'

return check {
  name = 'request-success-rate',
  run = function(c)
    -- The blanks are Flagger's, because events quote the text of a failed query.
    local rate, cause = c:query [[
  sum(
    rate(
      istio_requests_total{
        reporter="destination",
        destination_workload_namespace="{{ namespace }}",
        destination_workload=~"{{ target }}",
        response_code!~"5.*"
      }[{{ interval }}]
    )
  )
  /
  sum(
    rate(
      istio_requests_total{
        reporter="destination",
        destination_workload_namespace="{{ namespace }}",
        destination_workload=~"{{ target }}"
      }[{{ interval }}]
    )
  )
  * 100]]
    if not rate then
      return c:blind(cause)
    end
    return c:judge(rate, { unit = '%' }, 'success rate %.2f %%')
  end,
}
