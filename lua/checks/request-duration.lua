--- Flagger's check of this name: what 99 of 100 requests took at most, in whole milliseconds, as Istio saw it.
local check = require 'stdlib.check'

local function cut_off(value)
  return value < 0 and math.ceil(value) or math.floor(value)
end

return check {
  name = 'request-duration',
  run = function(c)
    local ms, cause = c:query [[
  histogram_quantile(
    0.99,
    sum(
      rate(
        istio_request_duration_milliseconds_bucket{
          reporter="destination",
          destination_workload_namespace="{{ namespace }}",
          destination_workload=~"{{ target }}"
        }[{{ interval }}]
      )
    ) by (le)
  )]]
    if not ms then
      return c:blind(cause)
    elseif ms - ms ~= 0 then
      return c:blind 'the duration is not a finite number'
    end
    return c:judge(cut_off(ms), { unit = 'ms' }, 'request duration %d ms')
  end,
}
