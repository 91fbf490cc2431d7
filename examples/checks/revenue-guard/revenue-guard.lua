--- A request to the new version must earn what one earned a week ago, but for a little: what answers fast and sells
--- nothing passes all other checks.
local check, param = require 'stdlib.check', require 'stdlib.param'

--- Euros per request, so that the canary's share does not matter.
local function earned(workload, when)
  return ([[
    sum(rate(orders_eur_total{namespace="{{ namespace }}", workload="%s"}[{{ interval }}]%s))
    / sum(rate(istio_requests_total{
        destination_workload_namespace="{{ namespace }}", destination_workload="%s"}[{{ interval }}]%s))]])
    :format(workload, when, workload, when)
end

return check {
  name = 'revenue-guard',
  params = { max_drop = param.percent { default = 5, doc = 'of what a request earned a week ago' } },
  run = function(c)
    local now = c:query(earned('{{ target }}', ''))
    local week_ago = c:query(earned('{{ target }}-primary', ' offset 1w')) -- the same hour of the same weekday
    if not now or not week_ago or week_ago == 0 then
      return c:blind 'no orders to compare'
    end
    local drop = 1 - now / week_ago
    return c:judge(drop, { max = c.params.max_drop / 100, unit = 'ratio' }, 'a request earns %.1f %% less')
  end,
}
