--- Shares of the traffic that grow, each judged for some rounds before the next one.
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'

return strategy {
  name = 'growing-shares',
  params = {
    shares = param.list(param.weight) { default = { 5, 20, 50 }, min = 1, doc = 'of the traffic, growing' },
    rounds = param.integer { default = 2, min = 1, doc = 'of analysis at each share' },
  },
  run = function(rollout)
    rollout:begin()
    for _, share in ipairs(rollout.params.shares) do
      rollout:shift(share)
      rollout:analyse { rounds = rollout.params.rounds }
    end
    rollout:promote()
  end,
}
