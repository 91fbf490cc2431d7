--- Insiders first, then one region, then everybody by weight: who meets a fault first is who can tell it best.
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'

return strategy {
  name = 'insiders-then-region',
  params = {
    region = param.string { doc = 'who comes after the insiders: what the header x-region says of them' },
    alone = param.duration { default = '30m', min = '1m', doc = 'how long insiders, and then the region, have it' },
    shares = param.list(param.weight) { default = { 10, 50 }, min = 1, doc = 'of the traffic, growing' },
  },
  run = function(rollout)
    local params = rollout.params
    local insiders = { headers = { ['x-ring'] = 'insider' } }
    local region = { headers = { ['x-region'] = params.region } }
    rollout:begin()
    for _, rules in ipairs { { insiders }, { insiders, region } } do -- insiders keep it, wherever they are
      rollout:match(rules)
      rollout:analyse { lasting = params.alone }
    end
    for _, share in ipairs(params.shares) do
      rollout:shift(share)
      rollout:analyse { rounds = 2 }
    end
    rollout:promote()
  end,
}
