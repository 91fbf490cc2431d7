--- A share grows in working hours alone, and not at all in a freeze: nobody is called at night.
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'

return strategy {
  name = 'business-hours',
  params = {
    shares = param.list(param.weight) { default = { 10, 50 }, min = 1, doc = 'of the traffic, growing' },
    soak = param.duration { default = '10m', doc = 'how long each share is judged' },
    zone = param.string { default = 'Europe/Berlin', doc = 'whose hours count' },
    freeze = param.list(param.string) { default = {}, doc = "dates like '2026-12-24..2027-01-06'" },
  },
  run = function(rollout)
    local params = rollout.params
    local except = { 'Fri' } -- what begins then would end in the weekend
    for _, dates in ipairs(params.freeze) do
      except[#except + 1] = dates
    end
    rollout:begin()
    for _, share in ipairs(params.shares) do
      rollout:wait_until { weekdays = 'Mon-Fri', from = '08:00', to = '16:00', zone = params.zone, except = except }
      rollout:shift(share)
      rollout:analyse { lasting = params.soak }
    end
    rollout:promote()
  end,
}
