--- The frontend goes out when the backend that it needs is out: its release waits for another Canary.
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'

return strategy {
  name = 'backend-first',
  params = {
    after = param.string { doc = 'the Canary that goes first' },
    patience = param.duration { default = '2h', doc = 'how long it is waited for' },
    shares = param.list(param.weight) { default = { 20, 50 }, min = 1, doc = 'of the traffic, growing' },
  },
  run = function(rollout)
    local params = rollout.params
    rollout:begin()
    if not rollout:wait_until { canary = params.after, phase = 'Succeeded', timeout = params.patience } then
      rollout:rollback('because ' .. params.after .. ' has not come in ' .. params.patience)
    end
    for _, share in ipairs(params.shares) do
      rollout:shift(share)
      rollout:analyse { rounds = 2 }
    end
    rollout:promote()
  end,
}
