--- A person says yes before everybody has the version, in time or not at all.
local strategy, param = require 'stdlib.strategy', require 'stdlib.param'

return strategy {
  name = 'approval',
  params = {
    share = param.weight { default = 10, min = 1, doc = 'of the traffic, while people look at it' },
    rounds = param.integer { default = 2, min = 1, doc = 'of analysis before anybody is asked' },
    patience = param.duration { default = '4h', doc = 'how long an answer is waited for' },
  },
  run = function(rollout)
    local params = rollout.params
    rollout:begin()
    rollout:shift(params.share)
    rollout:analyse { rounds = params.rounds }
    rollout:event('Waiting for approval, at most ' .. params.patience)
    if not rollout:gate('approval', { timeout = params.patience }) then
      rollout:rollback('because nobody has approved it in ' .. params.patience)
    end
    rollout:promote()
  end,
}
